"""Scans of a visit, taken in as the workers do it."""

from collections.abc import Mapping
from pathlib import Path

from mldtrial.trial.models import Scan, Visit
from segmentation.services import intake, receiving


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
