"""The likelihood of a mixed model as a function of its random covariance alone.

Bates, Maechler, Bolker and Walker 2015, J Stat Softw 67(1), section 3: fixed effects and residual
variance follow from the relative covariance Lambda = L L' of the random effects, so that only the
few numbers of L are searched. All that is asked of a patient are sums over the scans; patients
whose sums of the design are equal (same visits, same covariates) are taken together, so that the
work does not grow with them.
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
    zz, zx : ndarray, shapes (K, q, q) and (K, q, p)
        Z'Z and Z'X of one patient.
    zy, zyy : ndarray, shapes (K, q) and (K, q, q)
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
        of_designs[first][:, :, :q],
        of_designs[first][:, :, q:],
        zy,
        zyy,
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
    d, q = designs, lower.shape[0]
    inner = np.eye(q) + lower.T @ d.zz @ lower
    weight = lower @ np.linalg.inv(inner) @ lower.T
    # Z' V^-1 = keep Z', where V = I + Z Lambda Z'.
    keep = np.eye(q) - d.zz @ weight
    drop = weight @ d.zx
    information = d.xx - np.einsum("k,kip,kir->pr", d.counts, d.zx, drop)
    right = d.xy - np.einsum("kip,ki->p", drop, d.zy)
    beta = np.linalg.solve(information, right)
    squares = d.yy - np.einsum("kij,kij->", weight, d.zyy) - right @ beta
    degrees = d.n - beta.size if reml else d.n
    log_determinant = float(d.counts @ np.linalg.slogdet(inner)[1])
    variance = float(squares) / degrees if residual is None else residual
    # Rounding may leave a step that goes too far no variance at all; what is no number there is no
    # minimum, and the search says so.
    with np.errstate(invalid="ignore", divide="ignore"):
        objective = degrees * (np.log(variance) - 1) + squares / variance + log_determinant
    fitted = d.zx @ beta
    cross = d.zy[:, :, None] * fitted[:, None, :]
    left = d.zyy - cross - cross.transpose(0, 2, 1)
    left += d.counts[:, None, None] * fitted[:, :, None] * fitted[:, None, :]
    turned = keep.transpose(0, 2, 1)
    slope = np.einsum("k,kij->ij", d.counts, keep @ d.zz)
    slope -= (keep @ left @ turned).sum(axis=0) / variance
    if reml:
        objective += np.linalg.slogdet(information)[1]
        seen = keep @ d.zx
        spread = seen @ np.linalg.inv(information) @ seen.transpose(0, 2, 1)
        slope -= np.einsum("k,kij->ij", d.counts, spread)
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
