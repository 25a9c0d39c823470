"""Group the images of an upload by series, and refuse a series with a hole in it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from segmentation.imaging.dicom.reading import looks_like_dicom, read_instance
from segmentation.imaging.errors import FailureCode, ImageError

SMALLEST_SERIES = 8
RELATIVE_JITTER, ABSOLUTE_JITTER_MM = 0.02, 0.1
MARKED = ("Rows", "Columns", "ImageOrientationPatient", "PixelSpacing")


@dataclass(slots=True)
class Series:
    """The images of one series, in order of position."""

    uid: str
    images: list[Dataset]


def read_images(files: Sequence[Path]) -> list[Dataset]:
    """Read every DICOM file; what is not DICOM is passed over, DICOMDIR too.

    Raises
    ------
    ImageError
        NO_IMAGES if none is DICOM; UNSUPPORTED_DICOM or BAD_DICOM for one that cannot be used.
    """
    images = []
    for path in files:
        image = read_instance(path) if looks_like_dicom(path) else None
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
    """Group images by their series.

    Raises
    ------
    ImageError
        MIXED_SERIES if the upload holds more than one patient.
    """
    patients = {str(image.get("PatientID", "")) for image in images}
    if len(patients) > 1:
        raise ImageError(
            FailureCode.MIXED_SERIES,
            f"The upload holds images of {len(patients)} patients. Send one patient at a time.",
        )
    groups: dict[str, list[Dataset]] = defaultdict(list)
    for image in images:
        groups[str(image.get("SeriesInstanceUID", ""))].append(image)
    return [Series(uid, found) for uid, found in groups.items()]


def check_series(series: Series) -> None:
    """Put the images of a series in order and refuse it unless it is whole.

    Raises
    ------
    ImageError
        For too few images, mixed sizes or orientations, duplicates, missing slices.
    """
    images = series.images
    _check_same(images)
    numbers = _positions(images)
    order = np.argsort(numbers, kind="stable")
    series.images = [images[index] for index in order]
    if len(images) < SMALLEST_SERIES:
        raise ImageError(
            FailureCode.MISSING_SLICES,
            f"A series has {len(images)} images; at least {SMALLEST_SERIES} are needed.",
        )
    _check_gaps(numbers[order])
    _check_instance_numbers(series.images)


def _check_same(images: Sequence[Dataset]) -> None:
    for keyword in MARKED:
        if any(keyword not in image for image in images):
            raise ImageError(
                FailureCode.BAD_DICOM,
                f"The attribute {keyword} is missing in a series, so its geometry is unknown. "
                "Export the scan again from the scanner or the archive.",
            )
        values = np.array([np.atleast_1d(image[keyword].value) for image in images], float)
        if not np.isfinite(values).all() or np.abs(values - values[0]).max() > 1e-3:
            raise ImageError(
                FailureCode.MIXED_SERIES,
                f"The images of a series differ in {keyword}. Send the series alone, complete.",
            )
    frames = {str(image.get("FrameOfReferenceUID", "")) for image in images}
    uids = [str(image.get("SOPInstanceUID", "")) for image in images]
    if len(frames) > 1:
        raise ImageError(
            FailureCode.MIXED_SERIES, "A series mixes images of two sessions. Send one session."
        )
    if len(set(uids)) != len(uids):
        raise ImageError(
            FailureCode.DUPLICATE_SLICES,
            "A series holds the same image twice. Send each image once.",
        )


def _positions(images: Sequence[Dataset]) -> NDArray[np.float64]:
    """Return the position of each image along the normal of its slices, in mm."""
    orientation = np.asarray(images[0].ImageOrientationPatient, float)
    normal = np.cross(orientation[:3], orientation[3:])
    try:
        corners = np.array([image.ImagePositionPatient for image in images], float)
    except (AttributeError, ValueError, TypeError) as error:
        raise ImageError(
            FailureCode.BAD_DICOM, "A slice of a series has no position. Export the scan again."
        ) from error
    if not np.isfinite(corners).all() or abs(np.linalg.norm(normal) - 1) > 0.01:
        raise ImageError(
            FailureCode.BAD_DICOM, "The positions of a series are not plausible. Export it again."
        )
    return np.asarray(corners @ normal)


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
        raise ImageError(
            FailureCode.MISSING_SLICES,
            f"Slices are missing or unevenly spaced: {gaps[index]:.2f} mm after slice {index + 1}, "
            f"expected {median:.2f} mm. A volume from such a series would be wrong; send all of "
            "its slices.",
        )


def _check_instance_numbers(images: Sequence[Dataset]) -> None:
    """Refuse a gap in the numbering, which also shows a slice missing at no even distance."""
    numbers = [int(image.InstanceNumber) for image in images if image.get("InstanceNumber")]
    if len(numbers) != len(images) or len(set(numbers)) != len(numbers):
        return
    steps = set(np.abs(np.diff(numbers)).tolist())
    if len(steps) > 1 and max(numbers) - min(numbers) + 1 > len(numbers) and 1 in steps:
        raise ImageError(
            FailureCode.MISSING_SLICES,
            f"Slices are missing: {len(numbers)} images are numbered {min(numbers)} to "
            f"{max(numbers)}. Send all of them.",
        )
