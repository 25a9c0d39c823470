"""What the report of a cohort says to one person: the numbers of the pages, never an arm."""

from datetime import date
from typing import Any

from django.template.defaultfilters import floatformat
from django.utils import timezone

from analytics.reports import ABSENT
from analytics.reports.cohort import CohortReport, Section
from analytics.reports.periods import day_period
from analytics.selectors import cohort, relations, shown_method
from analytics.selectors import cohort_digest as digest
from analytics.selectors.cohort import Filters
from analytics.selectors.relations import Estimated
from analytics.selectors.samples import computed
from analytics.selectors.trained import trained_among
from analytics.services import papers, rising
from analytics.services.opposition_words import READ_GROUPS_FIRST, opposed
from analytics.services.rising import Rising
from analytics.stats.monotone_shares import StudyMonotonicity
from mldtrial.trial import policies
from mldtrial.trial.models import Study

RISING_HEADS = (
    "Scans", "Patients", "No fall", "No fall beyond noise", "Next scans", "Not lower",
    "Within noise", "Trend, z (p)", "Largest fall, mL", "Residual",
)  # fmt: skip
RISING_NOTE = (
    "Patients with two scans or more of one stratum, by one method. Untreated, a load should not "
    "fall. No fall: the patients none of whose scans lies below any earlier one; no fall beyond "
    "noise: by more than the study's tolerance of the two. Next scans: each scan against the one "
    "before it; within noise: not lower by more than the tolerance. Trend: Mann-Kendall, "
    "stratified by patient. Largest fall and residual (what no rising course explains, 0 to 1): "
    "medians of patients. After treatment a fall may be real: such scans are counted, not left "
    "out."
)


def report(study: Study, *, user: Any, period: str) -> CohortReport:
    """Return the report of a study for a person, of the whole cohort as it stands now.

    A week or a month says when it was due. Its title tells the day as well: it holds the state of
    that day, not of the whole period.

    Raises
    ------
    PermissionDenied
        If the person may not view the cohort.
    """
    version = papers.data_version()
    study = Study.objects.get(pk=study.pk)
    policies.require(user, "view_cohort", study)
    now = timezone.localtime()
    smallest = policies.smallest_group(user, study)
    part = cohort.part(study, user=user, filters=Filters())
    columns = part.columns
    found = relations.with_intervals(relations.planned(columns, smallest), computed)
    method, is_demonstration = digest.method()
    trained = trained_among(study, shown_method.active(), columns.patients())
    return CohortReport(
        title=f"Cohort of {study.code}, {_state_of(period, now.date())}",
        facts=(
            ("Study", f"{study.code} {study.name}"),
            ("Report of", _state_of(period, now.date())),
            ("Segmented scans", str(part.size)),
            ("Patients with a load", str(columns.n_patients)),
            ("Method", method),
            ("Made for", str(user)),
        ),
        warnings=_warnings(is_demonstration, trained.words, found),
        correlations=digest.estimable(found),
        sections=(
            digest.scans(columns),
            *(digest.relation(one, study, caution=READ_GROUPS_FIRST) for one in found),
            _rising(rising.rising(part.loads, study, smallest_group=smallest)),
            digest.flags(study, user=user),
            digest.falls(study, user=user, smallest_group=smallest),
            digest.open_queries(study, user=user),
            digest.visits(study, user=user),
        ),
        origin=papers.origin(
            of=f"{study.code} · cohort report {period}", by=user, version=version, at=now
        ),
    )


def _state_of(period: str, day: date) -> str:
    """Return a period with the day of its state, which a report of a day is named by already."""
    return period if period == day_period(day) else f"{period} (state of {day.isoformat()})"


def _warnings(is_demonstration: bool, trained: str, found: list[Estimated]) -> tuple[str, ...]:
    said = [papers.DEMONSTRATION] if is_demonstration else []
    if trained:
        said.append(trained)
    for one in found:
        for side in one.side_by_side:
            words = opposed(side, one.relation)
            if words is not None:
                said.append(f"{one.relation.title}, {words.head} {words.body}")
    return tuple(said)


def _rising(rows: list[Rising]) -> Section:
    return Section(
        "Courses that rise",
        RISING_HEADS,
        tuple((row.stratum, *_courses(row.found, row.reason)) for row in rows),
        RISING_NOTE,
    )


def _courses(found: StudyMonotonicity | None, reason: str) -> tuple[str, ...]:
    if found is None:
        return (reason, *[""] * (len(RISING_HEADS) - 2))
    trend = ABSENT
    if found.trend is not None:
        p = "< 0.001" if found.trend.p_value < 0.001 else f"= {floatformat(found.trend.p_value, 3)}"
        trend = f"{floatformat(found.trend.z, 2)} (p {p})"
    residual = found.median_isotonic_residual
    return (
        str(found.n_subjects),
        rising.whole_percent(found.share_subjects_not_falling),
        rising.whole_percent(found.share_subjects_within_noise),
        _pairs(found),
        rising.whole_percent(found.share_not_falling),
        rising.whole_percent(found.share_within_noise),
        trend,
        floatformat(found.median_drawdown, 1),
        ABSENT if residual is None else floatformat(residual, 3),
    )


def _pairs(found: StudyMonotonicity) -> str:
    after = found.n_pairs_after_treatment
    return f"{found.n_pairs} ({after} after treatment)" if after else str(found.n_pairs)
