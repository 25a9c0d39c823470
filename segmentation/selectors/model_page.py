"""What the page of a method shows: its state and history, its files, what was measured of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from mldtrial.audit.context import ANONYMOUS
from mldtrial.trial import policies as trial
from mldtrial.trial.models import Study
from mldtrial.trial.policies import SMALLEST_GROUP
from segmentation.inference.trained_folder import weights_in_words
from segmentation.models import (
    ModelEvaluation,
    ModelVersion,
    ReleaseState,
    SegmentationResult,
    TrainingMember,
    TrainingSet,
)
from segmentation.policies import visible_to
from segmentation.selectors.training_sets import learner_of
from segmentation.training.evaluate import MEDIAN, QUARTILES

WEIGHTS_SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True)
class StateChange:
    """A step of a method's life: who, when, why."""

    state: str
    label: str
    at: datetime
    by: str
    reason: str


def state_history(model: ModelVersion) -> list[StateChange]:
    """Return how the state of a method came about, the latest first."""
    found: list[StateChange] = []
    for event in ModelVersion.pgh_event_model.objects.filter(pgh_obj=model).order_by("pgh_id"):
        if found and found[-1].state == event.state:
            continue
        said = event.pgh_context
        found.append(
            StateChange(
                state=event.state,
                label=ReleaseState(event.state).label,
                at=event.pgh_created_at,
                by=_who(said),
                reason=said.get("reason", ""),
            )
        )
    return found[::-1]


def _who(said: Mapping[str, Any]) -> str:
    """Return the person, or for a step without one where it came from."""
    if said.get("user") != ANONYMOUS:
        return str(said.get("user_name", ""))
    return str(said.get("origin", "")).replace(":", " ")


@dataclass(frozen=True, slots=True)
class Training:
    """What is on record of a training set.

    Attributes
    ----------
    patients : str
        How many; of a few only that they are few, as the card has it.
    """

    source: str
    patients: str


def training(model: ModelVersion, *, user: Any) -> Training | None:
    """Return what is on record of whom the masks of a method know; how many, never who."""
    learner = learner_of(model)
    if learner is None:
        return None
    found = visible_to(user, TrainingSet.objects.filter(pk=learner.pk)).first()
    if found is None:
        return None
    members = TrainingMember.objects.filter(training_set=found, is_current=True)
    count = members.count()
    is_few = 0 < count < SMALLEST_GROUP
    return Training(found.source, f"fewer than {SMALLEST_GROUP}" if is_few else str(count))


def result_count(model: ModelVersion, *, user: Any) -> int:
    """Return how many results of a method there are in the studies and sites of a person."""
    overview = trial.memberships(user).filter(role__in=trial.ACTIONS["view_overview"])
    in_reach = trial.patients_of(user, trial.PATIENT_ROLES, "run__visit__patient__")
    whole = Q(run__visit__patient__study__in=overview.values("study"))
    results = SegmentationResult.objects.filter(run__model_version=model, run__is_voided=False)
    return results.filter(in_reach | whole).count()


def studies_of_impact(*, user: Any) -> list[Study]:
    """Return the studies in which a person may see what another method would change."""
    held = trial.memberships(user).filter(role__in=trial.ACTIONS["view_impact"])
    return list(Study.objects.filter(pk__in=held.values("study")).order_by("code"))


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of the table of measurements: a figure per stratum, None where there is none."""

    label: str
    unit: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One measurement as a table."""

    data: str
    on: datetime
    strata: tuple[str, ...]
    metrics: tuple[Metric, ...]


def evaluations(model: ModelVersion, *, user: Any) -> list[Evaluation]:
    """Return what was measured of a method, the latest first."""
    found = visible_to(user, ModelEvaluation.objects.filter(model_version=model))
    return [_table(one) for one in found.order_by("-created_at")]


def studies_measured(model: ModelVersion, *, user: Any) -> list[Study]:
    """Return the studies whose patients are the cases of a measurement that a person is shown."""
    found = visible_to(user, ModelEvaluation.objects.filter(model_version=model))
    return list(Study.objects.filter(pk__in=found.values("study")).order_by("code"))


def is_measured_beyond_reach(model: ModelVersion, *, user: Any) -> bool:
    """Return whether something was measured that this person is not shown; that much they are."""
    found = ModelEvaluation.objects.filter(model_version=model)
    shown = visible_to(user, found).values("pk")
    return found.exclude(pk__in=shown).exists()


ROWS: tuple[tuple[str, str, str, int], ...] = (
    ("n", "Scans measured", "", 0),
    ("refused_n", "Scans refused, in none of the figures", "", 0),
    ("dice_median", "Dice, median", "", 2),
    ("dice_median_by_tertile", "Dice by tertile of the true load: low / middle / high", "", 2),
    ("surface_dice_median", "Surface Dice, median (within 1 mm for 3D, 2.5 mm for 2D)", "", 2),
    ("surface_dice_median_by_tertile", "Surface Dice by tertile: low / middle / high", "", 2),
    ("hausdorff95_mm_median", "95 % Hausdorff distance, median", "mm", 1),
    (
        "hausdorff95_mm_median_by_tertile",
        "95 % Hausdorff distance by tertile: low / middle / high",
        "mm",
        1,
    ),
    ("without_distance_n", "Scans of which nothing was found, so without a distance", "", 0),
    (
        "without_distance_n_by_tertile",
        "Scans without a distance by tertile: low / middle / high",
        "",
        0,
    ),
    ("truth_ml_by_tertile", "True load, range by tertile: low / middle / high", "mL", 1),
    ("bias_percent_median_by_tertile", "Bias of the load by tertile, median", "%", 1),
    ("bias_percent_median_from_5_ml", "Bias of the load from 5 mL on, median", "%", 1),
    ("dice_median_from_5_ml", "Dice from 5 mL on, median", "", 2),
    ("n_from_5_to_50_ml", "Scans with a true load of 5 to 50 mL", "", 0),
    ("dice_median_from_5_to_50_ml", "Dice from 5 to 50 mL, median", "", 2),
    ("bias_percent_median_from_5_to_50_ml", "Bias from 5 to 50 mL, median", "%", 1),
    ("bias_ml_mean_from_5_ml", "Bias of the load from 5 mL on, mean", "mL", 1),
    ("absolute_error_ml_median_below_5_ml", "Absolute error below 5 mL, median", "mL", 1),
    ("healthy_n", "Scans without demyelination", "", 0),
    ("healthy_false_ml_max", "False load where there is none, largest", "mL", 2),
)


BETWEEN, NO_BREAK = " / ", "\N{NO-BREAK SPACE}"


def _table(one: ModelEvaluation) -> Evaluation:
    strata = tuple(sorted(one.summary, reverse=True))
    by_stratum: Sequence[Mapping[str, Any]] = [one.summary[stratum] for stratum in strata]
    rows = [
        Metric(label, unit, tuple(_cell(figures, key, digits) for figures in by_stratum))
        for key, label, unit, digits in ROWS
    ]
    return Evaluation(one.data, one.created_at, strata, tuple(rows))


def _cell(figures: Mapping[str, Any], key: str, digits: int) -> str | None:
    """Return a figure whose lines break between tertiles only."""
    words = figure_in_words(figures, key, digits)
    if words is None:
        return None
    return f"{NO_BREAK}/ ".join(part.replace(" ", NO_BREAK) for part in words.split(BETWEEN))


def figure_in_words(figures: Mapping[str, Any], key: str, digits: int) -> str | None:
    """Return a figure, or one of each tertile; a median with its quartiles, where on record."""
    value = figures.get(key)
    spread = figures.get(key.replace(MEDIAN, QUARTILES)) if MEDIAN in key else None
    if not isinstance(value, list):
        return _with_spread(value, spread, digits)
    spreads = spread or [None] * len(value)
    told = [_with_spread(*both, digits) for both in zip(value, spreads, strict=True)]
    return None if not any(told) else BETWEEN.join(part or "–" for part in told)


def _with_spread(value: Any, spread: Sequence[float] | None, digits: int) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):
        return _range(value, digits)
    told = _number(value, digits)
    return told if spread is None else f"{told} ({_range(spread, digits)})"


def _range(part: Sequence[float], digits: int) -> str:
    return f"{_number(part[0], digits)} to {_number(part[1], digits)}"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a model in the store."""

    name: str
    sha256: str
    is_weights: bool


def files(model: ModelVersion) -> list[File]:
    """Return the files of a method that make its numbers, the weights first."""
    named: Mapping[str, str] = model.manifest.get("files", {})
    found = [File(name, sha256, name.endswith(WEIGHTS_SUFFIX)) for name, sha256 in named.items()]
    return sorted(found, key=lambda one: (not one.is_weights, one.name))


NAMED_ABOVE = ("name", "version", "method", "sequences", "files")
PRECISIONS = {"half": "half precision", "single": "single precision"}


def settings(model: ModelVersion) -> list[tuple[str, str]]:
    """Return how a method is run, by name and value in words; what is not recorded is left out."""
    manifest = model.manifest
    if "configuration" not in manifest:
        # A method without a network says what it is in its own words.
        plain = [(key, value) for key, value in manifest.items() if key not in NAMED_ABOVE]
        return [(key.replace("_", " ").capitalize(), str(value)) for key, value in plain]
    found = {
        "Labels": _labels(manifest.get("labels", {})),
        "Configuration": manifest.get("configuration"),
        "Network": str(manifest.get("architecture", "")).rpartition(".")[2],
        "Trainer": manifest.get("trainer_name"),
        "Folds averaged": _folds(manifest.get("folds")),
        "Mirrored": _mirrored(manifest.get("mirroring_axes", [])),
        "Step between tiles": f"{manifest.get('tile_step_size')} of a tile",
        "Weights taken": weights_in_words(manifest),
        "Weights stored as": PRECISIONS.get(str(manifest.get("precision"))),
        "Preprocessing": manifest.get("preprocessing"),
        "Phantoms trained on": manifest.get("phantoms"),
        "Epochs": manifest.get("epochs"),
        "Threshold": _threshold(manifest.get("shift")),
    }
    return [(name, str(value)) for name, value in found.items() if value]


def _threshold(shift: Mapping[str, Any] | None) -> str | None:
    """Return in words by how much the threshold of a network was moved (decision 0043)."""
    if shift is None:
        return None
    return f"{shift['constant']} added to the logit of the label of version {shift['of_version']}"


def _labels(labels: Mapping[str, int]) -> str:
    ordered = sorted(labels.items(), key=lambda label: label[1])
    return ", ".join(f"{value} = {name.replace('_', ' ')}" for name, value in ordered)


def _folds(folds: Sequence[Mapping[str, Any]] | None) -> str:
    if folds is None:
        return "1"
    names = [str(fold.get("fold", number)) for number, fold in enumerate(folds)]
    return f"{len(names)} ({', '.join(names)})"


def _mirrored(axes: Sequence[int]) -> str:
    return f"along {len(axes)} of 3 axes ({', '.join(map(str, axes))})" if axes else "no"
