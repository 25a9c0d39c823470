"""Whether estimates of one relation point the same way (Simpson's paradox)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Directed:
    """An estimate and its interval, of which the sign matters."""

    value: float
    ci_low: float
    ci_high: float

    @property
    def is_settled(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.ci_low > 0 or self.ci_high < 0


@dataclass(frozen=True, slots=True)
class Opposition:
    """Estimates that point the other way than one named before them.

    Attributes
    ----------
    first : str
        The estimate that the others oppose.
    others : tuple of str
        In the order given; all settled or not, as `is_settled` says.
    is_settled : bool
        True where the intervals of `first` and of the others exclude zero; else the signs differ
        but chance may have it so.
    """

    first: str
    others: tuple[str, ...]
    is_settled: bool


def opposition(estimates: Mapping[str, Directed]) -> Opposition | None:
    """Return the first opposition of estimates; None where no two have opposite signs.

    Parameters
    ----------
    estimates : mapping of str to Directed
        From the coarsest to the finest. An opposition whose intervals exclude zero comes before
        any other.
    """
    names = list(estimates)
    for needs_settled in (True, False):
        for index, first in enumerate(names):
            others = tuple(
                other
                for other in names[index + 1 :]
                if _are_opposite(estimates[first], estimates[other], needs_settled=needs_settled)
            )
            if others:
                return Opposition(first, others, needs_settled)
    return None


def _are_opposite(one: Directed, other: Directed, *, needs_settled: bool) -> bool:
    if needs_settled and not (one.is_settled and other.is_settled):
        return False
    return one.value * other.value < 0
