"""From the files of an upload to clean NIfTI images: de-identified before anything else."""

import logging
import shutil
import warnings
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydicom import Dataset

from segmentation.imaging.deflate import IsalStream
from segmentation.imaging.dicom.attribute_rules import parse_date
from segmentation.imaging.dicom.conversion import check_slices, converting
from segmentation.imaging.dicom.deidentify import Deidentifier
from segmentation.imaging.dicom.frames import is_enhanced, unfold
from segmentation.imaging.dicom.identifying import IdentifyingValues
from segmentation.imaging.dicom.person import HeaderFacts, facts_of
from segmentation.imaging.dicom.procedure import (
    DEFAULT_OPTIONS,
    Procedure,
    StudyOptions,
    current_procedure,
)
from segmentation.imaging.dicom.reading import PARSE_ERRORS
from segmentation.imaging.dicom.recognise import recognise
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
from segmentation.imaging.dicom.series import (
    Series,
    check_series,
    drop_copies,
    group_series,
    read_images,
    require_one_owner,
)
from segmentation.imaging.dicom.suited import refuse_unsuited
from segmentation.imaging.dicom.verification import SecondLook
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import acq_stratum, phase_axis, slice_axis
from segmentation.imaging.nifti import NiftiFacts, store_clean_copy
from segmentation.imaging.zip_writing import write_zip

MRI_YEARS = range(1980, 2100)
"""Other dates stand for an unknown one: archives write 1900-01-01 or 9999-12-31."""
MOST_WAITING = 16
"""Clean images in memory until they are written."""
ACQUISITION = (
    "RepetitionTime", "EchoTime", "InversionTime", "FlipAngle", "SliceThickness",
    "SpacingBetweenSlices", "MRAcquisitionType", "ScanningSequence", "SequenceVariant",
)  # fmt: skip

__all__ = ["ConvertedSeries", "DeidentificationKey", "RefusedSeries", "StudyOptions",
           "TrialIdentity", "read_series"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Replacing:
    """Whose images they are in the trial, and by which procedure that is written."""

    rules: Procedure
    key: DeidentificationKey
    identity: TrialIdentity


@dataclass(slots=True)
class ConvertedSeries:
    """A series that passed intake; the facts of its header are for comparison, in memory only."""

    nifti: Path
    facts: NiftiFacts
    dicom_zip: Path
    series_uid: str
    sequence: str
    reason: str
    acq_stratum: str
    acquired_on: date | None
    deidentification_version: str
    header: HeaderFacts
    scanner: dict[str, Any] = field(default_factory=dict)
    acquisition: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefusedSeries:
    """A series that was refused, and why."""

    code: FailureCode
    message: str
    n_files: int


def read_series(
    files: Sequence[Path],
    *,
    into: Path,
    key: DeidentificationKey,
    identity: TrialIdentity,
    options: StudyOptions = DEFAULT_OPTIONS,
) -> list[ConvertedSeries | RefusedSeries]:
    """Read, de-identify, check, recognise and convert every series of an upload.

    Parameters
    ----------
    files : sequence of Path
        Files of the upload in any order, DICOM or not.
    into : Path
        New folder for what is made.
    options : StudyOptions
        What the study keeps besides.

    Raises
    ------
    ImageError
        If no file is DICOM, or a file is damaged.
    """
    into.mkdir(parents=True, exist_ok=True)
    replacing = _Replacing(current_procedure(options), key, identity)
    with _silenced():
        groups = group_series(read_images(files))
        # One after another: the frames of an unfolded object go when its volumes are written.
        volumes = (volume for series in groups for volume in _volumes(series))
        return [
            volume
            if isinstance(volume, RefusedSeries)
            else _convert_or_refuse(volume, into / f"series{index:03d}", replacing)
            for index, volume in enumerate(volumes)
        ]


def _volumes(series: Series) -> Iterator[Series | RefusedSeries]:
    """Yield a series as it is, or each volume of its enhanced objects as a series of its own."""
    is_classic = not is_enhanced(series.images[0])
    try:
        require_one_owner(series)
        if not is_classic:
            drop_copies(series)
    except ImageError as error:
        yield RefusedSeries(error.code, error.message, len(series.images))
        return
    if is_classic:
        yield series
        return
    refused: Counter[tuple[FailureCode, str]] = Counter()
    for image in series.images:
        try:
            volumes = unfold(image)
        except ImageError as error:
            refused[error.code, error.message] += 1
            continue
        for images in volumes:
            yield Series(series.uid, images, whole=len(volumes) == 1)
    for (code, message), n_files in refused.items():
        yield RefusedSeries(code, message, n_files)


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep the warnings of the DICOM reader out of the log: they quote values of headers."""
    logger = logging.getLogger("pydicom")
    before, logger.disabled = logger.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = before


def _convert_or_refuse(
    series: Series, folder: Path, replacing: _Replacing
) -> ConvertedSeries | RefusedSeries:
    try:
        return _convert(series, folder, replacing)
    except ImageError as error:
        refusal = RefusedSeries(error.code, error.message, len(series.images))
    except OSError:
        raise  # a full disk is no fault of the upload
    except PARSE_ERRORS:
        # The reader decodes a value when it is asked for; its message would quote it.
        refusal = RefusedSeries(
            FailureCode.BAD_DICOM,
            "A series holds an attribute that cannot be read. Export it again.",
            len(series.images),
        )
    shutil.rmtree(folder, ignore_errors=True)
    return refusal


def _convert(series: Series, folder: Path, replacing: _Replacing) -> ConvertedSeries:
    for image in series.images:
        refuse_unsuited(image)
    check_series(series)
    first = series.images[0]
    kept, second_look, clean_first = _write_clean(series, folder / "dicom", replacing)
    clean = folder / "image.nii.gz"
    # The converter takes one processor, and the other looks again and packs what it has seen.
    with converting(folder / "dicom", folder / "nifti") as converted:
        seen = ((path.name, second_look.seen(path.read_bytes())) for path in kept)
        dicom_zip = write_zip(seen, folder / "dicom.zip")
        facts = store_clean_copy(converted(), clean, stream=IsalStream)
    check_slices(facts, len(kept), series.images[0])
    found = recognise(first)
    return ConvertedSeries(
        nifti=clean,
        facts=facts,
        dicom_zip=dicom_zip,
        series_uid=replacing.key.uid(series.uid),
        sequence=found.sequence,
        reason=found.reason,
        acq_stratum=acq_stratum(
            facts.voxel_size_mm, str(first.get("MRAcquisitionType", "")) or None
        ),
        acquired_on=_acquired_on(first),
        deidentification_version=replacing.rules.version,
        header=facts_of(first, replacing.key),
        scanner=_scanner(clean_first),
        acquisition=_acquisition(clean_first)
        | {
            "slice_axis": slice_axis(facts.affine, first.ImageOrientationPatient),
            "phase_axis": phase_axis(
                facts.affine,
                first.ImageOrientationPatient,
                clean_first.get("InPlanePhaseEncodingDirection"),
            ),
        },
    )


def _write_clean(
    series: Series, folder: Path, replacing: _Replacing
) -> tuple[list[Path], SecondLook, Dataset]:
    """Write the de-identified images.

    Returns the files, who has to look at them again before they are kept, and the first clean data
    set: what is recorded comes from there.
    """
    folder.mkdir(parents=True)
    rules, identity = replacing.rules, replacing.identity
    deidentifier = Deidentifier(rules, replacing.key, identity)
    paths = [folder / f"{index:05d}.dcm" for index in range(len(series.images))]
    identifying = IdentifyingValues()
    with ThreadPoolExecutor(max_workers=1) as beside:
        written: deque[Future[int]] = deque()
        for path, image in zip(paths, series.images, strict=True):
            written.append(beside.submit(path.write_bytes, deidentifier.encode(image)))
            identifying.add(image)
            if len(written) > MOST_WAITING:
                written.popleft().result()
        for one in written:
            one.result()
    return (
        paths,
        SecondLook(identifying.values, identity, rules),
        deidentifier.clean(series.images[0]),
    )


def _acquired_on(image: Dataset) -> date | None:
    """Return the day of an image; None where no date is there, or one that stands for none."""
    for keyword in ("AcquisitionDate", "SeriesDate", "StudyDate"):
        day = parse_date(str(image.get(keyword, "")))
        if day is not None and day.year in MRI_YEARS:
            return day
    return None


def _acquisition(image: Dataset) -> dict[str, Any]:
    return {name: _plain(image[name].value) for name in ACQUISITION if name in image}


def _scanner(image: Dataset) -> dict[str, Any]:
    """Return facts of the scanner from a clean data set; its serial number is a pseudonym there."""
    found = {
        "manufacturer": _plain(image.get("Manufacturer")),
        "model": _plain(image.get("ManufacturerModelName")),
        "software": _plain(image.get("SoftwareVersions")),
        "field_strength_t": _plain(image.get("MagneticFieldStrength")),
        "coil": _plain(image.get("ReceiveCoilName")),
        "device": image.get("DeviceSerialNumber"),
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
