"""The likelihood of a mixed model as a function of its random covariance alone.

Bates, Maechler, Bolker and Walker 2015, J Stat Softw 67(1), section 3: fixed effects and residual
variance follow from the relative covariance Lambda = L L' of the random effects, so that only the
few numbers of L are searched. All that is asked of a patient are sums over the scans; patients
whose sums of the design are equal (same visits, same covariates) are taken together, so that the
work does not grow with them. Designs are the last axis: small matrices by the thousand are ten
times slower to multiply one by one than entry by entry.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Designs:
    """Sums over the scans of patients, by design; q random columns, p fixed ones, K designs.

    Attributes
    ----------
    counts : ndarray, shape (K,)
        Patients of each design.
    zz, zx : ndarray, shapes (q, q, K) and (q, p, K)
        Z'Z and Z'X of one patient.
    zy, zyy : ndarray, shapes (q, K) and (q, q, K)
        Z'y and its outer product, summed over the patients of the design.
    xx, xy, yy : ndarray of shapes (p, p) and (p,), float
        Sums over all.
    n : int
        Scans.
    """

    counts: Array
    zz: Array
    zx: Array
    zy: Array
    zyy: Array
    xx: Array
    xy: Array
    yy: float
    n: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What follows from one L.

    Attributes
    ----------
    objective : float
        -2 log likelihood, less its constant, per scan.
    slope : ndarray, shape (q, q)
        Derivative of `objective` by Lambda (symmetric).
    beta, residual : ndarray, float
        Fixed effects and residual variance.
    squares, degrees : float, int
        What is left to explain, and how many scans it is divided by.
    information : ndarray, shape (p, p)
        Of the fixed effects, times the residual variance.
    log_determinant : float
        Of Z Lambda Z' + I, over all patients.
    """

    objective: float
    slope: Array
    beta: Array
    residual: float
    squares: float
    degrees: int
    information: Array
    log_determinant: float


def orthogonal(design: Array) -> tuple[Array, Array]:
    """Return a design of columns at right angles, and the matrix that turns the given one into it.

    Years counted from long ago would leave intercept and slope nearly the same column. Each row is
    computed in the same steps, so that equal rows stay equal and their patients can be merged.
    """
    size = np.sqrt((design**2).mean(axis=0))
    upper = np.linalg.qr(design / size).R / sqrt(len(design))
    back = np.linalg.inv(upper) / size[:, None]
    turned = np.zeros_like(design)
    for column, weights in zip(design.T, back, strict=True):
        turned += column[:, None] * weights
    return turned, back


def merge(y: Array, fixed: Array, patients: NDArray[np.intp], random: Array) -> Designs:
    """Return the sums of a model, equal designs taken together.

    Parameters
    ----------
    y, fixed, random : ndarray, shapes (n,), (n, p), (n, q)
    patients : ndarray of int, shape (n,)
        Codes 0, 1, ..., each of them used.
    """
    q, p = random.shape[1], fixed.shape[1]
    every = np.column_stack([random, fixed, y])
    starts = np.flatnonzero(np.r_[True, np.diff(np.sort(patients)) > 0])
    order = np.argsort(patients, kind="stable")
    products = random[order, :, None] * every[order, None, :]
    sums = np.add.reduceat(products, starts, axis=0)
    of_designs, of_y = sums[:, :, : q + p], sums[:, :, -1]
    _, first, at = np.unique(
        of_designs.reshape(len(sums), -1), axis=0, return_index=True, return_inverse=True
    )
    at = at.ravel()
    zy = np.zeros((first.size, q))
    zyy = np.zeros((first.size, q, q))
    np.add.at(zy, at, of_y)
    np.add.at(zyy, at, of_y[:, :, None] * of_y[:, None, :])
    return Designs(
        np.bincount(at).astype(np.float64),
        _designs_last(of_designs[first][:, :, :q]),
        _designs_last(of_designs[first][:, :, q:]),
        _designs_last(zy),
        _designs_last(zyy),
        fixed.T @ fixed,
        fixed.T @ y,
        float(y @ y),
        y.size,
    )


def profile(
    designs: Designs, lower: Array, *, reml: bool, residual: float | None = None
) -> Profile:
    """Return fixed effects, residual variance and objective for one L.

    Parameters
    ----------
    lower : ndarray, shape (q, q)
        Lower triangular; L L' is the covariance of the random effects over the residual variance.
    reml : bool
        Restricted likelihood.
    residual : float, optional
        The residual variance is held at this; without, it is the best one for this L.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the fixed effects cannot be told apart.
    """
    d = designs
    weight, log_determinants = weights(d, lower)
    # Z' V^-1 = keep Z', where V = I + Z Lambda Z'.
    keep = kept(d, weight)
    drop = times(weight, d.zx)
    information = d.xx - over_patients(d, d.zx, drop)
    right = d.xy - np.einsum("ipk,ik->p", drop, d.zy)
    beta = np.linalg.solve(information, right)
    squares = d.yy - np.einsum("ijk,ijk->", weight, d.zyy) - right @ beta
    degrees = d.n - beta.size if reml else d.n
    log_determinant = float(d.counts @ log_determinants)
    variance = float(squares) / degrees if residual is None else residual
    # Rounding may leave a step that goes too far no variance at all; what is no number there is no
    # minimum, and the search says so.
    with np.errstate(invalid="ignore", divide="ignore"):
        objective = degrees * (np.log(variance) - 1) + squares / variance + log_determinant
    fitted = np.einsum("ipk,p->ik", d.zx, beta)
    cross = d.zy[:, None] * fitted[None]
    left = d.zyy - cross - cross.swapaxes(0, 1)
    left += d.counts * fitted[:, None] * fitted[None]
    slope = times(keep, d.zz) @ d.counts
    with np.errstate(invalid="ignore", divide="ignore"):
        slope -= np.einsum("ilk,jlk->ij", times(keep, left), keep) / variance
    if reml:
        objective += np.linalg.slogdet(information)[1]
        seen = times(keep, d.zx)
        spread = np.einsum("ipk,pr->irk", seen, np.linalg.inv(information))
        slope -= np.einsum("irk,jrk->ij", spread * d.counts, seen)
    return Profile(
        float(objective) / d.n,
        0.5 * (slope + slope.T) / d.n,
        beta,
        variance,
        float(squares),
        degrees,
        information,
        log_determinant,
    )


def weights(designs: Designs, lower: Array) -> tuple[Array, Array]:
    """Return L (I + L'Z'ZL)^-1 L' (q, q, K) of each design, and log |I + L'Z'ZL| (K,)."""
    zz = np.einsum("ai,ijk->ajk", lower.T, designs.zz)
    inner = np.einsum("ajk,jb->abk", zz, lower) + np.eye(len(lower))[:, :, None]
    inverse, log_determinants = _inverse(inner)
    left = np.einsum("ia,abk->ibk", lower, inverse)
    return np.einsum("ibk,jb->ijk", left, lower), log_determinants


def kept(designs: Designs, weight: Array) -> Array:
    """Return I - Z'Z W (q, q, K): Z' V^-1 is this times Z'."""
    found: Array = np.eye(len(weight))[:, :, None] - times(designs.zz, weight)
    return found


def times(first: Array, second: Array) -> Array:
    """Return the product of two matrices of each design, (a, b, K) and (b, c, K)."""
    product: Array = np.einsum("ijk,jlk->ilk", first, second)
    return product


def over_patients(designs: Designs, first: Array, second: Array) -> Array:
    """Return A'B summed over the patients, of matrices (a, b, K) and (a, c, K)."""
    total: Array = np.einsum("ipk,irk->pr", first * designs.counts, second)
    return total


def _designs_last(sums: Array) -> Array:
    return np.ascontiguousarray(np.moveaxis(sums, 0, -1))


def _inverse(matrices: Array) -> tuple[Array, Array]:
    """Return the inverses of positive definite matrices (q, q, K), and their log determinants.

    By elimination: without a search for pivots, which such matrices do not need.
    """
    q = len(matrices)
    left = np.concatenate([matrices, np.zeros_like(matrices)], axis=1)
    left[range(q), range(q, 2 * q)] = 1.0
    logarithms = np.zeros(matrices.shape[-1])
    for row in range(q):
        pivot = left[row, row].copy()
        logarithms += np.log(np.abs(pivot))
        left[row] /= pivot
        for other in range(q):
            if other != row:
                left[other] -= left[other, row].copy() * left[row]
    return left[:, q:], logarithms
