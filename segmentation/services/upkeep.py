"""What the sweep does: take back lost jobs, ring again, clean up, anchor the audit trail."""

import os
import shutil
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from mldtrial.audit.context import acting
from mldtrial.audit.services import anchors
from mldtrial.trial.models import Disposition, Patient, Visit
from mldtrial.trial.selectors.consent import without_consent_for_images
from mldtrial.trial.services import plausibility, settling, signing
from segmentation.models import (
    WORTH_ANOTHER_TRY,
    ImageExport,
    JobState,
    MaskReview,
    RunPicture,
    ScanQuality,
    SegmentationResult,
    SegmentationRun,
    TissueMeasurement,
    TrainingRun,
    Transfer,
    TransferState,
    Upload,
)
from segmentation.services import (
    choosing,
    image_orders,
    jobs,
    not_begun,
    removal,
    runs,
    scanners,
    store,
    training_data,
    training_sets,
    transfers,
)

TEMPORARY_SECONDS = 10 * 60
UNREFERENCED_SECONDS = 60 * 60
RAW_FILE_DAYS = 30
"""How long the raw file of a failed upload waits for another try."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep found."""

    uploads_taken_back: int
    runs_taken_back: int
    uploads_waiting: int
    runs_waiting: int
    measurements_taken_back: int
    measurements_waiting: int
    image_exports_taken_back: int
    image_exports_waiting: int
    tissue_taken_back: int
    tissue_waiting: int
    masks_taken_back: int
    masks_waiting: int
    trainings_taken_back: int
    trainings_waiting: int
    pictures_taken_back: int
    pictures_waiting: int

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


@transaction.atomic
def sweep() -> Swept:
    """Take back jobs of lost workers and find those that no worker has been told of."""
    with acting(origin="sweep", reason="worker lost"):
        return Swept(
            jobs.take_back_lost(Upload),
            jobs.take_back_lost(SegmentationRun),
            jobs.due_for_ringing(Upload),
            jobs.due_for_ringing(SegmentationRun),
            jobs.take_back_lost(ScanQuality),
            jobs.due_for_ringing(ScanQuality),
            jobs.take_back_lost(ImageExport),
            jobs.due_for_ringing(ImageExport),
            jobs.take_back_lost(TissueMeasurement),
            jobs.due_for_ringing(TissueMeasurement),
            jobs.take_back_lost(MaskReview),
            jobs.due_for_ringing(MaskReview),
            jobs.take_back_lost(TrainingRun),
            jobs.due_for_ringing(TrainingRun),
            jobs.take_back_lost(RunPicture),
            jobs.due_for_ringing(RunPicture),
        )


def void_signatures() -> int:
    """Keep on record which signatures no longer hold; pages show it without waiting for this."""
    with acting(origin="sweep"):
        return signing.void_changed_signatures()


def recognise_scanners() -> int:
    """Enter scans into the register of scanners that came in before it, or were moved."""
    with acting(origin="sweep"):
        return scanners.recognise_outstanding()


def recognise_trained_patients() -> int:
    """Join entries of training sets with patients who were entered here since."""
    with acting(origin="sweep"):
        return training_sets.recognise_patients()


def queue_missing_runs() -> int:
    """Queue the segmentations that were not asked for while their visits were frozen.

    And those that were not begun for a scan that counts again.
    """
    with acting(origin="sweep"):
        return len(runs.queue_missing()) + len(not_begun.begin_again())


def choose_runs() -> int:
    """Choose again which run counts where it is not the best one; returns at how many visits."""
    with acting(origin="sweep"):
        return choosing.choose_outstanding()


def settle_reads() -> int:
    """Settle scores of reads that were written past the services; returns how many changed."""
    with acting(origin="sweep"):
        return settling.settle_earlier_reads(visits=Visit.objects.all())


def check_plausibility() -> int:
    """Ask about records that were written past the services; returns how many patients."""
    with acting(origin="sweep"):
        return plausibility.check_patients(patients=Patient.objects.all())


def end_overdue_transfers() -> int:
    """End files on their way that were left lying or lost their consent; returns how many."""
    with acting(origin="sweep"):
        return transfers.end_overdue()


def remove_overdue_exports() -> int:
    """Remove ordered images whose time is over or that may no longer leave; returns how many."""
    with acting(origin="sweep"):
        return image_orders.remove_overdue()


def anchor_audit_trail() -> None:
    """Copy the head of the audit chain out of the database."""
    anchors.write_if_due()


def clean_up() -> list[Path]:
    """Remove what killed attempts left in the store, and return it.

    Files are listed before references are read: a file that appears in between is young, and
    only old files go.
    """
    removed = []
    for path in _old(store.root() / "tmp", TEMPORARY_SECONDS):
        if not _is_running(path.name):
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
    left = [
        path
        for folder in ("masks", store.CLUSTERS)
        for path in _old(store.root() / folder, UNREFERENCED_SECONDS)
    ]
    kept = set(_recorded_files())
    for path in left:
        if str(path.relative_to(store.root())) not in kept:
            path.unlink(missing_ok=True)
            removed.append(path)
    removed.extend(_clean_quarantine())
    removed.extend(_clean_trainings())
    removed.extend(_clean_exports())
    return removed


def clean_store() -> list[Path]:
    """Remove images, pictures and models that nothing refers to: what a kill left behind.

    Like masks, files are listed before references are read, and only old ones go.
    """
    images = [*_old_below("images"), *_old_below("dicom")]
    pictures, models = _old_below("mosaics"), _old(store.root() / "models", UNREFERENCED_SECONDS)
    return [
        *removal.remove_unreferenced(removal.unreferenced(images)),
        *removal.remove_pictures(pictures),
        *removal.remove_model_folders(models),
    ]


def _old_below(folder: str) -> list[Path]:
    below = _folders(store.root() / folder)
    return [path for one in below for path in _old(one, UNREFERENCED_SECONDS)]


def _folders(folder: Path) -> list[Path]:
    return [Path(e.path) for e in os.scandir(folder) if e.is_dir()] if folder.is_dir() else []


def missing_files() -> list[str]:
    """Return the recorded masks and clusters whose file is gone: the reverse of an orphan."""
    return [path for path in _recorded_files() if not (store.root() / path).exists()]


def _recorded_files() -> list[str]:
    """Return where the masks and the clusters of all results lie, below the store."""
    masks = SegmentationResult.objects.values_list("mask_path", flat=True)
    return [*masks, *runs.cluster_paths()]


def _clean_trainings() -> list[Path]:
    """Remove the work of trainings that will not go on: it holds images of patients.

    That of one that failed stays for another try, while its masks and consents still hold.
    """
    left = _old(store.root() / "trainings", UNREFERENCED_SECONDS)
    is_open = Q(state__in=[JobState.QUEUED, JobState.RUNNING])
    is_recent = Q(state=JobState.FAILED, finished_at__gt=Now() - timedelta(days=RAW_FILE_DAYS))
    found = TrainingRun.objects.filter(is_open | is_recent)
    needed = {
        str(one.pk)
        for one in found
        if one.state != JobState.FAILED or training_data.is_still_approved(one)
    }
    removed = [path for path in left if path.name not in needed]
    for path in removed:
        shutil.rmtree(path, ignore_errors=True)
    return removed


def _clean_exports() -> list[Path]:
    """Remove archives that no order speaks of: left by a kill between the file and its row."""
    left = _old(store.root() / "exports", UNREFERENCED_SECONDS)
    there = ImageExport.objects.filter(state=JobState.SUCCEEDED, removed_at__isnull=True)
    needed = {store.image_export_path(one).name for one in there.values_list("sha256", flat=True)}
    removed = [path for path in left if path.name not in needed]
    for path in removed:
        path.unlink(missing_ok=True)
    return removed


def _clean_quarantine() -> list[Path]:
    """Remove raw uploads that intake has finished with or that no row speaks of."""
    waiting = _old(store.root() / "quarantine", UNREFERENCED_SECONDS)
    needed = _raw_files_needed()
    removed = [path for path in waiting if path.name not in needed]
    for path in removed:
        path.unlink(missing_ok=True)
    return removed


def _raw_files_needed() -> set[str]:
    """Return the names of raw files that are wanted: on their way, waiting, or worth another try.

    A raw file says who the patient is, so a failed one is kept neither for long nor beyond the
    consent for images.
    """
    # First those on their way: one that arrives in between is then named by one of the two.
    coming = Transfer.objects.filter(state=TransferState.OPEN)
    needed = {str(pk) for pk in coming.values_list("pk", flat=True)}
    is_waiting = Q(state__in=[JobState.QUEUED, JobState.RUNNING])
    is_recent = Q(finished_at__gt=Now() - timedelta(days=RAW_FILE_DAYS))
    refused = without_consent_for_images(Disposition.objects.all())
    found = Upload.objects.filter(
        is_waiting | (WORTH_ANOTHER_TRY & is_recent & ~Q(visit__patient__in=refused))
    )
    return needed | {str(pk) for pk in found.values_list("pk", flat=True)}


def _old(folder: Path, seconds: float) -> list[Path]:
    if not folder.is_dir():
        return []
    limit = time.time() - seconds
    return [Path(e.path) for e in os.scandir(folder) if e.stat().st_mtime < limit]


def _is_running(name: str) -> bool:
    try:
        token = UUID(name)
    except ValueError:
        return False
    return any(
        token in jobs.running_tokens(model)
        for model in (SegmentationRun, Upload, ScanQuality, ImageExport, MaskReview, RunPicture)
    )
