"""Signatures, locks, what takes two people, the history of sign-in, and the log of access."""

from mldtrial.audit.models.access import AccessAction, AccessEvent
from mldtrial.audit.models.anchor import NewestAnchor
from mldtrial.audit.models.lock import Action, ApprovalRequest, Lock, LockedRecord, LockLevel
from mldtrial.audit.models.redaction import Redaction
from mldtrial.audit.models.sign_in import Login, SecondFactor
from mldtrial.audit.models.signature import Meaning, Signature, SignedKind

__all__ = [
    "AccessAction",
    "AccessEvent",
    "Action",
    "ApprovalRequest",
    "Lock",
    "LockLevel",
    "LockedRecord",
    "Login",
    "Meaning",
    "NewestAnchor",
    "Redaction",
    "SecondFactor",
    "Signature",
    "SignedKind",
]
