"""The load of a course in mL or in percent of a volume of the head: one switch of the page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from analytics.selectors.loads import LoadPoint
from segmentation.models import TissueCode
from segmentation.selectors import tissue
from segmentation.selectors.tissue import Share

PARAMETER = "load_as"


@dataclass(frozen=True, slots=True)
class Measure:
    """What a load is given in.

    Attributes
    ----------
    key : str
        In the address.
    unit : str
        As axes and headers write it.
    code : TissueCode or None
        What the load is divided by; None for mL.
    """

    key: str
    unit: str
    code: TissueCode | None = None

    @property
    def is_percent(self) -> bool:
        """True where loads are divided by a volume."""
        return self.code is not None

    @property
    def decimals(self) -> int:
        """How many of a value are told."""
        return 2 if self.is_percent else 1


ML = Measure("ml", "mL")
MEASURES = {
    measure.key: measure
    for measure in (
        ML,
        Measure("white-matter", "% of white matter", TissueCode.WHITE_MATTER),
        Measure("brain", "% of brain", TissueCode.BRAIN),
        Measure("intracranial", "% of intracranial volume", TissueCode.INTRACRANIAL),
    )
}
"""In the order of the switch; mL is what trials report, and the default."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Loads that cannot be given in percent, for one reason."""

    reason: str
    visit_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """The loads of a course in one measure.

    Attributes
    ----------
    shares : mapping
        By run; empty for mL.
    absences : tuple of Absence
        Why some loads have no percentage.
    versions : tuple of str
        Methods by which the volumes were measured.
    """

    measure: Measure
    shares: Mapping[UUID, Share]
    absences: tuple[Absence, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def absent_count(self) -> int:
        """Return how many loads have no percentage."""
        return sum(len(absence.visit_names) for absence in self.absences)


def asked_for(query: Any) -> Measure:
    """Return the measure that an address asks for; what is not known is mL."""
    return MEASURES.get(query.get(PARAMETER, ""), ML)


def measured(series: Sequence[LoadPoint], measure: Measure, *, user: Any) -> Measured:
    """Return a course in a measure, as the dataset `demyelination_load` holds it."""
    if measure.code is None:
        return Measured(measure, {})
    shares = tissue.shares_of([load.run_id for load in series], measure.code, user=user)
    absent: dict[str, list[str]] = defaultdict(list)
    for load in series:
        if reason := shares[load.run_id].why_absent:
            absent[reason].append(load.visit_name)
    return Measured(
        measure,
        shares,
        tuple(Absence(reason, tuple(names)) for reason, names in absent.items()),
        tuple(sorted({share.method_version for share in shares.values()} - {""})),
    )
