"""Values whose clean bytes follow from their text, without pydicom that takes long over them.

In most slices only a few numbers and one identifier differ from the slice before. What is written
in another way than these mostly are, or may not stay, is left to pydicom; the bytes are those that
it would have written.
"""

import re
import struct
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.valuerep import IS, DSfloat

from segmentation.imaging.dicom.procedure import Procedure
from segmentation.imaging.dicom.secrets import DeidentificationKey

LONGEST_CHARACTERS = 256

_DECIMAL = r"[+-]?[0-9]{1,12}(\.[0-9]{1,14})?([eE][+-]?[0-9]{1,2})?"
_WHOLE = "[+-]?[0-9]{1,8}"
_NUMBERS = {
    "DS": re.compile(rf"{_DECIMAL}(\\{_DECIMAL})*"),
    "IS": re.compile(rf"{_WHOLE}(\\{_WHOLE})*"),
}
_UID = re.compile(r"[0-9.]{1,64}")
_HEAD = struct.Struct("<HH2sH")


class PlainValues:
    """Writes such values as explicit little endian."""

    def __init__(self, rules: Procedure, key: DeidentificationKey) -> None:
        self._rules, self._key = rules, key

    def written(self, element: Any) -> bytes | None:
        """Return the clean bytes of a whole element; None where pydicom has to find them."""
        tag = int(element.tag)
        if tag in self._rules.numbers:
            vr = element.VR or dictionary_VR(tag)
            text = _text(element, vr, " ") if vr in _NUMBERS else None
            if text is not None and _NUMBERS[vr].fullmatch(text):
                return _encoded(tag, vr, text, " ")
        elif tag in self._rules.uids and (element.VR or dictionary_VR(tag)) == "UI":
            text = _text(element, "UI", "\0")
            if text is not None and _UID.fullmatch(text):
                return _encoded(tag, "UI", self._key.uid(text), "\0")
        return None


def _text(element: Any, vr: str, padding: str) -> str | None:
    """Return the text of a value as it was in its file, without what makes its length even."""
    if isinstance(element, RawDataElement):
        raw = element.value
        if not raw or len(raw) > LONGEST_CHARACTERS or not raw.isascii():
            return None
        return str(raw, "ascii").removesuffix(padding)
    value = element.value
    if vr == "UI":
        return str(value) if isinstance(value, str) else None
    numbers = list(value) if element.VM > 1 else [value]
    if not all(isinstance(number, (DSfloat, IS)) for number in numbers):
        return None
    if any(getattr(number, "auto_format", False) for number in numbers):
        return None
    texts = [getattr(number, "original_string", "") for number in numbers]
    return "\\".join(texts)


def _encoded(tag: int, vr: str, text: str, padding: str) -> bytes:
    value = (text + padding * (len(text) % 2)).encode("ascii")
    return _HEAD.pack(tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value
