"""What a file is, judged by its first bytes and never by its name."""

from enum import StrEnum

HEAD_BYTES = 1024


class Content(StrEnum):
    """What the first bytes of a file say it is; the value completes the sentence "it is ..."."""

    NIFTI = "a NIfTI image"
    NIFTI_PAIR = "one half of a NIfTI pair (.hdr and .img)"
    ANALYZE = "an Analyze 7.5 header (.hdr)"
    DICOM = "a DICOM file"
    GZIP = "gzip-compressed data"
    ZIP = "a zip archive"
    TAR = "a tar archive"
    OTHER_ARCHIVE = "a compressed archive other than zip"
    PNG = "a PNG picture"
    JPEG = "a JPEG picture"
    PDF = "a PDF document"
    MARKUP = "a web page or XML document"
    PROGRAM = "a program"
    NRRD = "an NRRD image"
    MINC = "an HDF5 or MINC file"
    EMPTY = "empty"
    UNKNOWN = "of a kind that is not known here"


ARCHIVES = frozenset({Content.ZIP, Content.TAR, Content.OTHER_ARCHIVE})

_MAGIC: tuple[tuple[int, bytes, Content], ...] = (
    (0, b"\x1f\x8b", Content.GZIP),
    (0, b"PK\x03\x04", Content.ZIP),
    (0, b"PK\x05\x06", Content.ZIP),
    (0, b"Rar!", Content.OTHER_ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", Content.OTHER_ARCHIVE),
    (0, b"BZh", Content.OTHER_ARCHIVE),
    (0, b"\xfd7zXZ\x00", Content.OTHER_ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", Content.OTHER_ARCHIVE),
    (0, b"MSCF", Content.OTHER_ARCHIVE),
    (257, b"ustar", Content.TAR),
    (344, b"n+1\x00", Content.NIFTI),
    (4, b"n+2\x00", Content.NIFTI),
    (344, b"ni1\x00", Content.NIFTI_PAIR),
    (4, b"ni2\x00", Content.NIFTI_PAIR),
    (128, b"DICM", Content.DICOM),
    (0, b"\x89PNG", Content.PNG),
    (0, b"\xff\xd8\xff", Content.JPEG),
    (0, b"%PDF", Content.PDF),
    (0, b"<", Content.MARKUP),
    (0, b"\x7fELF", Content.PROGRAM),
    (0, b"MZ", Content.PROGRAM),
    (0, b"NRRD", Content.NRRD),
    (0, b"\x89HDF", Content.MINC),
    (0, b"CDF", Content.MINC),
    (0, b"\x5c\x01\x00\x00", Content.ANALYZE),
    (0, b"\x00\x00\x01\x5c", Content.ANALYZE),
)
# An archive comes first: a file that is both an archive and a DICOM file is treated as the
# archive, the more dangerous of the two. Analyze comes last, since it shares its first word
# with NIfTI-1.


def recognise(head: bytes) -> Content:
    """Return what a file is from its first `HEAD_BYTES` bytes.

    DICOM files without a preamble carry no mark and come back as ``UNKNOWN``; only a parser can
    tell them from other data.
    """
    if not head:
        return Content.EMPTY
    for offset, magic, content in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return content
    return Content.UNKNOWN


def marks() -> tuple[tuple[int, bytes, Content], ...]:
    """Return what `recognise` looks for, in its order: offset, bytes and what they say."""
    return _MAGIC
