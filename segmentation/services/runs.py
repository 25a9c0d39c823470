"""Segment visits: queue a run, execute it, publish its result."""

import hashlib
import json
import logging
import platform
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from mldtrial.audit.context import acting
from mldtrial.audit.guards import refusal
from mldtrial.audit.models import LockLevel
from mldtrial.trial.models import Disposition, Scan, ScanState, Sequence, Visit
from mldtrial.trial.selectors.consent import without_consent_for_images
from mldtrial.trial.selectors.locks import held_ids
from mldtrial.trial.services import locking, participation
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import same_grid
from segmentation.imaging.nifti import inspect_nifti, read_label_map, write_label_map
from segmentation.imaging.volume import label_volume_ml
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER, SegmentationOutput
from segmentation.models import (
    ModelVersion,
    Priority,
    ReleaseState,
    SegmentationBatch,
    SegmentationResult,
    SegmentationRun,
)
from segmentation.selectors import needs
from segmentation.selectors.usable import chosen_scans, usable_scans
from segmentation.services import (
    ahead,
    choosing,
    deciding,
    demo_images,
    intervals,
    jobs,
    not_begun,
    shadowing,
    store,
    trying_again,
)
from segmentation.services.failpoints import reach
from segmentation.services.models import active_model
from segmentation.services.segmenters import is_made_elsewhere, load_segmenter

log = logging.getLogger(__name__)
PARAMETERS: dict[str, Any] = {}
CLUSTER_MATRIX = "cluster_matrix"
"""Where the provenance of a run says which file holds its clusters."""


def sha256_of_json(value: object) -> str:
    """Return the sha256 of a value in canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def queue_run(
    *,
    visit: Visit,
    model: ModelVersion | None = None,
    batch: SegmentationBatch | None = None,
) -> SegmentationRun | None:
    """Queue the segmentation of a visit, once per model and images.

    Parameters
    ----------
    batch : SegmentationBatch, optional
        The order that asks for it; it waits behind what single visits ask for.

    Returns
    -------
    SegmentationRun or None
        The run of these images, new or known; None while a sequence or a model is missing,
        while the visit is frozen or locked, unless the model is a candidate, or where the model
        is retired or its masks are imported.
    """
    # Asked for once no promotion is on its way: the method it retires is given no further visit.
    locking.keep_others_still()
    chosen_model = active_model() if model is None else _unless_retired(model)
    if chosen_model is None or is_made_elsewhere(chosen_model):
        return None
    if shadowing.hold_of(visit, chosen_model) is not None:
        return None
    # An image that is being moved or replaced is chosen before it or after it, never beside it.
    Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    scans = chosen_scans(visit, chosen_model)
    if scans is None:
        return None
    hashes = {name: scan.image_sha256 for name, scan in scans.items()}
    priority = Priority.BATCH if batch else Priority.NORMAL
    try:
        run, _ = SegmentationRun.objects.get_or_create(
            visit=visit,
            purpose="PRIMARY",
            model_version=chosen_model,
            parameters_sha256=sha256_of_json(PARAMETERS),
            input_sha256=sha256_of_json(hashes),
            is_voided=False,
            defaults={
                "site": visit.patient.site,
                "t1w_scan": scans[Sequence.T1W],
                "t2w_scan": scans.get(Sequence.T2W),
                "parameters": PARAMETERS,
                "batch": batch,
                "priority": priority,
                "turn": jobs.next_turn(SegmentationRun, visit.patient.site, priority),
                "origin": visit.patient.origin,
            },
        )
    except IntegrityError as error:
        if refusal(error):
            return None  # held, or the candidate was promoted or retired, since the look above
        raise
    return run


def _unless_retired(model: ModelVersion) -> ModelVersion | None:
    """Return a method as the database has it; what a caller holds may be older than a promotion."""
    return ModelVersion.objects.filter(pk=model.pk).exclude(state=ReleaseState.RETIRED).first()


def queue_missing() -> list[SegmentationRun]:
    """Queue the segmentation of open visits whose images the active model was never given.

    A visit that is frozen when its images come in gets no run; this one comes once it is open
    again, unless the consent for images has ended. So do images that only a retired or a candidate
    model has seen, whose loads do not count. What was refused for a lock, a consent or a missing
    file is tried again once it may be.
    """
    model = active_model()
    if model is None or is_made_elsewhere(model):
        return []
    chosen = {
        f"chosen_{sequence.lower()}": Subquery(
            usable_scans(sequence).filter(visit=OuterRef("pk")).values("pk")[:1]
        )
        for sequence in model.sequences
    }
    seen = SegmentationRun.objects.filter(
        visit=OuterRef("pk"),
        model_version=model,
        is_voided=False,
        **{f"{name.removeprefix('chosen_')}_scan": OuterRef(name) for name in chosen},
    )
    complete = {f"{name}__isnull": False for name in chosen}
    waiting = (
        Visit.objects.annotate(**chosen)
        .filter(~Exists(seen), **complete)
        .exclude(patient__in=without_consent_for_images(Disposition.objects.all()))
    )
    held = held_ids(at_least=LockLevel.FROZEN)
    # Each visit is given what counts when its turn comes: a promotion may lie between two.
    queued = [
        queue_run(visit=visit)
        for visit in waiting.select_related("patient__site").order_by("date")
        if visit.pk not in held
    ]
    return [run for run in queued if run is not None] + trying_again.queue_mended(model)


def execute_next(*, worker: str, queue: str | None = None) -> SegmentationRun | None:
    """Claim and execute the next waiting run; None if there is none.

    Parameters
    ----------
    queue : str, optional
        Of the worker: it takes the runs that need it. A command takes all.
    """
    with acting(origin=f"worker:{worker}"):
        only = needs.taken_by(queue)
        work = partial(_execute, only=only)
        return jobs.execute_next(SegmentationRun, work, worker=worker, only=only)


def _execute(run: SegmentationRun, heartbeat: jobs.Heartbeat, *, only: Q) -> None:
    assert run.lease_token is not None  # noqa: S101 - just claimed
    if not_begun.cancelled_before_it_began(run):
        return
    if not shadowing.is_shadow(run.model_version):
        jobs.require_open(run.visit)
    _require_consent(run)
    heartbeat.progress(0.0, "loading the model")
    segmenter = load_segmenter(run.model_version)
    scans = run.scans
    for scan in scans.values():
        demo_images.ensure_image(scan)
    images = ahead.verified_images(scans)
    ahead.prepare_waiting(segmenter, run, only=only)
    output = segmenter.segment(images, progress=heartbeat.progress)
    label = _checked_label(output, run.t1w_scan)
    with store.temporary_folder(run.lease_token) as folder:
        mask = folder / "mask.nii.gz"
        reach("mid_write")
        label_map = (output.label_map == label).astype(np.uint8)
        write_label_map(mask, label_map, output.affine, fsync=True)
        load_ml, voxels = _measured_twice(mask, label_map, output.affine)
        mask_sha256 = store.sha256_of(mask)
        reach("after_fsync")
        heartbeat.check()
        provenance = _provenance(run, output, scans)
        placed: list[Path] = []
        if output.clusters is not None:
            placed.append(_place_clusters(run, output.clusters, folder, provenance))
        target = store.root() / "masks" / _file_name(run, mask_sha256, ".nii.gz")
        store.publish(mask, target)
        placed.append(target)
        reach("after_rename")
        try:
            measured = {
                "mask_sha256": mask_sha256,
                "voxel_count": voxels,
                "demyelination_load_ml": load_ml,
                **intervals.interval_columns(
                    run, load_ml=load_ml, disagreement=output.disagreement
                ),
                "cautions": None if output.cautions is None else list(output.cautions),
            }
            _publish(run, target, measured, provenance)
        except (jobs.LeaseLostError, ImageError):
            _remove(placed)
            raise
        except IntegrityError as error:
            if refusal(error):
                _remove(placed)
            raise
    reach("after_commit")


def _file_name(run: SegmentationRun, sha256: str, ending: str) -> str:
    """Return a name that tells content and attempt: two attempts never share a file."""
    return f"{run.pk}-{sha256[:16]}-{run.lease_token}{ending}"


def _place_clusters(
    run: SegmentationRun, content: bytes, folder: Path, provenance: dict[str, Any]
) -> Path:
    """Keep the cluster matrix beside the mask, and say in the provenance where it lies."""
    made = folder / "clusters.npz"
    store.write(made, content)
    sha256 = store.sha256_of(made)
    target = store.root() / store.CLUSTERS / _file_name(run, sha256, ".npz")
    store.publish(made, target)
    path = str(target.relative_to(store.root()))
    provenance[CLUSTER_MATRIX] = {"path": path, "sha256": sha256}
    return target


def _remove(placed: list[Path]) -> None:
    for path in placed:
        path.unlink(missing_ok=True)


def _require_consent(run: SegmentationRun) -> None:
    """Refuse images whose consent ended while the run waited, perhaps for days."""
    try:
        participation.require_images_allowed(run.visit.patient)
    except ValidationError as error:
        raise ImageError(
            FailureCode.CONSENT_WITHDRAWN,
            "The consent for images has ended, so these were not segmented. With a new consent "
            "they can be.",
        ) from error


def _checked_label(output: SegmentationOutput, t1w: Scan) -> int:
    """Return the label of the demyelinated white matter after checking grid and labels."""
    expected = np.asarray(t1w.affine, dtype=np.float64)
    columns, rows, slices = t1w.shape
    shape = (columns, rows, slices)
    fits = output.label_map.shape == shape and same_grid(output.affine, expected, shape)
    label = output.labels.get(DEMYELINATED_WHITE_MATTER)
    allowed = {0, *output.labels.values()}
    if not fits or label is None or not set(np.unique(output.label_map).tolist()) <= allowed:
        raise ImageError(
            FailureCode.UNEXPECTED_LABELS,
            "The segmentation does not fit the T1w image it was made from. Tell the administrator.",
        )
    return int(label)


def _measured_twice(
    path: Path, label_map: np.ndarray[Any, Any], affine: np.ndarray[Any, Any]
) -> tuple[float, int]:
    """Return load and voxel count, from the array and again from the file that will be kept."""
    load_ml = label_volume_ml(label_map, affine, 1)
    kept = read_label_map(path)
    voxels = int(np.count_nonzero(kept.data))
    size = np.linalg.norm(kept.affine[:3, :3], axis=0)
    again_ml = voxels * float(np.prod(size)) / 1000
    if abs(load_ml - again_ml) > max(1e-6, 1e-4 * load_ml):
        raise ImageError(
            FailureCode.UNEXPECTED_LABELS,
            "Two ways of measuring the volume disagree. Tell the administrator.",
        )
    return load_ml, voxels


def _provenance(
    run: SegmentationRun, output: SegmentationOutput, scans: Mapping[str, Scan]
) -> dict[str, Any]:
    return {
        **output.provenance,
        "inputs": {name: scan.image_sha256 for name, scan in scans.items()},
        "deidentification": {n: scan.deidentification_version for n, scan in scans.items()},
        "model": f"{run.model_version.name} {run.model_version.version}",
        "model_sha256": run.model_version.sha256,
        "attempt": run.attempt,
        "host": platform.node(),
        "python": platform.python_version(),
    }


@transaction.atomic
def _publish(
    run: SegmentationRun,
    target: Path,
    measured: Mapping[str, Any],
    provenance: dict[str, Any],
) -> None:
    """Record result and state in one transaction that checks the token."""
    # Neither which scans are left out nor the consent must change between what is asked below and
    # its commit. Before the run itself: whoever voids runs holds the visit first as well.
    deciding.hold_visits(run.visit)
    _require_consent(run)
    jobs.succeed(run, provenance=provenance)
    SegmentationResult.objects.create(
        run=run,
        mask_path=str(target.relative_to(store.root())),
        attempt=run.attempt,
        **measured,
    )
    choosing.flag_for_analysis(visit=run.visit, model=run.model_version)
    reach("in_commit")


def checked_clusters(run: SegmentationRun) -> Path | None:
    """Return the file of a run's clusters after comparing its hash; None for a run without.

    Raises
    ------
    ImageError
        HASH_MISMATCH if the file is missing or has changed.
    """
    kept = run.provenance.get(CLUSTER_MATRIX)
    return None if kept is None else store.verified(store.root() / kept["path"], kept["sha256"])


def cluster_paths() -> list[str]:
    """Return where the clusters of all results lie, below the store."""
    path = KeyTextTransform("path", KeyTransform(CLUSTER_MATRIX, "provenance"))
    found = SegmentationRun.objects.filter(provenance__has_key=CLUSTER_MATRIX, result__isnull=False)
    # They hold the intensities of the T2w image, and go where it goes.
    found = found.exclude(t2w_scan__state=ScanState.DISCARDED)
    return list(found.values_list(path, flat=True))


def checked_mask(result: SegmentationResult) -> Path:
    """Return the file of a mask after comparing its hash and its integrity."""
    path = store.verified(store.root() / result.mask_path, result.mask_sha256)
    if result.voxel_count:
        inspect_nifti(path)
    return path
