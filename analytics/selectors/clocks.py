"""What the course of a patient is drawn against: age, or time since something happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from mldtrial.trial.models import Patient, Treatment
from mldtrial.trial.rules.age import age_months

PARAMETER = "against"


@dataclass(frozen=True, slots=True)
class Clock:
    """A count of months.

    Attributes
    ----------
    key : str
        In the address.
    label : str
        As the switch writes it.
    axis_title : str
        As the figure writes it.
    after : str
        What follows a number of months where the pointer rests.
    begins_at_months : float
        Age at which it stands at 0.
    """

    key: str
    label: str
    axis_title: str
    after: str
    begins_at_months: float

    @property
    def is_age(self) -> bool:
        """True for the age, which every patient has."""
        return self.key == "age"


AGE = Clock("age", "age", "Age, months", "months", 0.0)


def clocks_of(patient: Patient, treatments: Iterable[Treatment]) -> list[Clock]:
    """Return what the course can be drawn against; the age first, and always.

    Parameters
    ----------
    treatments : iterable of Treatment
        The documented therapies that the person may see. The first study dose counts as well: it
        is recorded in every arm alike.
    """
    found = [AGE]
    if patient.onset_age_months is not None:
        onset = float(patient.onset_age_months)
        title = "Months since the first symptom"
        found.append(
            Clock("onset", "first symptom", title, "months since the first symptom", onset)
        )
    starts: list[date] = [treatment.started_on for treatment in treatments]
    if patient.first_study_dose_on is not None:
        starts.append(patient.first_study_dose_on)
    if starts:
        began = age_months(patient.birth_month, min(starts))
        title = "Months since the first treatment"
        found.append(
            Clock("treatment", "first treatment", title, "months since the first treatment", began)
        )
    return found


def asked_for(query: Any, clocks: Iterable[Clock]) -> Clock:
    """Return the clock that an address asks for; what this patient does not have is the age."""
    return next((clock for clock in clocks if clock.key == query.get(PARAMETER, "")), AGE)
