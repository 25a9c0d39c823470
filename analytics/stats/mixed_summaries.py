"""What a fitted mixed model says: intervals, tests between models, explained variance, slopes.

Nakagawa, Johnson and Schielzeth 2017, J R Soc Interface 14:20170213 (explained variance with random
slopes); Stram and Lee 1994, Biometrics 50:1171 (tests of a variance lie on a boundary).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.mixed import ML, MixedModel, fit
from analytics.stats.mixed_tests import contrast_tests

MONTHS_PER_YEAR = 12.0


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """Whether the larger of two models explains more.

    Where the models differ in a random effect the p-value is too large (cautious), for a variance
    of zero lies on the boundary of what is possible.
    """

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True)
class ExplainedVariance:
    """Shares of the variance: by the fixed effects, and by fixed and random ones together."""

    marginal: float
    conditional: float


@dataclass(frozen=True, slots=True)
class YearlyChange:
    """Mean change per year, in the unit of the measure, with its 95 % interval.

    Attributes
    ----------
    singular : bool
        The patients' slopes or levels show no spread of their own, or are one and the same thing.
    """

    slope: float
    ci_low: float
    ci_high: float
    n: int
    n_subjects: int
    singular: bool


def intervals(model: MixedModel, confidence: float = 0.95) -> NDArray[np.float64]:
    """Return the interval of each fixed effect, from Student's t.

    Degrees of freedom and standard errors are those of Kenward and Roger, by
    `mixed_tests.contrast_tests`, which also gives p-values and other combinations.

    Returns
    -------
    ndarray, shape (p, 2)

    Raises
    ------
    NotEstimableError
        If there are no more patients than fixed columns that do not change within any of them.
    ValueError
        If the model was fitted by ``ml``.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence lies between 0 and 1, got {confidence}.")
    if (model.degrees < 1).any():
        raise NotEstimableError("There are too few patients for an interval of the fixed effects.")
    found = contrast_tests(model, confidence=confidence)
    return np.column_stack([found.ci_low, found.ci_high])


def likelihood_ratio(smaller: MixedModel, larger: MixedModel) -> LikelihoodRatio:
    """Return the test of two models of which the smaller is a special case of the larger.

    Raises
    ------
    ValueError
        If a model was not fitted by ``ml``, they are of different data, or the second is not larger
        or fits worse, so that the first is no special case of it.
    """
    if {smaller.method, larger.method} != {ML}:
        raise ValueError(
            "Only models fitted by ml can be compared: the restricted likelihood changes with the"
            " fixed columns."
        )
    same = smaller.n == larger.n and smaller.n_groups == larger.n_groups
    if not same or not np.allclose(smaller.response, larger.response, rtol=1e-12):
        raise ValueError("The two models are of different data.")
    df = larger.n_parameters - smaller.n_parameters
    statistic = smaller.criterion - larger.criterion
    if df < 1 or statistic < -1e-6 * smaller.n:
        raise ValueError("The first model is no special case of the second.")
    statistic = max(statistic, 0.0)
    return LikelihoodRatio(statistic, df, float(stats.chi2.sf(statistic, df)))


def explained_variance(model: MixedModel) -> ExplainedVariance:
    """Return how much of the variance the model explains (R2 of Nakagawa and others)."""
    fixed, random, residual = model.fixed_spread, model.random_spread, model.variance[1]
    total = fixed + random + residual
    return ExplainedVariance(fixed / total, (fixed + random) / total)


def yearly_change(
    months: ArrayLike, values: ArrayLike, subjects: Sequence[Hashable]
) -> YearlyChange:
    """Return the mean change per year of patients with a level and a rate of their own.

    Parameters
    ----------
    months, values : array_like of float, shape (n,)
        Age or time in months, and the measure, for example the demyelination load in mL.
    subjects : sequence of hashable, length n
        The patient of each row.

    Raises
    ------
    NotEstimableError
        As `mixed.fit` and `intervals`; the model has a random intercept and slope, so that it needs
        more than two scans per patient on average.
    """
    time = np.asarray(months, dtype=np.float64) / MONTHS_PER_YEAR
    if time.ndim != 1 or not time.size or not np.isfinite(time).all():
        raise NotEstimableError("A change per year needs finite times; leave missing visits out.")
    design = np.column_stack([np.ones(time.size), time - time.mean()])
    model = fit(values, design, subjects, design)
    low, high = intervals(model)[1]
    return YearlyChange(
        float(model.coefficients[1]),
        float(low),
        float(high),
        model.n,
        model.n_groups,
        model.singular,
    )
