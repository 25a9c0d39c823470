"""The restricted likelihood of values at planned visits, some of them missing.

Patients who came to the same visits share one covariance matrix and are taken together. What is
missing is left out, not filled in: right if it is missing at random given what was seen (Laird and
Ware 1982, Biometrics 38:963; Mallinckrodt and others 2008, Drug Inf J 42:303).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.stats.small_samples import Derivatives

Array = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Patients who came to the same visits: k patients, m visits of all, p fixed columns.

    Attributes
    ----------
    visits : ndarray of int, shape (m,)
    fixed, values : ndarray, shapes (k, m, p) and (k, m)
    """

    visits: Places
    fixed: Array
    values: Array


@dataclass(frozen=True, slots=True)
class Fit:
    """What follows from one covariance matrix.

    Attributes
    ----------
    criterion : float
        -2 log restricted likelihood.
    by_covariance : ndarray, shape (visits, visits)
        Its derivative by each element of the matrix, the fixed effects being those of the matrix.
    beta, covariance : ndarray, shapes (p,) and (p, p)
    """

    criterion: float
    by_covariance: Array
    beta: Array
    covariance: Array


def patterns(values: Array, fixed: Array, patients: Places, visits: Places) -> list[Pattern]:
    """Return the patients by the visits they came to; one row per patient and visit."""
    order = np.lexsort((visits, patients))
    starts = np.flatnonzero(np.r_[True, np.diff(patients[order]) > 0])
    rows_of: dict[tuple[int, ...], list[Places]] = {}
    for rows in np.split(order, starts[1:]):
        rows_of.setdefault(tuple(visits[rows].tolist()), []).append(rows)
    found = []
    for came, rows_list in rows_of.items():
        rows = np.array(rows_list)
        found.append(Pattern(np.array(came, dtype=np.intp), fixed[rows], values[rows]))
    return found


def restricted(parts: list[Pattern], matrix: Array) -> Fit:
    """Return criterion, derivative and fixed effects of one covariance matrix.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix is not positive definite or the fixed effects cannot be told apart.
    """
    p = parts[0].fixed.shape[2]
    inverses = [np.linalg.inv(matrix[np.ix_(part.visits, part.visits)]) for part in parts]
    information, right = np.zeros((p, p)), np.zeros(p)
    weighted_of = [inverse @ part.fixed for part, inverse in zip(parts, inverses, strict=True)]
    for part, weighted in zip(parts, weighted_of, strict=True):
        # As products of matrices, which are many times as fast as sums over indices.
        rows = weighted.reshape(-1, p)
        information += part.fixed.reshape(-1, p).T @ rows
        right += rows.T @ part.values.ravel()
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    beta = covariance @ right
    criterion = float(np.linalg.slogdet(information)[1])
    by = np.zeros_like(matrix)
    n = 0
    for part, inverse, weighted in zip(parts, inverses, weighted_of, strict=True):
        k, m = part.values.shape
        n += k * m
        residuals = part.values - part.fixed @ beta
        left = residuals @ inverse
        criterion -= k * float(np.linalg.slogdet(inverse)[1])
        criterion += float(np.vdot(left, residuals))
        spread = np.tensordot(weighted @ covariance, weighted, axes=((0, 2), (0, 2)))
        by[np.ix_(part.visits, part.visits)] += k * inverse - left.T @ left - spread
    return Fit(criterion + (n - p) * float(np.log(2 * np.pi)), by, beta, covariance)


def derivatives_of(parts: list[Pattern], matrix: Array, moved: Array, found: Fit) -> Derivatives:
    """Return what small samples ask for; `moved` are the derivatives (r, visits, visits)."""
    r, p = len(moved), found.beta.size
    first, second, traces = np.zeros((r, p, p)), np.zeros((r, r, p, p)), np.zeros((r, r))
    for part in parts:
        here = np.ix_(part.visits, part.visits)
        inverse = np.linalg.inv(matrix[here])
        steps = np.array([one[here] for one in moved])
        turned = inverse @ steps
        traces += len(part.values) * np.einsum("iab,jba->ij", turned, turned)
        weighted = inverse @ part.fixed
        # Patients are summed first, and once: their rows enter by their products alone.
        m = part.visits.size
        flat = weighted.reshape(-1, m * p)
        products = (flat.T @ flat).reshape(m, p, m, p).transpose(0, 2, 1, 3).reshape(m * m, p * p)
        first += (steps.reshape(r, -1) @ products).reshape(r, p, p)
        both = np.einsum("iab,jbc->ijac", steps @ inverse, steps)
        second += (both.reshape(r * r, -1) @ products).reshape(r, r, p, p)
    return Derivatives(found.covariance, first, second, traces)
