"""Cumulative-link models of an ordered level, for example GMFC-MLD against the load.

logit P(level <= j) = threshold_j - x'beta: one odds ratio for every cut of the scale (McCullagh
1980, J R Stat Soc B 42:109), so that no distance between levels is assumed. Scans of one patient
are not independent: with patients given, the covariance is the sandwich over patients, mended for
few of them (`few_patients`), and tests are Student's with the patients less the covariates less one
as degrees of freedom. Whether one odds ratio will do is asked by `ordinal_checks`.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats import few_patients
from analytics.stats.errors import NotEstimableError
from analytics.stats.follow_up import codes_of, must_be_written
from analytics.stats.level_chances import derivatives, expected_by_patient, likelihood, rows

Array = NDArray[np.float64]
Places = NDArray[np.intp]
STEPS, HALVINGS = 100, 30
CONVERGED = 1e-12
SETTLED = 1e-3
"""By how much a further step may still move a log odds. Where the likelihood rises for ever each
step moves it by about one, however little is left to gain."""
UNEVEN = "The rows are too few, or a covariate is too uneven, for a standard error."
SEPARATED = (
    "A covariate parts the levels without fail, so that the odds ratio would be without limit."
    " Leave it out or join levels."
)


@dataclass(frozen=True, slots=True)
class OrdinalModel:
    """A fitted proportional-odds model.

    Attributes
    ----------
    coefficients, standard_errors : ndarray, shape (p,)
        Log odds ratios of a higher level; robust errors if patients were given.
    odds_ratios, ci_low, ci_high, p_values : ndarray, shape (p,)
        Per unit of the covariate.
    thresholds, threshold_errors : ndarray, shape (levels - 1,)
    levels : list of float
        Those observed, rising.
    covariance : ndarray
        Of the thresholds, then the coefficients.
    log_likelihood : tuple of float
        Without covariates, and as fitted.
    n, n_patients : int or None
        Rows, and patients if given.
    degrees : float
        Of freedom of the tests; infinite without patients.
    """

    coefficients: Array
    standard_errors: Array
    odds_ratios: Array
    ci_low: Array
    ci_high: Array
    p_values: Array
    thresholds: Array
    threshold_errors: Array
    levels: list[float]
    covariance: Array
    log_likelihood: tuple[float, float]
    n: int
    n_patients: int | None
    degrees: float


def fit(
    levels: ArrayLike,
    covariates: ArrayLike,
    patients: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
) -> OrdinalModel:
    """Return the proportional-odds model.

    Parameters
    ----------
    levels : array_like of float, shape (n,)
        For example GMFC-MLD 0 to 6; levels that nobody has are left out.
    covariates : array_like of float, shape (n,) or (n, p)
        No column of ones.
    patients : sequence of hashable, length n, optional
        The patient of each row.

    Raises
    ------
    NotEstimableError
        If a number is not finite; there is one level only; a covariate is constant, follows from
        the others or parts the levels without fail; or there are no more patients than covariates.
    ValueError
        If lengths differ.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence lies between 0 and 1, got {confidence}.")
    codes, names, design = checked(levels, covariates)
    middle, size = design.mean(axis=0), design.std(axis=0)
    x = (design - middle) / size
    cuts = len(names) - 1
    above = np.cumsum(np.bincount(codes))[:-1] / codes.size
    first = np.log(above / (1 - above))
    start = np.concatenate([first, np.zeros(x.shape[1])])
    upper, lower = rows(codes, x, cuts)
    value, at = _newton(codes, upper, lower, start, cuts)
    null = likelihood(codes, upper, lower, start, cuts)[0]
    scores, information = derivatives(codes, upper, lower, at, cuts)
    covariance = inverse_of(information)
    df = np.inf
    count = None
    if patients is not None:
        names_of, who = codes_of(patients, codes.size, "patients")
        count = len(names_of)
        if count <= x.shape[1] + 1:
            raise NotEstimableError(f"{count} patients are too few for {x.shape[1]} covariates.")
        expected = expected_by_patient(x, at, cuts, who, count)
        covariance = few_patients.covariance(covariance, _summed(scores, who, count), expected)
        df = float(count - x.shape[1] - 1)
    # From standardised columns back: threshold + mean / sd * coefficient.
    back = np.eye(at.size)
    back[cuts:, cuts:] = np.diag(1 / size)
    back[:cuts, cuts:] = middle / size
    at, covariance = back @ at, back @ covariance @ back.T
    errors = np.sqrt(np.diag(covariance))
    beta, se = at[cuts:], errors[cuts:]
    half = stats.t.isf((1 - confidence) / 2, df) * se
    must_be_written(np.abs(beta) + half)
    return OrdinalModel(
        beta,
        se,
        np.exp(beta),
        np.exp(beta - half),
        np.exp(beta + half),
        2 * stats.t.sf(np.abs(beta / se), df),
        at[:cuts],
        errors[:cuts],
        names,
        covariance,
        (null, value),
        codes.size,
        count,
        df,
    )


def checked(levels: ArrayLike, covariates: ArrayLike) -> tuple[Places, list[float], Array]:
    """Return the place of each level among those observed, these, and the covariates.

    Raises
    ------
    NotEstimableError, ValueError
        As `fit`.
    """
    observed = np.asarray(levels, dtype=np.float64)
    design = np.asarray(covariates, dtype=np.float64)
    design = design[:, None] if design.ndim == 1 else design
    if observed.ndim != 1 or design.ndim != 2 or len(design) != observed.size:
        raise ValueError(f"Each of {observed.size} levels needs a row of covariates.")
    if not (np.isfinite(observed).all() and np.isfinite(design).all()):
        raise NotEstimableError("A level or covariate is missing; leave its row out.")
    names, codes = np.unique(observed, return_inverse=True)
    if names.size < 2:
        raise NotEstimableError("All rows have one level; nothing can be told apart.")
    size = design.std(axis=0)
    if not design.shape[1] or (size <= 1e-12 * np.abs(design).max(axis=0)).any():
        raise NotEstimableError("A covariate is the same in every row; leave it out.")
    if np.linalg.matrix_rank((design - design.mean(axis=0)) / size) < design.shape[1]:
        raise NotEstimableError("A covariate follows from the others.")
    return codes.astype(np.intp), names.tolist(), design


def _newton(
    codes: Places, upper: Array, lower: Array, start: Array, cuts: int
) -> tuple[float, Array]:
    at, value = start, likelihood(codes, upper, lower, start, cuts)[0]
    for _ in range(STEPS):
        scores, information = derivatives(codes, upper, lower, at, cuts)
        score = scores.sum(axis=0)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            break
        if score @ step < CONVERGED and np.abs(upper @ step).max() < SETTLED:
            at = at + step
            return likelihood(codes, upper, lower, at, cuts)[0], at
        for _ in range(HALVINGS):
            ahead = likelihood(codes, upper, lower, at + step, cuts)[0]
            if ahead >= value - 1e-12 * abs(value):
                break
            step = step / 2
        else:
            break
        at, value = at + step, ahead
    raise NotEstimableError(SEPARATED)


def logistic(x: Array, above: NDArray[np.bool_]) -> Array:
    """Return the coefficients of the logistic model of a yes or no; the first column is of ones.

    Raises
    ------
    NotEstimableError
        If a covariate parts the two without fail.
    """
    codes = above.astype(np.intp)
    upper, lower = rows(codes, x[:, 1:], 1)
    share = float(codes.mean())
    start = np.concatenate([[np.log((1 - share) / share)], np.zeros(x.shape[1] - 1)])
    _, at = _newton(codes, upper, lower, start, 1)
    return np.concatenate([[-at[0]], at[1:]])


def inverse_of(information: Array) -> Array:
    """Return the covariance that an information gives.

    Raises
    ------
    NotEstimableError
        If it tells some coefficient next to nothing.
    """
    try:
        inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise NotEstimableError(UNEVEN) from None
    if not (np.diag(inverse) > 0).all():
        raise NotEstimableError(UNEVEN)
    return inverse


def _summed(scores: Array, who: Places, count: int) -> Array:
    summed = np.zeros((count, scores.shape[1]))
    np.add.at(summed, who, scores)
    return summed
