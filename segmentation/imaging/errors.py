"""The one family of errors about images that people are shown."""

from enum import StrEnum


class FailureCode(StrEnum):
    """Why an image or an upload was refused; a closed list, so that refusals can be counted."""

    NOT_AN_IMAGE = "NOT_AN_IMAGE"
    EMPTY = "EMPTY"
    TRUNCATED = "TRUNCATED"
    TRAILING_DATA = "TRAILING_DATA"
    CHECKSUM = "CHECKSUM"
    TOO_LARGE = "TOO_LARGE"
    BAD_DIMENSIONS = "BAD_DIMENSIONS"
    BAD_VOXEL_SIZE = "BAD_VOXEL_SIZE"
    BAD_ORIENTATION = "BAD_ORIENTATION"
    BAD_DATATYPE = "BAD_DATATYPE"
    BAD_VALUES = "BAD_VALUES"
    HASH_MISMATCH = "HASH_MISMATCH"
    FILE_MISSING = "FILE_MISSING"
    BAD_ARCHIVE = "BAD_ARCHIVE"
    UNSAFE_ARCHIVE = "UNSAFE_ARCHIVE"
    NO_IMAGES = "NO_IMAGES"
    BAD_DICOM = "BAD_DICOM"
    UNSUPPORTED_DICOM = "UNSUPPORTED_DICOM"
    MIXED_SERIES = "MIXED_SERIES"
    MISSING_SLICES = "MISSING_SLICES"
    DUPLICATE_SLICES = "DUPLICATE_SLICES"
    DUPLICATE_IMAGE = "DUPLICATE_IMAGE"
    CONVERSION_FAILED = "CONVERSION_FAILED"
    MISSING_SEQUENCE = "MISSING_SEQUENCE"
    SEQUENCE_MISMATCH = "SEQUENCE_MISMATCH"
    NO_BRAIN_FOUND = "NO_BRAIN_FOUND"
    NOT_A_HEAD = "NOT_A_HEAD"
    BRAIN_CUT_OFF = "BRAIN_CUT_OFF"
    IMAGE_SHOWS_NOTHING = "IMAGE_SHOWS_NOTHING"
    REGISTRATION_FAILED = "REGISTRATION_FAILED"
    RECORD_LOCKED = "RECORD_LOCKED"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    IMAGES_CHANGED = "IMAGES_CHANGED"
    SCAN_SET_ASIDE = "SCAN_SET_ASIDE"
    UNEXPECTED_LABELS = "UNEXPECTED_LABELS"
    TISSUE_UNCLEAR = "TISSUE_UNCLEAR"


class ImageError(Exception):
    """An image cannot be used, with a code for counting and a sentence for a person.

    The message says what was expected, what was found and what to do. It never
    carries a value that could identify a patient: no file name, no attribute value
    of a header other than geometry.
    """

    def __init__(self, code: FailureCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class FileMissingError(ImageError):
    """A stored file is not there, perhaps for as long as its volume is away."""
