"""Second look at a kept DICOM file, by its bytes and apart from how it was written."""

import struct
from collections.abc import Collection, Iterator

from segmentation.imaging.dicom.procedure import current_procedure
from segmentation.imaging.errors import FailureCode, ImageError

META_START = 132
PIXEL_DATA = 0x7FE00010
WRITTEN = frozenset(
    {
        0x00100010, 0x00100020, 0x00100030, 0x00100040,
        0x00120020, 0x00120030, 0x00120040, 0x00120051, 0x00120062, 0x00120063, 0x00120064,
        0x00280301, 0x00280303,
    }
)  # fmt: skip
"""Attributes that de-identification itself writes."""

MAPPED_UID = b"2.25."
SHORTEST_IN_UID = 16
"""A mapped UID is 39 digits of a keyed hash: a shorter number in it, such as a study id of five
digits, is there by chance (in one upload of 170 images out of about fifteen)."""

_IDENTITY = frozenset({0x00100010, 0x00100020, 0x00120040})
_META = frozenset(0x00020000 | element for element in (0, 1, 2, 3, 0x10, 0x12, 0x13))
_LONG = frozenset({b"OB", b"OW", b"OF", b"OD", b"SQ", b"UN", b"UT", b"UC", b"UR"})
_NUMERIC = frozenset({b"DS", b"IS", b"US", b"SS", b"FL", b"FD", b"UL", b"SL"})
_UNDEFINED = 0xFFFFFFFF


def verify(content: bytes, forbidden: Collection[str], written: Collection[str]) -> None:
    """Check that a kept file holds nothing but what the procedure allows.

    Parameters
    ----------
    content : bytes
        The file, explicit little endian.
    forbidden : collection of str
        Identifying values of the original, searched in every text value without regard to case.
    written : collection of str
        Values of the trial that stand in the file on purpose; a forbidden value equal to one of
        them is not searched (a site may have used the subject code already).

    Raises
    ------
    ImageError
        BAD_DICOM, naming the attribute and never its value.
    """
    if content[:META_START] != bytes(128) + b"DICM":
        raise _failed("the preamble")
    allowed, uids = allowed_tags(), current_procedure().uids
    own = {value.casefold() for value in written}
    needles = [v.casefold().encode() for v in forbidden if v and v.casefold() not in own]
    for tag, vr, value in elements(content):
        name = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        if tag not in allowed:
            raise _failed(name)
        if (
            tag in _IDENTITY
            and value.strip(b" \0").decode("utf-8", "replace").casefold() not in own
        ):
            raise _failed(name)
        if tag == PIXEL_DATA or vr in _NUMERIC or _is_rewritten(tag):
            continue
        found = _found_in_uid if tag in uids else _found_in_text
        if found(value, needles):
            raise _failed(name)


def _found_in_text(value: bytes, needles: Collection[bytes]) -> bool:
    return any(needle in value.lower() for needle in needles)


def _found_in_uid(value: bytes, needles: Collection[bytes]) -> bool:
    """Tell whether a UID was not mapped, or holds an identifier too long to be chance."""
    if not value.startswith(MAPPED_UID):
        return True
    return _found_in_text(value, [n for n in needles if len(n) >= SHORTEST_IN_UID])


def allowed_tags() -> frozenset[int]:
    """Return every tag that may stand in a kept file."""
    rules = current_procedure()
    private = {rule.group << 16 | 0x0010 for rule in rules.private}
    private |= {rule.group << 16 | 0x1000 | rule.offset for rule in rules.private}
    named = rules.uids | rules.dates | rules.numbers | rules.pseudonyms | set(rules.patterns)
    return frozenset(named | private | WRITTEN | _META | {PIXEL_DATA})


def elements(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield tag, VR and value of every top-level element; a sequence comes as its bytes."""
    position = META_START
    while position < len(content):
        try:
            group, element, vr = struct.unpack_from("<HH2s", content, position)
            long = vr in _LONG
            (length,) = struct.unpack_from(
                "<I" if long else "<H", content, position + (8 if long else 6)
            )
        except struct.error:
            raise _failed("the end of the file") from None
        position += 12 if long else 8
        tag = group << 16 | element
        if length == _UNDEFINED:
            # Only compressed pixels are written this way, and they come last.
            length = len(content) - position
            if tag != PIXEL_DATA or not content.endswith(b"\xfe\xff\xdd\xe0\0\0\0\0"):
                raise _failed("an element without length")
        if position + length > len(content):
            raise _failed("the end of the file")
        yield tag, vr, content[position : position + length]
        position += length


def _is_rewritten(tag: int) -> bool:
    """Tell whether a value cannot stem from free text of the original: by vocabulary or by rule.

    A search there would only find chance hits, such as a patient named like a manufacturer.
    """
    rules = current_procedure()
    return tag in rules.patterns or tag in rules.dates or tag in WRITTEN or tag < 0x00080000


def _failed(place: str) -> ImageError:
    return ImageError(
        FailureCode.BAD_DICOM,
        f"De-identification of a series could not be verified ({place}), so it was not kept. "
        "Tell the data manager.",
    )
