"""The likelihood of a cumulative-link model with an intercept of each patient, by quadrature.

logit P(level <= j | u) = threshold_j - x'beta - sd u, with u of the patient standard normal. The
integral over u is adaptive Gauss-Hermite quadrature about the mode of each patient (Liu and Pierce
1994, Biometrika 81:624); derivatives are means over what the levels of a patient leave of u (Louis
1982, J R Stat Soc B 44:226). All patients are taken together, in arrays of rows by points.

The chance of a level between the ends `low` and `high` on the logit scale is
expit(high) expit(-low) (1 - exp(low - high)): no difference of like numbers, and only the first two
factors know of the patient.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logsumexp

Array = NDArray[np.float64]
Places = NDArray[np.intp]
POINTS = ((1.5, 15), (2.5, 31), (4.0, 45), (6.0, 61), (8.0, 101), (10.0, 161))
"""Points up to each standard deviation: the more patients differ, the less their curves are normal.
The score is then off by less than 1e-5 (patients of three rows each)."""
WIDEST_SD = POINTS[-1][0]
STEPS, HALVINGS = 60, 20
AT_THE_MODE = 1e-9


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows in the order of their patients, and of the levels of each.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        The place of each row's level among `cuts` + 1.
    x : ndarray, shape (n, p)
    who, starts : ndarray of int, shapes (n,) and (g,)
        The patient of each row, and the first row of each.
    cells : ndarray of int
        The first row of each level of each patient.
    """

    codes: Places
    x: Array
    who: Places
    starts: Places
    cells: Places
    cuts: int

    @classmethod
    def of(cls, codes: Places, x: Array, who: Places, cuts: int) -> "Panel":
        """Return rows, put in order, of patients 0 to g - 1."""
        order = np.lexsort((codes, who))
        starts = np.searchsorted(who[order], np.arange(int(who.max()) + 1))
        cells = np.unique((who * (cuts + 1) + codes)[order], return_index=True)[1]
        return cls(codes[order], x[order], who[order], starts, cells, cuts)

    def summed(self, values: Array) -> Array:
        """Return sums over the rows of each patient."""
        sums: Array = np.add.reduceat(values, self.starts, axis=0)
        return sums


@dataclass(frozen=True, slots=True)
class Integrated:
    """Where the likelihood stands.

    Attributes
    ----------
    log_likelihood : float
        Minus infinity where the thresholds do not rise.
    modes : ndarray, shape (g,)
        Of u of each patient, for the next search to begin at.
    nodes, weights : ndarray, shape (g, k)
        Of u, and the share of each in what is known of the patient.
    """

    log_likelihood: float
    modes: Array
    nodes: Array
    weights: Array


def points_for(sd: float) -> int:
    """Return how many points so wide a spread of patients needs."""
    return next((points for widest, points in POINTS if abs(sd) <= widest), POINTS[-1][1])


def integrated(
    panel: Panel, at: Array, begin: Array | None = None, points: int | None = None
) -> Integrated:
    """Return the log likelihood of thresholds, coefficients and standard deviation `at`.

    Parameters
    ----------
    begin : ndarray, shape (g,), optional
        Where the modes may lie.
    points : int, optional
        As many as the deviation needs; one is the approximation of Laplace.
    """
    points = points_for(float(at[-1])) if points is None else points
    patients = panel.starts.size
    modes = np.zeros(patients) if begin is None else begin
    if not (np.diff(at[: panel.cuts]) > 0).all():
        none = np.zeros((patients, points))
        return Integrated(-np.inf, modes, none, none)
    high, low = _ends(panel, at)
    modes, curvature = _modes(panel, high, low, float(at[-1]), modes)
    roots, shares = np.polynomial.hermite.hermgauss(points)
    spread = np.sqrt(2 / curvature)
    nodes = modes[:, None] + spread[:, None] * roots
    logs = _joint(panel, high, low, float(at[-1]), nodes) + np.log(shares) + roots**2
    of_patients = logsumexp(logs, axis=1)
    fixed = panel.summed(np.log(-np.expm1(low - high)))
    total = float((of_patients + fixed + np.log(spread) - np.log(2 * np.pi) / 2).sum())
    return Integrated(total, modes, nodes, np.exp(logs - of_patients[:, None]))


def derivatives(panel: Panel, at: Array, found: Integrated) -> tuple[Array, Array]:
    """Return score (q,) and observed information (q, q) by thresholds, coefficients and sd."""
    high, low = _ends(panel, at)
    nodes, weights = found.nodes[panel.who], found.weights[panel.who]
    moved = float(at[-1]) * nodes
    above, below = expit(moved - high[:, None]), expit(low[:, None] - moved)
    gap = 1 / np.expm1(high - low)
    left = above - below
    by_node = np.zeros((at.size, *found.nodes.shape))
    # A row tells of the two ends of its own level alone.
    ended = np.add.reduceat(above + gap[:, None], panel.cells)
    begun = np.add.reduceat(below + gap[:, None], panel.cells)
    patients, levels = panel.who[panel.cells], panel.codes[panel.cells]
    has_end, has_begin = levels < panel.cuts, levels > 0
    by_node[levels[has_end], patients[has_end]] += ended[has_end]
    by_node[levels[has_begin] - 1, patients[has_begin]] -= begun[has_begin]
    for place, column in enumerate(panel.x.T):
        by_node[panel.cuts + place] = -panel.summed(column[:, None] * left)
    by_node[-1] = -found.nodes * panel.summed(left)
    means = np.einsum("gk,qgk->gq", found.weights, by_node)
    by_node *= np.sqrt(found.weights)
    seen = by_node.reshape(at.size, -1)
    information = _curvature(panel, nodes, weights, above, below, gap)
    return means.sum(axis=0), information - seen @ seen.T + means.T @ means


def _curvature(
    panel: Panel, nodes: Array, weights: Array, above: Array, below: Array, gap: Array
) -> Array:
    """Mean of minus the second derivatives, were u known."""
    own = np.eye(panel.cuts + 1)[panel.codes]
    upper, lower = own[:, :-1], own[:, 1:]
    q = panel.cuts + panel.x.shape[1] + 1
    found = np.zeros((q, q))
    for tail, end in ((above, upper), (below, lower)):
        by = np.column_stack([end, -panel.x])
        dense = weights * tail * (1 - tail)
        by_sd = dense * nodes
        found[:-1, :-1] += (by.T * dense.sum(axis=1)) @ by
        crossed = -by.T @ by_sd.sum(axis=1)
        found[:-1, -1] += crossed
        found[-1, :-1] += crossed
        found[-1, -1] += float((by_sd * nodes).sum())
    between = np.column_stack([upper - lower, np.zeros_like(panel.x)])
    found[:-1, :-1] += (between.T * (gap * (1 + gap))) @ between
    return found


def _ends(panel: Panel, at: Array) -> tuple[Array, Array]:
    """Ends of the level of each row for a patient of u = 0; infinite at those of the scale."""
    ends = np.concatenate([[-np.inf], at[: panel.cuts], [np.inf]])
    shift = panel.x @ at[panel.cuts : -1]
    return ends[panel.codes + 1] - shift, ends[panel.codes] - shift


def _joint(panel: Panel, high: Array, low: Array, sd: float, u: Array) -> Array:
    """Log density of u (g, k) and of what it changes of the chances."""
    moved = sd * u[panel.who]
    logs = log_expit(high[:, None] - moved) + log_expit(moved - low[:, None])
    return panel.summed(logs) - u**2 / 2


def _modes(panel: Panel, high: Array, low: Array, sd: float, begin: Array) -> tuple[Array, Array]:
    """Return the mode of u of each patient and the curvature there; the density is log-concave."""
    u, value = begin, _joint(panel, high, low, sd, begin[:, None])[:, 0]
    for _ in range(STEPS):
        moved = sd * u[panel.who]
        above, below = expit(moved - high), expit(low - moved)
        slope = -sd * panel.summed(above - below) - u
        bent = above * (1 - above) + below * (1 - below)
        curvature = 1 + sd**2 * panel.summed(bent)
        step = slope / curvature
        if np.abs(step).max() < AT_THE_MODE:
            break
        for _ in range(HALVINGS):
            ahead = _joint(panel, high, low, sd, (u + step)[:, None])[:, 0]
            worse = ahead < value - 1e-12 * np.abs(value)
            if not worse.any():
                break
            step = np.where(worse, step / 2, step)
        u, value = u + step, ahead
    return u, curvature
