"""Whether two measures go with a third one unequally well, by the classical formulas."""

from collections.abc import Callable
from dataclasses import dataclass
from math import atanh, sqrt, tanh

from scipy import stats

from analytics.stats.errors import NotEstimableError

SMALLEST_N = 4
SAME = 1e-12
"""A determinant nearer to zero than this is zero but for rounding."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A two-sided test of the difference ``r_jk - r_jh``, or its interval.

    Attributes
    ----------
    statistic, p_value : float or None
        None for ``zou2007``, which gives an interval alone.
    ci_low, ci_high : float or None
        Of the difference; of ``zou2007`` alone.
    z_ci_low, z_ci_high : float or None
        Of the difference of Fisher's z, atanh(r_jk) - atanh(r_jh); of ``meng1992`` alone.
    """

    statistic: float | None
    p_value: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    z_ci_low: float | None = None
    z_ci_high: float | None = None


@dataclass(frozen=True, slots=True)
class _Triple:
    """The two correlations with the common variable, and the one between them."""

    first: float
    second: float
    between: float
    n: int

    @property
    def determinant(self) -> float:
        squares = self.first**2 + self.second**2 + self.between**2
        return 1 - squares + 2 * self.first * self.second * self.between

    @property
    def difference_of_z(self) -> float:
        return atanh(self.first) - atanh(self.second)


def compare_dependent(
    r_jk: float, r_jh: float, r_kh: float, n: int, method: str, confidence: float = 0.95
) -> Comparison:
    """Compare two correlations that share the variable j: ``r_jk - r_jh``, two-sided.

    The formulas take the `n` rows as independent and the correlations as Pearson's. Where
    patients repeat, `correlation.spearman_difference` comes first.

    Parameters
    ----------
    r_jk, r_jh, r_kh : float
        Of the common variable with either measure, and between the two.
    n : int
        Rows.
    method : str
        ``williams1959``, ``steiger1980``, ``meng1992``, ``hittner2003`` or ``zou2007``.
    confidence : float
        Of the intervals of ``zou2007`` and ``meng1992``.

    Raises
    ------
    NotEstimableError
        If no data can have these correlations (their matrix is not positive semidefinite), one of
        them is perfect, the method has no variance for them, or there are fewer than four rows.
    ValueError
        If the method is unknown, or a correlation or the confidence is out of range.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence must lie between 0 and 1, got {confidence}.")
    triple = _checked(r_jk, r_jh, r_kh, n)
    if method == "zou2007":
        return Comparison(None, None, *_zou(triple, confidence))
    if method not in TESTS:
        known = ", ".join(sorted([*TESTS, "zou2007"]))
        raise ValueError(f"The method must be one of {known}, got {method!r}.")
    statistic, p_value = TESTS[method](triple)
    if method != "meng1992":
        return Comparison(statistic, p_value)
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * _meng_error(triple)
    low, high = triple.difference_of_z - half, triple.difference_of_z + half
    return Comparison(statistic, p_value, z_ci_low=low, z_ci_high=high)


def _checked(first: float, second: float, between: float, n: int) -> _Triple:
    for value in (first, second, between):
        if not -1 <= value <= 1:
            raise ValueError(f"A correlation must lie between -1 and 1, got {value}.")
    if not n >= SMALLEST_N:
        raise NotEstimableError(f"At least {SMALLEST_N} rows are needed, got {n}.")
    if 1.0 in (abs(first), abs(second), abs(between)):
        raise NotEstimableError("A correlation is perfect; the two cannot be compared.")
    triple = _Triple(first, second, between, n)
    if triple.determinant < -SAME:
        raise NotEstimableError(
            "No data have these three correlations together: the determinant of their matrix is "
            f"{triple.determinant:.5f}, and must not be below 0."
        )
    return triple


def _positive(variance: float) -> float:
    """Return a variance that a difference can be divided by.

    Raises
    ------
    NotEstimableError
        If there is none: such correlations are possible, but the formula does not reach them.
    """
    if variance <= 0:
        raise NotEstimableError("The formula has no variance for these correlations.")
    return variance


def _two_sided(z: float) -> tuple[float, float]:
    return z, float(2 * stats.norm.sf(abs(z)))


def _williams(t: _Triple) -> tuple[float, float]:
    """Student's t with n - 3 degrees of freedom (Williams 1959; Steiger 1980, formula 7)."""
    mean = (t.first + t.second) / 2
    spread = 2 * (t.n - 1) / (t.n - 3) * t.determinant + mean**2 * (1 - t.between) ** 3
    statistic = (t.first - t.second) * sqrt((t.n - 1) * (1 + t.between) / _positive(spread))
    return statistic, float(2 * stats.t.sf(abs(statistic), t.n - 3))


def _pooled(t: _Triple, mean: float) -> tuple[float, float]:
    """Z of the difference, its covariance taken at a pooled correlation (Steiger 1980)."""
    product = t.between * (1 - 2 * mean**2)
    product -= mean**2 * (1 - 2 * mean**2 - t.between**2) / 2
    covariance = product / (1 - mean**2) ** 2
    return _two_sided(t.difference_of_z * sqrt((t.n - 3) / _positive(2 - 2 * covariance)))


def _steiger(t: _Triple) -> tuple[float, float]:
    return _pooled(t, (t.first + t.second) / 2)


def _hittner(t: _Triple) -> tuple[float, float]:
    """As Steiger, pooled by Fisher's z (Hittner, May and Silver 2003)."""
    return _pooled(t, tanh((atanh(t.first) + atanh(t.second)) / 2))


def _meng(t: _Triple) -> tuple[float, float]:
    """Z of Meng, Rosenthal and Rubin (1992)."""
    return _two_sided(t.difference_of_z / _meng_error(t))


def _meng_error(t: _Triple) -> float:
    """Error of the difference of both z (Meng, Rosenthal and Rubin 1992, formulas 1 to 3)."""
    square = (t.first**2 + t.second**2) / 2
    f = min(1.0, (1 - t.between) / (2 * (1 - square)))
    h = (1 - f * square) / (1 - square)
    return sqrt(2 * (1 - t.between) * h / (t.n - 3))


def _zou(t: _Triple, confidence: float) -> tuple[float, float]:
    """Interval of the difference from the two intervals and their covariance (Zou 2007)."""
    half = float(stats.norm.ppf(0.5 + confidence / 2)) / sqrt(t.n - 3)
    (low1, high1), (low2, high2) = (
        (tanh(atanh(r) - half), tanh(atanh(r) + half)) for r in (t.first, t.second)
    )
    squares = t.first**2 + t.second**2 + t.between**2
    shared = (t.between - t.first * t.second / 2) * (1 - squares) + t.between**3
    c = shared / ((1 - t.first**2) * (1 - t.second**2))
    below, above = (t.first - low1, high2 - t.second), (high1 - t.first, t.second - low2)
    low, high = (sqrt(max(0.0, a**2 + b**2 - 2 * c * a * b)) for a, b in (below, above))
    difference = t.first - t.second
    return difference - low, difference + high


TESTS: dict[str, Callable[[_Triple], tuple[float, float]]] = {
    "williams1959": _williams,
    "steiger1980": _steiger,
    "meng1992": _meng,
    "hittner2003": _hittner,
}
