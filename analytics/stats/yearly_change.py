"""The change per year by the linear mixed model, each patient with a level and a rate of their own.

If the scans do not tell the rates of patients apart, their levels alone vary, and the result says
so: its standard errors then take every patient of a group to change alike.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from analytics.stats import own_slopes
from analytics.stats.errors import NotEstimableError
from analytics.stats.mixed import MixedModel
from analytics.stats.mixed_tests import contrast_tests
from analytics.stats.small_samples import Contrasts

Array = NDArray[np.float64]
LEVEL_AND_RATE = "level and rate"
LEVEL = "level"
FEWEST_PATIENTS = 3
"""Patients of a group with two scans or more below which it is left out."""
ENOUGH = 10
"""Patients of each group below which differences have no p-value."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A value of a patient, in years since the patient's first."""

    patient: Hashable
    group: str
    years: float
    value: float


@dataclass(frozen=True, slots=True)
class Rate:
    """A change per year, or by how much it exceeds that of the reference.

    Attributes
    ----------
    p_value : float or None
        Of a difference of groups that all have ten patients or more; otherwise None.
    """

    group: str
    n: int
    n_patients: int
    estimate: float
    standard_error: float
    degrees: float
    ci_low: float
    ci_high: float
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Components:
    """How patients of a group differ, in the unit of the value; what a trial is planned on."""

    level_sd: float
    rate_sd: float
    correlation: float
    noise_sd: float


@dataclass(frozen=True, slots=True)
class YearlyChange:
    """The rates, their differences, and the model they come from.

    Attributes
    ----------
    random : str
        ``level and rate`` or ``level``.
    why_not_rates : str
        Why patients' rates could not be told apart; empty where they could.
    components : Components or None
        None where only levels vary, or where the model is singular: its correlation of one says
        nothing of patients, and a deviation of zero is none to plan a trial on.
    is_singular : bool
        Fewer random effects would do: patients hardly differ in level or rate.
    """

    rates: list[Rate]
    differences: list[Rate]
    reference: str
    random: str
    why_not_rates: str
    components: Components | None
    is_singular: bool
    groups_left_out: list[str]


def yearly_change(
    values: Sequence[Timed],
    groups: Sequence[str],
    *,
    is_by_arm: bool = False,
    fewest_patients: int = FEWEST_PATIENTS,
) -> YearlyChange:
    """Return the change per year of each group, with Kenward-Roger's intervals.

    Parameters
    ----------
    groups : sequence of str
        In order; the one of most patients is the reference.
    is_by_arm : bool
        The first group is the reference, for the largest arm may be another one with each
        enrolment.

    Raises
    ------
    NotEstimableError
        As `mixed.fit`, or if no group has so many patients with two values at different times.
    """
    repeated = _repeated(values)
    kept = [
        group
        for group in groups
        if len({one.patient for one in values if one.group == group} & repeated) >= fewest_patients
    ]
    if not kept:
        raise NotEstimableError(f"No group has {fewest_patients} patients with two scans or more.")
    rows = [one for one in values if one.group in kept]
    patients_of = [len({one.patient for one in rows if one.group == group}) for group in kept]
    years = np.array([one.years for one in rows], dtype=np.float64)
    own = np.array([[one.group == group for group in kept] for one in rows], dtype=np.float64)
    fixed = np.column_stack([own, own * years[:, None]])
    fitted = own_slopes.fit(
        [one.value for one in rows], fixed, [one.patient for one in rows], years
    )
    model, random = fitted.model, LEVEL_AND_RATE if fitted.has_slopes else LEVEL
    k = len(kept)
    reference = 0 if is_by_arm else int(np.argmax(patients_of))
    rates = np.column_stack([np.zeros((k, k)), np.eye(k)])
    others = [i for i in range(k) if i != reference]
    counts = own.sum(axis=0).astype(int).tolist()
    found = contrast_tests(model, rates)
    differences = []
    if others:
        against = contrast_tests(model, rates[others] - rates[reference])
        claims = min(patients_of) >= ENOUGH
        differences = [
            _rate(
                against, place, kept[i], counts[i] + counts[reference],
                patients_of[i] + patients_of[reference], claims=claims,
            )
            for place, i in enumerate(others)
        ]  # fmt: skip
    return YearlyChange(
        [_rate(found, i, kept[i], counts[i], patients_of[i], claims=False) for i in range(k)],
        differences,
        kept[reference],
        random,
        fitted.why_no_slopes,
        _components(model) if random == LEVEL_AND_RATE and not model.singular else None,
        model.singular,
        [group for group in groups if group not in kept and any(v.group == group for v in values)],
    )


def _repeated(values: Sequence[Timed]) -> set[Hashable]:
    times: dict[Hashable, set[float]] = {}
    for one in values:
        times.setdefault(one.patient, set()).add(one.years)
    return {patient for patient, own in times.items() if len(own) > 1}


def _rate(
    found: Contrasts, place: int, group: str, n: int, n_patients: int, *, claims: bool
) -> Rate:
    return Rate(
        group,
        n,
        n_patients,
        float(found.estimates[place]),
        float(found.standard_errors[place]),
        float(found.degrees[place]),
        float(found.ci_low[place]),
        float(found.ci_high[place]),
        float(found.p_values[place]) if claims else None,
    )


def _components(model: MixedModel) -> Components:
    random, residual = model.variance
    level, rate = sqrt(random[0, 0]), sqrt(random[1, 1])
    correlation = float(np.clip(random[0, 1] / (level * rate), -1, 1))
    return Components(level, rate, correlation, sqrt(residual))
