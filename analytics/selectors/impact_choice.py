"""What part of the impact of a method a page shows, and in which order."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import isfinite
from typing import Any

from analytics.selectors.impact import Row
from mldtrial.trial.models import AcqStratum, Study
from mldtrial.trial.selectors.asked import known

SORTS: dict[str, Callable[[Row], float | None]] = {
    "change": lambda row: None if row.difference_ml is None else abs(row.difference_ml),
    "difference": lambda row: row.difference_ml,
    "percent": lambda row: row.difference_percent,
    "counted": lambda row: None if row.counted is None else row.counted.load_ml,
    "other": lambda row: None if row.other is None else row.other.load_ml,
}
"""What rows are sorted by, the greatest first; `SUBJECT` keeps them by patient and age."""
SUBJECT = "subject"
SHOWN: dict[str, Callable[[Row, float], bool]] = {
    "": lambda _row, _threshold: True,
    "crossing": lambda row, threshold: row.crosses(threshold),
    "uncompared": lambda row, _threshold: row.difference_ml is None,
    "held": lambda row, _threshold: bool(row.held),
}
"""Parts of the rows that the table can show."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What part of the rows is asked for, in which order, and where the threshold lies."""

    stratum: str
    show: str
    sort: str
    threshold_ml: float

    @classmethod
    def of(cls, query: Any, study: Study) -> "Choice":
        """Read a choice from an address.

        The threshold is by default the smallest load that the review of the study tells from
        none, its absolute tolerance; it is that too where no load is asked for.

        Raises
        ------
        UnknownFilterError
            If a part or an order is not known.
        """
        return cls(
            known(query, "stratum", AcqStratum.values),
            known(query, "show", SHOWN),
            known(query, "sort", {*SORTS, SUBJECT}, "change"),
            _threshold(query.get("threshold", ""), float(study.tolerance_same_ml)),
        )

    def apply(self, found: Collection[Row]) -> list[Row]:
        """Return the rows that are asked for, in their order; those without a value last."""
        part = [row for row in found if self.accepts(row)]
        if self.sort == SUBJECT:
            return part
        value = SORTS[self.sort]
        known = [(number, row) for row in part if (number := value(row)) is not None]
        known.sort(key=lambda pair: -pair[0])
        return [*(row for _, row in known), *(row for row in part if value(row) is None)]

    def accepts(self, row: Row) -> bool:
        """Return whether a row is asked for."""
        in_stratum = self.stratum in ("", row.visit.acq_stratum)
        return in_stratum and SHOWN[self.show](row, self.threshold_ml)


def _threshold(asked: str, otherwise: float) -> float:
    try:
        value = float(asked)
    except ValueError:
        return otherwise
    return value if isfinite(value) and value > 0 else otherwise
