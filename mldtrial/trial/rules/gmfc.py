"""The level texts of GMFC-MLD, read from a versioned instrument file."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "instruments" / "gmfc_mld-1.json"
APPLICABLE_FROM_MONTHS = 18
HIGHEST_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Sublevel:
    """A part of a level that is kept, but analysed as the level itself."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Level:
    """A level of gross motor function, 0 (best) to 6 (worst)."""

    level: int
    text: str
    sublevels: tuple[Sublevel, ...] = ()


@cache
def gmfc_levels() -> tuple[Level, ...]:
    """Return the seven levels with a short paraphrase of each (Kehrer 2011)."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Level(
            row["level"],
            row["text"],
            tuple(Sublevel(part["key"], part["text"]) for part in row.get("sublevels", ())),
        )
        for row in content["levels"]
    )
