"""A cumulative-link model of an ordered level with an intercept of each patient.

Odds of one patient, against the odds over patients of `ordinal`: the first are further from 1 the
more patients differ, for a mean over unlike patients is flatter than the curve of each (Zeger,
Liang and Albert 1988, Biometrics 44:1049). Maximum likelihood by `ordinal_quadrature` and
`ordinal_search`, as by R's ordinal::clmm. Patients' own levels are taken to be normal on the logit
scale and unrelated to the covariates; where they are related, the odds ratio mixes what differs
between patients with what changes within one.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats import ordinal
from analytics.stats.errors import NotEstimableError
from analytics.stats.follow_up import codes_of, must_be_written
from analytics.stats.ordinal_quadrature import Panel
from analytics.stats.ordinal_search import BORDER, highest

Array = NDArray[np.float64]
MOST_ROWS = 20_000
"""Rows beyond which the points of all of them together would take too much memory."""


@dataclass(frozen=True, slots=True)
class MixedOrdinalModel:
    """A fitted proportional-odds model with an intercept of each patient.

    Attributes
    ----------
    coefficients, standard_errors : ndarray, shape (p,)
        Log odds ratios of a higher level, of one patient.
    odds_ratios, ci_low, ci_high, p_values : ndarray, shape (p,)
        Per unit of the covariate.
    thresholds : ndarray, shape (levels - 1,)
        Of a patient in the middle.
    sd : float
        By how much patients differ, in log odds; exactly 0 at the border of what it can be, where
        the model is that of independent rows.
    levels : list of float
        Those observed, rising.
    log_likelihood : tuple of float
        Without the intercepts, and as fitted.
    n, n_patients, n_repeated : int
        Rows, patients, and patients with two rows or more, who alone tell what patients differ by.
    degrees : float
        Of freedom of the tests: the patients less the covariates less one.
    """

    coefficients: Array
    standard_errors: Array
    odds_ratios: Array
    ci_low: Array
    ci_high: Array
    p_values: Array
    thresholds: Array
    sd: float
    levels: list[float]
    log_likelihood: tuple[float, float]
    n: int
    n_patients: int
    n_repeated: int
    degrees: float


def fit(
    levels: ArrayLike,
    covariates: ArrayLike,
    patients: Sequence[Hashable],
    confidence: float = 0.95,
) -> MixedOrdinalModel:
    """Return the model; parameters as `ordinal.fit`.

    Raises
    ------
    NotEstimableError
        As `ordinal.fit`; if no two patients have two rows each; or if patients keep to their levels
        so firmly that what they differ by has no limit.
    ValueError
        If lengths differ.
    """
    codes, names, design = ordinal.checked(levels, covariates)
    people, who = codes_of(patients, codes.size, "patients")
    if codes.size > MOST_ROWS:
        raise NotEstimableError(f"{codes.size} scans are more than the {MOST_ROWS} it can take.")
    p, cuts = design.shape[1], len(names) - 1
    degrees = float(len(people) - p - 1)
    n_repeated = int((np.bincount(who) > 1).sum())
    if n_repeated < 2:
        raise NotEstimableError(
            "Fewer than two patients have two scans; what patients differ by cannot be told."
        )
    if degrees < 1:
        raise NotEstimableError(f"{len(people)} patients are too few for {p} covariates.")
    alone = ordinal.fit(levels, covariates, confidence=confidence)
    middle, size = design.mean(axis=0), design.std(axis=0)
    panel = Panel.of(codes, (design - middle) / size, who, cuts)
    thresholds = alone.thresholds - alone.coefficients @ middle
    start = np.concatenate([thresholds, alone.coefficients * size])
    at, value, information = highest(panel, start)
    covariance = ordinal.inverse_of(information)
    sd = abs(float(at[-1]))
    beta = at[cuts:-1] / size
    errors = np.sqrt(np.diag(covariance))[cuts:-1] / size
    half = stats.t.isf((1 - confidence) / 2, degrees) * errors
    must_be_written(np.abs(beta) + half)
    return MixedOrdinalModel(
        coefficients=beta,
        standard_errors=errors,
        odds_ratios=np.exp(beta),
        ci_low=np.exp(beta - half),
        ci_high=np.exp(beta + half),
        p_values=2 * stats.t.sf(np.abs(beta / errors), degrees),
        thresholds=at[:cuts] + beta @ middle,
        sd=0.0 if sd < BORDER else sd,
        levels=names,
        log_likelihood=(alone.log_likelihood[1], value),
        n=codes.size,
        n_patients=len(people),
        n_repeated=n_repeated,
        degrees=degrees,
    )
