"""The chances of the levels of a cumulative-link model, and how they move with its coefficients.

P(level <= j) = expit(threshold_j - x'beta); coefficients are the thresholds, then beta.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]
Places = NDArray[np.intp]


def rows(codes: Places, x: Array, cuts: int) -> tuple[Array, Array]:
    """Return the derivatives, by all coefficients, of the upper and lower end of each row's level.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        The place of each row's level among `cuts` + 1.
    x : ndarray, shape (n, p)
    """
    own = np.eye(cuts + 1)
    upper = np.column_stack([own[codes][:, :cuts], -x])
    lower = np.column_stack([own[codes][:, 1:], -x])
    return upper, lower


def ends(
    codes: Places, upper: Array, lower: Array, at: Array, cuts: int
) -> tuple[Array, Array, Array]:
    """Return both ends on the logit scale, and the chance of the level between them, each (n,)."""
    high = np.where(codes < cuts, upper @ at, np.inf)
    low = np.where(codes > 0, lower @ at, -np.inf)
    # Of two small tails the difference keeps its digits; of two numbers near one it does not.
    flip = high + low > 0
    chance = np.where(flip, expit(-low) - expit(-high), expit(high) - expit(low))
    return high, low, chance


def likelihood(
    codes: Places, upper: Array, lower: Array, at: Array, cuts: int
) -> tuple[float, Array]:
    """Return the log likelihood, and the chance of each row's level."""
    chance = ends(codes, upper, lower, at, cuts)[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(chance > 0, np.log(chance), -np.inf)
    return float(logs.sum()), chance


def derivatives(
    codes: Places, upper: Array, lower: Array, at: Array, cuts: int
) -> tuple[Array, Array]:
    """Return the scores of each row (n, q), and the observed information (q, q)."""
    high, low, chance = ends(codes, upper, lower, at, cuts)
    f_high, f_low = (expit(e) * expit(-e) for e in (high, low))
    a, b = f_high / chance, -f_low / chance
    scores = a[:, None] * upper + b[:, None] * lower
    # The density's derivative is f (1 - 2 F).
    aa = a * (1 - 2 * expit(high)) - a**2
    bb = b * (1 - 2 * expit(low)) - b**2
    ab = -a * b
    crossed = (upper.T * ab) @ lower
    information = -((upper.T * aa) @ upper + (lower.T * bb) @ lower + crossed + crossed.T)
    return scores, information


def expected_by_patient(x: Array, at: Array, cuts: int, who: Places, count: int) -> Array:
    """Return the information that each patient's rows are expected to give, (count, q, q)."""
    found = np.zeros((count, at.size, at.size))
    for level in range(cuts + 1):
        codes = np.full(len(x), level)
        upper, lower = rows(codes, x, cuts)
        high, low, chance = ends(codes, upper, lower, at, cuts)
        # The chance, whose logarithm has this score, weighs its square.
        f_high, f_low = (expit(e) * expit(-e) for e in (high, low))
        slope = f_high[:, None] * upper - f_low[:, None] * lower
        seen = chance > 0
        part = slope[seen] / np.sqrt(chance[seen])[:, None]
        np.add.at(found, who[seen], part[:, :, None] * part[:, None, :])
    return found
