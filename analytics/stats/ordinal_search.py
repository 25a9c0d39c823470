"""Where the likelihood of a cumulative-link model with an intercept of each patient is greatest.

It may have several maxima: where subtypes reverse a relation, one of patients who differ little
and one of patients who differ by far, whose odds point opposite ways. No two of them have one
standard deviation: with that held, the chance of a level is log-concave in thresholds, coefficients
and a patient's own intercept together (Pratt 1981, J Am Stat Assoc 76:103), and so is its mean over
normal intercepts (Prekopa 1973, Acta Sci Math 34:335), which leaves one maximum. So that one is
followed through rising deviations, and wherever it stops rising a search begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analytics.stats.errors import NotEstimableError
from analytics.stats.ordinal_quadrature import (
    WIDEST_SD,
    Integrated,
    Panel,
    derivatives,
    integrated,
    points_for,
)

Array = NDArray[np.float64]
STEPS, HALVINGS = 100, 30
CONVERGED = 1e-10
SETTLED = 1e-4
"""By how much a further step may still move a log odds."""
BORDER = 1e-3
"""Standard deviation on the logit scale below which it counts as none."""
HELD_SDS = (0.25, 1.0, 2.0, 3.5, 5.5, 8.0, WIDEST_SD)
"""Standard deviations at which the likelihood is looked at first."""
FEW_POINTS = 15
"""Of the quadrature meanwhile: the likelihood of 24 patients is then right to 0.001."""
NEAR = (0.1, 1e-4)
"""What may be left to gain at a deviation that is held, and as a share of the log likelihood; it is
added by the quadratic."""
NO_END = (
    f"Patients differ by more than {WIDEST_SD:g} log odds: they keep to their levels almost without"
    " fail, which tells nothing of one patient."
)
NOT_FOUND = "The search found no maximum; the rows are too few, or a covariate is too uneven."


@dataclass(frozen=True, slots=True)
class _Held:
    """The highest point at one standard deviation, and how the likelihood goes on from there.

    Attributes
    ----------
    at : ndarray
        Thresholds, coefficients and the standard deviation.
    log_likelihood, slope : float
        The slope is by the standard deviation.
    """

    at: Array
    log_likelihood: float
    slope: float


class _NoEndError(NotEstimableError):
    """The search left the widest deviation behind, at this likelihood."""

    def __init__(self, log_likelihood: float) -> None:
        super().__init__(NO_END)
        self.log_likelihood = log_likelihood


def highest(panel: Panel, start: Array) -> tuple[Array, float, Array]:
    """Return the best of all maxima, its log likelihood, and the information there.

    Parameters
    ----------
    start : ndarray
        Thresholds and coefficients where patients do not differ.

    Raises
    ------
    NotEstimableError
        If there is none, or it has no end.
    """
    found: list[tuple[Array, float, Array]] = []
    faults: list[tuple[float, NotEstimableError]] = []
    for held in _crests(panel, _followed(panel, start)):
        try:
            found.append(climbed(panel, held.at))
        except _NoEndError as error:
            faults.append((error.log_likelihood, error))
        except NotEstimableError as error:
            faults.append((held.log_likelihood, error))
    best = max(found, key=lambda one: one[1], default=None)
    for log_likelihood, fault in faults:
        if best is None or log_likelihood > best[1]:
            raise fault
    if best is None:
        raise NotEstimableError(NOT_FOUND)
    return best


def _followed(panel: Panel, start: Array) -> list[_Held]:
    """Return the highest points at rising deviations, each begun from the one before."""
    found, at, modes, before = [], start, None, 0.0
    for sd in HELD_SDS:
        # Ends of a mean over patients lie nearer to each other than those of one patient.
        wider = np.sqrt((1 + sd**2 / 3) / (1 + before**2 / 3))
        held, modes = _held(panel, np.append(at * wider, sd), modes)
        found.append(held)
        at, before = held.at[:-1], sd
    return found


def _held(panel: Panel, at: Array, modes: Array | None) -> tuple[_Held, Array]:
    """Return the highest point with the deviation held, and the modes of the patients there."""
    found = integrated(panel, at, modes, FEW_POINTS)
    for _ in range(STEPS):
        score, information = derivatives(panel, at, found)
        step = np.linalg.lstsq(information[:-1, :-1], score[:-1], rcond=None)[0]
        gain = float(score[:-1] @ step)
        if gain < max(NEAR[0], NEAR[1] * abs(found.log_likelihood)):
            break
        try:
            at, found = _ahead(panel, at, np.append(step, 0.0), found)
        except NotEstimableError:
            break
    slope = float(score[-1] - information[-1, :-1] @ step)
    return _Held(at, found.log_likelihood + gain / 2, slope), found.modes


def _crests(panel: Panel, followed: Sequence[_Held]) -> list[_Held]:
    """Return about where the maxima along the deviations lie, those at the ends too."""
    found = [_between(panel, *pair) for pair in pairwise(followed) if _is_crest(*pair)]
    if followed[0].slope <= 0:
        found.append(followed[0])
    if followed[-1].slope > 0:
        found.append(followed[-1])
    return found


def _is_crest(one: _Held, other: _Held) -> bool:
    return one.slope > 0 >= other.slope


def _between(panel: Panel, one: _Held, other: _Held) -> _Held:
    """Return the point of no slope by a straight line, or one of both if that is higher."""
    share = one.slope / (one.slope - other.slope)
    middle = one.at + share * (other.at - one.at)
    value = integrated(panel, middle, points=FEW_POINTS).log_likelihood
    return max(one, other, _Held(middle, value, 0.0), key=lambda held: held.log_likelihood)


def climbed(panel: Panel, start: Array) -> tuple[Array, float, Array]:
    """Return the maximum that a search from one start ends at, its value and the information there.

    The likelihood is the same for a deviation and its negative, so that a variance of zero is a
    maximum like any other, and no border for the search.
    """
    at, found, is_near = start, integrated(panel, start, points=FEW_POINTS), False
    for _ in range(STEPS):
        if is_near and found.nodes.shape[1] != points_for(at[-1]):
            found = integrated(panel, at, found.modes)
        score, information = derivatives(panel, at, found)
        # Downhill directions of a likelihood that is not concave are turned round.
        values, vectors = np.linalg.eigh(information)
        firm = np.maximum(np.abs(values), 1e-8 * np.abs(values).max())
        step = vectors @ ((vectors.T @ score) / firm)
        gain = float(score @ step)
        is_settled = gain < CONVERGED and np.abs(step).max() < SETTLED and values.min() > 0
        step = _within(at, step)
        if not is_near and (gain < NEAR[0] or step is None):
            is_near = True
            continue
        if is_settled:
            return at, found.log_likelihood, information
        if step is None:
            raise _NoEndError(found.log_likelihood)
        at, found = _ahead(panel, at, step, found)
    raise NotEstimableError(NOT_FOUND)


def _within(at: Array, step: Array) -> Array | None:
    """Return the step, shortened where it would pass the widest deviation; None: it is there."""
    here, there = abs(at[-1]), abs(at[-1] + step[-1])
    if there <= WIDEST_SD:
        return step
    room = WIDEST_SD - here
    if room < BORDER:
        return None
    shortened: Array = step * (room - BORDER / 2) / (there - here)
    return shortened


def _ahead(panel: Panel, at: Array, step: Array, found: Integrated) -> tuple[Array, Integrated]:
    for _ in range(HALVINGS):
        there = integrated(panel, at + step, found.modes, found.nodes.shape[1])
        if there.log_likelihood >= found.log_likelihood - 1e-10 * abs(found.log_likelihood):
            return at + step, there
        step = step / 2
    raise NotEstimableError(NOT_FOUND)
