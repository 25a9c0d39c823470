"""Whether one odds ratio will do for every cut of an ordered scale.

Brant 1990, Biometrics 46:1171: a logistic model for being above each cut, and Wald's test that
their coefficients agree. With patients given, the covariance between the cuts is the sandwich over
patients instead of Brant's, for scans of one patient are not independent, and the p-value is that
of Hotelling's F.

A likelihood-ratio test against a slope for each cut is not offered: it supposes independent rows,
which the scans of a patient are not, and lines of unlike slopes cross, so that its other model may
give a level less than no chance. The models of the cuts here are fitted one by one and can always
be compared.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import expit

from analytics.stats.errors import NotEstimableError
from analytics.stats.follow_up import codes_of
from analytics.stats.ordinal import checked, inverse_of, logistic

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ProportionalOdds:
    """Whether the log odds ratios are the same at every cut of the scale.

    Attributes
    ----------
    by_cut : ndarray, shape (levels - 1, p)
        Log odds ratios of being above each cut.
    statistics, p_values : ndarray, shape (p,)
        Of each covariate, with `df` degrees of freedom each.
    overall : tuple of float, int, float
        Statistic, degrees of freedom and p-value of all together.
    """

    by_cut: Array
    statistics: Array
    df: int
    p_values: Array
    overall: tuple[float, int, float]


def proportionality(
    levels: ArrayLike, covariates: ArrayLike, patients: Sequence[Hashable] | None = None
) -> ProportionalOdds:
    """Return the test of one odds ratio for every cut; parameters as `ordinal.fit`.

    Raises
    ------
    NotEstimableError
        As `ordinal.fit`; if there are two levels only; if there are no more patients than
        coefficients of all cuts; or if a covariate parts those above a cut from the others without
        fail, as it will where hardly anybody is: join levels then.
    """
    codes, names, design = checked(levels, covariates)
    cuts, p = len(names) - 1, design.shape[1]
    if cuts < 2:
        raise NotEstimableError("With two levels there is one odds ratio only.")
    size = design.std(axis=0)
    x = np.column_stack([np.ones(codes.size), (design - design.mean(axis=0)) / size])
    above = [codes > cut for cut in range(cuts)]
    fits = np.array([logistic(x, here) for here in above])
    chances = expit(fits @ x.T)
    breads = np.array([inverse_of((x.T * (c * (1 - c))) @ x) for c in chances])
    if patients is None:
        blocks = _brant(x, chances, breads)
    else:
        left = np.array(above) - chances
        blocks = _over_patients(np.einsum("cn,ni,cij->cnj", left, x, breads), patients)
    covariance = blocks[:, :, 1:, 1:].transpose(0, 2, 1, 3).reshape(cuts * p, cuts * p)
    slopes = fits[:, 1:]
    first_less_other = np.column_stack([np.ones(cuts - 1), -np.eye(cuts - 1)])
    differences = np.kron(first_less_other, np.eye(p))
    moved = differences @ slopes.ravel()
    spread = differences @ covariance @ differences.T
    try:
        statistics = np.array(
            [moved[i::p] @ np.linalg.solve(spread[i::p, i::p], moved[i::p]) for i in range(p)]
        )
        together = float(moved @ np.linalg.solve(spread, moved))
    except np.linalg.LinAlgError:
        raise NotEstimableError("The rows are too few to tell the cuts apart.") from None
    df = cuts - 1
    count = None if patients is None else len(set(patients))
    return ProportionalOdds(
        slopes / size,
        statistics,
        df,
        _p_values(statistics, df, count),
        (together, df * p, float(_p_values(np.array(together), df * p, count))),
    )


def _p_values(statistics: Array, df: int, patients: int | None) -> Array:
    """By chi-squared; over patients by Hotelling's F, for their covariance is estimated too."""
    if patients is None:
        return np.asarray(stats.chi2.sf(statistics, df), dtype=np.float64)
    scaled = statistics * (patients - df) / (df * (patients - 1))
    return np.asarray(stats.f.sf(scaled, df, patients - df), dtype=np.float64)


def _brant(x: Array, chances: Array, breads: Array) -> Array:
    """Covariance of the coefficients of each cut with each, of independent rows."""
    cuts, q = len(breads), x.shape[1]
    blocks = np.zeros((cuts, cuts, q, q))
    for j in range(cuts):
        for k in range(cuts):
            # Above both cuts is above the higher one.
            both = chances[max(j, k)] - chances[j] * chances[k]
            blocks[j, k] = breads[j] @ ((x.T * both) @ x) @ breads[k]
    return blocks


def _over_patients(influence: Array, patients: Sequence[Hashable]) -> Array:
    cuts, n, q = influence.shape
    names, who = codes_of(patients, n, "patients")
    if len(names) <= cuts * (q - 1):
        raise NotEstimableError(
            f"{len(names)} patients are too few for {cuts * (q - 1)} coefficients."
        )
    summed = np.zeros((len(names), cuts, q))
    np.add.at(summed, who, influence.transpose(1, 0, 2))
    blocks: Array = np.einsum("gci,gdj->cdij", summed, summed)
    return len(names) / (len(names) - 1) * blocks
