"""Freeze where the untreated loads of a cohort lie, to stand behind the courses of a study."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from analytics.models import ReferenceCohort
from analytics.selectors import loads
from analytics.selectors.loads import LoadPoint
from analytics.selectors.reference_cohorts import AGE, ONSET
from analytics.stats.reference_bands import FEWEST_PATIENTS, reference_band
from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import Patient, Study
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.selectors import subtype_of

DECIMALS = 3
TAKEN = (
    "A reference cohort of this study has this name. Each keeps its own, so that a page names it."
)


@transaction.atomic
def freeze(*, study: Study, source: Study, name: str, reason: str, by: Any) -> ReferenceCohort:
    """Freeze the untreated loads of a study by subtype, and show them in the courses of another.

    Only loads that count and the person may see are taken, of patients whose subtype is known, and
    of each the loads up to the day of the first treatment. 3D and 2D are never pooled. What is
    shown so far is shown no longer.

    Raises
    ------
    PermissionDenied
        If the person is not data manager of both studies.
    ValidationError
        If the name is taken, or no subtype has enough patients for any month.
    """
    policies.require(by, "freeze_reference", study)
    policies.require(by, "freeze_reference", source)
    found = [one for one in loads.study_loads(source, user=by) if not one.is_after_treatment]
    patients = Patient.objects.in_bulk({one.patient_id for one in found})
    subtypes = {key: subtype_of(one, source).subtype for key, one in patients.items()}
    kept = [one for one in found if subtypes[one.patient_id] != Subtype.UNDETERMINED]
    model = loads.active_model()
    bands = list(_bands(kept, patients, subtypes))
    if model is None or not bands:
        raise ValidationError({"source": _nothing(source, kept)})
    try:
        with transaction.atomic(), because(reason):
            _end(study)
            return ReferenceCohort.objects.create(
                study=study,
                source=source,
                model_version=model,
                name=name,
                bands=bands,
                patients=sorted(str(key) for key in {one.patient_id for one in kept}),
                load_count=len(kept),
                sha256=sha256_of(bands),
                frozen_by=by,
            )
    except IntegrityError as error:
        raise ValidationError({"name": TAKEN}) from error


@transaction.atomic
def stop_showing(*, study: Study, reason: str, by: Any) -> int:
    """Show no reference cohort in the courses of a study any more; returns how many were shown.

    Raises
    ------
    PermissionDenied
        If the person is not data manager of the study.
    """
    policies.require(by, "freeze_reference", study)
    with because(reason):
        return _end(study)


def sha256_of(bands: Sequence[Any]) -> str:
    """Return the hash of bands, independent of the order of keys."""
    return hashlib.sha256(json.dumps(bands, sort_keys=True).encode()).hexdigest()


def _end(study: Study) -> int:
    shown = ReferenceCohort.objects.select_for_update().filter(study=study, is_current=True)
    for one in shown:
        one.is_current = False
        one.save(update_fields=["is_current"])
    return len(shown)


def _nothing(source: Study, kept: Sequence[LoadPoint]) -> str:
    patients = len({one.patient_id for one in kept})
    return (
        f"A band needs {FEWEST_PATIENTS} untreated patients of one subtype, scanned alike (3D or "
        f"2D), on both sides of one month. {source.code} has {patients} untreated "
        f"patient{'' if patients == 1 else 's'} with a load and a subtype, never so many together."
    )


def _bands(
    kept: Sequence[LoadPoint], patients: dict[UUID, Patient], subtypes: dict[UUID, Subtype]
) -> Iterator[dict[str, Any]]:
    groups: dict[tuple[str, str], list[LoadPoint]] = defaultdict(list)
    for one in kept:
        groups[subtypes[one.patient_id].value, one.acq_stratum].append(one)
    for (subtype, stratum), group in sorted(groups.items()):
        for clock, begins in _begins(patients).items():
            timed = [(one, begins(one)) for one in group]
            there = [(one, begin) for one, begin in timed if begin is not None]
            band = reference_band(
                [one.patient_id for one, _ in there],
                [one.age_months - begin for one, begin in there],
                [one.load_ml for one, _ in there],
            )
            if band:
                yield {
                    "clock": clock,
                    "subtype": subtype,
                    "acq_stratum": stratum,
                    "points": [
                        [p.months, p.n_patients, *(round(q, DECIMALS) for q in _quartiles(p))]
                        for p in band
                    ],
                }


def _quartiles(point: Any) -> tuple[float, float, float]:
    return point.low, point.median, point.high


def _begins(patients: dict[UUID, Patient]) -> dict[str, Callable[[LoadPoint], float | None]]:
    """Return the age at which each clock stands at 0, by clock; None where it does not run."""

    def onset(one: LoadPoint) -> float | None:
        months = patients[one.patient_id].onset_age_months
        return None if months is None else float(months)

    return {AGE: lambda _: 0.0, ONSET: onset}
