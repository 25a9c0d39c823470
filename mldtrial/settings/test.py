"""The test suite: fast password hashing and the deterministic segmenter."""

from mldtrial.settings.base import *  # noqa: F403 - settings modules override by star import

ALLOW_TEST_SEGMENTERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECRET_KEY = "only-for-tests"  # noqa: S105 - never signs anything outside the test run
WHITENOISE_AUTOREFRESH = True
