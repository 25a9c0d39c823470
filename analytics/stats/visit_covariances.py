"""How the values of one patient at planned visits vary together, by ever fewer parameters.

Each structure is a smooth map of free numbers onto positive definite matrices, so that a search
never leaves them; its derivatives are taken along the imaginary axis, exact to rounding.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Numbers = NDArray[np.float64] | NDArray[np.complex128]

UNSTRUCTURED = "unstructured"
TOEPLITZ = "heterogeneous Toeplitz"
AUTOREGRESSIVE = "heterogeneous AR(1)"
SYMMETRIC = "compound symmetry"
CHAIN = (UNSTRUCTURED, TOEPLITZ, AUTOREGRESSIVE, SYMMETRIC)
"""Tried in turn: every variance and correlation of its own; correlations by how many visits lie
between; one correlation to the power of that number; one variance and one correlation for all."""
TINY = 1e-30


def parameters(structure: str, visits: int) -> int:
    """Return how many numbers a structure of so many visits has."""
    return {
        UNSTRUCTURED: visits * (visits + 1) // 2,
        TOEPLITZ: 2 * visits - 1,
        AUTOREGRESSIVE: visits + 1,
        SYMMETRIC: 2,
    }[structure]


def start(structure: str, deviations: Array) -> Array:
    """Return where a search begins: the deviation at each visit, and some correlation."""
    logs = np.log(deviations)
    visits = deviations.size
    if structure == UNSTRUCTURED:
        correlation = np.full((visits, visits), 0.5) + 0.5 * np.eye(visits)
        whole = correlation * np.outer(deviations, deviations)
        lower = np.asarray(np.linalg.cholesky(whole), dtype=np.float64)
        lower[np.diag_indices(visits)] = np.log(np.diag(lower))
        return np.asarray(lower[np.tril_indices(visits)], dtype=np.float64)
    if structure == SYMMETRIC:
        return np.array([logs.mean(), 0.0])
    extra = np.zeros(parameters(structure, visits) - visits)
    extra[0] = 0.5
    return np.concatenate([logs, extra])


def covariance(structure: str, theta: Array, visits: int) -> Array:
    """Return the matrix of the free numbers, shape (visits, visits)."""
    return np.asarray(_BUILT[structure](theta, visits), dtype=np.float64)


def derivatives(structure: str, theta: Array, visits: int) -> Array:
    """Return the derivative of the matrix by each number, shape (r, visits, visits)."""
    found = np.zeros((theta.size, visits, visits))
    for place in range(theta.size):
        moved = theta.astype(np.complex128)
        moved[place] += 1j * TINY
        found[place] = np.imag(_BUILT[structure](moved, visits)) / TINY
    return found


def _unstructured(theta: Numbers, visits: int) -> Numbers:
    lower = np.zeros((visits, visits), dtype=theta.dtype)
    lower[np.tril_indices(visits)] = theta
    lower[np.diag_indices(visits)] = np.exp(np.diag(lower))
    return np.asarray(lower @ lower.T)


def _toeplitz(theta: Numbers, visits: int) -> Numbers:
    """Correlations from partial ones (Durbin and Levinson), which are free between -1 and 1."""
    partial = np.tanh(theta[visits:])
    lags, weights = theta[:visits] * 0 + 1, theta[:0]
    left = theta[0] * 0 + 1
    for lag in range(1, visits):
        own = partial[lag - 1]
        lags[lag] = own * left + (weights * lags[1:lag][::-1]).sum()
        weights = np.append(weights - own * weights[::-1], own)
        left = left * (1 - own**2)
    correlation: Numbers = lags[_lags(visits)]
    return _scaled(theta, correlation)


def _autoregressive(theta: Numbers, visits: int) -> Numbers:
    return _scaled(theta, np.asarray(np.tanh(theta[visits]) ** _lags(visits)))


def _symmetric(theta: Numbers, visits: int) -> Numbers:
    least = -1.0 / max(visits - 1, 1)
    share = least + (1 - least) / (1 + np.exp(-theta[1]))
    same = np.eye(visits)
    return np.asarray(np.exp(2 * theta[0]) * (same + share * (1 - same)))


def _scaled(theta: Numbers, correlation: Numbers) -> Numbers:
    deviations = np.exp(theta[: len(correlation)])
    return np.asarray(correlation * np.outer(deviations, deviations))


def _lags(visits: int) -> NDArray[np.intp]:
    places = np.arange(visits)
    lags: NDArray[np.intp] = np.abs(places[:, None] - places[None, :])
    return lags


_BUILT: dict[str, Callable[[Numbers, int], Numbers]] = {
    UNSTRUCTURED: _unstructured,
    TOEPLITZ: _toeplitz,
    AUTOREGRESSIVE: _autoregressive,
    SYMMETRIC: _symmetric,
}
