"""Instruments with levels, such as GMFC-MLD, read from versioned files."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILES = Path(__file__).parent / "instruments"
CURRENT = {"GMFC-MLD": "gmfc_mld-1.json", "ELFC-MLD": "elfc_mld-1.json"}
"""The file of the current version of each instrument."""


@dataclass(frozen=True, slots=True)
class Sublevel:
    """A part of a level that is kept, but analysed as the level itself."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Level:
    """One level; 0 is the best."""

    level: int
    label: str
    text: str
    sublevels: tuple[Sublevel, ...] = ()


@dataclass(frozen=True, slots=True)
class LevelInstrument:
    """A classification by level.

    Attributes
    ----------
    applicable_from_months : int or None
        Age below which a level needs a reason; None where there is no such age.
    """

    name: str
    version: str
    source: str
    applicable_from_months: int | None
    levels: tuple[Level, ...]

    @property
    def highest(self) -> int:
        """The worst level."""
        return self.levels[-1].level

    @property
    def divided(self) -> frozenset[int]:
        """The levels that have parts."""
        return frozenset(level.level for level in self.levels if level.sublevels)

    def applies_at(self, age_months: float) -> bool:
        """Return whether the instrument is meant for this age."""
        return self.applicable_from_months is None or age_months >= self.applicable_from_months


@cache
def level_instrument(name: str) -> LevelInstrument:
    """Load the current version of an instrument.

    Raises
    ------
    KeyError
        If there is no such instrument.
    ValueError
        If the levels of the file do not count up from 0.
    """
    content = json.loads((FILES / CURRENT[name]).read_text(encoding="utf-8"))
    levels = tuple(
        Level(
            row["level"],
            row.get("label", str(row["level"])),
            row["text"],
            tuple(Sublevel(part["key"], part["text"]) for part in row.get("sublevels", ())),
        )
        for row in content["levels"]
    )
    if [level.level for level in levels] != list(range(len(levels))):
        raise ValueError(f"The levels of {name} do not count up from 0.")
    return LevelInstrument(
        name, content["version"], content["source"], content["applicable_from_months"], levels
    )
