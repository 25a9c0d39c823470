"""Power and size of a trial in closed form, as if nobody left.

Diggle, Heagerty, Liang and Zeger 2002, Analysis of Longitudinal Data, page 29; Laird and Wang 1990,
Control Clin Trials 11:405.
"""

from collections.abc import Callable
from math import ceil, isfinite, sqrt

import numpy as np
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.trial_course import Course, moments

SLOPES = "slopes"
ANCOVA = "ancova"
SMALLEST, MOST = 4, 5000
"""Patients of an arm between which a search stays."""


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
    check_plan(course, analysis, alpha, n_per_arm, 1)
    if not isfinite(difference_ml):
        raise ValueError(f"The difference must be a number, got {difference_ml}.")
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


def closed_form_size(
    course: Course,
    difference_ml: float,
    power: float = 0.8,
    analysis: str = SLOPES,
    alpha: float = 0.05,
) -> int:
    """Return the arm that the closed form asks for, enlarged by those expected to leave.

    At once, where `sample_size` takes minutes; what the simulation adds is how drop-out, subtypes
    and variances near zero tell.

    Raises
    ------
    NotEstimableError
        If 5,000 patients an arm do not do.
    ValueError
        As `sample_size`.
    """
    must_be_a_goal(power, difference_ml, alpha)
    n = first_guess(course, difference_ml, power, analysis, alpha)
    if n == MOST:
        raise NotEstimableError(
            f"More than {MOST} patients an arm are needed for a power of {power:g}."
        )
    return n


def first_guess(
    course: Course, difference_ml: float, power: float, analysis: str, alpha: float
) -> int:
    """Return where a search for the size begins: enlarged by those who leave, 5,000 at most."""
    n = _smallest_that(
        lambda size: closed_form_power(course, difference_ml, size, analysis, alpha) >= power,
        _smallest_told(course, analysis),
    )
    stays = (1 - course.drop_out) ** (course.visits[-1] / (2 if analysis == SLOPES else 1))
    return int(min(ceil(n / stays), MOST))


def _smallest_that(does: Callable[[int], bool], least: int) -> int:
    """Return the smallest size from `least` on that does, where all larger ones do; else `MOST`."""
    too_few, enough = least - 1, least
    while enough < MOST and not does(enough):
        too_few, enough = enough, min(2 * enough, MOST)
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if does(middle) else (middle, enough)
    return enough


def _smallest_told(course: Course, analysis: str) -> int:
    """Return the smallest arm of which the closed form has a degree of freedom left."""
    taken = len(course.shares) - 1 + (2 if analysis == SLOPES else 3)
    return max(SMALLEST, ceil((taken + 1) / 2))


def must_be_known(analysis: str) -> None:
    """Refuse an analysis that is none of the two."""
    if analysis not in (SLOPES, ANCOVA):
        raise ValueError(f"The analysis is {SLOPES} or {ANCOVA}, got {analysis}.")


def must_be_a_goal(power: float, difference_ml: float, alpha: float) -> None:
    """Refuse a power that no size is needed for, or that none reaches."""
    if not alpha < power < 1 or difference_ml == 0:
        raise ValueError("The power lies between alpha and 1, for a difference that is not 0.")


def check_plan(course: Course, analysis: str, alpha: float, n_per_arm: int, n_trials: int) -> None:
    """Refuse a plan that cannot be analysed or simulated at all."""
    must_be_known(analysis)
    if analysis == SLOPES and len(course.visits) < 3:
        raise ValueError("A level and a rate of each patient, and noise, need three visits.")
    if not 0 < alpha < 1 or n_per_arm < SMALLEST or n_trials < 1:
        raise ValueError(
            f"A trial needs an alpha below 1, {SMALLEST} patients an arm, and one simulation."
        )
