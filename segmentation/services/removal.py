"""Destroy files that no record refers to any more."""

from collections.abc import Collection, Iterable
from pathlib import Path

from django.db import transaction

from mldtrial.accounts.holds import hold
from mldtrial.trial.models import Scan, ScanState
from segmentation.services import store


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


def _is_needed(path: Path) -> bool:
    sha256 = path.name.partition(".")[0]
    kept = Scan.objects.exclude(state=ScanState.DISCARDED)
    return (
        kept.filter(image_sha256=sha256).exists()
        or kept.filter(acquisition__dicom_sha256=sha256).exists()
    )
