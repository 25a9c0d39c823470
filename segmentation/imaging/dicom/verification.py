"""Second look at a kept DICOM file, by its bytes and apart from how it was written."""

import re
import struct
from collections.abc import Collection, Iterator, Mapping

from segmentation.imaging.dicom.procedure import WRITTEN, Procedure
from segmentation.imaging.dicom.reading import PIXEL_DATA
from segmentation.imaging.dicom.secrets import TrialIdentity
from segmentation.imaging.errors import FailureCode, ImageError

META_START = 132
MAPPED_UID = b"2.25."
SHORTEST_IN_UID = 16
"""A mapped UID is 39 digits of a keyed hash: a shorter number in it, such as a study id of five
digits, is there by chance (in one upload of 170 images out of about fifteen)."""

PATIENT_SEX = 0x00100040
OPTION_CODES = 0x00120064
CODE_VALUE = 0x00080100

_AGE = re.compile("[0-9]{3}[MY]")
_NUMBER = re.compile(r"[+-]?[0-9.]{1,15}(e[+-]?[0-9]{1,2})?", re.IGNORECASE)
_META = frozenset(0x00020000 | element for element in (0, 1, 2, 3, 0x10, 0x12, 0x13))
_LONG = frozenset({b"OB", b"OW", b"OF", b"OD", b"SQ", b"UN", b"UT", b"UC", b"UR"})
_NUMERIC = frozenset({b"DS", b"IS", b"US", b"SS", b"FL", b"FD", b"UL", b"SL"})
_UNDEFINED = 0xFFFFFFFF


def verify(
    content: bytes, forbidden: Collection[str], identity: TrialIdentity, rules: Procedure
) -> None:
    """Check that a kept file holds nothing but what the procedure allows.

    Parameters
    ----------
    content : bytes
        The file, explicit little endian.
    forbidden : collection of str
        Identifying values of the original, searched in every text value without regard to case.
    identity : TrialIdentity
        What must stand in place of the patient. A forbidden value equal to the subject code is not
        searched (a site may have used the subject code already).
    rules : Procedure
        The procedure with the options of the study: what one study keeps fails in another.

    Raises
    ------
    ImageError
        BAD_DICOM, naming the attribute and never its value.
    """
    SecondLook(forbidden, identity, rules).verify(content)


class SecondLook:
    """Checks the kept files of one series; a value that passed once passes again."""

    def __init__(
        self, forbidden: Collection[str], identity: TrialIdentity, rules: Procedure
    ) -> None:
        own = identity.subject_code.casefold()
        self._rules, self._allowed = rules, allowed_tags(rules)
        self._expected, self._named = _codes_of(identity, rules), _names_of(identity)
        self._needles = [v.casefold().encode() for v in forbidden if v and v.casefold() != own]
        self._passed: set[tuple[int, bytes, bytes]] = set()

    def seen(self, content: bytes) -> bytes:
        """Return a file that passed; see `verify`."""
        self.verify(content)
        return content

    def verify(self, content: bytes) -> None:
        """Check a kept file; see `verify`."""
        if content[:META_START] != bytes(128) + b"DICM":
            raise _failed("the preamble")
        for tag, vr, value in elements(content):
            if tag == PIXEL_DATA:
                continue
            if (tag, vr, value) not in self._passed:
                self._check(tag, vr, value)
                self._passed.add((tag, vr, value))

    def _check(self, tag: int, vr: bytes, value: bytes) -> None:
        rules = self._rules
        name = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        ruled = _is_as_ruled(tag, value, self._expected, self._named, rules)
        if tag not in self._allowed or not ruled:
            raise _failed(name)
        if vr in _NUMERIC or _is_rewritten(tag, rules):
            return
        found = _found_in_uid if tag in rules.uids else _found_in_text
        if found(value, self._needles):
            raise _failed(name)


def _is_as_ruled(
    tag: int,
    value: bytes,
    expected: Mapping[int, str],
    named: Mapping[int, str],
    rules: Procedure,
) -> bool:
    """Tell whether a value is the trial's, or one of the words and numbers that may stay.

    Nothing of the patient stays unless it is looked at here again: sex, age, height, weight.
    """
    if tag == OPTION_CODES:
        return sorted(_codes(value)) == [code for code, _meaning in rules.options]
    text = value.strip(b" \0").decode("utf-8", "replace")
    if tag in named:
        return _letters(named[tag]).startswith(_letters(text))
    if tag == PATIENT_SEX and text:
        return tag in rules.patterns and rules.patterns[tag].fullmatch(text) is not None
    if tag in expected:
        return text.casefold() == expected[tag].casefold()
    if tag in rules.ages:
        return _AGE.fullmatch(text) is not None
    if tag in rules.ranges:
        low, high = rules.ranges[tag]
        return _NUMBER.fullmatch(text) is not None and low <= float(text) <= high
    return True


def _names_of(identity: TrialIdentity) -> dict[int, str]:
    """Return the texts of the trial; a file holds as much of them as there is room for."""
    sponsor = identity.sponsor_name
    return {
        0x00120010: sponsor if _letters(sponsor) else "unspecified",
        0x00120021: identity.study_name,
        0x00120050: identity.visit_code,
        0x00120051: identity.visit_name,
    }


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _codes_of(identity: TrialIdentity, rules: Procedure) -> dict[int, str]:
    """Return what must stand in the other attributes that the trial writes."""
    code = identity.subject_code
    return {
        0x00080005: "ISO_IR 192",
        0x00100010: code,
        0x00100020: code,
        0x00100030: "",
        PATIENT_SEX: "",
        0x00120020: identity.study_code,
        0x00120030: identity.site_code,
        0x00120031: "",
        0x00120040: code,
        0x00120062: "YES",
        0x00120063: rules.version,
        0x00280301: "NO",
        0x00280303: "MODIFIED",
    }


def _codes(sequence: bytes) -> Iterator[str]:
    """Yield the code of each item of a sequence; its items have a length."""
    position = 0
    while position < len(sequence):
        try:
            (length,) = struct.unpack_from("<I", sequence, position + 4)
        except struct.error:
            raise _failed("(0012,0064)") from None
        position += 8
        for tag, _vr, value in elements(sequence[position : position + length], start=0):
            if tag == CODE_VALUE:
                yield value.strip(b" \0").decode("ascii", "replace")
        position += length


def _found_in_text(value: bytes, needles: Collection[bytes]) -> bool:
    return any(needle in value.lower() for needle in needles)


def _found_in_uid(value: bytes, needles: Collection[bytes]) -> bool:
    """Tell whether a UID was not mapped, or holds an identifier too long to be chance."""
    if not value.startswith(MAPPED_UID):
        return True
    return _found_in_text(value, [n for n in needles if len(n) >= SHORTEST_IN_UID])


def allowed_tags(rules: Procedure) -> frozenset[int]:
    """Return every tag that may stand in a kept file."""
    private = {rule.group << 16 | 0x0010 for rule in rules.private}
    private |= {rule.group << 16 | 0x1000 | rule.offset for rule in rules.private}
    return frozenset(rules.allowed | private | set(WRITTEN) | _META | {PIXEL_DATA})


def elements(content: bytes, start: int = META_START) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield tag, VR and value of every top-level element; a sequence comes as its bytes."""
    position = start
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


def _is_rewritten(tag: int, rules: Procedure) -> bool:
    """Tell whether a value cannot stem from free text of the original: by vocabulary or by rule.

    A search there would only find chance hits, such as a patient named like a manufacturer.
    """
    ruled = tag in rules.patterns or tag in rules.dates or tag in rules.ages
    return ruled or tag in WRITTEN or tag < 0x00080000


def _failed(place: str) -> ImageError:
    return ImageError(
        FailureCode.BAD_DICOM,
        f"De-identification of a series could not be verified ({place}), so it was not kept. "
        "Tell the data manager.",
    )
