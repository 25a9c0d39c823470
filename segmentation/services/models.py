"""Register segmentation models, and choose the one whose results count."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from mldtrial.audit.context import because
from mldtrial.audit.models import LockLevel
from mldtrial.trial.selectors.locks import held_ids
from mldtrial.trial.services import locking
from segmentation import policies
from segmentation.inference.clusterize import ClusterParameters
from segmentation.inference.conventional import NAME as CLUSTERIZE
from segmentation.inference.conventional import ConventionalSegmenter
from segmentation.inference.model_folder import (
    CARD,
    INTERVAL,
    MANIFEST,
    METRICS,
    ModelFolderError,
    read_json,
)
from segmentation.inference.trained_folder import Statement
from segmentation.models import (
    MADE_ELSEWHERE,
    JobState,
    Method,
    ModelPromotion,
    ModelVersion,
    ReleaseState,
    SegmentationRun,
    TrainingRun,
    TrainingSet,
)
from segmentation.services import evaluations, intervals, model_folders, store, training_sets

THRESHOLD = "threshold"
CLUSTERIZE_CARD = Path(__file__).parents[1] / "pretrained" / "clusterize" / CARD


def register_model(
    *, folder: Path, stated: Statement | None = None, training: TrainingRun | None = None
) -> ModelVersion:
    """Check a model folder, keep a copy of it in the store and register it.

    The same folder twice is one model; the folder given is not needed afterwards.

    Parameters
    ----------
    stated : Statement, optional
        For a trained-model folder of stock nnU-Net: what the folder does not say itself. It is
        converted to weights that are loaded without pickle.
    training : TrainingRun, optional
        What the folder came of; the name and version of any other are kept for its own model.

    Raises
    ------
    ValidationError
        If a check fails, a file differs from its recorded hash, or the name and version are
        taken by other weights, or by a training under way. Nothing is registered or kept then.
    """
    with store.temporary_folder(uuid4()) as made:
        try:
            manifest = model_folders.bring_in(folder, made, stated)
        except ModelFolderError as error:
            raise ValidationError(str(error)) from error
        sha256 = store.sha256_of(made / MANIFEST)
        card = made / CARD
        with transaction.atomic():
            _require_unreserved(manifest["name"], manifest["version"], training)
            model = _register(
                name=manifest["name"],
                version=manifest["version"],
                method=Method.CNN,
                sha256=sha256,
                folder=store.model_folder_name(sha256),
                sequences=manifest["sequences"],
                is_demonstration=manifest["is_demonstration"],
                card=card.read_text(encoding="utf-8") if card.exists() else "",
                manifest=model_folders.for_the_record(manifest),
            )
            _record_what_it_brings(model, made, manifest)
            store.publish_folder(made, store.root() / store.model_folder_name(sha256))
    return model


def _record_what_it_brings(model: ModelVersion, made: Path, manifest: Mapping[str, Any]) -> None:
    """Record the training set and the measurements that come with a folder."""
    if not TrainingSet.objects.filter(pk=model.pk).exists():
        training_sets.from_manifest(model=model, manifest=manifest)
    metrics = made / METRICS
    if metrics.exists():
        report = read_json(made, METRICS)
        evaluations.record_evaluation(
            model=model, report=report, data=str(report.get("data") or "as the model's folder says")
        )
    if (made / INTERVAL).exists():
        intervals.record_calibration(model=model, content=read_json(made, INTERVAL))


def register_threshold() -> ModelVersion:
    """Register the threshold method of the tests.

    Raises
    ------
    ValidationError
        Wherever test methods are not allowed, that is everywhere but in the test suite.
    """
    if not settings.ALLOW_TEST_SEGMENTERS:
        raise ValidationError("The threshold method is for tests only.")
    return _register(
        name=THRESHOLD,
        version="1",
        method=Method.TEST,
        sha256=hashlib.sha256(b"threshold 1").hexdigest(),
        folder="",
        sequences=["T1w", "T2w"],
        is_demonstration=True,
        card="",
        manifest={},
    )


@transaction.atomic
def register_conventional(*, parameters: ClusterParameters | None = None) -> ModelVersion:
    """Register the conventional method; it has no weights, its definition is the manifest.

    Parameters
    ----------
    parameters : ClusterParameters, optional
        Others than the source's make another version.

    Raises
    ------
    ValidationError
        If this version was registered with another definition.
    """
    method = ConventionalSegmenter(parameters)
    model = _register(
        name=method.name,
        version=method.version,
        method=Method.CONVENTIONAL,
        sha256=method.sha256,
        folder="",
        sequences=list(method.sequences),
        # Its choice of clusters was set and measured on phantoms only.
        is_demonstration=True,
        card=CLUSTERIZE_CARD.read_text(encoding="utf-8"),
        manifest=method.definition,
    )
    if not TrainingSet.objects.filter(pk=model.pk).exists():
        training_sets.record_training_set(
            model=model,
            patients=[],
            source="not trained; its choice was set on phantoms",
            reason="registered",
        )
    return model


def register_made_elsewhere(
    *, name: str, version: str, method: Method, is_demonstration: bool = False
) -> ModelVersion:
    """Register a method whose masks are made elsewhere and imported.

    Parameters
    ----------
    is_demonstration : bool
        True where masks of a method for demonstration were corrected: what is left of them says
        nothing about a patient either.

    Raises
    ------
    ValidationError
        If a method of this platform has the name, or this version is of another kind.
    """
    manifest = {MADE_ELSEWHERE: True, "name": name, "version": version, "method": str(method)}
    ours = ModelVersion.objects.filter(name=name).exclude(manifest__has_key=MADE_ELSEWHERE)
    if name == CLUSTERIZE or ours.exists():
        raise ValidationError(
            {
                "software": f"{name} is a method of this platform. Name the software that made "
                "the mask."
            }
        )
    other = ModelVersion.objects.filter(name=name, version=version).exclude(method=method).first()
    if other is not None:
        kind = other.get_method_display()
        raise ValidationError(
            {
                "method": f"{name} {version} is on record as {kind}. Choose that, or give another "
                "version."
            }
        )
    content = json.dumps(manifest, sort_keys=True).encode()
    return _register(
        name=name,
        version=version,
        method=method,
        sha256=hashlib.sha256(content).hexdigest(),
        folder="",
        sequences=["T1w"],
        is_demonstration=is_demonstration,
        card="",
        manifest=manifest,
    )


def _require_unreserved(name: str, version: str, training: TrainingRun | None) -> None:
    """Refuse a name that the model of a training will have: it would be found taken hours later."""
    under_way = TrainingRun.objects.filter(
        name=name, version=version, state__in=[JobState.QUEUED, JobState.RUNNING]
    )
    if training is not None:
        under_way = under_way.exclude(pk=training.pk)
    if under_way.exists():
        raise ValidationError(
            "A training under way has this name and version. Cancel it, or give another version."
        )


def _register(**columns: object) -> ModelVersion:
    found = _known(columns)
    if found is not None:
        return _with_copy_in_store(found, columns)
    model = ModelVersion(**columns)
    model.full_clean(validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            model.save()
    except IntegrityError:
        # Somebody registered the same at this moment.
        found = _known(columns)
        if found is None:
            model.full_clean()  # says in words what else the database refused
            raise
        return found
    return model


def _known(columns: Mapping[str, object]) -> ModelVersion | None:
    found = ModelVersion.objects.filter(name=columns["name"], version=columns["version"]).first()
    if found is not None and found.sha256 != columns["sha256"]:
        raise ValidationError("This name and version are taken by other weights.")
    return found


def _with_copy_in_store(found: ModelVersion, columns: Mapping[str, object]) -> ModelVersion:
    """Let a model that was registered before the store kept models lie there as well."""
    if (found.folder, found.manifest) != (columns["folder"], columns["manifest"]):
        with because("registered again: now kept in the store"):
            found.folder, found.manifest = str(columns["folder"]), columns["manifest"]
            found.save()
    return found


@transaction.atomic
def activate(*, model: ModelVersion, reason: str) -> ModelVersion:
    """Make the first model, or one in place of a model without results, the one that counts.

    Raises
    ------
    ValidationError
        If results of another model count: two people promote what takes its place. Or if a
        frozen or locked visit would show another load than it does.
    """
    locking.hold_still()
    _require_held_loads_kept(model)
    _require_no_results(model)
    return _switch(model, reason)


@transaction.atomic
def promote(*, promotion: ModelPromotion, reason: str) -> ModelVersion:
    """Let the series of every study switch to what two people have signed.

    The database refuses it outside the transaction in which the second person approves.

    Raises
    ------
    ValidationError
        If it is no candidate any more, or a frozen or locked visit would show another load.
    """
    locking.hold_still()
    model = ModelVersion.objects.select_for_update().get(pk=promotion.model_version_id)
    if model.state != ReleaseState.CANDIDATE:
        raise ValidationError(f"{model} is {model.get_state_display()}, no candidate any more.")
    _require_held_loads_kept(model)
    return _switch(model, reason)


def _switch(model: ModelVersion, reason: str) -> ModelVersion:
    with because(reason):
        ModelVersion.objects.filter(state=ReleaseState.ACTIVE).exclude(pk=model.pk).update(
            state=ReleaseState.RETIRED
        )
        model.state = ReleaseState.ACTIVE
        model.save()
    return model


def _require_no_results(model: ModelVersion) -> None:
    active = ModelVersion.objects.filter(state=ReleaseState.ACTIVE).exclude(pk=model.pk).first()
    counting = SegmentationRun.objects.filter(model_version=active, analysis_flag=True).count()
    if active is not None and counting:
        raise ValidationError(
            f"{counting} {'results' if counting > 1 else 'result'} of {active} count. Two people "
            f"promote what takes its place: run {model} over the cohorts and propose it on its "
            "page."
        )


@transaction.atomic
def retire(*, model: ModelVersion, by: Any, reason: str) -> ModelVersion:
    """Take a candidate out of use; its results stay.

    Raises
    ------
    PermissionDenied
        If the person may not.
    ValidationError
        If it is no candidate, or no reason is given.
    """
    if not policies.may_with_models(by, "retire_model"):
        raise PermissionDenied("Your role does not allow this.")
    locked = ModelVersion.objects.select_for_update().get(pk=model.pk)
    if locked.state == ReleaseState.ACTIVE:
        raise ValidationError(
            "This model is active. It is retired by making another one active, never alone."
        )
    if locked.state != ReleaseState.CANDIDATE:
        raise ValidationError("This model is retired already.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why."})
    with because(reason):
        locked.state = ReleaseState.RETIRED
        locked.save()
    return locked


@transaction.atomic
def reinstate(*, model: ModelVersion, by: Any, reason: str) -> ModelVersion:
    """Make a retired method a candidate again, so that two people can promote it back.

    No number changes: its results do not count until then.

    Raises
    ------
    PermissionDenied
        If the person may not.
    ValidationError
        If it is not retired, or no reason is given.
    """
    if not policies.may_with_models(by, "retire_model"):
        raise PermissionDenied("Your role does not allow this.")
    locked = ModelVersion.objects.select_for_update().get(pk=model.pk)
    if locked.state != ReleaseState.RETIRED:
        raise ValidationError(f"This model is {locked.get_state_display()}, not retired.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why."})
    with because(reason):
        locked.state = ReleaseState.CANDIDATE
        locked.save()
    return locked


def _require_held_loads_kept(model: ModelVersion) -> None:
    changing = Q(model_version=model) ^ Q(model_version__state=ReleaseState.ACTIVE)
    flagged = SegmentationRun.objects.filter(changing, analysis_flag=True)
    held = held_ids(at_least=LockLevel.FROZEN)
    count = flagged.filter(visit__in=held).values("visit").distinct().count()
    if count:
        raise ValidationError(
            f"{count} frozen or locked {'visits' if count > 1 else 'visit'} would show another "
            "load, or none. Open them first, or keep the method that counts now."
        )


def active_model() -> ModelVersion | None:
    """Return the model whose results count, or None before one is activated."""
    return ModelVersion.objects.filter(state=ReleaseState.ACTIVE).first()
