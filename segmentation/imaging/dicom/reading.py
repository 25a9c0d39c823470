"""Read one DICOM file without trusting it: what it is, how large, how encoded, and complete."""

import io
import os
import struct
from pathlib import Path
from typing import Any

import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import _read_file_meta_info

from segmentation.imaging.content import Content, recognise
from segmentation.imaging.errors import FailureCode, ImageError

PREAMBLE_BYTES = 128
PIXEL_DATA = 0x7FE00010
ITEM = b"\xfe\xff\x00\xe0"
"""How every sequence begins."""
MAX_FILE_BYTES = 256 * 2**20
MAX_SIDE = 4096
MAX_HEADER_BYTES = 16 * 2**20
"""Beside pixels and what else has no parts; the largest of 258 real files has 2.5 MB."""
MAX_READS = 2_000_000
"""Steps in which a header may be read: an element without a value takes 8 bytes of a file, one
step and some 250 bytes of memory, an empty item of a sequence some 660."""

NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"})
RLE = "1.2.840.10008.1.2.5"
JPEG_FAMILY = frozenset(
    {
        "1.2.840.10008.1.2.4.57",
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.80",
        "1.2.840.10008.1.2.4.90",
    }
)
"""JPEG lossless (two kinds), JPEG-LS lossless and JPEG 2000 lossless."""

ACCEPTED_SYNTAXES = NATIVE | JPEG_FAMILY | {RLE}
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"

# What pydicom raises on bytes that are not what they claim; recursion comes from nested sequences.
PARSE_ERRORS = (
    InvalidDicomError,
    BytesLengthException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    NotImplementedError,
    EOFError,
    OSError,
    OverflowError,
    RecursionError,
    AssertionError,
    struct.error,
)

_OFFENDING_PREAMBLES = (b"MZ", b"\x7fELF", b"PK", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_content(path: Path) -> bytes | None:
    """Return the bytes of a file that carries the DICM mark, or begins like a data set without one.

    Returns
    -------
    bytes or None
        None for a file that is not DICOM.

    Raises
    ------
    ImageError
        UNSUPPORTED_DICOM for a file too large for an image.
    """
    with path.open("rb", buffering=0) as file:
        head = file.read(PREAMBLE_BYTES + 4)
        if head[PREAMBLE_BYTES:] != b"DICM" and not _begins_like_a_data_set(head):
            return None
        size = os.fstat(file.fileno()).st_size
        if size > MAX_FILE_BYTES:
            raise _unsupported(
                f"Expected at most {MAX_FILE_BYTES // 2**20} MiB per DICOM file, found more. "
                "Export the series as single images."
            )
        file.seek(0)
        return file.readall()


def parse_instance(content: bytes) -> Any:
    """Return the data set of a file, parsed but not yet decoded.

    Parameters
    ----------
    content : bytes
        As from `read_content`.

    Returns
    -------
    pydicom.Dataset or None
        None for a media directory, which holds no image.

    Raises
    ------
    ImageError
        UNSUPPORTED_DICOM or BAD_DICOM, before anything compressed is expanded.
    """
    if content[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == b"DICM":
        check_preamble(content[:PREAMBLE_BYTES])
        media_class, syntax = _meta_of(content)
        if media_class == DIRECTORY_CLASS:
            return None
        _check_syntax(syntax)
    try:
        dataset = pydicom.dcmread(_source(content), force=True)
        little_endian = dataset.original_encoding[1]
        check_sequences(dataset, content)
    except PARSE_ERRORS:
        raise _damaged() from None
    if little_endian is not True:
        raise _unsupported_syntax()
    return dataset


class _Counted(io.BytesIO):
    """Bytes that are read in so many steps at most."""

    steps = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.steps += 1
        if self.steps > MAX_READS:
            raise _header_too_large()
        return super().read(size)


def _source(content: bytes) -> io.BytesIO:
    """Return the content to read; what is small enough for any number of elements, uncounted."""
    return (io.BytesIO if len(content) <= MAX_HEADER_BYTES else _Counted)(content)


def check_sequences(dataset: Any, content: bytes) -> None:
    """Refuse sequences that are not taken apart yet and, in all and at any depth, too large for it.

    Raises
    ------
    ImageError
        UNSUPPORTED_DICOM.
    """
    if len(content) > MAX_HEADER_BYTES and _sequence_bytes(dataset) > MAX_HEADER_BYTES:
        raise _header_too_large()


def _sequence_bytes(dataset: Any) -> int:
    total = 0
    for tag in dataset.keys() - {PIXEL_DATA}:
        element = dataset.get_item(tag)
        if isinstance(element.value, bytes):
            if element.value.startswith(ITEM) or _is_sequence(element):
                total += len(element.value)
        elif element.VR == "SQ":
            total += sum(map(_sequence_bytes, element.value))
    return total


def _is_sequence(element: Any) -> bool:
    """Tell whether pydicom will take a value apart, whatever it begins with."""
    if element.VR not in (None, "UN"):
        return bool(element.VR == "SQ")
    try:
        return bool(dictionary_VR(element.tag) == "SQ")
    except KeyError:
        return False


def syntax_of(dataset: Any) -> str:
    """Return the transfer syntax; a data set without file header is plain little endian."""
    meta = getattr(dataset, "file_meta", None)
    return str(getattr(meta, "TransferSyntaxUID", "1.2.840.10008.1.2.1"))


def _begins_like_a_data_set(head: bytes) -> bool:
    """Tell whether bytes begin with an element of group 0008, which a bare data set does.

    A file header (group 0002) without the mark is not accepted: it could announce a deflated
    data set, which is never inflated here.
    """
    if len(head) < PREAMBLE_BYTES or recognise(head) is not Content.UNKNOWN:
        return False
    group, element = struct.unpack_from("<HH", head)
    if group != 0x0008 or element > 0x0070:
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    (length,) = struct.unpack_from("<H" if explicit else "<I", head, 6 if explicit else 4)
    return bool(length <= 1024)


def check_preamble(preamble: bytes) -> None:
    """Refuse a file that is something else as well.

    Raises
    ------
    ImageError
        BAD_DICOM.
    """
    start = preamble.lstrip()[:1]
    if preamble.startswith(_OFFENDING_PREAMBLES) or start == b"<":
        raise ImageError(
            FailureCode.BAD_DICOM,
            "Expected an empty preamble in the DICOM files, found the start of a program, archive, "
            "picture or web page. Export the series again from the scanner or archive.",
        )


def _meta_of(content: bytes) -> tuple[str, str]:
    """Return media class and transfer syntax from the header in front of the data set.

    Parsed from memory: on the file itself, a read sets aside the length that an element states,
    up to 4 GiB, before it finds the end. The public reader of pydicom takes only a file.
    """
    file = _source(content)
    file.seek(PREAMBLE_BYTES + 4)
    try:
        meta = _read_file_meta_info(file)
        return str(meta.get("MediaStorageSOPClassUID", "")), str(meta.get("TransferSyntaxUID", ""))
    except PARSE_ERRORS:
        raise _damaged() from None


def _check_syntax(syntax: str) -> None:
    if syntax not in ACCEPTED_SYNTAXES:
        raise _unsupported_syntax()


def _unsupported_syntax() -> ImageError:
    return _unsupported(
        "Expected DICOM in little endian, RLE, JPEG lossless, JPEG-LS or JPEG 2000 lossless "
        "encoding, found another. Export the series uncompressed."
    )


def _unsupported(message: str) -> ImageError:
    return ImageError(FailureCode.UNSUPPORTED_DICOM, message)


def _header_too_large() -> ImageError:
    return _unsupported(
        f"Expected at most {MAX_HEADER_BYTES // 2**20} MiB beside the pixels of a DICOM file, "
        "found more. Export the structural series alone."
    )


def _damaged() -> ImageError:
    return ImageError(
        FailureCode.BAD_DICOM,
        "Expected a sound DICOM file, found one that cannot be read to its end. "
        "Export the series again and send it.",
    )
