"""The tolerance of two loads that a study's own repeated scans speak for.

The estimate is 1.96 x sqrt(2) times the standard deviation within a patient (Bland and Altman 1996,
BMJ 313:744). Its interval is Miller's jackknife of the logarithm of a variance (1968, Ann Math Stat
39:567), over patients: the one by chi-square supposes that every scan has the same normal error,
and is far too narrow where the error grows with the load. Patients with more rescans say more of
the variance than others, so Student's t has the degrees of freedom of the number of patients that
weigh as much alike (Kish 1965, Survey Sampling: squared sum of weights by sum of squares), less 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.reliability import CONFIDENCE, DETECTABLE, NOTHING, repeatability
from analytics.stats.rescans import Session

FEWEST_REPEATS = 10
"""Below, a standard deviation is known to no better than 44 % (1.96 / sqrt(2 n))."""
FEWEST_SUBJECTS = 5
"""The interval rests on how patients differ, and a few of them do not say that."""
LARGEST_SHARE = Fraction(1, 3)
"""Of the rescans that one patient may have; beyond, the spread is that patient's, and no interval
that rests on how patients differ says how far it is from that of the others."""


@dataclass(frozen=True, slots=True)
class OwnTolerance:
    """The largest difference of two scans of one state, at 95 %, in the unit of the values.

    Attributes
    ----------
    low, high : float
        Interval of `value`.
    n_repeats, n_subjects : int
        Scans beyond the first of their session, and patients.
    """

    value: float
    low: float
    high: float
    n_repeats: int
    n_subjects: int


def count_repeats(sessions: Sequence[Session]) -> int:
    """Return how many scans there are beyond the first of their session."""
    return sum(len(session.values) - 1 for session in sessions)


def own_tolerance(sessions: Sequence[Session], confidence: float = CONFIDENCE) -> OwnTolerance:
    """Return the tolerance that repeated scans speak for, with its interval.

    Parameters
    ----------
    sessions : sequence of Session
        Of one situation, two values or more each.
    confidence : float
        Of the interval.

    Raises
    ------
    NotEstimableError
        If there are fewer than ten repeats or five patients, one patient has more than a third of
        the repeats, a value is not finite, or the scans of all patients, or of all but one, agree
        to the last digit.
    """
    n_repeats = count_repeats(sessions)
    subjects = sorted({session.subject for session in sessions})
    if n_repeats < FEWEST_REPEATS or len(subjects) < FEWEST_SUBJECTS:
        raise NotEstimableError(
            f"at least {FEWEST_REPEATS} rescans of {FEWEST_SUBJECTS} patients are needed, got "
            f"{n_repeats} of {len(subjects)}."
        )
    found = repeatability([session.values for session in sessions], confidence)
    squares, freedom = _by_subject(sessions, subjects)
    most = int(freedom.max())
    if most > LARGEST_SHARE * n_repeats:
        raise NotEstimableError(
            f"one patient has {most} of the {n_repeats} rescans, more than a third; the spread "
            "would be that of one patient."
        )
    low, high = _variance_interval(squares, freedom, confidence)
    return OwnTolerance(
        value=found.smallest_detectable_change,
        low=DETECTABLE * sqrt(low),
        high=DETECTABLE * sqrt(high),
        n_repeats=n_repeats,
        n_subjects=len(subjects),
    )


def in_percent(sessions: Sequence[Session]) -> list[Session]:
    """Return sessions in percent of their mean; those whose mean is zero have none."""
    shares = []
    for session in sessions:
        mean = sum(session.values) / len(session.values)
        if mean > 0:
            values = tuple(100 * value / mean for value in session.values)
            shares.append(Session(session.subject, values))
    return shares


Array = NDArray[np.float64]


def _by_subject(sessions: Sequence[Session], subjects: Sequence[str]) -> tuple[Array, Array]:
    """Return the sum of squares within sessions and the degrees of freedom of each patient."""
    place = {subject: index for index, subject in enumerate(subjects)}
    squares, freedom = np.zeros(len(subjects)), np.zeros(len(subjects))
    for session in sessions:
        values = np.asarray(session.values, dtype=float)
        within = float(((values - values.mean()) ** 2).sum())
        # What rounding leaves of values that are all alike is no difference.
        squares[place[session.subject]] += (
            within if within > NOTHING * float((values**2).sum()) else 0.0
        )
        freedom[place[session.subject]] += values.size - 1
    return squares, freedom


def _variance_interval(squares: Array, freedom: Array, confidence: float) -> tuple[float, float]:
    without_one = squares.sum() - squares
    if squares.sum() <= 0 or (without_one <= NOTHING * squares.sum()).any():
        raise NotEstimableError(
            "the rescans of all patients, or of all but one, agree to the last digit; these may be "
            "copies of one image."
        )
    n = squares.size
    whole = np.log(squares.sum() / freedom.sum())
    pseudo = n * whole - (n - 1) * np.log(without_one / (freedom.sum() - freedom))
    alike = float(freedom.sum() ** 2 / (freedom**2).sum())
    quantile = float(stats.t.ppf(0.5 + confidence / 2, alike - 1))
    margin = quantile * float(pseudo.std(ddof=1)) / sqrt(n)
    middle = float(pseudo.mean())
    return exp(middle - margin), exp(middle + margin)
