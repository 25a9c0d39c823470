"""The MLD MRI severity score, read from a versioned instrument file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILES = Path(__file__).parent / "instruments"
CURRENT_VERSION = "MLDS-1"


@dataclass(frozen=True, slots=True)
class Item:
    """One region of the score, with a word for each of its values from 0."""

    key: str
    label: str
    maximum: int
    level_labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subscore:
    """The sum of some items.

    Attributes
    ----------
    overlaps : bool
        Its items belong to other subscores as well, so that it is not a part of the total.
    """

    key: str
    label: str
    items: tuple[str, ...]
    maximum: int
    overlaps: bool

    def value(self, values: Mapping[str, int | None]) -> int | None:
        """Return the sum, or None while an item is missing or could not be evaluated."""
        found = [values.get(key) for key in self.items]
        scored = [value for value in found if value is not None]
        return sum(scored) if len(scored) == len(found) else None


@dataclass(frozen=True, slots=True)
class SeverityInstrument:
    """The score's items, in order, and its subscores."""

    version: str
    items: tuple[Item, ...]
    subscores: tuple[Subscore, ...] = ()

    @property
    def maximum(self) -> int:
        """The highest total."""
        return sum(item.maximum for item in self.items)

    def total(self, values: Mapping[str, int | None]) -> int | None:
        """Return the sum of the items, or None if one could not be evaluated.

        Raises
        ------
        ValueError
            If an item is missing, unknown, or outside 0 to its maximum.
        """
        keys = {item.key for item in self.items}
        if set(values) != keys:
            wrong = sorted(keys.symmetric_difference(values))
            raise ValueError(f"Items missing or unknown: {', '.join(wrong)}.")
        self.check(values)
        scored = [value for value in values.values() if value is not None]
        return sum(scored) if len(scored) == len(self.items) else None

    def check(self, values: Mapping[str, int | None]) -> None:
        """Check the items that are there; some may be missing.

        Raises
        ------
        ValueError
            If an item is unknown or outside 0 to its maximum.
        """
        known = {item.key: item for item in self.items}
        for key, value in values.items():
            if key not in known:
                raise ValueError(f"Items missing or unknown: {key}.")
            item = known[key]
            if value is not None and not 0 <= value <= item.maximum:
                raise ValueError(f"{item.label} must be 0 to {item.maximum}, got {value}.")


@cache
def severity_instrument(version: str = CURRENT_VERSION) -> SeverityInstrument:
    """Load a version of the instrument and check that it does not contradict itself.

    Raises
    ------
    ValueError
        If the version is unknown, its maxima do not have the declared sum, or its subscores
        do not share out the items.
    """
    for path in sorted(FILES.glob("mri_severity-*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != version:
            continue
        items = tuple(_item(row, content["level_labels"]) for row in content["items"])
        total = sum(item.maximum for item in items)
        if total != content["sum_of_maxima"]:
            raise ValueError(f"Maxima of {version} add to {total}, not as declared.")
        maxima = {item.key: item.maximum for item in items}
        subscores = tuple(_subscore(row, maxima) for row in content["subscores"])
        shared = [key for part in subscores if not part.overlaps for key in part.items]
        if shared != [item.key for item in items]:
            raise ValueError(f"The subscores of {version} do not share out its items in order.")
        return SeverityInstrument(version, items, subscores)
    raise ValueError(f"Unknown version {version!r} of the MRI severity score.")


def _item(row: dict[str, Any], level_labels: Sequence[str]) -> Item:
    labels = tuple(row.get("level_labels", level_labels))
    if len(labels) != row["maximum"] + 1:
        raise ValueError(f"{row['key']} needs a word for each of 0 to {row['maximum']}.")
    return Item(row["key"], row["label"], row["maximum"], labels)


def _subscore(row: dict[str, Any], maxima: Mapping[str, int]) -> Subscore:
    keys = tuple(row["items"])
    return Subscore(
        row["key"],
        row["label"],
        keys,
        sum(maxima[key] for key in keys),
        bool(row.get("overlaps", False)),
    )
