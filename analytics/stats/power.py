"""Power and sample size of a trial with the load as endpoint, by simulation of a declared course.

The trials are analysed as they will be, and the share that finds the difference is the power, with
its Monte Carlo interval.
Without drop-out the answer is also known in closed form (`power_closed`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.mixed import fit
from analytics.stats.mixed_tests import contrast_tests
from analytics.stats.power_closed import (
    MOST,
    SLOPES,
    SMALLEST,
    check_plan,
    first_guess,
    must_be_a_goal,
    must_be_known,
)
from analytics.stats.trial_course import Course, Trial, simulated

Array = NDArray[np.float64]
FAILED = 0.05
"""Share of trials that cannot be analysed above which there is no power to speak of."""


@dataclass(frozen=True, slots=True)
class Power:
    """The share of simulated trials that found the difference.

    Attributes
    ----------
    power, ci_low, ci_high : float
        With the exact 95 % interval that the number of trials leaves (Clopper and Pearson).
    n_per_arm, n_trials : int
    n_failed : int
        Trials whose model could not be fitted, 5 % at most; they count as having found nothing.
    """

    power: float
    ci_low: float
    ci_high: float
    n_per_arm: int
    n_trials: int
    n_failed: int


def simulated_power(
    course: Course,
    difference_ml: float,
    n_per_arm: int,
    analysis: str = SLOPES,
    alpha: float = 0.05,
    n_trials: int = 1000,
    seed: int = 0,
) -> Power:
    """Return the power of a trial of two arms of equal size.

    Parameters
    ----------
    difference_ml : float
        By how much the treatment lowers the change per year.
    analysis : str
        ``slopes``: mixed model with a level and a rate for each patient, Kenward-Roger's test of
        the arms' rates, subtypes with rates of their own. ``ancova``: the last visit planned by
        arm, baseline and subtype, of those who came to it. The commonest subtype of a trial is the
        reference of the others that are in it; one seen at a single time only has no rate of its
        own and is pooled with the reference in ``slopes``.
    alpha : float
        Two-sided.
    seed : int
        The same seed and size give the same trials.

    Raises
    ------
    NotEstimableError
        If more than 5 % of the trials cannot be analysed; with the reason of the last of them.
    ValueError
        If the analysis is another, an arm is below four patients, there is no trial, or slopes are
        to be told from fewer than three visits.
    """
    check_plan(course, analysis, alpha, n_per_arm, n_trials)
    rng = np.random.default_rng([seed, n_per_arm])
    found = failed = 0
    for _ in range(n_trials):
        try:
            found += p_value(simulated(course, difference_ml, n_per_arm, rng), analysis) < alpha
        except NotEstimableError as error:
            failed += 1
            if failed > FAILED * n_trials:
                raise NotEstimableError(
                    f"Too many trials of {n_per_arm} patients an arm cannot be analysed: {error}"
                ) from None
    low, high = stats.binomtest(found, n_trials).proportion_ci()
    return Power(found / n_trials, float(low), float(high), n_per_arm, n_trials, failed)


def sample_size(
    course: Course,
    difference_ml: float,
    power: float = 0.8,
    analysis: str = SLOPES,
    alpha: float = 0.05,
    n_trials: int = 1000,
    seed: int = 0,
) -> Power:
    """Return the smallest arm whose simulated power reaches the one asked for.

    From the closed form, enlarged by those expected to leave, doubled until it is enough, and then
    by halving. A size whose trials cannot be analysed is not enough. A size that was chosen by its
    power has by that too high a power, so that what is returned is simulated anew, with the next
    seed; it may lie somewhat below the one asked for. The last digit of the size is as uncertain as
    its interval says; more trials sharpen it.

    Raises
    ------
    NotEstimableError
        If 5,000 patients an arm do not do; with the reason if their trials cannot be analysed.
    ValueError
        As `simulated_power`, or if the power is not between alpha and 1, or there is no difference.
    """
    must_be_a_goal(power, difference_ml, alpha)

    def enough(n: int) -> bool:
        try:
            found = simulated_power(course, difference_ml, n, analysis, alpha, n_trials, seed)
        except NotEstimableError:
            if n == MOST:
                raise
            return False
        return found.power >= power

    n = _smallest(enough, first_guess(course, difference_ml, power, analysis, alpha))
    if n is None:
        raise NotEstimableError(
            f"More than {MOST} patients an arm are needed for a power of {power:g}."
        )
    return simulated_power(course, difference_ml, n, analysis, alpha, n_trials, seed + 1)


def _smallest(enough: Callable[[int], bool], start: int) -> int | None:
    n = start
    while not enough(n):
        if n == MOST:
            return None
        n = min(2 * n, MOST)
    low = n // 2 if n > start else SMALLEST - 1
    while n - low > 1:
        middle = max((low + n) // 2, SMALLEST)
        if enough(middle):
            n = middle
        else:
            low = middle
    return n


def p_value(trial: Trial, analysis: str = SLOPES) -> float:
    """Return the p-value of one trial by the analysis declared.

    Raises
    ------
    NotEstimableError
        If the trial cannot be analysed.
    ValueError
        If the analysis is another.
    """
    must_be_known(analysis)
    return _slopes(trial) if analysis == SLOPES else _ancova(trial)


def _slopes(trial: Trial) -> float:
    """The p-value of the arms' rates; arms and subtypes have levels of their own."""
    time = trial.years[:, None]
    kinds = _others(trial.subtype, trial.patient)
    changing = [np.unique(trial.years[kind == 1]).size > 1 for kind in kinds.T]
    kinds = kinds[:, np.array(changing, dtype=np.bool_)]
    fixed = np.column_stack(
        [np.ones(trial.load.size), time, trial.arm, trial.arm * trial.years, kinds, kinds * time]
    )
    model = fit(trial.load, fixed, trial.patient.tolist(), fixed[:, :2])
    contrast = np.zeros(fixed.shape[1])
    contrast[3] = 1.0
    return float(contrast_tests(model, contrast).p_values[0])


def _ancova(trial: Trial) -> float:
    last = trial.years == trial.last
    here = trial.patient[last]
    first = np.flatnonzero(trial.years == 0)
    baseline = trial.load[first[np.searchsorted(trial.patient[first], here)]]
    kinds = _others(trial.subtype[last], here)
    x = np.column_stack([np.ones(here.size), trial.arm[last], baseline, kinds])
    df = here.size - x.shape[1]
    if df < 1 or np.linalg.matrix_rank(x) < x.shape[1]:
        raise NotEstimableError("Too few patients came to the last visit.")
    inverse = np.linalg.inv(x.T @ x)
    y = trial.load[last]
    beta = inverse @ x.T @ y
    left = y - x @ beta
    t = beta[1] / sqrt(float(left @ left) / df * inverse[1, 1])
    return float(2 * stats.t.sf(abs(t), df))


def _others(subtype: NDArray[np.intp], patient: NDArray[np.intp]) -> Array:
    """A column for each subtype of these rows but the one of most patients."""
    _, first = np.unique(patient, return_index=True)
    names, counts = np.unique(subtype[first], return_counts=True)
    others = np.delete(names, counts.argmax()) if names.size else names
    columns: Array = (subtype[:, None] == others).astype(np.float64)
    return columns
