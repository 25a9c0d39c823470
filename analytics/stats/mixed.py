"""Linear mixed models of repeated scans: what is common to patients, and how they differ.

y = X beta + Z b + e for each patient, b of any covariance. The search is over the covariance of b
alone (`mixed_designs`), with its exact gradient. The columns are turned to right angles and y is
brought to a size of one before, and the criterion is divided by the number of scans; without that a
search stops too early.
A fit is only returned where the gradient shows a minimum.
"""

from dataclasses import dataclass, field
from itertools import islice, product
from math import inf, isfinite, log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from analytics.stats.errors import NotEstimableError
from analytics.stats.mixed_designs import Designs, Profile, merge, orthogonal, profile
from analytics.stats.resampling import Subjects, numbered

Array = NDArray[np.float64]
REML = "reml"
ML = "ml"
GRID = (0.1, 1.0, 10.0, 100.0)
"""Relative standard deviations of the random effects among which searches begin."""
AT_A_MINIMUM = 1e-6
"""Largest derivative of the criterion per scan that counts as none."""
SINGULAR = 1e-4
"""As lme4 has it: a random effect of so small a relative standard deviation is none."""
NO_NOISE = 1e-10
"""Share of the variance that the fixed effects leave; as noise it is rounding, or next to it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the search worked on, for what is asked of a fit later (`mixed_tests`).

    Attributes
    ----------
    designs : Designs
        Sums over the scans, of turned columns and of y over `size`.
    lower, residual : ndarray (q, q), float
        Relative covariance factor and residual variance in these units.
    back : ndarray, shape (p, p)
        Turns fixed effects of these units, times `size`, into those of the columns given.
    size : float
    """

    designs: Designs
    lower: Array
    residual: float
    back: Array
    size: float


@dataclass(frozen=True, slots=True)
class MixedModel:
    """A fitted mixed model.

    Attributes
    ----------
    coefficients, standard_errors : ndarray, shape (p,)
        Of the fixed effects, in the unit of y per unit of the column.
    criterion : float
        -2 log restricted likelihood; for ``ml`` -2 log likelihood.
    variance : tuple of ndarray (q, q) and float
        Covariance of the random effects, and residual variance.
    covariance : ndarray, shape (p, p)
        Of the fixed effects.
    method : str
        ``reml`` or ``ml``.
    n, n_groups : int
        Scans and patients.
    degrees : ndarray of int, shape (p,)
        Degrees of freedom of each fixed effect if patients are the unit: their number, less the
        fixed columns that do not change within any patient.
    singular : bool
        The covariance of the random effects is on its boundary: fewer random effects would do.
    fixed_spread, random_spread : float
        Variance of X beta over the scans (divisor n - 1), and mean variance of Z b.
    response : tuple of float
        Mean and sum of squares of y, by which two fits are known to be of the same data.
    parts : Parts
        What the search worked on.
    """

    coefficients: Array
    standard_errors: Array
    criterion: float
    variance: tuple[Array, float]
    covariance: Array
    method: str
    n: int
    n_groups: int
    degrees: NDArray[np.intp]
    singular: bool
    fixed_spread: float
    random_spread: float
    response: tuple[float, float]
    parts: Parts = field(repr=False)

    @property
    def n_parameters(self) -> int:
        """Fixed effects, covariances of the random effects, and the residual variance."""
        q = len(self.variance[0])
        return self.coefficients.size + q * (q + 1) // 2 + 1


def fit(
    y: ArrayLike,
    fixed: ArrayLike,
    groups: Subjects,
    random: ArrayLike,
    method: str = REML,
) -> MixedModel:
    """Return the linear mixed model of repeated measurements.

    Parameters
    ----------
    y : array_like of float, shape (n,)
        The measure, for example the demyelination load in mL.
    fixed, random : array_like of float, shapes (n, p) and (n, q)
        Design matrices, their columns of ones included.
    groups : sequence of hashable, length n
        The patient of each row, in any order.
    method : str
        ``reml`` for estimates, ``ml`` for comparing models with different fixed effects.

    Raises
    ------
    NotEstimableError
        If a number is not finite; a fixed or random column follows from the others; there are not
        more rows than random effects, or not two patients; nothing is left to explain, or no
        noise; the fixed effects tell every patient from the others beside a random intercept; or
        the search finds no minimum.
    """
    if method not in (REML, ML):
        raise ValueError(f"The method is {REML} or {ML}, got {method}.")
    measured, x, z, codes = _checked(y, fixed, groups, random)
    (tall, x_back), (wide, z_back) = orthogonal(x), orthogonal(z)
    start = np.linalg.lstsq(tall, measured, rcond=None)[0]
    left = measured - tall @ start
    size = sqrt(float(left @ left) / left.size)
    if size <= 1e-10 * float(np.abs(measured).max()):
        raise NotEstimableError("The fixed effects explain every value; no variance is left.")
    designs = merge(left / size, tall, codes, wide)
    lower, found = _search(designs, reml=method == REML)
    if found.residual <= NO_NOISE:
        raise NotEstimableError("The random effects explain every value; no noise is left.")
    degrees = designs.n - (x.shape[1] if method == REML else 0)
    criterion = designs.n * found.objective + degrees * (1 + log(2 * pi) + 2 * log(size))
    if method == REML:
        criterion -= 2 * float(np.linalg.slogdet(x_back)[1])
    coefficients = start + size * found.beta
    residual = found.residual * size**2
    covariance = residual * x_back @ np.linalg.inv(found.information) @ x_back.T
    relative = lower @ lower.T
    return MixedModel(
        coefficients=x_back @ coefficients,
        standard_errors=np.sqrt(np.diag(covariance)),
        criterion=float(criterion),
        variance=(residual * z_back @ relative @ z_back.T, residual),
        covariance=covariance,
        method=method,
        n=designs.n,
        n_groups=int(designs.counts.sum()),
        degrees=_degrees(x, codes),
        singular=_is_singular(lower),
        fixed_spread=float((tall @ coefficients).var(ddof=1)),
        random_spread=residual * float(np.einsum("ni,ij,nj->", wide, relative, wide)) / designs.n,
        response=(float(measured.mean()), float(measured @ measured)),
        parts=Parts(designs, lower, found.residual, x_back, size),
    )


def _checked(
    y: ArrayLike, fixed: ArrayLike, groups: Subjects, random: ArrayLike
) -> tuple[Array, Array, Array, NDArray[np.intp]]:
    measured, x, z = (np.asarray(values, dtype=np.float64) for values in (y, fixed, random))
    n = measured.size
    if (
        measured.ndim != 1
        or x.ndim != 2
        or z.ndim != 2
        or {x.shape[0], z.shape[0], len(groups)} != {n}
    ):
        raise ValueError(
            f"A mixed model needs one row of each design and one patient for each of {n} values."
        )
    if not (np.isfinite(measured).all() and np.isfinite(x).all() and np.isfinite(z).all()):
        raise NotEstimableError("A mixed model needs finite numbers; leave missing visits out.")
    codes, count = numbered(groups, n)
    if count < 2:
        raise NotEstimableError(f"A mixed model needs two patients, found {count}.")
    if n <= z.shape[1] * count or n <= x.shape[1]:
        raise NotEstimableError(
            f"{n} scans of {count} patients cannot tell {z.shape[1]} random effects of each"
            f" patient, {x.shape[1]} fixed effects and the noise apart."
        )
    for design, kind in ((x, "fixed"), (z, "random")):
        size = np.sqrt((design**2).mean(axis=0))
        if not design.shape[1] or (size == 0).any() or _rank(design / size) < design.shape[1]:
            raise NotEstimableError(f"A {kind} column follows from the others.")
    if x.shape[1] >= count and any(_is_fixed(column, x, codes) for column in z.T):
        raise NotEstimableError(
            "The fixed effects tell every patient from the others; nothing is left for a random "
            "effect."
        )
    return measured, x, z, codes


def _is_fixed(column: Array, x: Array, codes: NDArray[np.intp]) -> bool:
    """Return whether the fixed effects give each patient a value of their own for this column."""
    of_each = column[:, None] * np.eye(codes.max() + 1)[codes]
    return bool(_rank(np.column_stack([x, of_each])) == x.shape[1])


def _rank(design: Array) -> int:
    return int(np.linalg.matrix_rank(design))


def _search(designs: Designs, *, reml: bool) -> tuple[Array, Profile]:
    """Return the best minimum of the criterion.

    It may have several: where patients of high scores have low loads and each patient's load rises
    with the score, one is for patients who differ a little and one for patients who differ by far
    more than their scans, and their slopes have opposite signs.
    """
    search = _Search(designs, reml)
    valleys, others = search.starts()
    minima = [found for start in valleys if (found := search.descend(start))]
    if not minima:
        minima = list(islice((found for start in others if (found := search.descend(start))), 1))
    if not minima:
        raise NotEstimableError("The search for the variances of the mixed model found no minimum.")
    return min(minima, key=lambda one: one[1].objective)


@dataclass(frozen=True, slots=True)
class _Search:
    designs: Designs
    reml: bool

    def starts(self) -> tuple[list[Array], list[Array]]:
        """Return where to begin: the valleys of `GRID`, and its other points, the best first.

        Every point at which the effects differ alike counts as a valley: where patients begin at
        very different ages, the best minimum may be one that no valley of the grid leads to,
        and its slope may have the opposite sign.
        """
        q = len(self.designs.zz)
        steps = range(len(GRID))
        places = list(product(steps, repeat=q)) if q <= 2 else [(step,) * q for step in steps]
        heights = {place: self._height(_deviations(place)) for place in places}
        found: tuple[list[Array], list[Array]] = [], []
        for place in sorted((p for p in places if isfinite(heights[p])), key=heights.__getitem__):
            lowest_near = min(heights[other] for other in places if _are_near(place, other))
            is_valley = heights[place] <= lowest_near or len(set(place)) == 1
            found[not is_valley].append(_deviations(place))
        return found

    def descend(self, start: Array) -> tuple[Array, Profile] | None:
        """Return the minimum that a search from these standard deviations ends at; None: none."""
        try:
            lower = self._lower(
                optimize.minimize(
                    self._objective,
                    np.diag(start)[self._where],
                    jac=True,
                    method="BFGS",
                    options={"gtol": AT_A_MINIMUM / 10},
                ).x
            )
            found = profile(self.designs, lower, reml=self.reml)
        except np.linalg.LinAlgError:
            return None
        return (lower, found) if _is_minimum(found, lower) else None

    @property
    def _where(self) -> tuple[NDArray[np.intp], ...]:
        return np.tril_indices(len(self.designs.zz))

    def _lower(self, theta: Array) -> Array:
        lower = np.zeros(self.designs.zz.shape[:2])
        lower[self._where] = theta
        return lower

    def _objective(self, theta: Array) -> tuple[float, Array]:
        lower = self._lower(theta)
        found = profile(self.designs, lower, reml=self.reml)
        with np.errstate(invalid="ignore"):
            return found.objective, 2 * (found.slope @ lower)[self._where]

    def _height(self, deviations: Array) -> float:
        try:
            return profile(self.designs, np.diag(deviations), reml=self.reml).objective
        except np.linalg.LinAlgError:
            return inf


def _deviations(place: tuple[int, ...]) -> Array:
    return np.array([GRID[step] for step in place])


def _are_near(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= 1 for a, b in zip(one, other, strict=True))


def _is_minimum(found: Profile, lower: Array) -> bool:
    """Return whether no covariance near by is better, those on the boundary included."""
    numbers = found.slope @ lower
    if not (np.isfinite(numbers).all() and np.isfinite(found.objective)):
        return False
    return bool(
        np.abs(numbers).max() <= AT_A_MINIMUM
        and np.linalg.eigvalsh(found.slope).min() >= -AT_A_MINIMUM
    )


def _is_singular(lower: Array) -> bool:
    return bool(np.linalg.svd(lower, compute_uv=False).min() < SINGULAR)


def _degrees(x: Array, codes: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.full(x.shape[1], np.unique(codes).size - _between(x, codes), dtype=np.intp)


def _between(design: Array, codes: NDArray[np.intp]) -> int:
    """Return how many columns never change within a patient."""
    _, first = np.unique(codes, return_index=True)
    return int((design == design[first][codes]).all(axis=0).sum())
