"""Cox regression of the time to an event, with delayed entry, strata and ties.

Cox 1972, J R Stat Soc B 34:187; Efron 1977, J Am Stat Assoc 72:557 (ties); Lin and Wei 1989, J Am
Stat Assoc 84:1074 (robust variance). Each event is a step with a risk set of its
own, in which events tied with it weigh less the further down the list it stands.
Of few clusters the robust variance is too small: it is multiplied by G / (G - 1), as survey
statistics does and R's coxph does not; tests are Student's with the clusters less one as degrees of
freedom, of all covariates together Hotelling's F, and below ten clusters there is none.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.cox_steps import Block, Steps
from analytics.stats.errors import NotEstimableError, TooFewClustersError
from analytics.stats.follow_up import codes_of, follow_up, must_be_written

Array = NDArray[np.float64]
EFRON = "efron"
BRESLOW = "breslow"
UNEVEN = "The events are too few, or a covariate is too uneven, for a standard error."
FEWEST_CLUSTERS = 10
STEPS, HALVINGS = 50, 30
CONVERGED = 1e-12
"""Twice what a further step of Newton would gain in log likelihood."""
SETTLED = 1e-3
"""By how much a further step may still move a log hazard ratio between two patients. Where the
likelihood rises for ever each step moves it by about one, however little is left to gain."""


@dataclass(frozen=True, slots=True)
class CoxModel:
    """A fitted Cox model.

    Attributes
    ----------
    coefficients, standard_errors : ndarray, shape (p,)
        Log hazard ratios; robust standard errors if clusters were given.
    hazard_ratios, ci_low, ci_high, z, p_values : ndarray, shape (p,)
        With Wald's interval and two-sided test, from `standard_errors`; by Student's t of
        n_clusters - 1 degrees of freedom if clusters were given.
    covariance, model_covariance : ndarray, shape (p, p)
        Of the coefficients; the second never robust.
    log_likelihood : tuple of float
        Partial, without effect and as fitted.
    likelihood_ratio, wald : tuple of float
        Statistic and p-value of all covariates together, of p degrees of freedom. The likelihood
        ratio takes every row for independent, clusters or not: with clusters read `wald`.
    n, n_events : int
    n_clusters : int or None
    step_times, step_scores, step_information : ndarray, shapes (m,), (m, p), (m, p, p)
        Schoenfeld's residuals of the events, and the information of each.
    confidence : float
    """

    coefficients: Array
    standard_errors: Array
    hazard_ratios: Array
    ci_low: Array
    ci_high: Array
    z: Array
    p_values: Array
    covariance: Array
    model_covariance: Array
    log_likelihood: tuple[float, float]
    likelihood_ratio: tuple[float, float]
    wald: tuple[float, float]
    n: int
    n_events: int
    n_clusters: int | None
    step_times: Array = field(repr=False)
    step_scores: Array = field(repr=False)
    step_information: Array = field(repr=False)
    confidence: float = 0.95


def fit(
    end: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    entry: ArrayLike | None = None,
    strata: Sequence[Hashable] | None = None,
    clusters: Sequence[Hashable] | None = None,
    ties: str = EFRON,
    confidence: float = 0.95,
) -> CoxModel:
    """Return the Cox model of the time to an event.

    Parameters
    ----------
    end, event, entry : array_like, shape (n,)
        As `follow_up.follow_up`, in one unit of time.
    covariates : array_like of float, shape (n,) or (n, p)
        Known at entry; no column of ones.
    strata : sequence of hashable, length n, optional
        Patients are compared within their stratum only; each has a hazard of its own.
    clusters : sequence of hashable, length n, optional
        Rows that belong together (a site, a family); the standard errors become robust.
    ties : str
        ``efron`` or ``breslow``.

    Raises
    ------
    NotEstimableError
        As `follow_up`; if a covariate is not finite, constant or follows from the others among
        those ever compared; or if the likelihood rises for ever, since a covariate parts those with
        the event from the others without fail.
    TooFewClustersError
        If there are fewer than ten clusters, or no more than covariates.
    ValueError
        If lengths differ.
    """
    if ties not in (EFRON, BRESLOW):
        raise ValueError(f"Ties are treated by {EFRON} or {BRESLOW}, got {ties}.")
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence lies between 0 and 1, got {confidence}.")
    watched = follow_up(end, event, entry)
    n = watched.end.size
    design = _design(covariates, n)
    layers = np.zeros(n, dtype=np.intp) if strata is None else codes_of(strata, n, "strata")[1]
    steps = Steps.of(watched, layers, efron=ties == EFRON)
    middle, size = design.mean(axis=0), design.std(axis=0)
    if (size <= 1e-12 * np.abs(design).max(axis=0)).any():
        raise NotEstimableError("A covariate is the same for every patient; leave it out.")
    x = (design - middle) / size
    beta, null, best = _newton(steps, x)
    model = _inverse(best.information) / np.outer(size, size)
    covariance, count = model, None
    if clusters is not None:
        names, codes = codes_of(clusters, n, "clusters")
        count = len(names)
        covariance = _robust(steps, x, beta, best, codes, count) / np.outer(size, size)
    return _summary(
        beta / size, (null, best), (covariance, model), steps, size, (n, count), confidence
    )


@dataclass(frozen=True, slots=True)
class _Likelihood:
    value: float
    scores: Array
    informations: Array
    means: Array

    @property
    def information(self) -> Array:
        summed: Array = self.informations.sum(axis=0)
        return summed


def _design(covariates: ArrayLike, n: int) -> Array:
    design = np.asarray(covariates, dtype=np.float64)
    design = design[:, None] if design.ndim == 1 else design
    if design.ndim != 2 or design.shape[0] != n or not design.shape[1]:
        raise ValueError(f"Expected {n} rows of covariates, got the shape {design.shape}.")
    if not np.isfinite(design).all():
        raise NotEstimableError("A covariate is not a finite number; leave its patient out.")
    return design


def _likelihood(steps: Steps, x: Array, beta: Array) -> _Likelihood:
    value, scores, informations, all_means = 0.0, [], [], []
    for block in steps.blocks():
        own = x[block.rows]
        eta = own @ beta
        risk, total, top = _risk(block, eta)
        means = risk @ own / total[:, None]
        products = np.einsum("mn,ni,nj->mij", risk, own, own, optimize=True)
        products /= total[:, None, None]
        value += float((block.shares @ eta - np.log(total) - top).sum())
        scores.append(block.shares @ own - means)
        informations.append(products - means[:, :, None] * means[:, None, :])
        all_means.append(means)
    return _Likelihood(
        value, np.concatenate(scores), np.concatenate(informations), np.concatenate(all_means)
    )


def _risk(block: Block, eta: Array) -> tuple[Array, Array, Array]:
    """Return each patient's risk at each event, its sum, and the largest log risk, as unit."""
    top = np.where(block.weights > 0, eta, -np.inf).max(axis=1)
    risk = block.weights * np.exp(np.minimum(eta - top[:, None], 0.0))
    return risk, risk.sum(axis=1), top


def _newton(steps: Steps, x: Array) -> tuple[Array, float, _Likelihood]:
    """Newton's steps, halved as long as they lose likelihood, as it is concave."""
    beta = np.zeros(x.shape[1])
    found = start = _likelihood(steps, x, beta)
    _must_tell_apart(start.information)
    for _ in range(STEPS):
        score = found.scores.sum(axis=0)
        try:
            step = np.linalg.solve(found.information, score)
        except np.linalg.LinAlgError:
            break
        if score @ step < CONVERGED and np.ptp(x @ step) < SETTLED:
            return beta + step, start.value, _likelihood(steps, x, beta + step)
        for _ in range(HALVINGS):
            ahead = _likelihood(steps, x, beta + step)
            if np.isfinite(ahead.value) and ahead.value >= found.value - 1e-12 * abs(found.value):
                break
            step = step / 2
        else:
            break
        beta, found = beta + step, ahead
    raise NotEstimableError(
        "A covariate parts those with the event from the others without fail, so that the hazard"
        " ratio would be without limit (monotone likelihood). Leave it out or take coarser groups."
    )


def _inverse(information: Array) -> Array:
    try:
        inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise NotEstimableError(UNEVEN) from None
    if not (np.diag(inverse) > 0).all():
        raise NotEstimableError(UNEVEN)
    return inverse


def _must_tell_apart(information: Array) -> None:
    size = np.sqrt(np.maximum(np.diag(information), 0.0))
    if (size <= 1e-8).any() or np.linalg.eigvalsh(information / np.outer(size, size))[0] < 1e-10:
        raise NotEstimableError(
            "A covariate is the same for all who are ever compared, or follows from the others."
        )


def _robust(
    steps: Steps,
    x: Array,
    beta: Array,
    best: _Likelihood,
    codes: NDArray[np.intp],
    count: int,
) -> Array:
    if count < FEWEST_CLUSTERS or count <= x.shape[1]:
        raise TooFewClustersError(
            f"Robust standard errors need {FEWEST_CLUSTERS} clusters, and more than covariates;"
            f" found {count} for {x.shape[1]}."
        )
    summed = np.zeros((count, x.shape[1]))
    np.add.at(summed, codes, _score_residuals(steps, x, beta, best.means))
    moved = summed @ np.linalg.inv(best.information)
    robust: Array = count / (count - 1) * moved.T @ moved
    if not (np.diag(robust) > 1e-12 * np.diag(np.linalg.inv(best.information))).all():
        raise NotEstimableError(UNEVEN)
    return robust


def _score_residuals(steps: Steps, x: Array, beta: Array, all_means: Array) -> Array:
    """Return what each patient adds to the score, shape (n, p)."""
    residuals, done = np.zeros_like(x), 0
    for block in steps.blocks():
        own = x[block.rows]
        risk, total, _ = _risk(block, own @ beta)
        left = block.shares - risk / total[:, None]
        means = all_means[done : done + total.size]
        residuals[block.rows] += left.sum(axis=0)[:, None] * own - left.T @ means
        done += total.size
    return residuals


def _summary(
    beta: Array,
    likelihoods: tuple[float, _Likelihood],
    covariances: tuple[Array, Array],
    steps: Steps,
    size: Array,
    counts: tuple[int, int | None],
    confidence: float,
) -> CoxModel:
    null, best = likelihoods
    covariance, model = covariances
    n, clusters = counts
    df = np.inf if clusters is None else float(clusters - 1)
    errors = np.sqrt(np.diag(covariance))
    half = stats.t.isf((1 - confidence) / 2, df) * errors
    must_be_written(np.abs(beta) + half)
    z = beta / errors
    ratio = 2 * (best.value - null)
    wald = float(beta @ np.linalg.solve(covariance, beta))
    p = beta.size
    return CoxModel(
        beta,
        errors,
        np.exp(beta),
        np.exp(beta - half),
        np.exp(beta + half),
        z,
        2 * stats.t.sf(np.abs(z), df),
        covariance,
        model,
        (null, best.value),
        (ratio, float(stats.chi2.sf(ratio, p))),
        (wald, _together(wald, p, clusters)),
        n,
        steps.times.size,
        clusters,
        steps.times,
        best.scores * size,
        best.informations * np.outer(size, size),
        confidence,
    )


def _together(wald: float, p: int, clusters: int | None) -> float:
    """By chi-squared; over clusters by Hotelling's F, for their covariance is estimated too."""
    if clusters is None:
        return float(stats.chi2.sf(wald, p))
    scaled = wald * (clusters - p) / (p * (clusters - 1))
    return float(stats.f.sf(scaled, p, clusters - p))
