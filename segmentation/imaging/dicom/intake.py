"""From the files of an upload to clean NIfTI images: de-identified before anything else."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pydicom
from pydicom import Dataset

from segmentation.imaging.dicom.deidentify import (
    DeidentificationKey,
    TrialIdentity,
    deidentify,
    identifying_values,
    is_allowed,
    parse_date,
    procedure,
)
from segmentation.imaging.dicom.recognise import recognise
from segmentation.imaging.dicom.series import Series, check_series, group_series, read_images
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import acq_stratum
from segmentation.imaging.nifti import NiftiFacts, store_clean_copy

CONVERSION_SECONDS = 120
ACQUISITION = (
    "RepetitionTime", "EchoTime", "InversionTime", "FlipAngle", "SliceThickness",
    "SpacingBetweenSlices", "MRAcquisitionType", "ScanningSequence", "SequenceVariant",
)  # fmt: skip

__all__ = ["ConvertedSeries", "DeidentificationKey", "RefusedSeries", "TrialIdentity",
           "read_series"]  # fmt: skip


@dataclass(slots=True)
class ConvertedSeries:
    """A series that passed intake; dates and sex are facts for comparison, kept in memory only."""

    nifti: Path
    facts: NiftiFacts
    dicom_zip: Path
    series_uid: str
    sequence: str
    reason: str
    acq_stratum: str
    acquired_on: date | None
    deidentification_version: str
    scanner: dict[str, Any] = field(default_factory=dict)
    acquisition: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefusedSeries:
    """A series that was refused, and why."""

    code: FailureCode
    message: str
    n_files: int


def read_series(
    files: Sequence[Path], *, into: Path, key: DeidentificationKey, identity: TrialIdentity
) -> list[ConvertedSeries | RefusedSeries]:
    """Read, de-identify, check, recognise and convert every series of an upload.

    Parameters
    ----------
    files : sequence of Path
        Files of the upload in any order, DICOM or not.
    into : Path
        New folder for what is made.

    Raises
    ------
    ImageError
        If no file is DICOM, a file is damaged, or several patients are mixed.
    """
    into.mkdir(parents=True, exist_ok=True)
    groups = group_series(read_images(files))
    results: list[ConvertedSeries | RefusedSeries] = []
    for index, series in enumerate(groups):
        folder = into / f"series{index:03d}"
        try:
            results.append(_convert(series, folder, key, identity))
        except ImageError as error:
            shutil.rmtree(folder, ignore_errors=True)
            results.append(RefusedSeries(error.code, error.message, len(series.images)))
    return results


def _convert(
    series: Series, folder: Path, key: DeidentificationKey, identity: TrialIdentity
) -> ConvertedSeries:
    check_series(series)
    first = series.images[0]
    acquired_on = _acquired_on(first)
    scanner = _scanner(first, key)
    kept = _write_clean(series, folder / "dicom", key, identity)
    nifti = _run_dcm2niix(folder)
    clean = folder / "image.nii.gz"
    facts = store_clean_copy(nifti, clean, fsync=True)
    _check_slices(facts, len(kept), series.images[0])
    found = recognise(first)
    return ConvertedSeries(
        nifti=clean,
        facts=facts,
        dicom_zip=_zip(kept, folder / "dicom.zip"),
        series_uid=key.uid(series.uid),
        sequence=found.sequence,
        reason=found.reason,
        acq_stratum=acq_stratum(
            facts.voxel_size_mm, str(first.get("MRAcquisitionType", "")) or None
        ),
        acquired_on=acquired_on,
        deidentification_version=procedure().version,
        scanner=scanner,
        acquisition={
            name: _plain(first.get(name)) for name in ACQUISITION if first.get(name) is not None
        },
    )


def _write_clean(
    series: Series, folder: Path, key: DeidentificationKey, identity: TrialIdentity
) -> list[Path]:
    """Write the de-identified images, then read them again and look for what must not be there."""
    folder.mkdir(parents=True)
    paths = []
    for index, image in enumerate(series.images):
        path = folder / f"{index:05d}.dcm"
        deidentify(image, key=key, identity=identity).save_as(path, enforce_file_format=True)
        paths.append(path)
    forbidden = set().union(*(identifying_values(image) for image in series.images))
    for path in paths:
        _verify(path, forbidden)
    return paths


def _verify(path: Path, forbidden: set[bytes]) -> None:
    """Check a kept file by a way that shares nothing with how it was written."""
    kept = pydicom.dcmread(path, stop_before_pixels=True)
    header = path.read_bytes()[: path.stat().st_size - int(kept.Rows) * int(kept.Columns)]
    names_unknown = any(not is_allowed(int(element.tag)) for element in kept)
    if names_unknown or any(value in header for value in forbidden):
        raise ImageError(
            FailureCode.BAD_DICOM,
            "De-identification of a series could not be verified, so it was not kept. Tell the "
            "data manager.",
        )


def _run_dcm2niix(folder: Path) -> Path:
    out = folder / "nifti"
    out.mkdir()
    program = Path(sys.executable).parent / "dcm2niix"
    command = [str(program), "-b", "n", "-z", "n", "-f", "image", "-o", str(out)]
    try:
        subprocess.run(  # noqa: S603 - the converter of our own environment
            [*command, str(folder / "dicom")],
            check=False,
            capture_output=True,
            timeout=CONVERSION_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise _not_converted() from error
    made = sorted(out.glob("*.nii"))
    if len(made) != 1:
        raise _not_converted()
    return made[0]


def _check_slices(facts: NiftiFacts, slices: int, first: Dataset) -> None:
    """Refuse a conversion that does not have every pixel of the series."""
    expected = int(first.Rows) * int(first.Columns) * slices
    i, j, k = facts.shape
    if i * j * k != expected:
        raise _not_converted()


def _not_converted() -> ImageError:
    return ImageError(
        FailureCode.CONVERSION_FAILED,
        "A series could not be converted to one complete volume. Export it again; if it fails "
        "again, tell the data manager.",
    )


def _zip(paths: Sequence[Path], target: Path) -> Path:
    """Pack the kept images with fixed times, so that the same images give the same bytes."""
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for path in paths:
            archive.writestr(ZipInfo(path.name), path.read_bytes(), ZIP_DEFLATED)
    return target


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _acquired_on(image: Dataset) -> date | None:
    for keyword in ("AcquisitionDate", "SeriesDate", "StudyDate"):
        day = parse_date(str(image.get(keyword, "")))
        if day is not None:
            return day
    return None


def _scanner(image: Dataset, key: DeidentificationKey) -> dict[str, Any]:
    serial = str(image.get("DeviceSerialNumber", ""))
    found = {
        "manufacturer": _plain(image.get("Manufacturer")),
        "model": _plain(image.get("ManufacturerModelName")),
        "software": _plain(image.get("SoftwareVersions")),
        "field_strength_t": _plain(image.get("MagneticFieldStrength")),
        "coil": _plain(image.get("ReceiveCoilName")),
        "device": key.device(serial) if serial else None,
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold."""
    if value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, float):
        return float(value)
    return (
        [_plain(part) for part in value]
        if isinstance(value, (list, tuple)) or hasattr(value, "__iter__")
        else str(value)
    )
