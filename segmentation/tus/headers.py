"""The headers of tus 1.0, the protocol of resumable uploads: read strictly, refused in words.

The protocol: https://tus.io/protocols/resumable-upload (core, creation, checksum).
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

VERSION = "1.0.0"
MAX_METADATA_CHARACTERS = 8192
MAX_REASON_CHARACTERS = 1000
MAX_DIGITS = 15
DIGEST_BYTES = {"sha256": 32, "sha1": 20}
"""The checksums that are understood, the better one first, and the length of each in bytes."""
HEAD, SEQUENCE, ACQUIRED_ON, AFTER_END_REASON, SHA256 = (
    "head",
    "sequence",
    "acquired_on",
    "after_end_reason",
    "sha256",
)
KEYS = frozenset({HEAD, SEQUENCE, ACQUIRED_ON, AFTER_END_REASON, SHA256})
"""What the metadata of a transfer may say. Anything else, a file name above all, is not read."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class HeaderError(Exception):
    """A header is not as the protocol has it, with a sentence for whoever builds a client.

    The message names the header and never repeats its value, which may identify a patient.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of a piece must add up to."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a client says of a file before it sends it.

    Attributes
    ----------
    head : bytes
        The first bytes of the file; empty where the client does not say.
    sequence, acquired_on
        As declared for a NIfTI file; empty and None otherwise.
    after_end_reason : str
        Why an image from after the end of the follow-up is sent all the same.
    sha256 : str
        Of the whole file, in lower-case digits; empty where the client has not computed it.
    """

    head: bytes = b""
    sequence: str = ""
    acquired_on: date | None = None
    after_end_reason: str = ""
    sha256: str = ""


def parse_count(value: str, *, name: str) -> int:
    """Return a header that counts bytes.

    Raises
    ------
    HeaderError
        If it is not a whole number of at most `MAX_DIGITS` digits.
    """
    if not (value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS):
        raise HeaderError(f"{name} has to be a whole number of bytes, zero or more.")
    return int(value)


def parse_checksum(header: str) -> Checksum | None:
    """Return the ``Upload-Checksum`` of a piece; None where the header is empty.

    Raises
    ------
    HeaderError
        If it names no algorithm that is understood, or the checksum has another length.
    """
    if not header:
        return None
    algorithm, _, encoded = header.partition(" ")
    if algorithm not in DIGEST_BYTES:
        raise HeaderError(
            f"Upload-Checksum names no algorithm that is understood: {', '.join(DIGEST_BYTES)}."
        )
    digest = _base64(encoded, name="Upload-Checksum")
    if len(digest) != DIGEST_BYTES[algorithm]:
        raise HeaderError(
            f"The checksum of Upload-Checksum has {len(digest)} bytes; expected "
            f"{DIGEST_BYTES[algorithm]}, in base64."
        )
    return Checksum(algorithm, digest)


def parse_metadata(header: str) -> Declaration:
    """Return what ``Upload-Metadata`` declares of a file.

    Each value is base64 of UTF-8 text. ``head`` is base64 inside too: text is all that the
    clients of the protocol send, and the first bytes of a file are none.

    Raises
    ------
    HeaderError
        If the header is too long or not well formed, a key stands twice, or a value is none
        that its key can have.
    """
    values = _pairs(header)
    return Declaration(
        head=_base64(values.get(HEAD, ""), name=f"{HEAD} in Upload-Metadata"),
        sequence=values.get(SEQUENCE, ""),
        acquired_on=_day(values.get(ACQUIRED_ON, "")),
        after_end_reason=_reason(values.get(AFTER_END_REASON, "")),
        sha256=_sha256(values.get(SHA256, "")),
    )


def format_metadata(values: Mapping[str, str]) -> str:
    """Return values as ``Upload-Metadata`` has them; those that are empty are left out."""
    return ",".join(
        f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items() if value
    )


def _pairs(header: str) -> dict[str, str]:
    """Return the texts of the known keys; values of other keys are not even decoded."""
    if len(header) > MAX_METADATA_CHARACTERS:
        raise HeaderError(f"Upload-Metadata is longer than {MAX_METADATA_CHARACTERS} characters.")
    found: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else []:
        key, _, encoded = pair.strip().partition(" ")
        if not key:
            raise HeaderError("Upload-Metadata holds a pair without a key.")
        if key not in KEYS:
            continue
        if key in found:
            raise HeaderError(f"Upload-Metadata names {key} twice.")
        found[key] = _text(_base64(encoded, name=f"{key} in Upload-Metadata"), key)
    return found


def _base64(encoded: str, *, name: str) -> bytes:
    try:
        return b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise HeaderError(f"{name} is not base64.") from error


def _text(content: bytes, key: str) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise HeaderError(f"{key} in Upload-Metadata is not text in UTF-8.") from error
    if any(ord(sign) < ord(" ") and sign not in "\t\n\r" for sign in text):
        raise HeaderError(f"{key} in Upload-Metadata holds control characters.")
    return text


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise HeaderError(f"{ACQUIRED_ON} in Upload-Metadata is no day like 2026-03-31.")


def _reason(text: str) -> str:
    if len(text) > MAX_REASON_CHARACTERS:
        raise HeaderError(f"Give the reason in at most {MAX_REASON_CHARACTERS} characters.")
    return text


def _sha256(text: str) -> str:
    if text and not _SHA256.fullmatch(text.lower()):
        raise HeaderError(f"{SHA256} in Upload-Metadata is not 64 hexadecimal digits.")
    return text.lower()
