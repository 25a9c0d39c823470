"""The impact of a candidate over every study, as two people sign it: numbers and their hash."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.policies import promotes_in
from analytics.selectors import impact, loads
from analytics.selectors.impact import Row
from analytics.services import impact as impacts
from mldtrial.audit.models import Signature
from mldtrial.trial.models import Study
from segmentation.models import ModelVersion, ReleaseState, SegmentationRun

FORMAT = 2
OF_THE_REVIEW = (
    "tolerance_same_ml",
    "tolerance_same_percent",
    "tolerance_changed_ml",
    "tolerance_changed_percent",
    "jump_ml_per_month",
    "largest_load_ml",
    "largest_load_percent",
)
DIGITS = 6
"""Of what is computed: another machine may add up in another order."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What stands for a promotion and against it.

    Attributes
    ----------
    active : ModelVersion or None
        What would be replaced.
    content : dict
        The impact by study, plain values that are the same as JSON.
    sha256 : str
        Of the content in canonical JSON.
    obstacles : tuple of str
        What bars the promotion, in words; empty where nothing does.
    signed_visit_count : int
        Visits with a standing signature: it becomes void where the load is another one. No part
        of what is signed, since people sign visits every day.
    """

    model: ModelVersion
    active: ModelVersion | None
    content: dict[str, Any]
    sha256: str
    obstacles: tuple[str, ...]
    signed_visit_count: int

    @property
    def study_count(self) -> int:
        """How many studies have results of either method."""
        return len(self.content["studies"])


def studies_with_results(model: ModelVersion) -> list[Study]:
    """Return the studies in which a result of the active method or of another one stands."""
    runs = SegmentationRun.objects.filter(analysis_flag=True).filter(
        model_version__in=[model.pk, *ModelVersion.objects.filter(state=ReleaseState.ACTIVE)]
    )
    return list(Study.objects.filter(pk__in=runs.values("visit__patient__study")).order_by("code"))


def assess(model: ModelVersion, *, user: Any) -> Assessment:
    """Return the impact of a candidate over every study, and what bars its promotion.

    Raises
    ------
    PermissionDenied
        If a study has results that the person does not see: nobody signs for those.
    """
    studies = studies_with_results(model)
    promotes_in(user, studies)
    active = loads.active_model()
    by_study = [(study, impact.rows(study, model, user=user)) for study in studies]
    content = {
        "format": FORMAT,
        "model": _named(model),
        "replaces": None if active is None else _named(active),
        "studies": [_of_study(study, rows) for study, rows in by_study],
    }
    obstacles = list(_of_models(model, active))
    for study, rows in by_study:
        obstacles += _obstacles(study, rows, impact.is_moving(study, model, user=user))
    signed = _signed_visit_count([row for _, rows in by_study for row in rows])
    return Assessment(model, active, content, sha256_of(content), tuple(obstacles), signed)


def sha256_of(content: dict[str, Any]) -> str:
    """Return the hash of plain values in canonical JSON."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _named(model: ModelVersion) -> dict[str, str]:
    return {"id": str(model.pk), "name": str(model), "sha256": model.sha256}


def _of_study(study: Study, rows: Sequence[Row]) -> dict[str, Any]:
    flags = impacts.flag_changes(rows, study)
    counted = sum(row.counted is not None for row in rows)
    return {
        "code": study.code,
        "counted": counted,
        "compared": sum(row.difference_ml is not None for row in rows),
        "lost": sum(row.is_lost for row in rows),
        "apart": sum(row.is_apart for row in rows),
        "new": len(rows) - counted,
        "settings": _settings(study),
        "flags": {"come": flags.appearing, "go": flags.vanishing, "stay": flags.kept},
        "agreement": [_agreement(one) for one in impacts.agreements(rows)],
        "flag_changes": sorted(
            [str(change.visit_id), change.kind, "comes" if change.appears else "goes"]
            for change in flags.changes
        ),
        "visits": sorted(_of_visit(row) for row in rows),
    }


def _settings(study: Study) -> list[str]:
    """Return the settings that decide what is flagged."""
    return [f"{name} {getattr(study, name).normalize():f}" for name in OF_THE_REVIEW]


def _signed_visit_count(rows: Sequence[Row]) -> int:
    visits = [row.visit.visit_id for row in rows]
    standing = Signature.objects.filter(record_id__in=visits, voided_at__isnull=True)
    return standing.values("record_id").distinct().count()


def _agreement(one: impacts.Agreement) -> dict[str, Any]:
    found = one.found
    if found is None:
        return {"stratum": one.stratum, "n": one.n, "reason": one.reason}
    return {
        "stratum": one.stratum,
        "n": found.n,
        "n_patients": found.n_subjects,
        "bias_ml": round(found.bias, DIGITS),
        "lower_limit_ml": round(found.lower_limit, DIGITS),
        "upper_limit_ml": round(found.upper_limit, DIGITS),
    }


def _of_visit(row: Row) -> list[str | None]:
    """Return visit, run and load of either method, and why they are not compared.

    Loads are written as text: the shortest that gives the same number back.
    """
    return [
        str(row.visit.visit_id),
        *("" if point is None else str(point.run_id) for point in (row.counted, row.other)),
        *("" if point is None else repr(point.load_ml) for point in (row.counted, row.other)),
        "" if row.gap is None else row.gap.code,
    ]


def _of_models(model: ModelVersion, active: ModelVersion | None) -> list[str]:
    found = []
    if model.state != ReleaseState.CANDIDATE:
        found.append(f"{model} is {model.get_state_display()}; only a candidate is promoted.")
    if active is None:
        found.append("No method counts yet. The operator makes the first one active.")
    return found


def _obstacles(study: Study, rows: Sequence[Row], is_moving: bool) -> list[str]:
    found = []
    waiting = [row.gap for row in rows if row.gap is not None and not row.gap.is_final]
    if waiting:
        reasons = ", ".join(f"{count} {label}" for label, count in impact.grouped(waiting))
        noun = "load has" if len(waiting) == 1 else "loads have"
        found.append(f"{study.code}: {len(waiting)} {noun} none beside it yet ({reasons}).")
    elif is_moving:
        found.append(f"{study.code}: segmentations by this method still wait or run.")
    held = impacts.held_changes(rows)
    if held.visits:
        noun = "visit" if held.visits == 1 else "visits"
        found.append(
            f"{study.code}: {held.visits} frozen or locked {noun} would show another load, or "
            f"none ({held.words})."
        )
    return found
