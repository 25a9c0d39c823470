"""Send an e-mail without letting the page wait for it."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from django.core.mail import EmailMessage

log = logging.getLogger(__name__)
_senders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")


def send_later(message: EmailMessage) -> None:
    """Send an e-mail from another thread: how long a page takes must not tell whom it was for.

    What could not be sent is logged, without the address, and not tried again.
    """
    _senders.submit(message.send).add_done_callback(partial(_log_failure, str(message.subject)))


def _log_failure(subject: str, sent: Future[int]) -> None:
    error = sent.exception()
    if error is not None:
        # By its kind alone: the words of a mail server repeat the address.
        log.error("An e-mail was not sent (%s): %s", type(error).__name__, subject)
