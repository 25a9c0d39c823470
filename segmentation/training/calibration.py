"""Calibrate the interval of a model's loads on phantoms of known truth, and measure how it does.

The first patients calibrate, the others are held out.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from segmentation.inference.interval import METHOD, Calibration, interval_of, scales_ml
from segmentation.phantom.patient import PHANTOM_VERSION
from segmentation.training.calibration_visits import Record

LEVEL = 0.8
LOAD_RANGES_ML = ((0.0, 0.0), (0.0, 5.0), (5.0, 20.0), (20.0, 60.0), (60.0, math.inf))
"""Of the true load: none, and above the first up to the second."""


def conformal_quantile(scores: Sequence[float], miss: float) -> float:
    """Return the smallest score that a further one exceeds with a probability of at most `miss`.

    The k-th smallest of n, k = ceil((n + 1)(1 - miss)): exact for exchangeable scores
    (Vovk 2005; Lei 2018, J Am Stat Assoc 113:1094).

    Raises
    ------
    ValueError
        If there are too few scores to promise that.
    """
    n = len(scores)
    # Rounded first: (19 + 1) x 0.9 is a little more than 18 for a computer.
    k = math.ceil(round((n + 1) * (1 - miss), 9))
    if k > n:
        raise ValueError(
            f"{n} visits are too few to leave out {miss:.0%} on a side; at least "
            f"{math.ceil(round(1 / miss, 9)) - 1} are needed in each stratum."
        )
    return float(sorted(scores)[k - 1])


def calibrate(found: Sequence[Record], *, level: float = LEVEL) -> dict[str, dict[str, float]]:
    """Return the factors of each stratum: half of what may be missed lies on each side.

    Raises
    ------
    ValueError
        If a stratum has too few visits.
    """
    miss = (1 - level) / 2
    strata: dict[str, dict[str, float]] = {}
    for stratum in sorted({record.acq_stratum for record in found}):
        of_stratum = [record for record in found if record.acq_stratum == stratum]
        below, above = zip(*(_scores(record) for record in of_stratum), strict=True)
        # Never negative: an interval that does not hold its own load would explain nothing.
        low, high = (max(0.0, conformal_quantile(scores, miss)) for scores in (below, above))
        strata[stratum] = {"low": low, "high": high, "n": len(of_stratum)}
    return strata


def _scores(record: Record) -> tuple[float, float]:
    """Return by how many scales the truth lies below the load, and by how many above."""
    low, high = scales_ml(record.disagreement)
    return (record.load_ml - record.truth_ml) / low, (record.truth_ml - record.load_ml) / high


def coverage(found: Sequence[Record], calibration: Calibration) -> dict[str, Any]:
    """Return how many truths lay in their intervals: in all, by stratum and by true load.

    Returns
    -------
    dict
        ``all``, ``strata`` and ``loads``, each with ``n``, ``inside``, ``below`` (truths below the
        interval), ``above``, ``p_value`` (exact binomial test against the level, two-sided) and
        ``width_ml_median``.
    """
    rows = [(record, _placed(record, calibration)) for record in found]
    return {
        "all": _counted([placed for _, placed in rows], calibration.level),
        "strata": {
            stratum: _counted(
                [placed for record, placed in rows if record.acq_stratum == stratum],
                calibration.level,
            )
            for stratum in sorted({record.acq_stratum for record in found})
        },
        "loads": [
            {
                "above_ml": low,
                "up_to_ml": high if math.isfinite(high) else None,
                **_counted(
                    [placed for record, placed in rows if _is_within(record.truth_ml, low, high)],
                    calibration.level,
                ),
            }
            for low, high in LOAD_RANGES_ML
        ],
    }


def _is_within(truth_ml: float, low: float, high: float) -> bool:
    return truth_ml == 0 if high == 0 else low < truth_ml <= high


def _placed(record: Record, calibration: Calibration) -> tuple[int, float]:
    """Return on which side of its interval a truth lies (0: inside), and the interval's width."""
    interval = interval_of(
        record.load_ml,
        record.disagreement,
        acq_stratum=record.acq_stratum,
        calibration=calibration,
    )
    if interval is None:
        raise ValueError(f"The stratum {record.acq_stratum} was not calibrated.")
    side = int(record.truth_ml > interval.high_ml) - int(record.truth_ml < interval.low_ml)
    return side, interval.high_ml - interval.low_ml


def _counted(placed: Sequence[tuple[int, float]], level: float) -> dict[str, Any]:
    n = len(placed)
    inside = sum(side == 0 for side, _ in placed)
    return {
        "n": n,
        "inside": inside,
        "below": sum(side < 0 for side, _ in placed),
        "above": sum(side > 0 for side, _ in placed),
        "p_value": float(stats.binomtest(inside, n, level).pvalue) if n else None,
        "width_ml_median": float(np.median([width for _, width in placed])) if n else None,
    }


def report(
    found: Sequence[Record],
    *,
    calibrating: int,
    version: str,
    seed: int,
    model_sha256: str,
    level: float = LEVEL,
) -> dict[str, Any]:
    """Return the content of `interval.json`: factors of the first visits, coverage of the others.

    Parameters
    ----------
    calibrating : int
        The visits whose number is below calibrate; the others are held out.

    Raises
    ------
    ValueError
        If there are too few of either.
    """
    first = [record for record in found if record.number < calibrating]
    others = [record for record in found if record.number >= calibrating]
    if not others:
        raise ValueError("No visit is held out; more visits are needed than calibrate.")
    content: dict[str, Any] = {
        "method": METHOD,
        "version": version,
        "model_sha256": model_sha256,
        "level": level,
        "strata": calibrate(first, level=level),
        "data": f"{len(first)} phantom visits of as many patients, and {len(others)} held out",
        "phantoms": PHANTOM_VERSION,
        "seed": seed,
    }
    return {**content, "held_out": coverage(others, Calibration.of_json(content))}
