"""Patients whose masks a reader has approved, with files or without."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from django.utils import timezone

from mldtrial.trial.models import Patient, Scan, Sequence
from mldtrial.trial.services import patients
from segmentation.imaging.nifti import write_label_map, write_volume
from segmentation.models import (
    JobState,
    MaskDecision,
    MaskReview,
    Method,
    ReleaseState,
    SegmentationResult,
    SegmentationRun,
)
from segmentation.selectors.usable import t2w_beside
from segmentation.services import store
from tests.support.heads import GRID, WHITE, Head
from tests.support.loads import make_load, make_model, make_scan
from tests.support.world import World

DAY = date(2023, 5, 10)


def new_patient(world: World, code: str) -> Patient:
    """Return a further patient of site A."""
    return patients.create_patient(
        site=world.site_a,
        subject_code=code,
        sex="F",
        birth_month=date(2020, 3, 1),
        onset_age_months=20,
        enrolled_on=DAY,
        by=None,
    )


def approve(world: World, run: SegmentationRun) -> MaskReview:
    """Record that the reader of the world has approved a mask beside the T2w in use."""
    return MaskReview.objects.create(
        review_id=f"M-{MaskReview.objects.count():06d}",
        run=run,
        site=run.site,
        mask_sha256=run.result.mask_sha256,
        t2w_scan=t2w_beside(run),
        reviewer=world.user("reader"),
        state=JobState.SUCCEEDED,
        decision=MaskDecision.APPROVED,
        decided_at=timezone.now(),
    )


def mask_of(patient: Patient, load_ml: float, *, on: date = DAY, **scan: Any) -> SegmentationRun:
    """Return a conventional mask of a visit that has both images, without any file."""
    model = make_model("conv", method=Method.CONVENTIONAL, state=ReleaseState.CANDIDATE)
    run = make_load(patient, on, load_ml, model=model, **scan)
    if not run.visit.scans.filter(sequence=Sequence.T2W).exists():
        make_scan(run.visit, Sequence.T2W)
    return run


def approved_masks(world: World, count: int = 5) -> list[MaskReview]:
    """Return one approved mask each of so many new patients."""
    return [
        approve(world, mask_of(new_patient(world, f"A-{100 + n}"), 10.0 * n)) for n in range(count)
    ]


def keep_files(run: SegmentationRun, head: Head, folder: Path, *, until: int = 30) -> None:
    """Keep a head as the images of a mask, and some of its white matter as the mask."""
    t2w = run.visit.scans.get(sequence=Sequence.T2W)
    rng = np.random.default_rng(until)
    for scan, data in ((run.t1w_scan, head.t1w().data), (t2w, head.t2w())):
        # No two images may be the same file.
        _keep(scan, (data + rng.normal(0, 5, data.shape)).clip(0).astype(np.float32), folder)
    lost = np.zeros(head.tissue.shape, np.uint8)
    box = (slice(17, until), slice(24, 38), slice(23, 31))
    lost[box] = head.tissue[box] == WHITE
    path = folder / f"{run.pk}.nii.gz"
    write_label_map(path, lost, GRID)
    SegmentationResult.objects.filter(run=run).update(
        mask_sha256=store.sha256_of(path),
        voxel_count=int(lost.sum()),
        demyelination_load_ml=float(lost.sum()) * 0.064,
    )
    run.refresh_from_db()
    store.publish(path, store.root() / run.result.mask_path)


def _keep(scan: Scan, data: np.ndarray, folder: Path) -> None:
    path = folder / f"{scan.pk}.nii.gz"
    write_volume(path, data, GRID)
    scan.image_sha256 = store.sha256_of(path)
    scan.shape, scan.affine = list(data.shape), GRID.tolist()
    scan.save()
    store.publish(path, store.image_path(scan.image_sha256))
