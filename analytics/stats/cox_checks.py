"""Whether the hazard ratios of a Cox model stay the same over time.

Grambsch and Therneau 1994, Biometrika 81:515: each covariate gets a second coefficient that
changes with a function of time, and the score test says whether it is zero. This is the exact score
test, as R's survival computes from version 3.0 on, not the approximation of the paper.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.stats.cox import CoxModel
from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
RANK = "rank"
IDENTITY = "identity"
LOG = "log"


@dataclass(frozen=True, slots=True)
class Proportionality:
    """Tests of each covariate by itself, and of all together.

    Attributes
    ----------
    statistics, p_values : ndarray, shape (p,)
        Chi-squared of one degree of freedom each.
    overall : tuple of float, int and float
        Statistic, degrees of freedom and p-value of all covariates together.
    residuals : ndarray, shape (m, p)
        Scaled Schoenfeld residuals with the coefficient added: how each log hazard ratio runs over
        the times of the m events, for a figure.
    times : ndarray, shape (m,)
    """

    statistics: Array
    p_values: Array
    overall: tuple[float, int, float]
    residuals: Array
    times: Array


def proportional_hazards(model: CoxModel, scale: str = RANK) -> Proportionality:
    """Return the tests of proportional hazards.

    Parameters
    ----------
    scale : str
        The function of time: ``rank`` of the events, so that no late event weighs much;
        ``identity``; or ``log``.

    Raises
    ------
    NotEstimableError
        If all events are at one time, or the times cannot tell the second coefficients.
    """
    times = model.step_times
    if np.unique(times).size < 2:
        raise NotEstimableError("All events are at one time; nothing can change over time.")
    g = _scaled(times, scale)
    score = g @ model.step_scores
    plain = model.step_information.sum(axis=0)
    crossed = np.einsum("m,mij->ij", g, model.step_information)
    squared = np.einsum("m,mij->ij", g**2, model.step_information)
    # The score of the coefficients themselves is zero: only this part of the inverse counts.
    left = squared - crossed @ np.linalg.solve(plain, crossed)
    p = score.size
    alone = np.array(
        [squared[j, j] - crossed[j] @ np.linalg.solve(plain, crossed[j]) for j in range(p)]
    )
    known = np.diag(squared) * 1e-10
    if (alone <= known).any() or np.linalg.matrix_rank(left) < p:
        raise NotEstimableError("The events are too few to tell whether hazards are proportional.")
    statistics = score**2 / alone
    together = float(score @ np.linalg.solve(left, score))
    scaled = times.size * model.step_scores @ model.model_covariance + model.coefficients
    return Proportionality(
        statistics,
        stats.chi2.sf(statistics, 1),
        (together, p, float(stats.chi2.sf(together, p))),
        scaled,
        times,
    )


def _scaled(times: Array, scale: str) -> Array:
    if scale == RANK:
        g = stats.rankdata(times)
    elif scale == IDENTITY:
        g = times
    elif scale == LOG:
        if (times <= 0).any():
            raise NotEstimableError("The logarithm of time needs times above zero.")
        g = np.log(times)
    else:
        raise ValueError(f"The scale is {RANK}, {IDENTITY} or {LOG}, got {scale}.")
    centred: Array = g - g.mean()
    return centred
