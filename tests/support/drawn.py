"""Masks and images of small heads in the store, and the pictures of a small phantom."""

from pathlib import Path
from uuid import uuid4

import numpy as np

from mldtrial.trial.models import Scan
from segmentation.imaging.nifti import write_label_map, write_volume
from segmentation.imaging.quality.mask_slices import DRAWING_VERSION
from segmentation.models import JobState, RunPicture, SegmentationResult, SegmentationRun
from segmentation.services import run_pictures, store
from segmentation.services.mask_pictures import Seen
from tests.support.heads import GRID, WHITE, head


def put_files(run: SegmentationRun, folder: Path) -> None:
    """Give the images and the mask of a run files: a small head, its white matter lost in part."""
    adult = head()
    _put_image(run.t1w_scan, adult.t1w().data, folder)
    if run.t2w_scan is not None:
        _put_image(run.t2w_scan, adult.t2w(), folder)
    lost = np.zeros(adult.tissue.shape, np.uint8)
    lost[17:30, 24:38, 23:31] = adult.tissue[17:30, 24:38, 23:31] == WHITE
    mask = folder / "mask.nii.gz"
    write_label_map(mask, lost, GRID)
    SegmentationResult.objects.filter(run=run).update(
        mask_sha256=store.sha256_of(mask), voxel_count=int(lost.sum())
    )
    run.refresh_from_db()
    store.publish(mask, store.root() / run.result.mask_path)


def _put_image(scan: Scan, data: np.ndarray, folder: Path) -> None:
    path = folder / f"{scan.pk}.nii.gz"
    write_volume(path, data, GRID)
    scan.image_sha256 = store.sha256_of(path)
    scan.shape, scan.affine = list(data.shape), GRID.tolist()
    scan.save()
    store.publish(path, store.image_path(scan.image_sha256))


def phantom(*, marked: tuple[slice, slice, slice] | None) -> Seen:
    """Return a block of brain of noise, in 2 x 2 x 3 mm, with a block of it marked or nothing."""
    shape = (40, 50, 30)
    brain, mask = np.zeros(shape, bool), np.zeros(shape, bool)
    brain[5:35, 5:45, 5:25] = True
    if marked is not None:
        mask[marked] = True
    image = np.random.default_rng(1).uniform(50, 200, shape).astype(np.float32)
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    return Seen({"T2w": 250 - image, "T1w": image}, affine, brain, mask)


def make_run_picture(
    run: SegmentationRun,
    marked: tuple[slice, slice, slice] | None = (slice(10, 18), slice(20, 30), slice(10, 20)),
) -> RunPicture:
    """Return the pictures of a run, drawn of a phantom."""
    with store.temporary_folder(uuid4()) as folder:
        sheets = run_pictures.keep_sheets(phantom(marked=marked), folder)
    return RunPicture.objects.create(
        run=run,
        site=run.site,
        drawing_version=DRAWING_VERSION,
        state=JobState.SUCCEEDED,
        sheets=sheets,
    )
