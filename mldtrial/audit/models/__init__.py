"""Signatures, locks, what takes two people, and the history of sign-in."""

from mldtrial.audit.models.lock import Action, ApprovalRequest, Lock, LockedRecord, LockLevel
from mldtrial.audit.models.sign_in import Login, SecondFactor
from mldtrial.audit.models.signature import Meaning, Signature

__all__ = [
    "Action",
    "ApprovalRequest",
    "Lock",
    "LockLevel",
    "LockedRecord",
    "Login",
    "Meaning",
    "SecondFactor",
    "Signature",
]
