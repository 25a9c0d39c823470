"""The test suite: its own data folder, fast password hashing, the deterministic segmenter."""

import os
from pathlib import Path

os.environ.setdefault(
    "MLDTRIAL_DATA", str(Path(__file__).resolve().parent.parent.parent / "build" / "test")
)
# Each of several test processes has servers of its own, so that none empties another's. Taken
# out of the environment: a worker that a test starts is given its whole data folder.
if side_by_side := os.environ.pop("PYTEST_XDIST_WORKER", ""):
    os.environ["MLDTRIAL_DATA"] += f"-{side_by_side}"

from mldtrial.embedded import postgres
from mldtrial.embedded.database_url import django_database
from mldtrial.settings.base import *  # noqa: F403
from mldtrial.settings.base import DATA_DIR

ALLOW_TEST_SEGMENTERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECRET_KEY = "only-for-tests"  # noqa: S105 - never signs anything outside the test run
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True

# The framework empties tables between tests, which only a superuser may do past the
# triggers; tests of the application's own role connect as that role themselves.
DATABASES = {
    "default": {
        **django_database(os.environ.get("DATABASE_URL") or postgres.urls(DATA_DIR).admin),
        "TEST": {"NAME": f"test_{os.getpid()}"},
    }
}
