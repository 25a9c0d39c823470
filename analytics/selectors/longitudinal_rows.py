"""The loads of a part of the cohort with what the longitudinal models take of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analytics.selectors.cohort import Part
from analytics.selectors.milestone_question import ARM, TOGETHER
from analytics.selectors.planned_visits import visits_of
from mldtrial.trial.rules.subtype import Subtype

EVERYBODY = "EVERYBODY"


@dataclass(frozen=True, slots=True)
class Measured:
    """A load with what the models take of it.

    Attributes
    ----------
    patient : int
        Number of the patient.
    visit : tuple of (float, str) or None
        Number and name of the planned visit.
    day : float
        Of the scan, in days.
    level : float or None
        Of GMFC-MLD, where there is one near enough.
    """

    patient: int
    group: str
    subtype: str
    stratum: str
    visit: tuple[float, str] | None
    day: float
    load_ml: float
    level: float | None
    is_after_treatment: bool


def measured_of(part: Part, by: str, arms: Mapping[str, str]) -> list[Measured]:
    """Return the loads of a part of the cohort; who is in no group has an empty one."""
    points, loads = part.columns, part.loads
    patients, subtypes = points.patient.tolist(), points.subtype.tolist()
    groups = [
        arms.get(points.patient_ids[patient], "") if by == ARM else _group(subtype, by)
        for patient, subtype in zip(patients, subtypes, strict=True)
    ]
    planned, place = visits_of(loads.take(loads.is_planned))
    in_turn = iter(place.tolist())
    visits = [planned[next(in_turn)] if is_planned else None for is_planned in loads.is_planned]
    rows = zip(
        patients,
        groups,
        subtypes,
        points.stratum.tolist(),
        visits,
        loads.scanned_on.astype(np.int64).astype(float).tolist(),
        points.load_ml.tolist(),
        [None if np.isnan(level) else level for level in points.gmfc_level.tolist()],
        loads.is_after_treatment.tolist(),
        strict=True,
    )
    return [Measured(*row) for row in rows]


def _group(subtype: str, by: str) -> str:
    if by == TOGETHER:
        return EVERYBODY
    return "" if subtype == Subtype.UNDETERMINED else subtype
