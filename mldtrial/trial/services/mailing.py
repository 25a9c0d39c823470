"""Send an e-mail without letting the page wait for it."""

import logging
from concurrent.futures import ThreadPoolExecutor

from django.core.mail import EmailMessage

log = logging.getLogger(__name__)
_senders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")


def send_later(message: EmailMessage) -> None:
    """Send an e-mail from another thread: how long a page takes must not tell whom it was for.

    What the server does not take is logged, without the address, and not tried again.
    """
    _senders.submit(_send, message)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError:
        log.exception("The mail server did not take an e-mail: %s", message.subject)
