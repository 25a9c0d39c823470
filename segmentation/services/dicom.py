"""DICOM uploads: de-identified, converted and recognised by `segmentation.imaging.dicom`."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from mldtrial.trial.models import Study, Visit
from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    RefusedSeries,
    StudyOptions,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.errors import ImageError
from segmentation.services.images import CheckedImage
from segmentation.services.store import sha256_of

KEY_BYTES = 32


def read_dicom(
    visit: Visit, files: Sequence[Path], folder: Path
) -> tuple[list[CheckedImage], list[str]]:
    """Return the images of a DICOM upload, and what was refused, in words.

    Raises
    ------
    ImageError
        If no series of the upload can be used.
    """
    study = visit.patient.study
    results = read_series(
        files,
        into=folder,
        key=study_key(study.code),
        identity=identity_at(visit),
        options=deidentification_options(study),
    )
    converted = [result for result in results if isinstance(result, ConvertedSeries)]
    refused = [result for result in results if isinstance(result, RefusedSeries)]
    if not converted and refused:
        raise ImageError(refused[0].code, refused[0].message)
    # The echoes of one series are refused one by one, with one sentence.
    sentences = list(dict.fromkeys(result.message for result in refused))
    return [_checked(result) for result in converted], sentences


def identity_at(visit: Visit) -> TrialIdentity:
    """Return who an image of a visit belongs to, as it stands in the kept DICOM."""
    patient, definition = visit.patient, visit.definition
    return TrialIdentity(
        study_code=patient.study.code,
        site_code=patient.site.code,
        subject_code=patient.subject_code,
        visit_name=visit.name,
        visit_code=definition.code if definition else f"{visit.number.normalize():f}",
        study_name=patient.study.name,
        sponsor_name=patient.study.sponsor_name,
    )


def deidentification_options(study: Study) -> StudyOptions:
    """Return what the images of a study keep besides, by its settings."""
    return StudyOptions(
        retain_patient_characteristics=study.retain_patient_characteristics,
        retain_safe_private=study.retain_safe_private,
    )


def _checked(series: ConvertedSeries) -> CheckedImage:
    return CheckedImage(
        path=series.nifti,
        facts=series.facts,
        sequence=series.sequence,
        acq_stratum=series.acq_stratum,
        reason=series.reason,
        acquired_on=series.acquired_on,
        source_format="DICOM",
        deidentification_version=series.deidentification_version,
        scanner=series.scanner,
        acquisition={
            **series.acquisition,
            "series_uid": series.series_uid,
            "session_uid": series.header.session,
            "dicom_sha256": sha256_of(series.dicom_zip),
        },
        dicom_zip=series.dicom_zip,
        header=series.header,
    )


def study_key(study_code: str) -> DeidentificationKey:
    """Return the secret of a study, made on first use and kept outside the database.

    The file is readable by the owner of the process alone; it never leaves in an export.
    """
    folder = Path(settings.DATA_DIR) / "keys"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{study_code}.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return DeidentificationKey(path.read_bytes())
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(secrets.token_bytes(KEY_BYTES))
        handle.flush()
        os.fsync(handle.fileno())
    return DeidentificationKey(path.read_bytes())
