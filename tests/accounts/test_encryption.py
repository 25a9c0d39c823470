"""Secrets at rest stay readable when the key changes, as long as the old one is kept."""

from typing import Any

import pytest
from cryptography.fernet import InvalidToken

from mldtrial.accounts import encryption


def test_a_secret_comes_back_and_is_not_readable():
    stored = encryption.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in stored
    assert encryption.decrypt(stored) == "JBSWY3DPEHPK3PXP"


def test_a_new_key_reads_what_the_old_one_wrote(settings: Any):
    settings.SECRET_KEY = "old"
    stored = encryption.encrypt("secret")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["old"]
    assert encryption.decrypt(stored) == "secret"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        encryption.decrypt(stored)
