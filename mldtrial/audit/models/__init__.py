"""Signatures, and the history of sign-in."""

from mldtrial.audit.models.sign_in import Login, SecondFactor
from mldtrial.audit.models.signature import Meaning, Signature

__all__ = ["Login", "Meaning", "SecondFactor", "Signature"]
