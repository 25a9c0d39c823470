"""Counts of a table, with the patients behind them: a small group is told by patients, not rows."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from analytics.stats.progress import is_safe


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its name and its cells; hidden where a group is too small."""

    name: str
    cells: tuple[int, ...]
    is_hidden: bool = False


@dataclass(slots=True)
class Tally:
    """How many of something were counted in each cell of a row, and of which patients."""

    counts: Counter[Hashable] = field(default_factory=Counter)
    patients: dict[Hashable, set[UUID]] = field(default_factory=lambda: defaultdict(set))

    def add(self, cell: Hashable, patient_id: UUID) -> None:
        """Count one of a patient in a cell."""
        self.counts[cell] += 1
        self.patients[cell].add(patient_id)

    def is_safe(self, smallest: int) -> bool:
        """Return whether every cell that holds something holds so many patients."""
        return is_safe((len(own) for own in self.patients.values()), smallest)

    def row(self, name: str, cells: Sequence[Hashable], *, smallest: int) -> Row:
        """Return the row, shown or hidden as a whole."""
        return Row(name, tuple(self.counts[c] for c in cells), not self.is_safe(smallest))


Tallies = defaultdict[str, Tally]


def tallies() -> Tallies:
    """Return tallies by the name of their row, empty."""
    return defaultdict(Tally)


def hidden_together(rows: Iterable[Row]) -> list[Row]:
    """Return rows whose sum is shown elsewhere: all of them, or that they are hidden.

    A single hidden row could be worked out from the sum and the others.
    """
    found = list(rows)
    return [Row("", (), is_hidden=True)] if any(row.is_hidden for row in found) else found
