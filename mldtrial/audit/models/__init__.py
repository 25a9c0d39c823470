"""Signatures."""

from mldtrial.audit.models.signature import Meaning, Signature

__all__ = ["Meaning", "Signature"]
