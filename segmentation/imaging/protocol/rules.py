"""Rules of an imaging protocol: what is asked of which scans, and how much it matters."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import isfinite
from typing import Any

SEQUENCES = ("T1w", "T2w", "FLAIR")
KINDS = ("2D", "3D")
MANUFACTURERS = (
    "Siemens", "Philips", "GE", "Canon", "Toshiba", "Hitachi", "United Imaging", "Hyperfine",
    "Fujifilm", "Esaote",
)  # fmt: skip
IN_HEADERS = {"United Imaging": "uih"}
"""How a header spells a manufacturer, where that is not how its name begins."""


class Severity(StrEnum):
    """What follows from a rule that is not met."""

    NOTE = "note"
    """It is shown."""
    DEVIATION = "deviation"
    """A protocol deviation is proposed."""
    EXCLUDE = "exclude"
    """The scan is used for no load until somebody accepts it."""


class Absent(StrEnum):
    """What an absent value means."""

    UNKNOWN = "unknown"
    """It cannot be told whether the rule is met."""
    NOT_MET = "not_met"
    """The rule is not met."""


class Quantity(StrEnum):
    """What a rule speaks of."""

    PRESENT = "present"
    ACQUISITION = "acquisition"
    STRATUM = "stratum"
    IN_PLANE = "in_plane_mm"
    THROUGH_PLANE = "through_plane_mm"
    THICKNESS = "slice_thickness_mm"
    GAP = "slice_gap_mm"
    COVERAGE = "coverage_mm"
    SLICES = "slices"
    MATRIX = "matrix"
    FIELD = "field_strength_t"
    TR = "tr_ms"
    TE = "te_ms"
    TI = "ti_ms"
    FLIP = "flip_deg"


OF_KIND = (Quantity.ACQUISITION, Quantity.STRATUM)
"""Quantities that are 2D or 3D; all others but the presence are numbers."""

NAMES: dict[Quantity, str] = {
    Quantity.PRESENT: "Sequence present",
    Quantity.ACQUISITION: "Acquired as",
    Quantity.STRATUM: "Counts for analysis as",
    Quantity.IN_PLANE: "Voxel size in plane",
    Quantity.THROUGH_PLANE: "Distance of the slices",
    Quantity.THICKNESS: "Slice thickness",
    Quantity.GAP: "Gap between slices",
    Quantity.COVERAGE: "Coverage",
    Quantity.SLICES: "Number of slices",
    Quantity.MATRIX: "Matrix in plane",
    Quantity.FIELD: "Field strength",
    Quantity.TR: "TR",
    Quantity.TE: "TE",
    Quantity.TI: "TI",
    Quantity.FLIP: "Flip angle",
}
UNITS: dict[Quantity, str] = {
    Quantity.IN_PLANE: "mm",
    Quantity.THROUGH_PLANE: "mm",
    Quantity.THICKNESS: "mm",
    Quantity.GAP: "mm",
    Quantity.COVERAGE: "mm",
    Quantity.SLICES: "slices",
    Quantity.MATRIX: "voxels",
    Quantity.FIELD: "T",
    Quantity.TR: "ms",
    Quantity.TE: "ms",
    Quantity.TI: "ms",
    Quantity.FLIP: "degrees",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One demand on the scans of a sequence, on any scanner or on those it names.

    Attributes
    ----------
    key : str
        Names the rule through all versions of a rule set.
    lowest, highest : float or None
        Limits in the unit of the quantity, both included; None leaves that side open.
    kind : str
        ``2D`` or ``3D`` for a quantity of `OF_KIND`; empty for any other.
    manufacturer, model, field_strength_t
        Of the scanners it is for; empty or None for any.
    why : str
        Where it comes from, for people.
    """

    key: str
    sequence: str
    quantity: Quantity
    severity: Severity
    lowest: float | None = None
    highest: float | None = None
    kind: str = ""
    absent: Absent = Absent.UNKNOWN
    manufacturer: str = ""
    model: str = ""
    field_strength_t: float | None = None
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the rule as JSON holds it; `rule_of` reads it again."""
        return asdict(self)


class RuleError(ValueError):
    """A rule that cannot be asked, with a sentence for each field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


def rule_of(found: Mapping[str, Any]) -> Rule:
    """Return a rule from its JSON.

    Raises
    ------
    RuleError
        If a field is not known, or the rule is one that `check` refuses.
    """
    try:
        rule = Rule(
            **{
                **found,
                "quantity": Quantity(found["quantity"]),
                "severity": Severity(found["severity"]),
                "absent": Absent(found.get("absent", Absent.UNKNOWN)),
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RuleError({"quantity": "A field of this rule is missing or not known."}) from error
    return check(rule)


def check(rule: Rule) -> Rule:
    """Return the rule, if it asks for something that a scan can meet.

    Raises
    ------
    RuleError
        With a sentence for each field that is wrong.
    """
    faults: dict[str, str] = {}
    if rule.sequence not in SEQUENCES:
        faults["sequence"] = f"Choose one of {', '.join(SEQUENCES)}."
    if rule.quantity == Quantity.PRESENT:
        faults |= _faults_of_presence(rule)
    elif rule.quantity in OF_KIND:
        faults |= _faults_of_kind(rule)
    else:
        faults |= _faults_of_limits(rule)
    strength = rule.field_strength_t
    if strength is not None and not (isfinite(strength) and 0 < strength <= 20):
        faults["field_strength_t"] = "Give a field strength in T, for example 3."
    if faults:
        raise RuleError(faults)
    return rule


def _faults_of_presence(rule: Rule) -> dict[str, str]:
    faults = {}
    if rule.severity == Severity.EXCLUDE:
        faults["severity"] = "An absent scan cannot be excluded: choose note or deviation."
    if rule.lowest is not None or rule.highest is not None:
        faults["lowest"] = "A sequence is there or not: leave the limits empty."
    if rule.manufacturer or rule.model or rule.field_strength_t is not None:
        faults["manufacturer"] = "An absent scan has no scanner: the rule is for any."
    return faults


def _faults_of_kind(rule: Rule) -> dict[str, str]:
    faults = {}
    if rule.kind not in KINDS:
        faults["kind"] = "Choose 2D or 3D."
    if rule.lowest is not None or rule.highest is not None:
        faults["lowest"] = "This is 2D or 3D: leave the limits empty."
    return faults


def _faults_of_limits(rule: Rule) -> dict[str, str]:
    limits = [limit for limit in (rule.lowest, rule.highest) if limit is not None]
    if not limits:
        return {"lowest": "Give the lowest value, the highest, or both."}
    if not all(isfinite(limit) and abs(limit) < 1e6 for limit in limits):
        return {"lowest": "Give limits below a million."}
    if rule.lowest is not None and rule.highest is not None and rule.lowest > rule.highest:
        return {"highest": "The highest value lies below the lowest."}
    if rule.quantity != Quantity.GAP and max(limits) <= 0:
        return {"highest": f"{NAMES[rule.quantity]} is always above zero."}
    return {}
