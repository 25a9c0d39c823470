"""Tests of fixed effects when patients are few: degrees of freedom, honest standard errors.

Kenward and Roger 1997, Biometrics 53:983: the covariance of the fixed effects counts too what is
not known of the variances, and the degrees of freedom follow from the expected information. For
one contrast their scale is exactly 1 and their degrees of freedom are Satterthwaite's, so that
only these two numbers are needed here. Where the covariance is no linear function of its parameters
the second derivatives are left out, as R's mmrm does by "Kenward-Roger-Linear".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
KENWARD_ROGER = "Kenward-Roger"
SATTERTHWAITE = "Satterthwaite"
UNKNOWN = 1e-8
"""Share of the largest information below which a direction of the variances counts as not seen."""


@dataclass(frozen=True, slots=True)
class Derivatives:
    """How the fixed effects of a fit depend on r parameters of the covariance V of the scans.

    Attributes
    ----------
    covariance : ndarray, shape (p, p)
        Of the fixed effects, (X' V^-1 X)^-1.
    first : ndarray, shape (r, p, p)
        X' V^-1 G_i V^-1 X with G_i the derivative of V; the derivative of the information, negated.
    second : ndarray, shape (r, r, p, p)
        X' V^-1 G_i V^-1 G_j V^-1 X.
    traces : ndarray, shape (r, r)
        Trace of V^-1 G_i V^-1 G_j.
    """

    covariance: Array
    first: Array
    second: Array
    traces: Array


@dataclass(frozen=True, slots=True)
class Contrasts:
    """Combinations of fixed effects, one each row.

    Attributes
    ----------
    estimates, standard_errors, degrees, t, p_values, ci_low, ci_high : ndarray, shape (k,)
        Degrees of freedom of Student's t; two-sided p-values; interval of `confidence`.
    method : str
        ``Kenward-Roger`` or ``Satterthwaite``.
    confidence : float
    """

    estimates: Array
    standard_errors: Array
    degrees: Array
    t: Array
    p_values: Array
    ci_low: Array
    ci_high: Array
    method: str
    confidence: float


def kenward_roger(derivatives: Derivatives, contrasts: Array) -> tuple[Array, Array]:
    """Return the adjusted variance and the degrees of freedom of each contrast (k, p).

    Raises
    ------
    NotEstimableError
        If the scans say nothing of a variance.
    """
    d = derivatives
    turned = d.first @ d.covariance
    pairs = np.einsum("iab,jba->ij", turned, turned)
    information: Array = d.traces - 2 * np.einsum("ijab,ba->ij", d.second, d.covariance) + pairs
    of_variances = 2 * _inverse(information)
    lost = np.einsum("ij,ijab->ab", of_variances, d.second)
    lost -= np.einsum("ij,iab,jbc->ac", of_variances, turned, d.first)
    adjusted = d.covariance + 2 * d.covariance @ lost @ d.covariance
    slopes = d.covariance @ d.first @ d.covariance
    degrees = satterthwaite(d.covariance, slopes, of_variances, contrasts)
    return of_contrasts(adjusted, contrasts), degrees


def satterthwaite(covariance: Array, slopes: Array, of_variances: Array, contrasts: Array) -> Array:
    """Return the degrees of freedom of each contrast.

    Twice the square of its variance over the variance of that variance: Satterthwaite 1946,
    Biometrics Bulletin 2:110; Kuznetsova and others 2017, J Stat Softw 82(13).

    Parameters
    ----------
    covariance : ndarray, shape (p, p)
        Of the fixed effects.
    slopes : ndarray, shape (r, p, p)
        Its derivative by each parameter of the covariance of the scans.
    of_variances : ndarray, shape (r, r)
        Covariance of the estimates of these parameters.
    contrasts : ndarray, shape (k, p)
    """
    size = of_contrasts(covariance, contrasts)
    gradient = np.einsum("ka,iab,kb->ki", contrasts, slopes, contrasts)
    noise = np.einsum("ki,ij,kj->k", gradient, of_variances, gradient)
    degrees: Array = 2 * size**2 / noise
    return degrees


def covariance_of_variances(hessian: Array) -> Array:
    """Return the covariance of parameters from the second derivatives of -2 log likelihood.

    Directions of no curvature are left out: they are those of a variance of zero, by which the
    covariance of the fixed effects does not change either.
    """
    values, vectors = np.linalg.eigh(0.5 * (hessian + hessian.T))
    seen = values > UNKNOWN * values.max()
    kept = vectors[:, seen]
    covariance: Array = 2 * (kept / values[seen]) @ kept.T
    return covariance


def summarise(
    coefficients: Array,
    contrasts: Array,
    variances: Array,
    degrees: Array,
    method: str,
    confidence: float,
) -> Contrasts:
    """Return tests and intervals of contrasts (k, p) by Student's t.

    Raises
    ------
    NotEstimableError
        If a variance or its degrees of freedom are not positive numbers.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence lies between 0 and 1, got {confidence}.")
    usable = np.isfinite(variances) & (variances > 0) & np.isfinite(degrees) & (degrees > 0)
    if not usable.all():
        raise NotEstimableError("There are too few patients for an interval of the fixed effects.")
    estimates, errors = contrasts @ coefficients, np.sqrt(variances)
    t = estimates / errors
    half = stats.t.isf((1 - confidence) / 2, degrees) * errors
    return Contrasts(
        estimates,
        errors,
        degrees,
        t,
        2 * stats.t.sf(np.abs(t), degrees),
        estimates - half,
        estimates + half,
        method,
        confidence,
    )


def rows_of(contrasts: ArrayLike | None, p: int) -> Array:
    """Return contrasts as rows, every fixed effect by itself if none are given.

    Raises
    ------
    ValueError
        If a row has not one finite number for each fixed effect, or none but zeros.
    """
    if contrasts is None:
        return np.eye(p)
    rows = np.atleast_2d(np.asarray(contrasts, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != p or not np.isfinite(rows).all():
        raise ValueError(f"A contrast needs one finite number for each of {p} fixed effects.")
    if not rows.any(axis=1).all():
        raise ValueError("A contrast of zeros alone compares nothing.")
    return rows


def of_contrasts(covariance: Array, contrasts: Array) -> Array:
    """Return the variance of each contrast (k, p) from the covariance of the fixed effects."""
    sizes: Array = np.einsum("ka,ab,kb->k", contrasts, covariance, contrasts)
    return sizes


def _inverse(information: Array) -> Array:
    known = np.diag(information)
    if not (np.isfinite(information).all() and (known > 0).all()):
        raise NotEstimableError("The scans say nothing of a variance; ask for fewer of them.")
    size = np.sqrt(known)
    relative = information / np.outer(size, size)
    if np.linalg.eigvalsh(relative).min() < UNKNOWN:
        raise NotEstimableError("The scans say nothing of a variance; ask for fewer of them.")
    inverse: Array = np.linalg.inv(relative) / np.outer(size, size)
    return inverse
