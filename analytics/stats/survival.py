"""Time to an event: Kaplan-Meier curves and the log-rank test, with delayed entry.

Own code, for lifelines needs a pandas below 3, which is not the one this project pins; statsmodels
and R's survival are what it is proved against. Kaplan and Meier 1958, J Am Stat Assoc 53:457;
Greenwood's variance; Brookmeyer and Crowley 1982, Biometrics 38:29 (interval of the median, here
where the band of the curve holds one half); Klein and Moeschberger 2003, Survival Analysis,
sections 4.6 (delayed entry) and 7.3.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.follow_up import FollowUp, codes_of, follow_up

Array = NDArray[np.float64]
LOG_LOG = "log-log"
LOG = "log"
EXACT = 1e-9
"""By so much two shares may differ from rounding."""


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """The share of patients who are still free of the event.

    Attributes
    ----------
    times : ndarray, shape (k,)
        Distinct times of events, rising; the curve is flat between them.
    at_risk, events : ndarray of int, shape (k,)
        Just before each time, and at it.
    survival, standard_errors : ndarray, shape (k,)
        From each time on; standard errors by Greenwood, NaN where nobody is left.
    ci_low, ci_high : ndarray, shape (k,)
        NaN where nobody is left, for the band is not defined there.
    median, median_low, median_high : float or None
        None where the curve, or its band, does not come down to one half.
    n, n_events : int
        Patients, with `after` those watched later than that; and the events among them.
    interval : str
        ``log-log`` or ``log``.
    """

    times: Array
    at_risk: NDArray[np.intp]
    events: NDArray[np.intp]
    survival: Array
    standard_errors: Array
    ci_low: Array
    ci_high: Array
    median: float | None
    median_low: float | None
    median_high: float | None
    n: int
    n_events: int
    interval: str


@dataclass(frozen=True, slots=True)
class LogRank:
    """Whether groups differ in the time to an event.

    Attributes
    ----------
    groups : list
        In order of appearance, as `observed` and `expected`.
    observed, expected : ndarray, shape (g,)
        Events, and how many each group would have had if there were no difference.
    """

    statistic: float
    df: int
    p_value: float
    groups: list[Hashable]
    observed: Array
    expected: Array


def kaplan_meier(
    end: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    after: float | None = None,
    confidence: float = 0.95,
    interval: str = LOG_LOG,
) -> SurvivalCurve:
    """Return the share of patients who are free of the event, over time.

    Parameters
    ----------
    end, event, entry : array_like, shape (n,)
        As `follow_up.follow_up`, in one unit of time.
    after : float, optional
        The curve is that of patients who are free of the event at this time. With delayed entry
        hardly anybody is watched at first; one early event among two patients would halve the curve
        for all.
    interval : str
        ``log-log`` stays within 0 and 1 and suits few patients; ``log`` is R's default.

    Raises
    ------
    NotEstimableError
        As `follow_up`; if there is no event later than `after`; or if everybody who was at risk at
        a time had the event although others entered later, so that the curve ends too early.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence lies between 0 and 1, got {confidence}.")
    if interval not in (LOG_LOG, LOG):
        raise ValueError(f"The interval is {LOG_LOG} or {LOG}, got {interval}.")
    watched = follow_up(end, event, entry)
    times = watched.event_times
    times = times if after is None else times[times > after]
    if not times.size:
        raise NotEstimableError(f"Nobody had the event after {after:g}.")
    at_risk = watched.n_at_risk(times)
    events = _events_at(watched, times)
    _must_not_end_early(watched, times[at_risk == events])
    survival: Array = np.cumprod(1 - events / at_risk, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
    relative[survival <= 0] = np.nan
    low, high = _band(survival, relative, confidence, interval)
    return SurvivalCurve(
        times,
        at_risk,
        events,
        survival,
        survival * relative,
        low,
        high,
        _half(times, survival),
        _half(times, low),
        _half(times, high),
        watched.end.size if after is None else int((watched.end > after).sum()),
        int(events.sum()),
        interval,
    )


def log_rank(
    end: ArrayLike,
    event: ArrayLike,
    groups: Sequence[Hashable],
    entry: ArrayLike | None = None,
    strata: Sequence[Hashable] | None = None,
) -> LogRank:
    """Return the log-rank test of two groups or more, within strata if there are some.

    Raises
    ------
    NotEstimableError
        As `follow_up`; if there is one group only; or if groups are never at risk together, so that
        nothing compares them.
    ValueError
        If there is not one group (and stratum) for each patient.
    """
    watched = follow_up(end, event, entry)
    n = watched.end.size
    names, codes = codes_of(groups, n, "groups")
    if len(names) < 2:
        raise NotEstimableError("A log-rank test needs two groups, found one.")
    layers = np.zeros(n, dtype=np.intp) if strata is None else codes_of(strata, n, "strata")[1]
    observed, expected = np.zeros((2, len(names)))
    covariance = np.zeros((len(names), len(names)))
    for layer in np.unique(layers):
        here = layers == layer
        one = watched.of(here)
        observed += np.bincount(codes[here], weights=one.event, minlength=len(names))
        times = one.event_times
        at_risk = np.column_stack(
            [watched.of(here & (codes == code)).n_at_risk(times) for code in range(len(names))]
        )
        total, events = at_risk.sum(axis=1), _events_at(one, times)
        share = at_risk / total[:, None]
        expected += events @ share
        # Without replacement: of one patient at risk nothing varies.
        spread = events * (total - events) / np.maximum(total - 1, 1)
        covariance += np.diag(spread @ share) - np.einsum("t,ti,tj->ij", spread, share, share)
    difference = (observed - expected)[:-1]
    kept = covariance[:-1, :-1]
    if np.linalg.matrix_rank(kept) < len(names) - 1:
        raise NotEstimableError("A group is never at risk together with others; nothing compares.")
    statistic = float(difference @ np.linalg.solve(kept, difference))
    df = len(names) - 1
    return LogRank(statistic, df, float(stats.chi2.sf(statistic, df)), names, observed, expected)


def _events_at(watched: FollowUp, times: Array) -> NDArray[np.intp]:
    ends = np.sort(watched.end[watched.event])
    upto: NDArray[np.intp] = np.searchsorted(ends, times, side="right")
    return upto - np.searchsorted(ends, times, side="left")


def _must_not_end_early(watched: FollowUp, emptied: Array) -> None:
    early = emptied[emptied <= watched.entry.max()]
    if early.size:
        raise NotEstimableError(
            f"Everybody at risk at {early[0]:.4g} had the event then, and others entered later: the"
            " curve would be zero for all. Ask for the curve after a later time."
        )


def _band(
    survival: Array, relative: Array, confidence: float, interval: str
) -> tuple[Array, Array]:
    half = stats.norm.isf((1 - confidence) / 2) * relative
    with np.errstate(divide="ignore", invalid="ignore"):
        if interval == LOG:
            return survival * np.exp(-half), np.minimum(survival * np.exp(half), 1.0)
        spread = half / np.abs(np.log(survival))
        return survival ** np.exp(spread), survival ** np.exp(-spread)


def _half(times: Array, share: Array) -> float | None:
    """Return when a falling curve reaches one half; midway where it is exactly one half."""
    below = np.flatnonzero(share <= 0.5 + EXACT)
    if not below.size:
        return None
    first = int(below[0])
    if abs(share[first] - 0.5) <= EXACT and first + 1 < times.size:
        return float(times[first] + times[first + 1]) / 2
    return float(times[first])
