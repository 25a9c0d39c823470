"""What is possible but rare, or cannot be right, in one patient's record.

Each rule reads plain data and returns findings in words: what was expected, what was found,
what to do. A finding changes no data; it asks the site. No rule reads a load, and none sets a
GMFC-MLD level against an MRI score: in real data late-infantile patients reach level 6 with
low scores, and treated juveniles have high scores at level 0 (domain reference, 15).
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from mldtrial.trial.rules.age import age_months
from mldtrial.trial.rules.subtype import Subtype

LATE_INFANTILE_LOSES_WALKING_MONTHS = 40
"""Late-infantile patients had lost all gross motor function by 3 years 4 months (Kehrer 2011)."""
LATE_INFANTILE_LOSES_SPEECH_MONTHS = 47
"""They lost expressive language at a median of 32 months, range 22 to 47 (Kehrer 2014)."""
WALKS_UP_TO_LEVEL = 1
DAYS_FROM_VISIT = 14
ONSET_TOLERANCE_MONTHS = 1.0
"""Ages count from the middle of the birth month, so that a month more or less says nothing."""


class Severity(StrEnum):
    """How sure a rule is."""

    RARE = "RARE"
    """Possible, but rare: to be confirmed."""
    CONTRADICTION = "CONTRADICTION"
    """Two entries cannot both be right."""


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A visit; `key` is whatever names it outside."""

    key: Hashable
    name: str
    number: float
    date: date


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """A level that was assessed at a visit."""

    visit: VisitFacts
    level: int
    assessed_on: date


@dataclass(frozen=True, slots=True)
class Course:
    """All that the rules know of a patient.

    Attributes
    ----------
    levels : dict of str to sequence of ScoreFacts
        By instrument, in order of the day of assessment.
    treatments : sequence of (date, name)
        Documented therapies and the first study dose, which is recorded alike in every arm.
    consented_on : date or None
        The day of the first consent; None where none is recorded.
    """

    birth_month: date
    onset_age_months: int | None
    subtype: str
    visits: Sequence[VisitFacts]
    levels: dict[str, Sequence[ScoreFacts]]
    treatments: Sequence[tuple[date, str]]
    consented_on: date | None = None

    def age_at(self, day: date) -> float:
        """Return the age in months."""
        return age_months(self.birth_month, day)

    def treatment_before(self, day: date) -> str | None:
        """Return the name of the latest treatment that had begun before a day."""
        begun = [(start, name) for start, name in self.treatments if start < day]
        return max(begun)[1] if begun else None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: at a visit, or in the whole record where `visit` is None."""

    code: str
    visit: Hashable | None
    words: str


Found = tuple[VisitFacts | None, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule."""

    code: str
    severity: Severity
    title: str
    find: Callable[[Course], Iterator[Found]]


GMFC, ELFC = "GMFC-MLD", "ELFC-MLD"


def _improvement(instrument: str) -> Callable[[Course], Iterator[Found]]:
    def find(course: Course) -> Iterator[Found]:
        for before, after in pairwise(course.levels.get(instrument, ())):
            if after.level < before.level:
                therapy = course.treatment_before(after.assessed_on)
                yield (
                    after.visit,
                    f"{instrument} is expected to stay or to get worse. It improved from level "
                    f"{before.level} ({before.visit.name}, {before.assessed_on}) to level "
                    f"{after.level} on {after.assessed_on}"
                    + (f"; this can follow {therapy}" if therapy else "")
                    + ". Please check both levels: correct the one that is wrong, or confirm "
                    "the improvement.",
                )

    return find


def _before_onset(instrument: str) -> Callable[[Course], Iterator[Found]]:
    def find(course: Course) -> Iterator[Found]:
        onset = course.onset_age_months
        for score in course.levels.get(instrument, ()):
            age = course.age_at(score.assessed_on)
            if score.level > 0 and onset is not None and age < onset - ONSET_TOLERANCE_MONTHS:
                yield (
                    score.visit,
                    f"Before the first symptom {instrument} is expected to be level 0. It is level "
                    f"{score.level} on {score.assessed_on}, at {age:.0f} months, and the first "
                    f"symptom is recorded at {onset} months. Please check the level and the age "
                    "at first symptom.",
                )

    return find


def _no_onset(course: Course) -> Iterator[Found]:
    if course.onset_age_months is not None:
        return
    for instrument, scores in course.levels.items():
        for score in scores:
            if score.level > 0:
                yield (
                    None,
                    "No first symptom is recorded, so level 0 is expected throughout. "
                    f"{instrument} is level {score.level} on {score.assessed_on}. Please record "
                    "the age at first symptom, or check the level.",
                )
                return


def _still_walking(course: Course) -> Iterator[Found]:
    for score in _untreated_late_infantile(course, GMFC, LATE_INFANTILE_LOSES_WALKING_MONTHS):
        if score.level <= WALKS_UP_TO_LEVEL:
            yield (
                score.visit,
                "Untreated late-infantile patients are expected to have lost walking by "
                f"{LATE_INFANTILE_LOSES_WALKING_MONTHS} months. GMFC-MLD is level {score.level} at "
                f"{course.age_at(score.assessed_on):.0f} months ({score.assessed_on}). Please "
                "check the level, the age at first symptom and whether a treatment is missing.",
            )


def _still_speaking(course: Course) -> Iterator[Found]:
    for score in _untreated_late_infantile(course, ELFC, LATE_INFANTILE_LOSES_SPEECH_MONTHS):
        if score.level == 0:
            yield (
                score.visit,
                "Untreated late-infantile patients are expected to have lost speech by "
                f"{LATE_INFANTILE_LOSES_SPEECH_MONTHS} months. ELFC-MLD is E0 at "
                f"{course.age_at(score.assessed_on):.0f} months ({score.assessed_on}). Please "
                "check the level, the age at first symptom and whether a treatment is missing.",
            )


def _untreated_late_infantile(
    course: Course, instrument: str, after_months: int
) -> Iterator[ScoreFacts]:
    if course.subtype != Subtype.LATE_INFANTILE:
        return
    for score in course.levels.get(instrument, ()):
        is_old = course.age_at(score.assessed_on) > after_months
        if is_old and course.treatment_before(score.assessed_on) is None:
            yield score


def _far_from_visit(instrument: str) -> Callable[[Course], Iterator[Found]]:
    def find(course: Course) -> Iterator[Found]:
        for score in course.levels.get(instrument, ()):
            days = (score.assessed_on - score.visit.date).days
            if abs(days) > DAYS_FROM_VISIT:
                yield (
                    score.visit,
                    f"{instrument} is expected within {DAYS_FROM_VISIT} days of its visit. "
                    f"{score.visit.name} was on {score.visit.date}, the assessment on "
                    f"{score.assessed_on}: {abs(days)} days {'after' if days > 0 else 'before'} "
                    "it. Please check both dates (day and month exchanged?), or confirm them.",
                )

    return find


def _visit_order(course: Course) -> Iterator[Found]:
    for before, after in pairwise(sorted(course.visits, key=lambda visit: visit.date)):
        if after.number < before.number:
            yield (
                after,
                "Visits are expected to follow their numbers. "
                f"{after.name} (number {after.number:g}) on {after.date} comes after "
                f"{before.name} (number {before.number:g}) on {before.date}. Please check the "
                "dates (day and month exchanged?) and which visit each is.",
            )


def _visit_before_birth(course: Course) -> Iterator[Found]:
    for visit in course.visits:
        if visit.date < course.birth_month:
            yield (
                visit,
                f"A visit is expected after birth ({course.birth_month:%Y-%m}). {visit.name} is on "
                f"{visit.date}. Please check the date and the month of birth.",
            )


def _visit_before_consent(course: Course) -> Iterator[Found]:
    consented = course.consented_on
    for visit in course.visits:
        if consented is not None and visit.date < consented:
            yield (
                visit,
                f"A visit is expected on or after the first consent ({consented}). {visit.name} is "
                f"on {visit.date}. Please check both dates, or confirm that the consent covers "
                "what was done before it.",
            )


def _treatment_before_birth(course: Course) -> Iterator[Found]:
    for start, name in course.treatments:
        if start < course.birth_month:
            yield (
                None,
                f"A treatment is expected after birth ({course.birth_month:%Y-%m}). {name} began "
                f"on {start}. Please check its date and the month of birth.",
            )


def _rules() -> Iterator[Rule]:
    rare, wrong = Severity.RARE, Severity.CONTRADICTION
    for name in (GMFC, ELFC):
        code = name.split("-", maxsplit=1)[0]
        yield Rule(f"{code}-IMPROVEMENT", rare, f"{name} improved", _improvement(name))
        yield Rule(
            f"{code}-BEFORE-ONSET", wrong, f"{name} before the first symptom", _before_onset(name)
        )
        yield Rule(
            f"{code}-FAR-FROM-VISIT", rare, f"{name} far from its visit", _far_from_visit(name)
        )
    yield Rule("ONSET-MISSING", wrong, "a symptom, but no first symptom", _no_onset)
    yield Rule("LI-STILL-WALKING", rare, "late-infantile and walking late", _still_walking)
    yield Rule("LI-STILL-SPEAKING", rare, "late-infantile and speaking late", _still_speaking)
    yield Rule("VISIT-ORDER", wrong, "visits out of order", _visit_order)
    yield Rule("VISIT-BEFORE-BIRTH", wrong, "visit before birth", _visit_before_birth)
    # Not a contradiction: a consent can cover images that were made before it.
    yield Rule(
        "VISIT-BEFORE-CONSENT", rare, "visit before the first consent", _visit_before_consent
    )
    yield Rule("TREATMENT-BEFORE-BIRTH", wrong, "treatment before birth", _treatment_before_birth)


RULES: dict[str, Rule] = {rule.code: rule for rule in _rules()}


def find_all(course: Course) -> list[Finding]:
    """Return what all rules find, at most one finding for each rule and visit."""
    found: dict[tuple[str, Hashable | None], Finding] = {}
    for rule in RULES.values():
        for visit, words in rule.find(course):
            key = None if visit is None else visit.key
            found.setdefault((rule.code, key), Finding(rule.code, key, words))
    return list(found.values())
