"""The demyelination loads that count: one method version, one run per visit.

Pages, charts, the review and the exports all start here, so that what a chart shows is
what a table holds.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, DateField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from analytics.selectors import acquired
from mldtrial.trial.models import Patient, Study, Treatment
from mldtrial.trial.rules.age import age_months
from segmentation.imaging.acquisitions import Acquisition
from segmentation.models import ModelVersion, ReleaseState, SegmentationResult, SegmentationRun
from segmentation.policies import visible_to

STUDY_DOSE = ""
"""Stands for the study's own product among the kinds of treatment."""
Begun = dict[UUID, list[tuple[date, str]]]
"""By patient, the first day of each treatment and its kind."""


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """One load of a patient's series, with what its tolerance depends on.

    Attributes
    ----------
    age_months, age_at_scan_months : float
        On the day of the visit, which tables give, and on that of the scan, which decides of the
        order and the course; the two differ by `days_from_visit`.
    """

    patient_id: UUID
    run_id: UUID
    visit_id: UUID
    visit_number: float
    visit_name: str
    visit_date: date
    days_from_visit: int | None
    age_months: float
    age_at_scan_months: float
    load_ml: float
    acq_stratum: str
    acquisition: Acquisition
    model: str
    is_demonstration: bool
    is_after_treatment: bool
    interval_ml: tuple[float, float] | None = None
    interval_level: float | None = None
    is_planned: bool = False
    therapies: tuple[str, ...] = ()
    """Kinds of documented therapy, never the study's own, that had begun before the scan."""

    @property
    def scanned_on(self) -> date:
        """Day of the scan; that of the visit where the image does not say it."""
        return self.visit_date + timedelta(days=self.days_from_visit or 0)


def active_model() -> ModelVersion | None:
    """Return the method version whose results are shown, or None before one is chosen."""
    active = ModelVersion.objects.filter(state=ReleaseState.ACTIVE)
    return active.select_related("training_set").first()


def counting_results() -> QuerySet[SegmentationResult]:
    """Return the loads of the active method version, one per visit, not narrowed to a person."""
    return flagged_results().filter(run__model_version__state=ReleaseState.ACTIVE)


def flagged_results() -> QuerySet[SegmentationResult]:
    """Return the loads of every method version, one per visit and version, for comparisons."""
    return SegmentationResult.objects.filter(run__analysis_flag=True)


def results(*, user: Any) -> QuerySet[SegmentationResult]:
    """Return the loads of the active method version that a person may see."""
    return visible_to(user, counting_results())


def results_of(model: ModelVersion, *, user: Any) -> QuerySet[SegmentationResult]:
    """Return the loads of any method version that a person may see, for comparisons."""
    return visible_to(user, flagged_results().filter(run__model_version=model))


def load_series(patient: Patient, *, user: Any) -> list[LoadPoint]:
    """Return a patient's loads in order of their scans; empty for who may not see loads."""
    found = results(user=user).filter(run__visit__patient=patient)
    return _points(found, begun([patient]))


def study_loads(study: Study, *, user: Any, model: ModelVersion | None = None) -> list[LoadPoint]:
    """Return the loads of a study that a person may see, by patient and day of the scan.

    Parameters
    ----------
    model : ModelVersion, optional
        Whose loads, for comparisons; those that count without.
    """
    loads = results(user=user) if model is None else results_of(model, user=user)
    found = loads.filter(run__visit__patient__study=study)
    patients = Patient.objects.filter(study=study)
    return _points(found, begun(patients))


def measured_loads(study: Study, runs: QuerySet[SegmentationRun], *, user: Any) -> list[LoadPoint]:
    """Return the loads of runs of a study that a person may see, also those that count nowhere."""
    found = SegmentationResult.objects.filter(run__in=runs)
    return _points(visible_to(user, found), begun(Patient.objects.filter(study=study)))


def series_for_review(patient: Patient) -> list[LoadPoint]:
    """Return a patient's loads for the rules of the review, which no person sees."""
    found = counting_results().filter(run__visit__patient=patient)
    return _points(found, begun([patient]))


def all_series_for_review() -> dict[UUID, list[LoadPoint]]:
    """Return the loads of every patient that has any, for the rules of the review."""
    series: dict[UUID, list[LoadPoint]] = defaultdict(list)
    for point in _points(counting_results(), begun(Patient.objects.all())):
        series[point.patient_id].append(point)
    return dict(series)


def begun(patients: Iterable[Patient]) -> Begun:
    """Return the days on which treatments began, with their kind; absent for the untreated.

    Documented therapies count, and the first study dose, which is recorded identically
    in every arm.
    """
    if isinstance(patients, QuerySet):
        treatments = Treatment.objects.filter(patient__in=patients.values("pk"))
        dosed = patients.filter(first_study_dose_on__isnull=False)
        no_kind = Value(STUDY_DOSE, output_field=CharField())
        doses = dosed.order_by().values_list("pk", no_kind, "first_study_dose_on")
        rows: Iterable[Any] = (
            treatments.order_by().values_list(*OF_A_TREATMENT).union(doses, all=True)
        )
    else:
        treatments = Treatment.objects.filter(patient__in=patients)
        of_study = [(p.pk, STUDY_DOSE, p.first_study_dose_on) for p in patients]
        rows = [*treatments.values_list(*OF_A_TREATMENT), *(row for row in of_study if row[2])]
    found: Begun = defaultdict(list)
    for patient_id, kind, day in rows:
        found[patient_id].append((day, kind))
    return found


def begun_of(
    kinds: Iterable[str] | None, days: Iterable[date] | None, dosed_on: date | None
) -> list[tuple[date, str]]:
    """Return the same of one patient whose row was read with `BEGUN`."""
    given = list(zip(days or (), kinds or (), strict=True))
    return given if dosed_on is None else [*given, (dosed_on, STUDY_DOSE)]


OF_A_TREATMENT = ("patient_id", "kind", "started_on")
_ONE_BY_ONE: dict[str, Any] = {
    "filter": Q(treatments__isnull=False),
    "order_by": "treatments__pk",
}
BEGUN: dict[str, Any] = {
    "treated_with": ArrayAgg("treatments__kind", **_ONE_BY_ONE),
    "treated_on": ArrayAgg("treatments__started_on", **_ONE_BY_ONE),
    "dosed_on": F("first_study_dose_on"),
}
"""Columns of a patient that say which treatments began, where patients are read anyway."""
COLUMNS = (
    "run__visit__patient_id",
    "run__visit__patient__birth_month",
    "run_id",
    "run__visit_id",
    "run__visit__definition_id",
    "run__visit__number",
    "run__visit__name",
    "run__visit__date",
    "run__t1w_scan__days_from_visit",
    "run__t1w_scan__acq_stratum",
    "run__model_version__name",
    "run__model_version__version",
    "run__model_version__is_demonstration",
    "demyelination_load_ml",
    "interval_low_ml",
    "interval_high_ml",
    "interval_level",
)


def in_order(found: QuerySet[SegmentationResult]) -> QuerySet[SegmentationResult]:
    """Return loads by patient and day of the scan; one of no known day is of that of its visit.

    A scan that was accepted from far off its visit may lie beyond that of the next one.
    """
    gap_days = Coalesce(F("run__t1w_scan__days_from_visit"), 0)
    scanned_on = ExpressionWrapper(F("run__visit__date") + gap_days, output_field=DateField())
    return found.order_by(
        "run__visit__patient_id", scanned_on, "run__visit__date", "run__visit__number"
    )


def is_after(scanned_on: Any, begun_on: Any) -> bool:
    """Return whether a scan shows a brain that was treated.

    A scan on the day of the first dose shows the brain before the treatment.
    """
    return bool(scanned_on > begun_on)


def documented(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the documented therapies among treatments, without the study's own."""
    return tuple(sorted(set(kinds) - {STUDY_DOSE}))


def _points(found: QuerySet[SegmentationResult], treatments: Begun) -> list[LoadPoint]:
    rows = in_order(found).annotate(**acquired.COLUMNS).values(*COLUMNS, *acquired.COLUMNS)
    return [_point(row, treatments) for row in rows]


def _point(row: dict[str, Any], treatments: Begun) -> LoadPoint:
    patient_id = row["run__visit__patient_id"]
    day = row["run__visit__date"]
    days_from_visit = row["run__t1w_scan__days_from_visit"]
    scanned_on = day + timedelta(days=days_from_visit or 0)
    given = treatments.get(patient_id, ())
    before = [kind for day_begun, kind in given if is_after(scanned_on, day_begun)]
    low = row["interval_low_ml"]
    return LoadPoint(
        patient_id=patient_id,
        run_id=row["run_id"],
        visit_id=row["run__visit_id"],
        visit_number=float(row["run__visit__number"]),
        visit_name=row["run__visit__name"],
        visit_date=day,
        days_from_visit=days_from_visit,
        age_months=age_months(row["run__visit__patient__birth_month"], day),
        age_at_scan_months=age_months(row["run__visit__patient__birth_month"], scanned_on),
        load_ml=row["demyelination_load_ml"],
        acq_stratum=row["run__t1w_scan__acq_stratum"],
        acquisition=acquired.acquisition_of(*(row[name] for name in acquired.COLUMNS)),
        model=f"{row['run__model_version__name']} {row['run__model_version__version']}",
        is_demonstration=row["run__model_version__is_demonstration"],
        is_after_treatment=bool(before),
        interval_ml=None if low is None else (low, row["interval_high_ml"]),
        interval_level=row["interval_level"],
        is_planned=row["run__visit__definition_id"] is not None,
        therapies=documented(before),
    )
