"""The course of the load that a trial is planned on, and trials simulated from it.

Each patient has a level and a rate of change of their own about those of the subtype; each scan
adds noise; patients leave at a constant rate. A treatment changes the rate. Loads are normal here
and may fall below zero; a course that bends, or patients who leave because they are ill, need a
simulation of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Course:
    """What a trial is planned on; loads in mL, times in years.

    Attributes
    ----------
    yearly_change_ml : mapping of str to float
        Mean change per year without treatment, by subtype.
    shares : mapping of str to float
        How many of the patients each subtype makes up; they sum to 1.
    level_sd_ml, yearly_change_sd_ml : float
        How patients of one subtype differ at baseline, and in their change per year.
    correlation : float
        Of a patient's level and change.
    noise_sd_ml : float
        Of one scan about the patient's line, rescan error included.
    visits : sequence of float
        Years of the scans, the first of them 0.
    drop_out : float
        Share of patients who leave within a year.
    """

    yearly_change_ml: Mapping[str, float]
    shares: Mapping[str, float]
    level_sd_ml: float
    yearly_change_sd_ml: float
    correlation: float
    noise_sd_ml: float
    visits: Sequence[float]
    drop_out: float = 0.0

    def __post_init__(self) -> None:
        if set(self.yearly_change_ml) != set(self.shares) or not self.shares:
            raise ValueError("Every subtype needs a change per year and a share.")
        numbers = [self.level_sd_ml, self.yearly_change_sd_ml, self.noise_sd_ml, *self.visits]
        if not all(map(isfinite, [*numbers, *self.yearly_change_ml.values()])):
            raise ValueError("Every change, deviation and visit must be a number.")
        if min(self.shares.values()) < 0 or abs(sum(self.shares.values()) - 1) > 1e-9:
            raise ValueError("The shares of the subtypes must sum to 1.")
        if min(self.level_sd_ml, self.yearly_change_sd_ml) < 0 or self.noise_sd_ml <= 0:
            raise ValueError("Deviations are not negative, and scans have some noise.")
        if not -1 <= self.correlation <= 1 or not 0 <= self.drop_out < 1:
            raise ValueError("A correlation lies between -1 and 1, drop-out from 0 to below 1.")
        times = list(self.visits)
        if len(times) < 2 or times[0] != 0 or sorted(set(times)) != times:
            raise ValueError("Visits are two times or more, rising from 0.")


@dataclass(frozen=True, slots=True)
class Trial:
    """Scans of a trial, one row each; `subtype` is numbered from the one of the largest share.

    `last` is the year of the last visit planned, whether anybody came to it or not.
    """

    load: Array
    years: Array
    patient: NDArray[np.intp]
    arm: Array
    subtype: NDArray[np.intp]
    last: float


def simulated(course: Course, difference_ml: float, n: int, rng: np.random.Generator) -> Trial:
    """Return a trial of two arms of n patients; the second arm is treated.

    The names of the subtypes and their order in the course change nothing.
    """
    times = np.asarray(course.visits, dtype=np.float64)
    names = sorted(
        course.shares, key=lambda name: (-course.shares[name], course.yearly_change_ml[name])
    )
    kind = rng.choice(len(names), 2 * n, p=[course.shares[name] for name in names])
    arm = np.repeat([0.0, 1.0], n)
    level = rng.normal(size=2 * n)
    other = rng.normal(size=2 * n)
    rate = course.correlation * level + sqrt(1 - course.correlation**2) * other
    slope = np.array([course.yearly_change_ml[name] for name in names])[kind]
    slope = slope - difference_ml * arm + course.yearly_change_sd_ml * rate
    noise = course.noise_sd_ml * rng.normal(size=(2 * n, times.size))
    load = course.level_sd_ml * level[:, None] + slope[:, None] * times + noise
    leaves = np.full(2 * n, np.inf)
    if course.drop_out:
        leaves = rng.exponential(-1 / log(1 - course.drop_out), 2 * n)
    who, when = np.nonzero(times[None, :] <= leaves[:, None])
    kind = kind.astype(np.intp)
    return Trial(load[who, when], times[when], who, arm[who], kind[who], float(times[-1]))


def moments(course: Course, years: float) -> tuple[float, float, float]:
    """Return the variances at baseline and at a time, and their covariance, of one subtype."""
    level, rate = course.level_sd_ml**2, course.yearly_change_sd_ml**2
    both = course.correlation * course.level_sd_ml * course.yearly_change_sd_ml
    noise = course.noise_sd_ml**2
    last = level + 2 * years * both + years**2 * rate + noise
    return level + noise, last, level + years * both
