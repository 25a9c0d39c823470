"""Read many DICOM files that say mostly the same, and what they share once.

pydicom reads a data set from the first byte to the last, and what an element becomes depends on its
own bytes, on the file header and on the character set. So where a file repeats an element of one
that pydicom has read before, byte for byte, it is taken from there. An element of another value is
read here if it is of the plain kind: the same tag and representation, and a length. A file that
differs in anything else is read by pydicom. Either way the data set is the one that pydicom reads.
"""

import io
import struct
from collections import deque
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement, empty_value_for_VR
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32, VR

from segmentation.imaging.dicom.attributes import tag_of
from segmentation.imaging.dicom.reading import (
    PARSE_ERRORS,
    PREAMBLE_BYTES,
    check_preamble,
    check_sequences,
    parse_instance,
    read_content,
)

REMEMBERED_FILES = 4
"""An upload holds few kinds of files at a time; each costs as much memory as a header."""

LONGEST_SHARED_BYTES = 1 << 16
"""Longer values, the pixels, are hardly ever the same in two files: they are not compared."""

MOST_ELEMENTS, MOST_SHARED_BYTES = 4096, 8 * 2**20
"""More is read, but not remembered. Of 258 real files none had over 456 elements, 2.5 MB in all."""

LONGEST_DECODED_BYTES = 256
DECODED_GROUPS = frozenset({0x0008, 0x0010, 0x0018, 0x0020, 0x0028})
"""Where most of what is asked of every image stands."""

_MARK, _MARK_END = b"DICM", PREAMBLE_BYTES + 4
_DECIDING = frozenset({0x00080005, 0x00020002, 0x00020010})
"""Character set, class and transfer syntax: how and whether the rest is read depends on them."""
_UNDEFINED = 0xFFFFFFFF
_SHORT, _LONG = struct.Struct("<H"), struct.Struct("<I")
_KNOWN = frozenset(vr.value for vr in VR if len(vr.value) == 2)
_READ = _KNOWN | {None}
_HEADER_GROUP, _GROUP_LENGTH = 0x0002, 0x00020000

Elements = dict[Any, Any]


class Reader:
    """Reads the files of an upload, one after another."""

    def __init__(self) -> None:
        self._before: deque[_File] = deque(maxlen=REMEMBERED_FILES)

    def read(self, path: Path) -> Dataset | None:
        """Return the data set of a file, parsed but hardly decoded.

        Returns
        -------
        pydicom.Dataset or None
            None for a file that is not DICOM, and for a media directory, which holds no image.

        Raises
        ------
        ImageError
            UNSUPPORTED_DICOM or BAD_DICOM, before anything compressed is expanded.
        """
        content = read_content(path)
        if content is None:
            return None
        if content[PREAMBLE_BYTES:_MARK_END] != _MARK:
            return parse_instance(content)
        check_preamble(content[:PREAMBLE_BYTES])
        for file in self._before:
            if (image := file.like(content)) is not None:
                check_sequences(image, content)
                return image
        image = parse_instance(content)
        if image is not None and (known := _File.of(image, content)) is not None:
            self._before.appendleft(known)
        return image


@dataclass(slots=True)
class _Part:
    """A top-level element of a file that was read.

    Attributes
    ----------
    element : DataElement or RawDataElement
        What pydicom made of it.
    content : bytes
        All of it as it lies in the file; empty if it is too long to be compared.
    start : bytes
        What an element has to begin with to stand here with another value; empty if none may.
    head_bytes : int
        Where the value begins.
    length : struct.Struct
        Of the length of the value, which stands right before it.
    """

    tag: Any
    vr: str | None
    element: Any
    content: bytes
    start: bytes
    head_bytes: int
    length: struct.Struct


@dataclass(frozen=True, slots=True)
class _Run:
    """Parts behind one another that are compared as one."""

    indices: list[int]
    content: bytes
    elements: Elements


class _File:
    """A file that was read, in its parts."""

    def __init__(self, image: FileDataset, header: list[_Part], parts: list[_Part]) -> None:
        self._image, self._header, self._parts = image, _Parts(header), _Parts(parts)
        self._is_decoded = False

    @classmethod
    def of(cls, image: FileDataset, content: bytes) -> "_File | None":
        """Return the file, or None if its elements do not lie one behind another to its end."""
        if len(image) + len(image.file_meta) > MOST_ELEMENTS:
            return None
        header = _parts(image.file_meta, content, _MARK_END)
        if header is None:
            return None
        parts = _parts(image, content, header[1])
        if parts is None or parts[1] != len(content):
            return None
        return cls(image, header[0], parts[0])

    def like(self, content: bytes) -> FileDataset | None:
        """Return the data set of a file with the same elements and perhaps other values."""
        header = self._header.found(content, _MARK_END)
        if header is None:
            return None
        elements = self._parts.found(content, header[1])
        if elements is None or elements[1] != len(content):
            return None
        if not self._is_decoded:
            self._is_decoded = True
            self._parts.decode(self._image)
        return self._data_set(content[:PREAMBLE_BYTES], header[0], elements[0])

    def _data_set(self, preamble: bytes, header: Elements, elements: Elements) -> FileDataset:
        before = self._image
        meta = FileMetaDataset(header)
        meta.set_original_encoding(
            *before.file_meta.original_encoding, before.file_meta.original_character_set
        )
        image = FileDataset(io.BytesIO(), elements, preamble, meta, *before.original_encoding)
        image.set_original_encoding(*before.original_encoding, before.original_character_set)
        return image


class _Parts:
    """The elements of a data set, of which those that never differed are compared as one."""

    def __init__(self, parts: list[_Part]) -> None:
        self._parts = parts
        self._differing = {index for index, part in enumerate(parts) if not part.content}
        self._runs = self._joined()

    def decode(self, image: FileDataset) -> None:
        """Decode what may be asked for in every file to come, once."""
        for part in self._parts:
            if _is_asked_for(part):
                try:
                    part.element = image[part.tag]
                except PARSE_ERRORS:
                    continue  # whoever asks for it meets the error
        self._runs = self._joined()

    def found(self, content: bytes, position: int) -> tuple[Elements, int] | None:
        """Return the elements of a file from a position on, and the end; None if unlike."""
        found: Elements = {}
        differing: set[int] = set()
        for run in self._runs:
            if run.content and content.startswith(run.content, position):
                found.update(run.elements)
                position += len(run.content)
                continue
            for index in run.indices:
                part = self._parts[index]
                if part.content and content.startswith(part.content, position):
                    found[part.tag] = part.element
                    position += len(part.content)
                    continue
                element = _other_value(part, content, position)
                if element is None:
                    return None
                differing.add(index)
                found[part.tag] = element
                position = element.value_tell + element.length
        if not differing <= self._differing:
            self._differing |= differing
            self._runs = self._joined()
        return found, position

    def _joined(self) -> list[_Run]:
        runs: list[_Run] = []
        for differs, group in groupby(range(len(self._parts)), self._differing.__contains__):
            for indices in [[index] for index in group] if differs else [list(group)]:
                parts = [self._parts[index] for index in indices]
                elements = {part.tag: part.element for part in parts}
                runs.append(_Run(indices, b"".join(part.content for part in parts), elements))
        return runs


def _other_value(part: _Part, content: bytes, position: int) -> RawDataElement | None:
    """Return an element that differs from a part in its value alone, or None."""
    if not part.start or not content.startswith(part.start, position):
        return None
    start = position + part.head_bytes
    if start > len(content):
        return None
    (length,) = part.length.unpack_from(content, start - part.length.size)
    if length == _UNDEFINED or start + length > len(content):
        return None
    value = content[start : start + length] if length else empty_value_for_VR(part.vr, raw=True)
    return RawDataElement(part.tag, part.vr, length, value, start, part.vr is None, True)


def _parts(image: Dataset, content: bytes, position: int) -> tuple[list[_Part], int] | None:
    """Return the elements of a data set as they lie in its file from a position on, and the end.

    None where they leave a gap, overlap or stand in another order than they were read: something
    in the file is not as plain as it looks.
    """
    is_implicit = bool(image.original_encoding[0])
    elements = list(image.values())
    found: list[_Part] = []
    left_bytes = MOST_SHARED_BYTES
    for element, following in zip(elements, [*elements, None][1:], strict=True):
        vr = None if is_implicit else content[position + 4 : position + 6].decode("latin-1")
        head_bytes = _head_bytes(vr)
        value = position + head_bytes
        if _value_at(element) != value or not _is_read_as(element, vr):
            return None
        length = _SHORT if vr is not None and head_bytes == 8 else _LONG
        (n_bytes,) = length.unpack(content[value - length.size : value])
        end = value + n_bytes
        if n_bytes == _UNDEFINED:
            if following is None:
                return None
            # A sequence: the reader walked through it, and the next element shows how far.
            end = _value_at(following) - _head_bytes(None if is_implicit else following.VR)
        is_shared = end - position <= min(LONGEST_SHARED_BYTES, left_bytes)
        whole = content[position:end] if is_shared else b""
        left_bytes -= len(whole)
        start = _start(element.tag, content[position:value], vr, is_first=not found)
        found.append(_Part(tag_of(int(element.tag)), vr, element, whole, start, head_bytes, length))
        position = end
    return found, position


def _head_bytes(vr: str | None) -> int:
    return 12 if vr in EXPLICIT_VR_LENGTH_32 else 8


def _value_at(element: Any) -> int:
    """Return where the value of an element was read."""
    raw = isinstance(element, RawDataElement)
    return int((element.value_tell if raw else element.file_tell) or 0)


def _is_read_as(element: Any, vr: str | None) -> bool:
    """Tell whether an element was read in the encoding of the whole, by a known representation."""
    if not isinstance(element, RawDataElement):
        return vr is None or vr in _KNOWN
    return vr == element.VR and element.is_implicit_VR == (vr is None) and vr in _READ


def _start(tag: int, head: bytes, vr: str | None, *, is_first: bool) -> bytes:
    """Return how an element of another value has to begin to be read without pydicom.

    From the first element of a data set its encoding is guessed, and from the first of a file
    header whether it is sound: there the length must be the same, too.
    """
    if tag in _DECIDING or (is_first and tag >> 16 == _HEADER_GROUP and tag != _GROUP_LENGTH):
        return b""
    if is_first:
        return head
    return head[:4] if vr is None else head[: 8 if len(head) == 12 else 6]


def _is_asked_for(part: _Part) -> bool:
    """Tell whether an element is a short number or text of the kind that every image is asked."""
    if part.tag >> 16 not in DECODED_GROUPS or not 0 < len(part.content) <= LONGEST_DECODED_BYTES:
        return False
    try:
        vr = part.vr or dictionary_VR(part.tag)
    except KeyError:
        return False
    return vr in EXPLICIT_VR_LENGTH_16
