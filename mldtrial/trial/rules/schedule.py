"""When the visits of a patient are due: computed from their anchors, never stored."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from mldtrial.trial.rules.calendar import window

DOSE = ""
"""The anchor of a visit that counts from the first study dose, not from a named therapy."""


class Anchor(StrEnum):
    """The day from which the target of a visit counts."""

    ENROLMENT = "ENROLMENT"
    TREATMENT = "TREATMENT"
    PREVIOUS_VISIT = "PREVIOUS_VISIT"


class Standing(StrEnum):
    """Where a planned visit stands on a day."""

    DONE = "done"
    NOT_DONE = "not done"
    WAITING = "waiting"
    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Step:
    """One visit of the schedule: `target_day` days after its anchor, with its window."""

    key: UUID
    number: Decimal
    anchor: Anchor
    target_day: int
    before_days: int
    after_days: int
    therapy: str = DOSE
    is_retired: bool = False


@dataclass(frozen=True, slots=True)
class Anchors:
    """The days of one patient that a schedule may count from.

    Attributes
    ----------
    enrolled_on : date or None
        None before enrolment.
    treated_on : mapping of str to date
        First day of each kind of documented therapy; the key `DOSE` is the first study
        dose, recorded identically in every arm.
    """

    enrolled_on: date | None
    treated_on: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Planned:
    """One visit of the schedule as it lies for one patient.

    `due`, `opens` and `closes` are None while the anchor has no date.
    """

    step: Step
    due: date | None
    opens: date | None
    closes: date | None
    took_place_on: date | None
    is_declared_not_done: bool

    def standing(self, today: date) -> Standing:
        """Return where the visit stands; its window's first and last day belong to it."""
        if self.took_place_on is not None:
            return Standing.DONE
        if self.is_declared_not_done:
            return Standing.NOT_DONE
        if self.opens is None or self.closes is None:
            return Standing.WAITING
        if today < self.opens:
            return Standing.UPCOMING
        return Standing.DUE if today <= self.closes else Standing.OVERDUE


def plan(
    steps: Sequence[Step],
    anchors: Anchors,
    *,
    took_place: Mapping[UUID, date],
    not_done: Collection[UUID] = (),
) -> list[Planned]:
    """Return the schedule of one patient, in order of visit number.

    A visit that counts from the previous one counts from the day on which that took place,
    and until then (or where it was declared not done) from the day on which it is due. A
    retired visit is planned for nobody, but stays where it took place.

    Parameters
    ----------
    steps : sequence of Step
        The schedule of the study, in any order.
    took_place : mapping of UUID to date
        Key of the step to the date of its visit.
    not_done : collection of UUID
        Keys of the steps that were declared not done.
    """
    planned: list[Planned] = []
    previous: date | None = None
    for step in sorted(steps, key=lambda s: s.number):
        if step.is_retired and step.key not in took_place:
            continue
        due = _due(step, anchors, previous)
        opens, closes = _window(step, due)
        visit_on = took_place.get(step.key)
        planned.append(Planned(step, due, opens, closes, visit_on, step.key in not_done))
        previous = visit_on or due
    return planned


def _due(step: Step, anchors: Anchors, previous: date | None) -> date | None:
    start = {
        Anchor.ENROLMENT: anchors.enrolled_on,
        Anchor.TREATMENT: anchors.treated_on.get(step.therapy),
        Anchor.PREVIOUS_VISIT: previous,
    }[step.anchor]
    return None if start is None else window(start, step.target_day, 0, 0)[0]


def _window(step: Step, due: date | None) -> tuple[date | None, date | None]:
    if due is None:
        return None, None
    return window(due, 0, step.before_days, step.after_days)
