"""Power and sample size of a trial with the load as endpoint, by simulation of a declared course.

The trials are analysed as they will be, and the share that finds the difference is the power, with
its Monte Carlo interval. Without drop-out the answer is also known in closed form: Diggle,
Heagerty, Liang and Zeger 2002, Analysis of Longitudinal Data, page 29; Laird and Wang 1990,
Control Clin Trials 11:405.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.mixed import fit
from analytics.stats.mixed_tests import contrast_tests
from analytics.stats.trial_course import Course, Trial, moments, simulated

Array = NDArray[np.float64]
SLOPES = "slopes"
ANCOVA = "ancova"
SMALLEST, MOST = 4, 5000
"""Patients of an arm between which a search stays."""
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
    _check(course, analysis, alpha, n_per_arm, n_trials)
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


def closed_form_power(
    course: Course,
    difference_ml: float,
    n_per_arm: int,
    analysis: str = SLOPES,
    alpha: float = 0.05,
) -> float:
    """Return the power if nobody leaves, by the noncentral t distribution.

    For ``slopes`` and one subtype this is exact as long as no variance is estimated as zero: the
    model is then the t test of the patients' own slopes. Where patients differ little in their
    change, that estimate often is zero, and the p-value larger than that of the t test. Further
    subtypes take a degree of freedom each; that they may be unevenly dealt out is neglected, and
    for ``ancova`` how far the baselines differ is taken by its mean.

    Raises
    ------
    ValueError
        As `simulated_power`.
    """
    _check(course, analysis, alpha, n_per_arm, 1)
    times = np.asarray(course.visits, dtype=np.float64)
    extra = len(course.shares) - 1
    if analysis == SLOPES:
        effect = difference_ml
        variance = course.yearly_change_sd_ml**2
        variance += course.noise_sd_ml**2 / float(((times - times.mean()) ** 2).sum())
        df = 2 * n_per_arm - 2 - extra
    else:
        effect = difference_ml * times[-1]
        first, last, both = moments(course, float(times[-1]))
        # Baselines that differ by chance cost something: the mean of 1 / (1 - r**2).
        variance = (last - both**2 / first) * (2 * n_per_arm - 3) / (2 * n_per_arm - 4)
        df = 2 * n_per_arm - 3 - extra
    if df < 1:
        raise ValueError(f"{n_per_arm} patients an arm are too few for so many subtypes.")
    centre = abs(effect) / sqrt(2 * variance / n_per_arm)
    limit = stats.t.isf(alpha / 2, df)
    return float(stats.nct.sf(limit, df, centre) + stats.nct.cdf(-limit, df, centre))


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
    if not alpha < power < 1 or difference_ml == 0:
        raise ValueError("The power lies between alpha and 1, for a difference that is not 0.")

    def enough(n: int) -> bool:
        try:
            found = simulated_power(course, difference_ml, n, analysis, alpha, n_trials, seed)
        except NotEstimableError:
            if n == MOST:
                raise
            return False
        return found.power >= power

    n = _smallest(enough, _first_guess(course, difference_ml, power, analysis, alpha))
    if n is None:
        raise NotEstimableError(f"{MOST} patients an arm do not reach a power of {power:g}.")
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


def _first_guess(
    course: Course, difference_ml: float, power: float, analysis: str, alpha: float
) -> int:
    n = SMALLEST
    while n < MOST and closed_form_power(course, difference_ml, n, analysis, alpha) < power:
        n = n + max(1, n // 20)
    stays = (1 - course.drop_out) ** (course.visits[-1] / (2 if analysis == SLOPES else 1))
    return int(min(ceil(n / stays), MOST))


def p_value(trial: Trial, analysis: str = SLOPES) -> float:
    """Return the p-value of one trial by the analysis declared.

    Raises
    ------
    NotEstimableError
        If the trial cannot be analysed.
    ValueError
        If the analysis is another.
    """
    _must_be_known(analysis)
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


def _must_be_known(analysis: str) -> None:
    if analysis not in (SLOPES, ANCOVA):
        raise ValueError(f"The analysis is {SLOPES} or {ANCOVA}, got {analysis}.")


def _check(course: Course, analysis: str, alpha: float, n_per_arm: int, n_trials: int) -> None:
    _must_be_known(analysis)
    if analysis == SLOPES and len(course.visits) < 3:
        raise ValueError("A level and a rate of each patient, and noise, need three visits.")
    if not 0 < alpha < 1 or n_per_arm < SMALLEST or n_trials < 1:
        raise ValueError(
            f"A trial needs an alpha below 1, {SMALLEST} patients an arm, and one simulation."
        )
