"""The MLD MRI severity score, read from a versioned instrument file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILES = Path(__file__).parent / "instruments"
CURRENT_VERSION = "MLDS-1"


@dataclass(frozen=True, slots=True)
class Item:
    """One region of the score."""

    key: str
    label: str
    maximum: int


@dataclass(frozen=True, slots=True)
class SeverityInstrument:
    """The score's items, in order."""

    version: str
    items: tuple[Item, ...]

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
        for item in self.items:
            value = values[item.key]
            if value is not None and not 0 <= value <= item.maximum:
                raise ValueError(f"{item.label} must be 0 to {item.maximum}, got {value}.")
        scored = [value for value in values.values() if value is not None]
        return sum(scored) if len(scored) == len(self.items) else None


@cache
def severity_instrument(version: str = CURRENT_VERSION) -> SeverityInstrument:
    """Load a version of the instrument and check that its maxima have the declared sum.

    Raises
    ------
    ValueError
        If the version is unknown or the file contradicts itself.
    """
    for path in sorted(FILES.glob("mri_severity-*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != version:
            continue
        items = tuple(Item(i["key"], i["label"], i["maximum"]) for i in content["items"])
        total = sum(item.maximum for item in items)
        if total != content["sum_of_maxima"]:
            raise ValueError(f"Maxima of {version} add to {total}, not as declared.")
        return SeverityInstrument(version, items)
    raise ValueError(f"Unknown version {version!r} of the MRI severity score.")
