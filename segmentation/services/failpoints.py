"""Places at which a fault test may end the process; nothing happens outside of tests."""

import os
import signal

from django.conf import settings


def reach(name: str) -> None:
    """Kill this process if the environment names this place and tests are allowed to."""
    if settings.ALLOW_TEST_SEGMENTERS and os.environ.get("FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
