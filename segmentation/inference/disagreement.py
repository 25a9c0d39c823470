"""How far the passes of one prediction differ: the raw matter of an interval of the load."""

from dataclasses import asdict, dataclass
from typing import Any

DISAGREEMENT_VERSION = "passes-1"
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Probabilities above which the volume is measured."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What the passes of one prediction found, each by itself, in the grid of the network.

    Attributes
    ----------
    pass_ml : tuple of float
        Volume of the label in each pass (fold by fold, each mirroring in turn), in mL.
    all_ml, any_ml : float
        Volume in which all passes found it, and in which one or more did, in mL.
    mean_ml : float
        Volume of the label in the mean of all passes, in mL.
    expected_ml : float
        Sum of the probabilities of that mean, in mL.
    level_ml : tuple of float
        Volume whose probability is above each of `LEVELS`, in mL.
    """

    pass_ml: tuple[float, ...]
    all_ml: float
    any_ml: float
    mean_ml: float
    expected_ml: float
    level_ml: tuple[float, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the numbers for a record, with the version of how they were found."""
        return {"version": DISAGREEMENT_VERSION, **asdict(self)}

    @classmethod
    def of_json(cls, record: dict[str, Any]) -> "Disagreement":
        """Return what `as_json` gave.

        Raises
        ------
        KeyError, ValueError
            If it is a record of something else.
        """
        if record["version"] != DISAGREEMENT_VERSION:
            raise ValueError(f"Expected {DISAGREEMENT_VERSION}, found {record['version']}.")
        return cls(
            pass_ml=tuple(record["pass_ml"]),
            all_ml=record["all_ml"],
            any_ml=record["any_ml"],
            mean_ml=record["mean_ml"],
            expected_ml=record["expected_ml"],
            level_ml=tuple(record["level_ml"]),
        )
