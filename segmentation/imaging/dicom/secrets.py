"""The key from which new identifiers and date offsets are derived, and who the patient now is."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import date, timedelta

KEY_BYTES = 16
LARGEST_OFFSET_DAYS = 3650
SMALLEST_OFFSET_DAYS = 30


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

    def offset_days(self, subject_code: str) -> int:
        """Return the shift of all dates of a patient, in days, always into the past."""
        number = int.from_bytes(self._digest("date", subject_code)[:8], "big")
        span = LARGEST_OFFSET_DAYS - SMALLEST_OFFSET_DAYS + 1
        return -(SMALLEST_OFFSET_DAYS + number % span)

    def shifted(self, day: date, subject_code: str) -> date:
        """Return a date moved by the offset of the patient; intervals stay as they are."""
        return day + timedelta(days=self.offset_days(subject_code))

    def pseudonym(self, kind: str, original: str) -> str:
        """Return 16 hexadecimal characters that stand for a value, such as a serial number."""
        return self._digest(kind, original).hex()[:16]

    def _digest(self, purpose: str, value: str) -> bytes:
        message = f"{purpose}\0{value.strip()}".encode()
        return hmac.new(self.secret, message, hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class TrialIdentity:
    """Who the patient is in the trial; written in place of the original identity."""

    subject_code: str
    protocol: str
    site_code: str = ""
    sponsor: str = ""
    time_point: str = ""
