"""Group the images of an upload by series, and refuse a series with a hole in it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from segmentation.imaging.dicom.alike import Reader
from segmentation.imaging.dicom.attributes import value_of
from segmentation.imaging.dicom.frames import is_enhanced
from segmentation.imaging.dicom.person import Person, person_of
from segmentation.imaging.dicom.reading import PARSE_ERRORS, syntax_of
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti_affine import MAX_ORIGIN_MM

SMALLEST_SERIES = 8
MAX_UPLOAD_BYTES = 2 * 2**30
LARGEST_BEND = 0.5
"""How far a slice may lie off the line of its series, in slice distances; jitter adds up."""

RELATIVE_JITTER, ABSOLUTE_JITTER_MM = 0.02, 0.1
MARKED = {"Rows": 1, "Columns": 1, "ImageOrientationPatient": 6, "PixelSpacing": 2}
"""What every image of a series shares, and how many values it has."""

READ_AS = {
    "RescaleSlope": 1.0, "RescaleIntercept": 0.0, "PixelRepresentation": 0.0, "BitsAllocated": 16.0,
}  # fmt: skip
"""What makes a number of a stored pixel, and what holds where it is not said: the converter takes
it from one image for all of a series."""

COPIED = (
    *MARKED, *READ_AS, "ImagePositionPatient", "InstanceNumber", "EchoTime", "ImageType",
    "StudyInstanceUID", "FrameOfReferenceUID", "BitsStored", "HighBit",
    "NumberOfFrames", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
)  # fmt: skip
"""What two files of one image must agree in, beside their pixels, to be copies."""

FIRST_NUMBERS = (0, 1)
LARGEST_NUMBER = 2**31 - 1
"""Of an integer string in DICOM (PS3.5, section 6.2)."""


@dataclass(slots=True)
class Series:
    """The images of one series and one echo, in order of position.

    `whole` is false where a series was split by its echoes, which share one numbering;
    `is_shared` is true where images of another person or session bear the same series UID.
    """

    uid: str
    images: list[Dataset]
    whole: bool = True
    is_shared: bool = False


def read_images(files: Sequence[Path]) -> list[Dataset]:
    """Read every DICOM file; what is not DICOM is passed over, DICOMDIR too.

    Raises
    ------
    ImageError
        TOO_LARGE for more than memory should hold, NO_IMAGES if none is DICOM;
        UNSUPPORTED_DICOM or BAD_DICOM for one that cannot be used.
    """
    if sum(path.stat().st_size for path in files) > MAX_UPLOAD_BYTES:
        raise ImageError(
            FailureCode.TOO_LARGE,
            f"Expected at most {MAX_UPLOAD_BYTES // 2**30} GiB of images of one visit, found more. "
            "Send fewer series at a time.",
        )
    images, reader = [], Reader()
    for path in files:
        image = reader.read(path)
        if image is not None and "PixelData" in image:
            images.append(image)
    if not images:
        raise ImageError(
            FailureCode.NO_IMAGES,
            "The upload holds no DICOM image. Expected the folder of a scan as the scanner "
            "exported it.",
        )
    return images


def group_series(images: Sequence[Dataset]) -> list[Series]:
    """Group images by their series, and by echo time within it; enhanced objects apart.

    Several persons and sessions may come in one upload: each series is read by itself. Which
    of them belong to the visit is asked later, by what their headers say.
    """
    groups: dict[tuple[str, bool], dict[str, list[Dataset]]] = defaultdict(
        lambda: defaultdict(list)
    )
    owners: dict[str, set[tuple[Person, str]]] = defaultdict(set)
    for image in images:
        uid = text_of(image, "SeriesInstanceUID")
        # An enhanced object holds whole volumes and is no slice beside others.
        groups[uid, is_enhanced(image)][text_of(image, "EchoTime")].append(image)
        owners[uid].add((person_of(image), text_of(image, "StudyInstanceUID")))
    return [
        Series(uid, found, whole=len(echoes) == 1, is_shared=len(owners[uid]) > 1)
        for (uid, _enhanced), echoes in groups.items()
        for found in echoes.values()
    ]


def require_one_owner(series: Series) -> None:
    """Refuse a series whose identifier stands in images of two persons or two sessions.

    Raises
    ------
    ImageError
        MIXED_SERIES: nothing tells which image belongs to whom.
    """
    if series.is_shared:
        raise ImageError(
            FailureCode.MIXED_SERIES,
            "Expected one person and one session in a series, found images of several under one "
            "identifier (attribute SeriesInstanceUID). Export the series again from the archive, "
            "each by itself.",
        )


def text_of(image: Dataset, keyword: str) -> str:
    """Return an attribute as text, empty where it is absent or cannot be read."""
    try:
        return str(value_of(image, keyword, "")).strip()
    except PARSE_ERRORS:
        return ""


def drop_copies(series: Series) -> None:
    """Keep one of several files of the same image, as media and folders sent twice hold them.

    Raises
    ------
    ImageError
        DUPLICATE_SLICES if two images of one identifier differ in pixels or geometry.
    """
    kept: dict[str, Dataset] = {}
    for index, image in enumerate(series.images):
        uid = text_of(image, "SOPInstanceUID") or f"without identifier {index}"
        first = kept.setdefault(uid, image)
        if first is not image and not _is_copy(first, image):
            raise ImageError(
                FailureCode.DUPLICATE_SLICES,
                "A series holds two different images with the same identifier (attribute "
                "SOPInstanceUID). Export the series again and send each image once.",
            )
    series.images = list(kept.values())


def _is_copy(first: Dataset, second: Dataset) -> bool:
    return (
        syntax_of(first) == syntax_of(second)
        and value_of(first, "PixelData") == value_of(second, "PixelData")
        and all(text_of(first, name) == text_of(second, name) for name in COPIED)
    )


def check_series(series: Series) -> None:
    """Put the images of a series in order and refuse it unless it is whole.

    Copies of an image are dropped.

    Raises
    ------
    ImageError
        For too few images, mixed sizes or orientations, duplicates, missing slices.
    """
    drop_copies(series)
    images = series.images
    _check_same(images)
    corners = _numbers(images, "ImagePositionPatient", 3)
    _check_inside(corners)
    orientation = _numbers(images, "ImageOrientationPatient", 6)[0]
    numbers = _positions(corners, orientation)
    order = np.argsort(numbers, kind="stable")
    series.images = [images[index] for index in order]
    if len(images) < SMALLEST_SERIES:
        raise ImageError(
            FailureCode.MISSING_SLICES,
            f"A series has {len(images)} images; at least {SMALLEST_SERIES} are needed.",
        )
    _check_gaps(numbers[order])
    _check_line(corners[order])
    _check_instance_numbers(series)


def _check_same(images: Sequence[Dataset]) -> None:
    for keyword, count in MARKED.items():
        values = _numbers(images, keyword, count)
        if np.abs(values - values[0]).max() > 1e-3:
            raise _mixed(keyword)
    for keyword, default in READ_AS.items():
        values = _numbers(images, keyword, 1, default)
        if np.ptp(values) > 1e-6 * np.abs(values).max():
            raise _mixed(keyword)
    for keyword in ("FrameOfReferenceUID", "StudyInstanceUID"):
        if len({text_of(image, keyword) for image in images}) > 1:
            raise ImageError(
                FailureCode.MIXED_SERIES, "A series mixes images of two sessions. Send one session."
            )
    uids = {text_of(image, "SOPInstanceUID") for image in images}
    if len(uids) != len(images) or "" in uids:
        raise ImageError(
            FailureCode.DUPLICATE_SLICES,
            "A series holds the same image twice. Send each image once.",
        )


def _numbers(
    images: Sequence[Dataset], keyword: str, count: int, default: float | None = None
) -> NDArray[np.float64]:
    """Return the values of an attribute, one row per image."""
    try:
        rows = [value_of(image, keyword, default) for image in images]
        values = np.array([np.atleast_1d(np.asarray(row, float)) for row in rows])
    except PARSE_ERRORS:
        values = np.empty(0)
    if values.shape != (len(images), count) or not np.isfinite(values).all():
        raise ImageError(
            FailureCode.BAD_DICOM,
            f"The attribute {keyword} is missing or no number in a series, so its geometry is "
            "unknown. Export the scan again from the scanner or the archive.",
        )
    return values


def _mixed(keyword: str) -> ImageError:
    return ImageError(
        FailureCode.MIXED_SERIES,
        f"The images of a series differ in {keyword}. Send the series alone, complete.",
    )


def _check_inside(corners: NDArray[np.float64]) -> None:
    """Refuse a slice outside of every scanner; distances of such numbers are no numbers."""
    if np.abs(corners).max() > MAX_ORIGIN_MM:
        raise ImageError(
            FailureCode.BAD_DICOM,
            "Expected the slices of a series to lie inside the scanner, found one more than "
            f"{MAX_ORIGIN_MM / 1000:.0f} m away. Export the series again from the scanner.",
        )


def _positions(
    corners: NDArray[np.float64], orientation: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the position of each image along the normal of its slices, in mm."""
    rows, columns = orientation[:3], orientation[3:]
    lengths = np.linalg.norm([rows, columns], axis=1)
    if np.abs(lengths - 1).max() > 0.01 or abs(rows @ columns) > 0.01:
        raise ImageError(
            FailureCode.BAD_DICOM,
            "The orientation of a series is not plausible: its rows and columns are not at right "
            "angles. Export it again.",
        )
    return np.asarray(corners @ np.cross(rows, columns))


def _check_line(corners: NDArray[np.float64]) -> None:
    """Refuse slices that do not lie on one line: one of them is somewhere else."""
    steps = np.arange(len(corners))[:, None] / (len(corners) - 1)
    line = corners[0] + steps * (corners[-1] - corners[0])
    allowed = max(ABSOLUTE_JITTER_MM, LARGEST_BEND * np.linalg.norm(corners[1] - corners[0]))
    # The ends themselves may be the ones displaced, so the median is taken off first.
    away = (corners - line) - np.median(corners - line, axis=0)
    if np.linalg.norm(away, axis=1).max() > allowed:
        raise ImageError(
            FailureCode.MIXED_SERIES,
            "The slices of a series do not lie behind one another: at least one is displaced. "
            "Send the series alone, complete.",
        )


def _check_gaps(positions: NDArray[np.float64]) -> None:
    gaps = np.diff(positions)
    median = float(np.median(gaps))
    if median < 1e-3 or (gaps < 0.5 * median).any():
        raise ImageError(
            FailureCode.DUPLICATE_SLICES,
            "A series has several images at one position. Send each contrast as its own series.",
        )
    allowed = max(RELATIVE_JITTER * median, ABSOLUTE_JITTER_MM)
    wrong = np.flatnonzero(np.abs(gaps - median) > allowed)
    if wrong.size:
        index = int(wrong[0])
        lost = round(gaps[index] / median) - 1
        if lost > 0 and abs(gaps[index] - (lost + 1) * median) <= (lost + 1) * allowed:
            raise ImageError(
                FailureCode.MISSING_SLICES,
                f"{lost} slice(s) are missing after slice {index + 1} of {len(positions)}: a gap "
                f"of {gaps[index]:.2f} mm, expected {median:.2f} mm. A volume from such a series "
                "would be wrong; send all of its slices.",
            )
        raise ImageError(
            FailureCode.MISSING_SLICES,
            f"Slices are missing or unevenly spaced: {gaps[index]:.2f} mm after slice {index + 1}, "
            f"expected {median:.2f} mm. A volume from such a series would be wrong; send all of "
            "its slices.",
        )


def _check_instance_numbers(series: Series) -> None:
    """Refuse a gap in the numbering, or a start after 1: the ends leave no gap in position."""
    try:
        numbers = [int(image.InstanceNumber) for image in series.images]
    except PARSE_ERRORS:
        return  # the attribute may be empty; positions have been checked
    if max(abs(number) for number in numbers) > LARGEST_NUMBER:
        raise ImageError(
            FailureCode.BAD_DICOM,
            "Expected the images of a series to be numbered from 1, found a number that no image "
            "can have (attribute InstanceNumber). Export the series again from the scanner.",
        )
    if len(set(numbers)) != len(numbers):
        raise ImageError(
            FailureCode.DUPLICATE_SLICES,
            "Several images of a series have the same number. Send each image once.",
        )
    gap = max(numbers) - min(numbers) + 1 > len(numbers)
    if series.whole and (gap or min(numbers) not in FIRST_NUMBERS):
        raise ImageError(
            FailureCode.MISSING_SLICES,
            f"Slices are missing: {len(numbers)} images are numbered {min(numbers)} to "
            f"{max(numbers)}, expected 1 to {max(numbers)}. Send all of them.",
        )
