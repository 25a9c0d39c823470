"""Freeze where the untreated loads of a cohort lie, to stand behind the courses of a study."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from analytics.models import ReferenceCohort
from analytics.selectors import loads
from analytics.selectors.loads import LoadPoint
from analytics.selectors.reference_cohorts import AGE, ONSET, rules_of, sha256_of
from analytics.stats.reference_bands import FEWEST_PATIENTS, reference_band
from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import Disposition, Patient, Study
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.selectors import subtype_of
from mldtrial.trial.selectors.consent import without_consent_for_images
from segmentation.models import ModelVersion

DECIMALS = 0
"""Of a band, in mL: no single load can be told to its last digit from the quartiles of a few."""
TAKEN = (
    "A reference cohort of this study has this name. Each keeps its own, so that a page names it."
)


@transaction.atomic
def freeze(*, study: Study, source: Study, name: str, reason: str, by: Any) -> ReferenceCohort:
    """Freeze the untreated loads of a study by subtype, and show them in the courses of another.

    Only loads that count and the person may see are taken, of patients whose subtype is known by
    the rules of the study that shows them and who have not withdrawn the consent for images, and of
    each the scans up to the day of the first treatment. 3D and 2D are never pooled. What is shown
    so far is shown no longer.

    Raises
    ------
    PermissionDenied
        If the person is not data manager of both studies.
    ValidationError
        If the name is taken, or no subtype has enough patients for any month.
    """
    policies.require(by, "freeze_reference", study)
    policies.require(by, "freeze_reference", source)
    # Two people who freeze at once come one after the other.
    Study.objects.select_for_update().get(pk=study.pk)
    model = loads.active_model()
    kept, patients = ([], {}) if model is None else _untreated(source, model, by)
    subtypes = {key: subtype_of(one, study).subtype for key, one in patients.items()}
    kept = [one for one in kept if subtypes[one.patient_id] != Subtype.UNDETERMINED]
    bands = list(_bands(kept, patients, subtypes, rules_of(study)))
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


def _untreated(
    source: Study, model: ModelVersion, by: Any
) -> tuple[list[LoadPoint], dict[UUID, Patient]]:
    refused = without_consent_for_images(Disposition.objects.filter(patient__study=source))
    found = [
        one
        for one in loads.study_loads(source, user=by, model=model)
        if not one.is_after_treatment and one.patient_id not in refused
    ]
    return found, Patient.objects.in_bulk({one.patient_id for one in found})


def _bands(
    kept: Sequence[LoadPoint],
    patients: dict[UUID, Patient],
    subtypes: dict[UUID, Subtype],
    rules: list[str],
) -> Iterator[dict[str, Any]]:
    groups: dict[tuple[str, str], list[LoadPoint]] = defaultdict(list)
    for one in kept:
        groups[subtypes[one.patient_id].value, one.acq_stratum].append(one)
    for (subtype, stratum), group in sorted(groups.items()):
        for clock, begins in _begins(patients).items():
            timed = [(one, begins(one)) for one in group]
            # Of two scans at one age, as in the first days of life, the later one is taken.
            there = {
                (one.patient_id, one.age_at_scan_months - begin): one.load_ml
                for one, begin in timed
                if begin is not None
            }
            band = reference_band(
                [patient for patient, _ in there], [at for _, at in there], list(there.values())
            )
            if band:
                yield {
                    "clock": clock,
                    "subtype": subtype,
                    "acq_stratum": stratum,
                    "rules": rules,
                    "points": [
                        [
                            p.months,
                            p.n_patients,
                            *(round(q, DECIMALS) for q in (p.low, p.median, p.high)),
                        ]
                        for p in band
                    ],
                }


def _begins(patients: dict[UUID, Patient]) -> dict[str, Callable[[LoadPoint], float | None]]:
    """Return the age at which each clock stands at 0, by clock; None where it does not run."""

    def onset(one: LoadPoint) -> float | None:
        months = patients[one.patient_id].onset_age_months
        return None if months is None else float(months)

    return {AGE: lambda _: 0.0, ONSET: onset}
