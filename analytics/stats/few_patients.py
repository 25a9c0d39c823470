"""Robust covariances over patients that hold with few of them.

The plain sandwich over patients is too small, for each patient pulls the fit towards what they
show. A patient's score may be divided by what is left of it, I - H, or by its square root: the
first gives standard errors that are too large (Mancl and DeRouen 2001, Biometrics 57:126; for a
straight line the jackknife, CR3), the second ones that are too small still (Kauermann and Carroll
2001, J Am Stat Assoc 96:1387; for a straight line Bell and McCaffrey's CR2). Their mean keeps the
level of tests from 10 patients on, with the patients less the coefficients as degrees of freedom
(Ford and Westgate 2017, Biom J 59:478); where patients hardly differ it is cautious.
"""

import numpy as np
from numpy.typing import NDArray

from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
NOTHING = 1e-8
"""Share of a patient's say that is left beside the fit and counts as none."""
ROOT, WHOLE = 0.5, 1.0
"""Powers of I - H."""


def covariance(bread: Array, scores: Array, information: Array) -> Array:
    """Return the covariance whose standard errors are the mean of both corrections.

    Its correlations are those of the mean of both covariances.

    Parameters
    ----------
    bread : ndarray, shape (q, q)
        Inverse of the information of all patients.
    scores : ndarray, shape (g, q)
        Of each patient, at the fit.
    information : ndarray, shape (g, q, q)
        Expected, of each patient: a patient's H is its share of the sum.

    Raises
    ------
    NotEstimableError
        If the information of all tells some coefficient next to nothing.
    """
    root, whole = (corrected(bread, scores, information, power) for power in (ROOT, WHOLE))
    both = (root + whole) / 2
    errors = (np.sqrt(np.diag(root)) + np.sqrt(np.diag(whole))) / 2
    size = errors / np.sqrt(np.diag(both))
    averaged: Array = both * np.outer(size, size)
    return averaged


def corrected(bread: Array, scores: Array, information: Array, power: float) -> Array:
    """Return the sandwich of the scores over (I - H) to a power; parameters as `covariance`.

    A coefficient that one patient alone tells has no score beside the fit, and adds nothing.
    """
    try:
        lower = np.linalg.cholesky(information.sum(axis=0))
    except np.linalg.LinAlgError:
        raise NotEstimableError(
            "The rows are too few, or a covariate is too uneven, for a standard error."
        ) from None
    turn = np.linalg.inv(lower)
    left, vectors = np.linalg.eigh(np.eye(len(bread)) - turn @ information @ turn.T)
    factors = np.where(left > NOTHING, np.maximum(left, NOTHING) ** -power, 0.0)
    turned = np.einsum("gji,gj->gi", vectors, scores @ turn.T) * factors
    mended = np.einsum("gij,gj->gi", vectors, turned) @ lower.T
    moved = mended @ bread
    found: Array = moved.T @ moved
    return found
