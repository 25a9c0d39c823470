"""Tests and intervals of the fixed effects of a mixed model that hold with few patients.

Everything follows from the sums of `mixed_designs`: with V = residual (I + Z Lambda Z'), all powers
of its inverse between columns of X and Z are products of Z'Z and Z'X.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.stats.mixed import REML, MixedModel
from analytics.stats.mixed_designs import (
    Designs,
    kept,
    over_patients,
    profile,
    times,
    weights,
)
from analytics.stats.small_samples import (
    KENWARD_ROGER,
    SATTERTHWAITE,
    Contrasts,
    Derivatives,
    covariance_of_variances,
    kenward_roger,
    of_contrasts,
    rows_of,
    satterthwaite,
    summarise,
)

Array = NDArray[np.float64]
STEP = 1e-5


def contrast_tests(
    model: MixedModel,
    contrasts: ArrayLike | None = None,
    method: str = KENWARD_ROGER,
    confidence: float = 0.95,
) -> Contrasts:
    """Return tests and intervals of combinations of the fixed effects.

    Parameters
    ----------
    contrasts : array_like of float, shape (p,) or (k, p), optional
        One combination each row; without, every fixed effect by itself.
    method : str
        ``Kenward-Roger`` takes the expected curvature of the likelihood, and enlarges the standard
        errors by what is not known of the variances. ``Satterthwaite``, as lmerTest has it, takes
        the curvature as found and leaves the standard errors. Of 2,000 intervals of a slope (1 to 6
        visits) at 40, 20, 10 and 6 patients 94.9, 94.7, 96.2 and 97.8 % and 94.6, 93.3, 94.0 and
        93.3 % held the truth; hence the first.

    Raises
    ------
    NotEstimableError
        If the scans do not tell the variances, so that no degrees of freedom follow.
    ValueError
        If the model was fitted by ``ml``, whose variances are too small for few patients; or a
        contrast or the method is none.
    """
    if model.method != REML:
        raise ValueError("Tests and intervals need a model fitted by reml; ml is for comparisons.")
    rows = rows_of(contrasts, model.coefficients.size)
    parts = model.parts
    turned = rows @ parts.back
    if method == KENWARD_ROGER:
        derivatives = _derivatives(parts.designs, parts.lower, parts.residual)
        variances, degrees = kenward_roger(derivatives, turned)
        variances = variances * parts.size**2
    elif method == SATTERTHWAITE:
        variances = of_contrasts(model.covariance, rows)
        degrees = _satterthwaite(model, turned)
    else:
        raise ValueError(f"The method is {KENWARD_ROGER} or {SATTERTHWAITE}, got {method}.")
    return summarise(model.coefficients, rows, variances, degrees, method, confidence)


def _satterthwaite(model: MixedModel, contrasts: Array) -> Array:
    """Differences of the exact gradient by L; a variance of zero is one that moves nothing.

    L, not its square, is the parameter as in lmerTest: at the boundary the derivative of the
    covariance of the fixed effects by L is zero. Each parameter is taken in its own size, the
    residual variance as its logarithm: otherwise a large covariance has so little curvature beside
    it that it would count as not seen.
    """
    designs, lower, residual = model.parts.designs, model.parts.lower, model.parts.residual
    where = np.tril_indices(len(lower))
    theta = lower[where]
    count = theta.size

    def gradient(at: Array) -> Array:
        moved = np.zeros_like(lower)
        moved[where] = at
        found = profile(designs, moved, reml=True, residual=residual)
        by_residual = found.degrees / residual - found.squares / residual**2
        by_lower = 2 * designs.n * (found.slope @ moved)[where]
        return np.append(by_lower, by_residual)

    hessian = np.zeros((count + 1, count + 1))
    for place in range(count):
        step = np.zeros(count)
        step[place] = STEP * max(1.0, abs(theta[place]))
        rise = gradient(theta + step) - gradient(theta - step)
        hessian[place] = hessian[:, place] = rise / (2 * step[place])
    found = profile(designs, lower, reml=True, residual=residual)
    hessian[-1, -1] = (2 * found.squares / residual - found.degrees) / residual**2
    inverse = np.asarray(np.linalg.inv(found.information), dtype=np.float64)
    seen = times(kept(designs, weights(designs, lower)[0]), designs.zx)
    slopes = [residual * inverse @ part @ inverse for part in _moved(designs, seen, lower)]
    slopes.append(inverse)
    sizes = np.append(np.maximum(1.0, np.abs(theta)), residual)
    of_variances = covariance_of_variances(hessian * np.outer(sizes, sizes))
    scaled = np.array(slopes) * sizes[:, None, None]
    return satterthwaite(residual * inverse, scaled, of_variances, contrasts)


def _moved(designs: Designs, seen: Array, lower: Array) -> list[Array]:
    """Derivative of the information by each number of L, negated."""
    parts = []
    for row, column in zip(*np.tril_indices(len(lower)), strict=True):
        by = np.zeros_like(lower)
        by[row] = lower[:, column]
        by = by + by.T
        parts.append(over_patients(designs, seen, np.einsum("ij,jbk->ibk", by, seen)))
    return parts


def _derivatives(designs: Designs, lower: Array, residual: float) -> Derivatives:
    """The parameters are the covariances of the random effects, then the residual variance."""
    d, q, p = designs, len(lower), designs.xx.shape[0]
    weight = weights(d, lower)[0]
    keep = kept(d, weight)
    zz, zx = times(keep, d.zz) / residual, times(keep, d.zx) / residual
    zz2 = np.einsum("ijk,ljk->ilk", times(keep, d.zz), keep) / residual**2
    zx2 = times(keep, zx) / residual
    drop = times(weight, d.zx)
    cross = over_patients(d, d.zx, drop)
    xx2 = d.xx - 2 * cross + over_patients(d, drop, times(d.zz, drop))
    xx3 = xx2 - residual**2 * over_patients(d, zx, times(weight, zx))
    both = times(weight, d.zz)
    traces_of = np.einsum("ijk,jik->k", both, both) - 2 * np.einsum("iik->k", both)
    trace = d.n + float(d.counts @ traces_of)
    units = _units(q)
    count = len(units) + 1
    first, traces = np.zeros((count, p, p)), np.zeros((count, count))
    second = np.zeros((count, count, p, p))
    first[-1], second[-1, -1], traces[-1, -1] = (
        xx2 / residual**2,
        xx3 / residual**3,
        trace / residual**2,
    )
    by_zx = [np.einsum("ij,jbk->ibk", one, zx) for one in units]
    by_zz = [np.einsum("ij,jlk->ilk", one, zz) for one in units]
    for i, one in enumerate(units):
        first[i] = over_patients(d, zx, by_zx[i])
        second[i, -1] = over_patients(d, by_zx[i], zx2)
        second[-1, i] = second[i, -1].T
        traces[i, -1] = traces[-1, i] = d.counts @ np.einsum("ij,jik->k", one, zz2)
        for j, other in enumerate(by_zx):
            second[i, j] = over_patients(d, by_zx[i], times(zz, other))
            traces[i, j] = d.counts @ np.einsum("ijk,jik->k", by_zz[i], by_zz[j])
    covariance = residual * np.asarray(np.linalg.inv(d.xx - cross), dtype=np.float64)
    return Derivatives(covariance, first, second, traces)


def _units(q: int) -> list[Array]:
    units = []
    for row, column in zip(*np.tril_indices(q), strict=True):
        one = np.zeros((q, q))
        one[row, column] = one[column, row] = 1.0
        units.append(one)
    return units
