"""Spearman's rho with the interval of resampled patients, against a loop over SciPy (goal G17).

Both draw the same patients, and the run says how far their intervals are apart: more than 1e-12 is
an error. ``python -m tests.bench.bootstrap`` prints the seconds and the ratio.
"""

import json

import numpy as np
from scipy import stats

from analytics.stats.correlation import spearman
from analytics.stats.resampling import CHUNK
from tests.bench.pairs import in_turns, ratio

PATIENTS, SCANS_EACH, RESAMPLES, SEED = 60, 4, 500, 0
GOAL = 0.25


def measure() -> dict[str, object]:
    """Return the ratio of the times of both, with its interval."""
    values = np.random.default_rng(1)
    subjects = np.repeat(np.arange(PATIENTS), SCANS_EACH)
    level, load = values.integers(0, 7, subjects.size), values.normal(size=subjects.size)
    rows = [np.flatnonzero(subjects == patient) for patient in range(PATIENTS)]

    def ours() -> tuple[float, float]:
        found = spearman(level, load, subjects.tolist(), n_resamples=RESAMPLES, seed=SEED)
        return found.ci_low, found.ci_high

    def loop() -> tuple[float, float]:
        rhos = []
        for drawn in _draws():
            chosen = np.concatenate([rows[patient] for patient in drawn])
            rhos.append(stats.spearmanr(level[chosen], load[chosen]).statistic)
        low, high = np.quantile(rhos, [0.025, 0.975])
        return float(low), float(high)

    apart = float(np.abs(np.subtract(ours(), loop())).max())
    if apart > 1e-12:
        raise SystemExit(f"The intervals are {apart:.1e} apart.")
    seconds = in_turns({"ours": ours, "loop": loop})
    return {**ratio(seconds["ours"], seconds["loop"]), "goal": GOAL, "apart": apart}


def _draws() -> list[np.ndarray]:
    """Return the patients of each resample, as `resampled_weights` draws them."""
    rng = np.random.default_rng(SEED)
    sizes = [min(CHUNK, RESAMPLES - start) for start in range(0, RESAMPLES, CHUNK)]
    return [one for size in sizes for one in rng.integers(0, PATIENTS, size=(size, PATIENTS))]


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))  # noqa: T201 - the output of the command
