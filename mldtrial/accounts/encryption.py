"""Secrets at rest: a copy of the database alone opens no second factor."""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

PURPOSE = b"second factor"


def encrypt(text: str) -> str:
    """Return a secret as it may be stored."""
    return _cipher().encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Return the secret again, also where it was stored under an earlier secret key."""
    return _cipher().decrypt(stored.encode()).decode()


def _cipher() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(secret)) for secret in secrets])


def _derived(secret: str | bytes) -> bytes:
    text = secret.encode() if isinstance(secret, str) else secret
    key = hashlib.blake2b(text, digest_size=32, person=PURPOSE).digest()
    return base64.urlsafe_b64encode(key)
