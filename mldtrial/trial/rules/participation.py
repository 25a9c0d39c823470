"""What a patient's consents and ends of follow-up add up to, on any day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Step(StrEnum):
    """A dated step of taking part; the terms follow the disposition domain of CDISC SDTM."""

    CONSENT = "CONSENT"
    RECONSENT = "RECONSENT"
    ASSENT = "ASSENT"
    IMAGE_CONSENT = "IMAGE_CONSENT"
    IMAGES_WITHDRAWN = "IMAGES_WITHDRAWN"
    TREATMENT_WITHDRAWN = "TREATMENT_WITHDRAWN"
    FOLLOW_UP_WITHDRAWN = "FOLLOW_UP_WITHDRAWN"
    LOST = "LOST"
    COMPLETED = "COMPLETED"
    DIED = "DIED"


class State(StrEnum):
    """How a patient takes part now."""

    UNRECORDED = "UNRECORDED"
    FOLLOWED = "FOLLOWED"
    WITHDRAWN = "WITHDRAWN"
    LOST = "LOST"
    COMPLETED = "COMPLETED"
    DIED = "DIED"


ENDS = {
    Step.FOLLOW_UP_WITHDRAWN: State.WITHDRAWN,
    Step.LOST: State.LOST,
    Step.COMPLETED: State.COMPLETED,
    Step.DIED: State.DIED,
}
"""Steps that end the follow-up, with the state they lead to."""

ENDED = frozenset(ENDS.values())
CONSENTS = (Step.CONSENT, Step.RECONSENT)
_ORDER = {step: place for place, step in enumerate(Step)}


@dataclass(frozen=True, slots=True)
class Participation:
    """The state a patient is in, with the days that matter; None where there is no such day."""

    state: State = State.UNRECORDED
    ended_on: date | None = None
    """The day the follow-up ended; None while the patient is followed."""
    treatment_withdrawn_on: date | None = None
    images_withdrawn_on: date | None = None
    """The day the consent for images ended; None while images may be taken in."""


def participation(steps: Iterable[tuple[str, date]]) -> Participation:
    """Return what the steps of a patient add up to.

    A renewed consent resumes the follow-up of whoever withdrew, was lost or had completed; it
    opens neither the treatment nor the images again, which each need a consent of their own.
    Whoever has died stays so. Of several ends the first is the day the follow-up ended, and
    the last gives the state.

    Parameters
    ----------
    steps : iterable of (str, date)
        A `Step` with its day, in any order; on the same day a consent comes first.
    """
    state, ended, treatment, images = State.UNRECORDED, None, None, None
    for on, _, step in sorted((on, _ORDER[Step(step)], Step(step)) for step, on in steps):
        if step in ENDS:
            state, ended = ENDS[step], ended or on
        elif step in CONSENTS and state is not State.DIED:
            state, ended = State.FOLLOWED, None
        elif step is Step.TREATMENT_WITHDRAWN:
            treatment = treatment or on
        elif step is Step.IMAGES_WITHDRAWN:
            images = images or on
        elif step is Step.IMAGE_CONSENT:
            images = None
    return Participation(state, ended, treatment, images)


def contradiction(steps: Iterable[tuple[str, date]]) -> str | None:
    """Return what cannot be in the steps of one patient, in a sentence; None if all is well."""
    known = [(Step(step), on) for step, on in steps]
    deaths = [on for step, on in known if step is Step.DIED]
    if len(deaths) > 1:
        return "The patient's death is recorded already; correct that entry instead."
    if deaths and any(on > deaths[0] for _, on in known):
        return "A step lies after the patient's death; check the dates."
    consents = [on for step, on in known if step in CONSENTS]
    if consents and any(on < min(consents) for step, on in known if step is not Step.DIED):
        return "A step lies before the first consent; check the dates."
    return None
