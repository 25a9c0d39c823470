"""Scans of a visit, taken in as the workers do it."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from pydicom import Dataset

from mldtrial.trial.models import Patient, Scan, Visit
from segmentation.models import Upload
from segmentation.services import intake, receiving
from tests.support.dicom import make_series


def take_in_visit(visit: Visit, images: Mapping[str, Path]) -> None:
    """Upload images and run their intake in this process."""
    for sequence, path in images.items():
        receiving.receive_upload(
            visit=visit,
            chunks=[path.read_bytes()],
            declared_sequence=sequence,
            declared_acquired_on=visit.date,
            by=None,
        )
    while intake.execute_next(worker="test") is not None:
        pass


def series_of(subject: Patient, day: str, **options: Any) -> list[Dataset]:
    """Return a small series whose header fits a patient, as the archive of the hospital has it."""
    fitting = {
        "patient": f"Secret^{subject.subject_code}",
        "patient_id": f"MRN-{subject.subject_code}-77",
        "birth": f"{subject.birth_month:%Y%m}17",
        "sex": subject.sex,
        "study_date": day.replace("-", ""),
        "slices": 10,
        # Other voxels for each patient and day.
        "seed": sum(f"{subject.subject_code}{day}".encode()),
    }
    return make_series(**{**fitting, **options})


def zipped(*series: list[Dataset]) -> bytes:
    """Return an archive of images, in an order that says nothing."""
    archive = io.BytesIO()
    with ZipFile(archive, "w") as packed:
        for index, image in enumerate(
            image for images in zip(*series, strict=True) for image in images
        ):
            content = io.BytesIO()
            image.save_as(content, enforce_file_format=True)
            packed.writestr(f"{index:05d}", content.getvalue())
    return archive.getvalue()


def send_dicom(visit: Visit, *series: list[Dataset], by: Any = None) -> Upload:
    """Upload series in one archive and run their intake in this process."""
    sent = receiving.receive_upload(visit=visit, chunks=[zipped(*series)], by=by)
    while intake.execute_next(worker="test") is not None:
        pass
    sent.refresh_from_db()
    return sent


def bare_scan(visit: Visit, number: int) -> Scan:
    """Return a scan row without an image."""
    digest = f"{number:064x}"
    return Scan.objects.create(
        visit=visit,
        sequence="T1w",
        acq_stratum="3D",
        shape=[8, 9, 10],
        voxel_size_mm=[1.0, 1.0, 1.0],
        affine=[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
        image_sha256=digest,
        voxels_sha256=digest,
        source_sha256=digest,
        source_format="NIfTI",
    )
