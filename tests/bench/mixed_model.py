"""A mixed model of 10,000 scans of 2,500 patients, against statsmodels (goal G17).

``python -m tests.bench.mixed_model`` prints seconds and the ratios; ``python -m tests.bench`` takes
them up. Once every patient comes at the same months, once each at days of their own.
"""

import json
import time
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from statsmodels.regression.mixed_linear_model import MixedLM

from analytics.stats.mixed import MixedModel, fit

PATIENTS, VISITS = 2500, 4
PAIRS = 7
FITS = 100
GOAL_OF_ONE, GOAL_OF_MANY = 0.05, 2.0

Array = NDArray[np.float64]


def measure() -> dict[str, Any]:
    """Return the medians of both sides, taken in turns after one pair that is thrown away."""
    return {"same_months": _compare(jitter=0.0), "own_days": _compare(jitter=0.05)}


def _compare(*, jitter: float) -> dict[str, Any]:
    load, design, patients = _trial(jitter)
    labels = patients.tolist()

    def ours() -> MixedModel:
        return fit(load, design, labels, design)

    def peer() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return MixedLM(load, design, patients, design).fit(reml=True)

    _same(ours(), peer())
    pairs = [(_timed(ours), _timed(peer)) for _ in range(PAIRS)]
    one = median(theirs for _, theirs in pairs)
    many = _timed(lambda: [ours() for _ in range(FITS)])
    return {
        "ours_s": median(mine for mine, _ in pairs),
        "statsmodels_s": one,
        "ratio": median(mine / theirs for mine, theirs in pairs),
        "goal": GOAL_OF_ONE,
        "fits": FITS,
        "fits_s": many,
        "fits_over_one_of_statsmodels": many / one,
        "goal_of_fits": GOAL_OF_MANY,
    }


def _trial(jitter: float) -> tuple[Array, Array, NDArray[np.intp]]:
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(PATIENTS), VISITS)
    years = np.tile(np.arange(VISITS) * 0.5, PATIENTS) + jitter * rng.normal(size=patients.size)
    own = rng.multivariate_normal([0, 0], [[100, 5], [5, 9]], PATIENTS)
    load = 30 + 8 * years + own[patients, 0] + own[patients, 1] * years
    load += rng.normal(0, 3, patients.size)
    return load, np.column_stack([np.ones(patients.size), years]), patients


def _same(ours: MixedModel, peer: Any) -> None:
    np.testing.assert_allclose(ours.coefficients, peer.fe_params, rtol=1e-5)
    np.testing.assert_allclose(ours.standard_errors, peer.bse_fe, rtol=1e-3)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))  # noqa: T201 - the output of the command
