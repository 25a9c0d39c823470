"""The key from which new identifiers and date offsets are derived, and who the patient now is."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

KEY_BYTES = 16
LARGEST_SHIFT_DAYS = 3650
SMALLEST_SHIFT_DAYS = 365


@dataclass(frozen=True, slots=True)
class DeidentificationKey:
    """A secret of the installation; whoever holds it can undo the shift of dates.

    Attributes
    ----------
    secret : bytes
        At least 16 random bytes, kept outside the analysis database. Never printed.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < KEY_BYTES:
            raise ValueError(f"Expected a key of at least {KEY_BYTES} bytes.")

    def uid(self, original: str) -> str:
        """Return the new UID of an original: the same for the same original and key.

        The form is that of UUID-derived UIDs (PS3.5 Annex B.2): 2.25 and 128 bits in decimal.
        """
        number = int.from_bytes(self._digest("uid", original)[:16], "big")
        return f"2.25.{number}"

    def shift(self, subject_code: str) -> timedelta:
        """Return the shift of all dates of a patient: whole days, one to ten years back."""
        number = int.from_bytes(self._digest("dates", subject_code)[:8], "big")
        span = LARGEST_SHIFT_DAYS - SMALLEST_SHIFT_DAYS + 1
        return timedelta(days=-(SMALLEST_SHIFT_DAYS + number % span))

    def device(self, serial: str) -> str:
        """Return 16 hexadecimal characters that stand for the serial number of a device."""
        return self._digest("device", serial).hex()[:16]

    def person(self, parts: Sequence[str]) -> str:
        """Return 64 hexadecimal characters that stand for a person, whose parts may be empty."""
        return self._digest("person", "\0".join(parts)).hex()

    def subject(self, code: str) -> str:
        """Return 64 hexadecimal characters that stand for a subject code, whatever its case."""
        return self._digest("subject", code.strip().casefold()).hex()

    def _digest(self, purpose: str, value: str) -> bytes:
        message = f"{purpose}\0{value.strip()}".encode()
        return hmac.new(self.secret, message, hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class TrialIdentity:
    """Who the images belong to in the trial: written in place of the patient.

    Attributes
    ----------
    study_name, sponsor_name : str
        Empty where they are not known.
    visit_code : str
        The code of the planned visit, or its number.
    """

    study_code: str
    site_code: str
    subject_code: str
    visit_name: str
    visit_code: str = ""
    study_name: str = ""
    sponsor_name: str = ""
