"""The points of a cohort as columns, so that thousands of them are grouped at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analytics.selectors.cohort_point import CohortPoint
from analytics.selectors.load_columns import Codes, Floats, Mask, Objects, Rows, Texts, named
from mldtrial.trial.rules.subtype import Subtype

__all__ = ["Columns", "Mask"]


@dataclass(frozen=True, slots=True, eq=False)
class Columns(Rows):
    """Points, a column for each of their values; a score is NaN where there is none near enough.

    A gap without a level: the nearest day has two levels that differ.

    Attributes
    ----------
    patient_ids, subject_codes : tuple of str
        By number of the patient.
    therapy_kinds : tuple of tuple of str
        By number of a combination of documented therapies.
    patient, therapies : ndarray of int, shape (n,)
        Numbers in these.
    run_id : ndarray of str
        None where a point was not made of a run.
    """

    patient_ids: tuple[str, ...]
    subject_codes: tuple[str, ...]
    therapy_kinds: tuple[tuple[str, ...], ...]
    patient: Codes
    run_id: Objects
    visit_name: Objects
    age_months: Floats
    load_ml: Floats
    stratum: Texts
    subtype: Texts
    site: Texts
    therapies: Codes
    gmfc_level: Floats
    gmfc_gap_days: Floats
    elfc_level: Floats
    elfc_gap_days: Floats
    severity_total: Floats

    @classmethod
    def of(cls, points: Sequence[CohortPoint]) -> "Columns":
        """Return points as columns, in their order."""

        def floats(name: str) -> Floats:
            values = (getattr(point, name) for point in points)
            return np.array([np.nan if value is None else value for value in values], float)

        subjects, patient = named((str(p.patient_id), p.subject_code) for p in points)
        therapy_kinds, therapies = named(point.therapies for point in points)
        return cls(
            patient_ids=tuple(patient_id for patient_id, _ in subjects),
            subject_codes=tuple(code for _, code in subjects),
            therapy_kinds=therapy_kinds,
            patient=patient,
            run_id=np.array([p.run_id and str(p.run_id) for p in points], object),
            visit_name=np.array([point.visit_name for point in points], object),
            age_months=floats("age_months"),
            load_ml=floats("load_ml"),
            stratum=np.array([point.acq_stratum for point in points], str),
            subtype=np.array([point.subtype for point in points], str),
            site=np.array([point.site_code for point in points], str),
            therapies=therapies,
            gmfc_level=floats("gmfc_level"),
            gmfc_gap_days=floats("gmfc_gap_days"),
            elfc_level=floats("elfc_level"),
            elfc_gap_days=floats("elfc_gap_days"),
            severity_total=floats("severity_total"),
        )

    def points(self) -> list[CohortPoint]:
        """Return an object for each point: for few of them, or where time does not matter."""
        return [self._point(row) for row in range(self.load_ml.size)]

    def _point(self, row: int) -> CohortPoint:
        patient = self.patient[row]
        run_id = self.run_id[row]
        return CohortPoint(
            patient_id=UUID(self.patient_ids[patient]),
            subject_code=self.subject_codes[patient],
            visit_name=self.visit_name[row],
            age_months=float(self.age_months[row]),
            acq_stratum=str(self.stratum[row]),
            subtype=str(self.subtype[row]),
            load_ml=float(self.load_ml[row]),
            gmfc_level=whole(self.gmfc_level[row]),
            gmfc_gap_days=whole(self.gmfc_gap_days[row]),
            severity_total=number(self.severity_total[row]),
            elfc_level=whole(self.elfc_level[row]),
            elfc_gap_days=whole(self.elfc_gap_days[row]),
            site_code=str(self.site[row]),
            therapies=self.therapy_kinds[self.therapies[row]],
            run_id=run_id and UUID(run_id),
        )

    def subtype_places(self) -> Codes:
        """Return the place of each point's subtype in `Subtype`."""
        found = np.zeros(self.subtype.size, np.intp)
        for place, kind in enumerate(Subtype):
            found[self.subtype == kind.value] = place
        return found

    def count_patients(self, here: Mask) -> int:
        """Return how many patients some points are of."""
        return int(np.count_nonzero(np.bincount(self.patient[here])))

    @property
    def n_patients(self) -> int:
        """How many patients all points are of."""
        return int(np.count_nonzero(np.bincount(self.patient)))

    def patients(self) -> set[str]:
        """Return the patients of the points."""
        return {self.patient_ids[one] for one in np.unique(self.patient)}


def number(value: np.float64) -> float | None:
    """Return a value of a column; None where there is none."""
    return None if np.isnan(value) else float(value)


def whole(value: np.float64) -> int | None:
    """Return a whole number of a column; None where there is none."""
    return None if np.isnan(value) else int(value)


def groups(columns: Sequence[NDArray[Any]], n: int) -> Codes:
    """Return the number of the group of each of n rows: rows alike in all columns are of one."""
    found = np.zeros(n, np.intp)
    for column in columns:
        values, codes = np.unique(column, return_inverse=True)
        found = np.unique(found * values.size + codes, return_inverse=True)[1]
    return found


def patients_of_groups(group: Codes, patient: Codes) -> dict[int, int]:
    """Return how many patients each group has."""
    if not group.size:
        return {}
    pairs = np.unique(np.column_stack([group, patient]), axis=0)
    values, counts = np.unique(pairs[:, 0], return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))
