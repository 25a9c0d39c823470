"""Change of one patient between two measurements: whether it is real, and how fast.

Jacobson and Truax 1991, J Consult Clin Psychol 59:12 (reliable change); Bland and Altman 1996, BMJ
313:106 (error by logarithms, for measures whose error grows with them).
"""

from math import expm1, isfinite, sqrt

import numpy as np
from numpy.typing import ArrayLike

from analytics.stats.errors import NotEstimableError
from analytics.stats.magnitudes import refuse_extremes
from analytics.stats.reliability import DETECTABLE

DAYS_PER_YEAR = 365.25


def reliable_change_index(before: float, after: float, sem: float) -> float:
    """Return a change in standard errors of a change; beyond 1.96 it is no noise at 95 %.

    Parameters
    ----------
    before, after : float
        Two measurements of one patient.
    sem : float
        Standard error of one measurement, in the same unit; `reliability.repeatability` gives it as
        `sd_within`.

    Raises
    ------
    NotEstimableError
        If a number is not finite, or the standard error is not above zero.
    """
    _finite(before, after, sem)
    refuse_extremes([before, after], sem)
    if sem <= 0:
        raise NotEstimableError(f"The standard error must be above 0, got {sem:g}.")
    return (after - before) / (sqrt(2) * sem)


def annualised_change(before: float, after: float, days: float) -> float:
    """Return a change per year of 365.25 days, in the unit of the measure.

    Parameters
    ----------
    days : float
        From the first measurement to the second.

    Raises
    ------
    NotEstimableError
        If a number is not finite, or the second measurement is not after the first.
    """
    _finite(before, after, days)
    refuse_extremes([before, after], days)
    if days <= 0:
        raise NotEstimableError(
            f"The second measurement must be after the first, got {days:g} days between them."
        )
    return (after - before) / (days / DAYS_PER_YEAR)


def detectable_change_percent(log_sd_within: float, factor: float = DETECTABLE) -> float:
    """Return the rise of one patient, in percent, that is beyond noise at 95 %.

    The noise is equal up and down in logarithms: a fall is beyond it where the earlier value lies
    by more than this percentage above the later one.

    Parameters
    ----------
    log_sd_within : float
        Standard deviation within a patient of the natural logarithm.
    factor : float
        1.96 x sqrt(2), which publications round to 2.77.

    Raises
    ------
    NotEstimableError
        If a number is not finite, the standard deviation is below zero or so large that the change
        is beyond every number, or the factor is not above zero.
    """
    _finite(log_sd_within, factor)
    if log_sd_within < 0 or factor <= 0:
        raise NotEstimableError(
            "A standard deviation is not below 0 and a factor above it, got "
            f"{log_sd_within:g} and {factor:g}."
        )
    try:
        return 100 * expm1(factor * log_sd_within)
    except OverflowError as error:
        raise NotEstimableError(
            f"A standard deviation of {log_sd_within:g} is none of logarithms of one measure."
        ) from error


def smallest_detectable_change_percent(pairs: ArrayLike) -> float:
    """Return `detectable_change_percent` from pairs between which nothing has changed.

    Parameters
    ----------
    pairs : array of float, shape (n, 2)
        Two measurements of each patient, all above zero.

    Raises
    ------
    NotEstimableError
        If there is no pair, a value is not finite, or one is not above zero.
    """
    table = np.asarray(pairs, dtype=float)
    if table.ndim != 2 or table.shape[1] != 2 or not len(table):
        raise NotEstimableError(f"Pairs of measurements are needed, got shape {table.shape}.")
    if not np.isfinite(table).all():
        raise NotEstimableError("Both measurements of a pair must be numbers.")
    refuse_extremes(table)
    without = int((table <= 0).any(axis=1).sum())
    if without:
        raise NotEstimableError(
            f"A change in percent needs measurements above 0; {without} of {len(table)} pairs have "
            "one that is not. Use the change in the unit of the measure."
        )
    differences = np.log(table[:, 0]) - np.log(table[:, 1])
    return detectable_change_percent(sqrt(float((differences**2).sum()) / (2 * len(table))))


def _finite(*numbers: float) -> None:
    if not all(isfinite(number) for number in numbers):
        raise NotEstimableError("Every number must be finite; a missing measurement has no change.")
