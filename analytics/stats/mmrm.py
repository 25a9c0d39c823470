"""The mixed model of repeated measures: values at planned visits, by restricted likelihood.

Visits are categories, and their covariance is free if the data allow it; otherwise the chain of
`visit_covariances.CHAIN` is gone down, declared beforehand, and the result names what was used and
why what stands before it failed. Mallinckrodt and others 2008, Drug Inf J 42:303; R package mmrm.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from math import log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from analytics.stats import visit_covariances
from analytics.stats.errors import NotEstimableError
from analytics.stats.follow_up import codes_of
from analytics.stats.mixed_designs import orthogonal
from analytics.stats.small_samples import (
    KENWARD_ROGER,
    SATTERTHWAITE,
    Contrasts,
    covariance_of_variances,
    kenward_roger,
    of_contrasts,
    rows_of,
    satterthwaite,
    summarise,
)
from analytics.stats.visit_covariances import CHAIN
from analytics.stats.visit_likelihood import Fit, Pattern, derivatives_of, patterns, restricted

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array]]
AT_A_MINIMUM = 1e-6
"""Largest derivative of the criterion per value that counts as none."""
CURVED = 1e-7
"""Least curvature, as a share of the largest, of a criterion that tells every parameter."""
FAR, OUTSIDE = 30.0, 1e6
"""Numbers beyond the first are no covariance of values of size one, and count as so bad a fit."""
STEP = 1e-4
ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Parts:
    """What the search worked on: turned columns, values over `size`, and where it ended."""

    patterns: list[Pattern] = field(repr=False)
    theta: Array
    matrix: Array
    fit: Fit = field(repr=False)
    hessian: Array = field(repr=False)
    back: Array
    size: float


@dataclass(frozen=True, slots=True)
class VisitModel:
    """A fitted model of repeated measures.

    Attributes
    ----------
    coefficients, standard_errors : ndarray, shape (p,)
        Of the fixed effects; errors as if the covariance of the visits were known.
    visits : list
        In the order planned.
    visit_covariance : ndarray, shape (visits, visits)
    structure : str
        The one used.
    passed_over : dict
        Why each structure that stands before it could not be used.
    criterion : float
        -2 log restricted likelihood.
    n, n_patients : int
        Values and patients.
    parts : Parts or None
        None where they were left behind: they hold a row of each patient, and serve tests alone.
    """

    coefficients: Array
    standard_errors: Array
    visits: list[Hashable]
    visit_covariance: Array
    structure: str
    passed_over: dict[str, str]
    criterion: float
    n: int
    n_patients: int
    parts: Parts | None = field(repr=False)


def fit(
    values: ArrayLike,
    fixed: ArrayLike,
    patients: Sequence[Hashable],
    visits: Sequence[Hashable],
    planned: Sequence[Hashable],
    chain: Sequence[str] = CHAIN,
) -> VisitModel:
    """Return the model of repeated measures with the first covariance the data allow.

    After a fallback the standard errors, degrees of freedom and p-values rest on the structure that
    is assumed, and are too small or too large where the visits vary otherwise; Kenward-Roger mends
    that variances are estimated, not that they are of the wrong shape.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        One per patient and visit; what is missing has no row.
    fixed : array_like of float, shape (n, p)
        Design matrix, its columns of ones or of visits included.
    patients, visits : sequence of hashable, length n
    planned : sequence of hashable
        The visits in their order.
    chain : sequence of str
        The structures to try, in turn.

    Raises
    ------
    NotEstimableError
        If a number is not finite; a fixed column follows from the others; there are not two
        patients; nobody came to a planned visit; or no structure of the chain can be fitted.
    ValueError
        If lengths differ, a visit is not planned, or a patient has two values of one visit.
    """
    measured, x, who, when = _checked(values, fixed, patients, visits, planned)
    turned, back = orthogonal(x)
    left = measured - turned @ np.linalg.lstsq(turned, measured, rcond=None)[0]
    size = sqrt(float(left @ left) / left.size)
    if size <= 1e-10 * float(np.abs(measured).max()):
        raise NotEstimableError("The fixed effects explain every value; no variance is left.")
    parts = patterns(measured / size, turned, who, when)
    deviations = np.array(
        [sqrt(float((left[when == v] ** 2).mean())) / size for v in range(len(planned))]
    )
    deviations = np.maximum(deviations, 0.05)
    passed_over: dict[str, str] = {}
    for structure in chain:
        try:
            theta, found, hessian = _search(parts, structure, deviations, measured.size)
        except NotEstimableError as error:
            passed_over[structure] = str(error)
            continue
        matrix = visit_covariances.covariance(structure, theta, len(planned))
        degrees = measured.size - x.shape[1]
        criterion = found.criterion + 2 * degrees * log(size)
        criterion -= 2 * float(np.linalg.slogdet(back)[1])
        covariance = size**2 * back @ found.covariance @ back.T
        return VisitModel(
            size * back @ found.beta,
            np.sqrt(np.diag(covariance)),
            list(planned),
            size**2 * matrix,
            structure,
            passed_over,
            criterion,
            measured.size,
            len(set(patients)),
            Parts(parts, theta, matrix, found, hessian, back, size),
        )
    reasons = " ".join(f"{name}: {reason}" for name, reason in passed_over.items())
    raise NotEstimableError(f"No covariance of the visits can be fitted. {reasons}")


def contrast_tests(
    model: VisitModel,
    contrasts: ArrayLike | None = None,
    method: str = KENWARD_ROGER,
    confidence: float = 0.95,
) -> Contrasts:
    """Return tests and intervals of combinations of the fixed effects.

    Kenward-Roger is that of 1997 for the unstructured and the symmetric covariance; the other two
    are not linear in their parameters, and leave the second derivatives out.

    Raises
    ------
    NotEstimableError
        If the values do not tell the variances, so that no degrees of freedom follow.
    ValueError
        If the parts of the model were left behind.
    """
    parts = model.parts
    if parts is None:
        raise ValueError("A model without its parts can be tested no further.")
    rows = rows_of(contrasts, model.coefficients.size)
    turned = rows @ parts.back
    moved = visit_covariances.derivatives(model.structure, parts.theta, len(model.visits))
    derivatives = derivatives_of(parts.patterns, parts.matrix, moved, parts.fit)
    if method == KENWARD_ROGER:
        variances, degrees = kenward_roger(derivatives, turned)
    elif method == SATTERTHWAITE:
        phi = derivatives.covariance
        variances = of_contrasts(phi, turned)
        slopes = phi @ derivatives.first @ phi
        degrees = satterthwaite(phi, slopes, covariance_of_variances(parts.hessian), turned)
    else:
        raise ValueError(f"The method is {KENWARD_ROGER} or {SATTERTHWAITE}, got {method}.")
    variances = parts.size**2 * variances
    return summarise(model.coefficients, rows, variances, degrees, method, confidence)


def _search(
    parts: list[Pattern], structure: str, deviations: Array, n: int
) -> tuple[Array, Fit, Array]:
    """Return where the criterion is least, the fit there and the second derivatives."""
    visits = deviations.size

    def objective(theta: Array) -> tuple[float, Array]:
        if not np.abs(theta).max() < FAR:
            return OUTSIDE, np.zeros(theta.size)
        try:
            found = restricted(parts, visit_covariances.covariance(structure, theta, visits))
        except np.linalg.LinAlgError:
            return OUTSIDE, np.zeros(theta.size)
        moved = visit_covariances.derivatives(structure, theta, visits)
        return found.criterion / n, np.einsum("iab,ab->i", moved, found.by_covariance) / n

    theta = np.asarray(
        optimize.minimize(
            objective,
            visit_covariances.start(structure, deviations),
            jac=True,
            method="BFGS",
            options={"gtol": AT_A_MINIMUM / 10},
        ).x
    )
    if objective(theta)[0] >= OUTSIDE:
        raise NotEstimableError("the search left the matrices that are possible.")
    theta, slope, hessian = _polished(objective, theta)
    curvature = np.linalg.eigvalsh(hessian)
    if curvature[0] <= CURVED * curvature[-1]:
        raise NotEstimableError("the values do not tell every variance and correlation.")
    if np.abs(slope).max() > AT_A_MINIMUM:
        raise NotEstimableError("the search found no minimum.")
    found = restricted(parts, visit_covariances.covariance(structure, theta, visits))
    return theta, found, n * hessian


def _polished(call: Objective, theta: Array) -> tuple[Array, Array, Array]:
    """Newton's steps as long as they help; the derivatives where they end."""
    value, slope = call(theta)
    for _ in range(ROUNDS):
        hessian = _hessian(call, theta)
        curvature = np.linalg.eigvalsh(hessian)
        if np.abs(slope).max() <= AT_A_MINIMUM / 10 or curvature[0] <= CURVED * curvature[-1]:
            break
        ahead = theta - np.linalg.solve(hessian, slope)
        there, next_slope = call(ahead)
        if there > value or np.abs(next_slope).max() >= np.abs(slope).max():
            break
        theta, value, slope = ahead, there, next_slope
    return theta, slope, hessian


def _hessian(call: Objective, theta: Array) -> Array:
    rows = []
    for place in range(theta.size):
        step = np.zeros(theta.size)
        step[place] = STEP
        rows.append((call(theta + step)[1] - call(theta - step)[1]) / (2 * STEP))
    found = np.array(rows)
    return 0.5 * (found + found.T)


def _checked(
    values: ArrayLike,
    fixed: ArrayLike,
    patients: Sequence[Hashable],
    visits: Sequence[Hashable],
    planned: Sequence[Hashable],
) -> tuple[Array, Array, NDArray[np.intp], NDArray[np.intp]]:
    measured, x = np.asarray(values, dtype=np.float64), np.asarray(fixed, dtype=np.float64)
    n = measured.size
    if measured.ndim != 1 or x.ndim != 2 or len(x) != n or len(visits) != n:
        raise ValueError(f"Each of {n} values needs a row of the design, a patient and a visit.")
    if not (np.isfinite(measured).all() and np.isfinite(x).all()):
        raise NotEstimableError("The model needs finite numbers; leave missing visits out.")
    who, when = _places(patients, visits, planned, n)
    size = np.sqrt((x**2).mean(axis=0))
    if not x.shape[1] or (size == 0).any() or np.linalg.matrix_rank(x / size) < x.shape[1]:
        raise NotEstimableError("A fixed column follows from the others.")
    if n <= x.shape[1] + 2:
        raise NotEstimableError(f"{n} values are too few for {x.shape[1]} fixed effects.")
    return measured, x, who, when


def _places(
    patients: Sequence[Hashable], visits: Sequence[Hashable], planned: Sequence[Hashable], n: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if not set(visits) <= set(planned) or len(set(planned)) < len(planned):
        raise ValueError("Every visit must be planned, and planned once.")
    order = {visit: place for place, visit in enumerate(planned)}
    when = np.array([order[visit] for visit in visits], dtype=np.intp)
    names, who = codes_of(patients, n, "patients")
    if len(set(zip(who.tolist(), when.tolist(), strict=True))) < n:
        raise ValueError("A patient has two values of one visit; decide which one counts.")
    if len(planned) < 2 or len(names) < 2:
        raise NotEstimableError("Repeated measures need two planned visits and two patients.")
    if np.unique(when).size < len(planned):
        raise NotEstimableError("Nobody came to one of the planned visits; leave it out.")
    return who, when
