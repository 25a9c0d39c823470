"""When the patients of a study reached a level of GMFC-MLD, as far as their assessments tell."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from analytics.selectors import cohort_scores, loads
from analytics.selectors.cohort import windows_of
from analytics.selectors.loads import LoadPoint
from analytics.selectors.milestone_question import ARM, ONSET, TREATMENT, Question
from analytics.stats.milestones import Milestone, milestone
from analytics.stats.progress import is_safe
from mldtrial.trial.models import Patient, Study, Treatment
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules.age import DAYS_PER_MONTH, MID_MONTH_DAY
from mldtrial.trial.selectors import arms_of_everybody, subtype_of

NO_LEVEL = "no GMFC-MLD is on record"
TWO_LEVELS = "two levels of GMFC-MLD are on record for one day"
NO_ONSET = "there was no first symptom, or its age is not known"
NO_TREATMENT = "no treatment is on record"
NOT_ENROLLED = "the day of enrolment, from which an arm counts, is not on record"
NO_LOAD = "no load of such a scan lies near enough to the day the patient enters"
OF_A_PATIENT = (
    "subject_code", "birth_month", "onset_age_months", "sibling_onset_age_months",
    "genotype_class", "enrolled_on", "first_study_dose_on", "site__code", "site__name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Baseline:
    """The load of the scan nearest to the entry: the first assessment below the milestone.

    Or day 0 or, where arms are told apart, enrolment, if that is later.
    """

    load_ml: float
    day: float


@dataclass(frozen=True, slots=True)
class Watched:
    """A patient of the part of the cohort that is asked for; days are since the origin.

    Attributes
    ----------
    therapies : tuple of (float, str)
        Day and kind of each documented therapy, never the study's own.
    reached : Milestone or str
        Or why the patient cannot be counted.
    counts_from : float
        Where arms are told apart, the day of enrolment: nobody is of an arm before it.
    """

    patient_id: UUID
    subject_code: str
    site_code: str
    subtype: str
    arm: str
    therapies: tuple[tuple[float, str], ...]
    reached: Milestone | str
    baseline: Baseline | None = None
    counts_from: float = 0.0


@dataclass(frozen=True, slots=True)
class MilestonePart:
    """A part of the cohort as a person may see it, and what it may be narrowed by.

    Attributes
    ----------
    question : Question
        What was asked for, without what is not there for this person.
    arms : tuple of str
        Empty while arms are not told.
    is_withheld : bool
        True where the part, or what it leaves out, is too small a group for this person.
    """

    question: Question
    watched: list[Watched]
    sites: tuple[tuple[str, str], ...]
    arms: tuple[str, ...]
    is_withheld: bool

    def left_out(self) -> list[tuple[str, int]]:
        """Return how many patients cannot be counted, by the reason, the commonest first."""
        reasons = [one.reached for one in self.watched if isinstance(one.reached, str)]
        return Counter(reasons).most_common()


@dataclass(frozen=True, slots=True)
class _Records:
    """What is on record of all patients, by patient."""

    levels: Mapping[UUID, Sequence[tuple[date, int]]]
    therapies: Mapping[UUID, Sequence[tuple[date, str]]]
    arms: Mapping[UUID, str]
    loads: Mapping[UUID, Sequence[LoadPoint]]


def part(study: Study, *, user: Any, question: Question, smallest_group: int = 1) -> MilestonePart:
    """Return the patients of a part of a study with the days between which each reached a level.

    A time counts from the first assessment below the level. Age begins in the middle of the month
    of birth; time since treatment with the first documented therapy, or the first study dose, which
    is recorded identically in every arm.

    Parameters
    ----------
    smallest_group : int
        Patients below which nothing is told apart for this person.
    """
    patients = list(
        visible_to(user, Patient.objects.filter(study=study))
        .select_related("site")
        .only("id", *OF_A_PATIENT)
    )
    arms = arms_of_everybody(study, user=user)
    sites = tuple(sorted({(one.site.code, one.site.name) for one in patients}))
    told = tuple(sorted(set(arms.values())))
    known = question.among({code for code, _ in sites}, told)
    records = _Records(
        cohort_scores.gmfc_levels(study, user=user),
        _therapies(study, user),
        arms,
        _loads(study, user, known.load_stratum),
    )
    found = [_watched(patient, study, known, records) for patient in patients]
    is_withheld = not _is_safe(found, known, smallest_group)
    kept = [] if is_withheld else [one for one in found if _accepts(known, one)]
    return MilestonePart(known, kept, sites, told, is_withheld)


def _therapies(study: Study, user: Any) -> dict[UUID, list[tuple[date, str]]]:
    rows = visible_to(user, Treatment.objects.filter(patient__study=study)).order_by()
    found: dict[UUID, list[tuple[date, str]]] = {}
    for patient_id, day, kind in rows.values_list("patient_id", "started_on", "kind"):
        found.setdefault(patient_id, []).append((day, kind))
    return found


def _loads(study: Study, user: Any, stratum: str) -> dict[UUID, list[LoadPoint]]:
    found: dict[UUID, list[LoadPoint]] = {}
    if stratum:
        for load in loads.study_loads(study, user=user):
            if load.acq_stratum == stratum:
                found.setdefault(load.patient_id, []).append(load)
    return found


def _watched(patient: Patient, study: Study, question: Question, records: _Records) -> Watched:
    subtype = subtype_of(patient, study).subtype.value
    begun = records.therapies.get(patient.pk, ())
    origin = _origin(patient, question.clock, [day for day, _ in begun])
    levels = records.levels.get(patient.pk, ())
    reached: Milestone | str
    reached = origin if isinstance(origin, str) else _reached(levels, origin, question)
    therapies, baseline, counts_from = [], None, 0.0
    if not isinstance(origin, str):
        if question.tells_arm:
            if patient.enrolled_on is None:
                reached = NOT_ENROLLED
            else:
                counts_from = max(0.0, float((patient.enrolled_on - origin).days))
        therapies = [(float((day - origin).days), kind) for day, kind in begun]
        if question.load_stratum and isinstance(reached, Milestone):
            own = records.loads.get(patient.pk, ())
            entry = max(reached.entry, counts_from)
            baseline = _baseline(own, origin, entry, windows_of(study).days(subtype))
            reached = NO_LOAD if baseline is None else reached
    return Watched(
        patient_id=patient.pk,
        subject_code=patient.subject_code,
        site_code=patient.site.code,
        subtype=subtype,
        arm=records.arms.get(patient.pk, ""),
        therapies=tuple(sorted(therapies)),
        reached=reached,
        baseline=baseline,
        counts_from=counts_from,
    )


def _origin(patient: Patient, clock: str, treated_on: Sequence[date]) -> date | str:
    """Return day 0 of a clock, or why a patient has none."""
    born = patient.birth_month.replace(day=MID_MONTH_DAY)
    if clock == ONSET:
        if patient.onset_age_months is None:
            return NO_ONSET
        return born + timedelta(days=round(patient.onset_age_months * DAYS_PER_MONTH))
    if clock == TREATMENT:
        dose = patient.first_study_dose_on
        starts = [*treated_on, *([dose] if dose is not None else [])]
        return min(starts) if starts else NO_TREATMENT
    return born


def _reached(
    levels: Sequence[tuple[date, int]], origin: date, question: Question
) -> Milestone | str:
    one_a_day = dict(levels)
    if not one_a_day:
        return NO_LEVEL
    if len(set(levels)) > len(one_a_day):
        return TWO_LEVELS
    return milestone(
        list(one_a_day.items()), question.level, origin, confirmed=question.is_confirmed
    )


def _baseline(
    own: Sequence[LoadPoint], origin: date, entry: float, window_days: int
) -> Baseline | None:
    """Return the load nearest to the entry, of two equally near ones the earlier."""
    near = []
    for load in own:
        scanned_on = load.visit_date + timedelta(days=load.days_from_visit or 0)
        day = float((scanned_on - origin).days)
        gap = abs(day - entry)
        if gap <= window_days:
            near.append((gap, day, load.load_ml))
    if not near:
        return None
    _, day, load_ml = min(near)
    return Baseline(load_ml, day)


def _accepts(question: Question, one: Watched) -> bool:
    asked = question.filters
    return (
        asked.subtype in ("", one.subtype)
        and asked.site in ("", one.site_code)
        and asked.arm in ("", one.arm)
    )


def _is_safe(found: Sequence[Watched], question: Question, smallest: int) -> bool:
    """Return whether every group that the question tells apart has so many patients.

    Of the whole cohort: who sees the whole and a part also sees the difference.
    """
    if smallest <= 1:
        return True
    told_apart = {*question.filters.asked, question.by}
    groups = Counter(
        (
            # Subtypes are strata of every comparison.
            one.subtype,
            one.site_code if "site" in told_apart else "",
            one.arm if ARM in told_apart else "",
            tuple(kind for _, kind in one.therapies) if question.tells_therapy else (),
            # Who cannot be counted is told by the reason.
            one.reached if isinstance(one.reached, str) else "",
        )
        for one in found
    )
    return is_safe(groups.values(), smallest)
