"""The archive of de-identified images that is kept of a series, addressed anew."""

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from pydicom import Dataset, dcmread

from segmentation.imaging.dicom.attribute_rules import parse_date
from segmentation.imaging.dicom.identifying import SHORTEST_SEARCHED
from segmentation.imaging.dicom.procedure import (
    PATIENT_CHARACTERISTICS,
    SAFE_PRIVATE,
    Procedure,
    StudyOptions,
    current_procedure,
)
from segmentation.imaging.dicom.reading import PARSE_ERRORS
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
from segmentation.imaging.dicom.verification import verify
from segmentation.imaging.dicom.written import write_identity
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.zip_writing import write_zip


def readdress(
    source: Path,
    target: Path,
    *,
    key: DeidentificationKey,
    before: TrialIdentity,
    after: TrialIdentity,
) -> Path:
    """Write the kept images of a series as if they had been sent for another patient or visit.

    Subject, site and visit are rewritten, and dates move by the difference of the two patients'
    offsets. UIDs, which are mapped by study, and pixels stay. Each image goes through the second
    look again, with the former subject code among the values that must not be there.

    Raises
    ------
    ImageError
        BAD_DICOM if the archive is not that of the former patient, cannot be read, or its new
        images do not pass the second look.
    """
    try:
        with ZipFile(source) as archive:
            write_zip(
                (
                    (entry.filename, _readdressed(archive.read(entry), key, before, after))
                    for entry in archive.infolist()
                ),
                target,
            )
    except (BadZipFile, *PARSE_ERRORS) as error:
        if isinstance(error, OSError):
            raise  # a full disk is no fault of the images
        raise _unreadable() from error
    return target


def _readdressed(
    content: bytes, key: DeidentificationKey, before: TrialIdentity, after: TrialIdentity
) -> bytes:
    image = dcmread(io.BytesIO(content))
    if str(image.get("PatientID", "")) != before.subject_code:
        raise _unreadable()
    rules = _rules_of(image)
    _shift_dates(image, rules, key.shift(after.subject_code) - key.shift(before.subject_code))
    write_identity(image, after, rules)
    written = io.BytesIO()
    image.save_as(written, enforce_file_format=True)
    former = {before.subject_code} if len(before.subject_code) >= SHORTEST_SEARCHED else set()
    verify(written.getvalue(), former, after, rules)
    return written.getvalue()


def _rules_of(image: Dataset) -> Procedure:
    """Return today's procedure, with the options and under the version an image went through."""
    codes = {str(item.CodeValue) for item in image.DeidentificationMethodCodeSequence}
    options = StudyOptions(
        retain_patient_characteristics=PATIENT_CHARACTERISTICS in codes,
        retain_safe_private=SAFE_PRIVATE in codes,
    )
    return replace(current_procedure(options), version=str(image.DeidentificationMethod))


def _shift_dates(image: Dataset, rules: Procedure, further: timedelta) -> None:
    for tag in rules.dates:
        if tag in image:
            day = parse_date(str(image[tag].value))
            if day is None:
                raise _unreadable()
            image[tag].value = f"{day + further:%Y%m%d}"


def _unreadable() -> ImageError:
    return ImageError(
        FailureCode.BAD_DICOM,
        "The kept DICOM of this image is not that of its patient, or cannot be read, so it was not "
        "moved. Tell the data manager.",
    )
