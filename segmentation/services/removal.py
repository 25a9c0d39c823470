"""Destroy files that no record refers to any more."""

import shutil
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from django.db import transaction

from mldtrial.accounts.holds import hold
from mldtrial.trial.models import Scan, ScanState
from segmentation.models import MaskReview, ModelVersion, RunPicture, ScanQuality
from segmentation.services import store

NEW_SECONDS = 60


def remove_unreferenced(paths: Iterable[Path]) -> list[Path]:
    """Remove images and kept DICOM of the store that no scan needs; return what went.

    Each name is held meanwhile, as intake holds it: nobody records a file that is going.
    """
    removed = []
    for path in sorted(set(paths)):
        with transaction.atomic():
            hold([path.name])
            if path.exists() and not _is_needed(path):
                path.unlink()
                removed.append(path)
    return removed


def unreferenced(paths: Collection[Path]) -> list[Path]:
    """Return which of many files no scan needs, in one look; to be asked again before one goes."""
    kept = Scan.objects.exclude(state=ScanState.DISCARDED)
    needed = {
        path.name
        for image, dicom in kept.values_list("image_sha256", "acquisition__dicom_sha256")
        for path in store.paths_named(image, dicom)
    }
    return [path for path in paths if path.name not in needed]


def remove_pictures(paths: Iterable[Path]) -> list[Path]:
    """Remove pictures that no measurement, no run and no mask in review shows; return what went."""
    found = list(paths)
    shown = set(ScanQuality.objects.values_list("mosaic_sha256", flat=True))
    for pictures in MaskReview.objects.values_list("pictures", flat=True):
        shown.update(str(sha256) for sha256 in pictures.values())
    # Of a void run nothing is shown any more: the image may be somebody else's.
    for drawn in RunPicture.objects.filter(run__is_voided=False).only("sheets"):
        shown.update(drawn.hashes)
    left = [path for path in found if path.stem not in shown and not _is_new(path)]
    for path in left:
        path.unlink(missing_ok=True)
    return left


def remove_model_folders(paths: Iterable[Path]) -> list[Path]:
    """Remove folders that no registered model lies in; return what went."""
    found = list(paths)
    needed = set(ModelVersion.objects.values_list("folder", flat=True))
    left = [
        path
        for path in found
        if str(path.relative_to(store.root())) not in needed and not _is_new(path)
    ]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return left


def _is_new(path: Path) -> bool:
    """Return whether a file was made, or recorded once more, since it was found to be old."""
    return path.exists() and time.time() - path.stat().st_mtime < NEW_SECONDS


def _is_needed(path: Path) -> bool:
    sha256 = path.name.partition(".")[0]
    kept = Scan.objects.exclude(state=ScanState.DISCARDED)
    return (
        kept.filter(image_sha256=sha256).exists()
        or kept.filter(acquisition__dicom_sha256=sha256).exists()
    )
