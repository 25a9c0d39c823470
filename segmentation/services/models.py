"""Register segmentation models, and choose the one whose results count."""

import hashlib
import json
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from mldtrial.audit.context import because
from mldtrial.audit.models import LockLevel
from mldtrial.trial.selectors.locks import held_ids
from segmentation.models import Method, ModelVersion, ReleaseState, SegmentationRun

THRESHOLD = "threshold"


@transaction.atomic
def register_model(*, folder: Path) -> ModelVersion:
    """Register a model folder by its manifest; the same folder twice is one model.

    Raises
    ------
    ValidationError
        If the manifest is missing, a file differs from its recorded hash, or the name and
        version are taken by other weights.
    """
    manifest_path = folder / "manifest.json"
    if not manifest_path.exists():
        raise ValidationError("The model folder has no manifest.json.")
    content = manifest_path.read_bytes()
    manifest = json.loads(content)
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise ValidationError(f"{name} is missing or differs from the manifest's sha256.")
    card = folder / "MODEL_CARD.md"
    return _register(
        name=manifest["name"],
        version=manifest["version"],
        method=Method.CNN,
        sha256=hashlib.sha256(content).hexdigest(),
        folder=str(folder.resolve()),
        sequences=manifest["sequences"],
        is_demonstration=manifest["is_demonstration"],
        card=card.read_text(encoding="utf-8") if card.exists() else "",
    )


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
    )


def _register(**columns: object) -> ModelVersion:
    found = ModelVersion.objects.filter(name=columns["name"], version=columns["version"]).first()
    if found is not None:
        if found.sha256 != columns["sha256"]:
            raise ValidationError("This name and version are taken by other weights.")
        return found
    model = ModelVersion(**columns)
    model.full_clean()
    model.save()
    return model


@transaction.atomic
def activate(*, model: ModelVersion, reason: str) -> ModelVersion:
    """Make a model the one whose results count; the one before it is retired.

    Raises
    ------
    ValidationError
        If a frozen or locked visit would show another load than it does.
    """
    _require_held_loads_kept(model)
    with because(reason):
        ModelVersion.objects.filter(state=ReleaseState.ACTIVE).exclude(pk=model.pk).update(
            state=ReleaseState.RETIRED
        )
        model.state = ReleaseState.ACTIVE
        model.save()
    return model


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
