"""An interval of the load, from how far the passes of the network differ.

The passes of one network see the same images and err together, so their spread alone is far too
narrow. It says *where* a load is uncertain; *how much* a unit of it means is measured on phantoms
of known truth (split conformal prediction, Lei 2018, with a scale of its own for each side). The
measurement is a file of the model's, `interval.json`; a model without one has no interval.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segmentation.inference.disagreement import LEVELS, Disagreement

METHOD = "conformal-1"
LOWEST, HIGHEST = LEVELS.index(0.95), LEVELS.index(0.05)
FLOOR_ML = 1.0
"""The scale where the passes do not differ at all: what no pass sees leaves no spread behind."""


@dataclass(frozen=True, slots=True)
class Factors:
    """By what the scales of one stratum are multiplied, from how many visits."""

    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was measured of a model's errors.

    Attributes
    ----------
    version : str
        Of the calibration of this model; another one is another version.
    level : float
        Share of truths that intervals are made to hold, for example 0.8.
    strata : mapping of str to Factors
        By ``3D`` and ``2D``; what is not in it was not measured.
    """

    version: str
    level: float
    strata: Mapping[str, Factors]

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> "Calibration":
        """Return the calibration that `interval.json` holds.

        Raises
        ------
        ValueError
            If it was made by another method or is not understood; the message is for people.
        """
        if content.get("method") != METHOD:
            raise ValueError(
                f"Expected a calibration of {METHOD}, found {content.get('method')!r}. Calibrate "
                "the model again."
            )
        try:
            strata = {
                str(stratum): Factors(float(of["low"]), float(of["high"]), int(of["n"]))
                for stratum, of in content["strata"].items()
            }
            found = cls(str(content["version"]), float(content["level"]), strata)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError("The calibration of the interval is not understood.") from error
        factors = [factor for of in strata.values() for factor in (of.low, of.high)]
        if not (0 < found.level < 1 and all(math.isfinite(f) and f >= 0 for f in factors)):
            raise ValueError(
                "The calibration of the interval must have a level between 0 and 1 and factors "
                "that are not negative."
            )
        return found


@dataclass(frozen=True, slots=True)
class LoadInterval:
    """Between which loads the truth of a phantom lies with the probability `level`, in mL."""

    low_ml: float
    high_ml: float
    level: float


def scales_ml(disagreement: Disagreement) -> tuple[float, float]:
    """Return how uncertain a load is downwards and upwards, in mL.

    The spread downwards is to the volume that is almost certain (above 0.95) and to that which
    all passes share; upwards to the volume that is not excluded (above 0.05) and to that of any
    pass. A scale is the square root of floor x (floor + spread): a border grows with a lesion, the
    error on phantoms does not (decision 0031).
    """
    mean = disagreement.mean_ml
    down = mean - disagreement.level_ml[LOWEST] + mean - disagreement.all_ml
    up = disagreement.level_ml[HIGHEST] - mean + disagreement.any_ml - mean
    return _scale_ml(down), _scale_ml(up)


def _scale_ml(spread_ml: float) -> float:
    return math.sqrt(FLOOR_ML * (FLOOR_ML + max(spread_ml, 0.0)))


def interval_of(
    load_ml: float, disagreement: Disagreement, *, acq_stratum: str, calibration: Calibration
) -> LoadInterval | None:
    """Return the interval of a load; None in a stratum that was not calibrated.

    It always holds the load itself and is never below 0.

    Raises
    ------
    ValueError
        If the load is negative or not finite.
    """
    if not 0 <= load_ml < math.inf:
        raise ValueError(f"Expected a load of 0 mL or more, found {load_ml}.")
    factors = calibration.strata.get(acq_stratum)
    if factors is None:
        return None
    low, high = scales_ml(disagreement)
    return LoadInterval(
        low_ml=max(0.0, load_ml - factors.low * low),
        high_ml=load_ml + factors.high * high,
        level=calibration.level,
    )
