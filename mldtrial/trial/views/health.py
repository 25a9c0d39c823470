"""Whether the process lives, and whether it could do its work."""

import logging
import tempfile
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Connection
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

BROKER_TIMEOUT_SECONDS = 2


@login_not_required
@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """Answer without touching anything: the process can take requests."""
    return JsonResponse({"status": "live"})


@login_not_required
@never_cache
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 if database, broker and data folder work, else 503 with those that do not."""
    failing = [name for name, check in CHECKS.items() if not check()]
    if failing:
        return JsonResponse({"status": "not ready", "failing": failing}, status=503)
    return JsonResponse({"status": "ready", "failing": []})


def database_works() -> bool:
    """Return whether the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.warning("The database does not answer.", exc_info=True)
        return False
    return True


def broker_works() -> bool:
    """Return whether the broker answers."""
    try:
        with Connection(
            settings.CELERY_BROKER_URL, connect_timeout=BROKER_TIMEOUT_SECONDS
        ) as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_SECONDS)
    except (OperationalError, OSError):
        logger.warning("The broker does not answer.", exc_info=True)
        return False
    return True


def data_folder_works() -> bool:
    """Return whether a file can be written where images are kept."""
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR) as file:
            file.write(b"ready")
            file.flush()
    except OSError:
        logger.warning("The data folder cannot be written.", exc_info=True)
        return False
    return True


CHECKS: dict[str, Callable[[], bool]] = {
    "database": database_works,
    "broker": broker_works,
    "data folder": data_folder_works,
}
