"""Whether the scans of a visit meet the rules of a protocol; every question has an answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from segmentation.imaging.protocol import words
from segmentation.imaging.protocol.facts import ScanFacts, VisitFacts
from segmentation.imaging.protocol.rules import IN_HEADERS, NAMES, OF_KIND, Absent, Quantity, Rule

TOLERANCE = 1e-3
"""By so much of its unit a value may lie outside a limit and still counts as being on it ..."""
RELATIVE_TOLERANCE = 1e-4
"""... or by this share of the limit, where that is more: headers are written in decimals, geometry
is computed from them in single precision, and 0.9999998 mm is 1 mm."""
NOMINAL = 0.1
"""Share by which a field strength may differ from a nominal one: 2.89 T is a 3 T scanner."""


class Outcome(StrEnum):
    """What came out of asking a rule."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Result:
    """One rule asked of one scan, or of a visit.

    Attributes
    ----------
    scan_key : str
        The scan; empty for a rule on the visit as a whole.
    measured, asked : str
        The value found and the limits, with their unit; `measured` is empty where there is none.
    sentence : str
        Both for people.
    """

    rule: Rule
    scan_key: str
    outcome: Outcome
    measured: str
    asked: str
    sentence: str

    @property
    def name(self) -> str:
        """What was asked about."""
        return NAMES[self.rule.quantity]


def evaluate(rules: Iterable[Rule], visit: VisitFacts) -> list[Result]:
    """Return what comes out of every rule for every scan of a visit, in their order.

    A visit without any scan has no result: that it lacks images is not its scans' fault.
    """
    if not visit.scans:
        return []
    results = []
    for rule in rules:
        if rule.quantity == Quantity.PRESENT:
            results.append(_presence(rule, visit))
        else:
            results.extend(_ask(rule, scan) for scan in visit.scans)
    return results


def _presence(rule: Rule, visit: VisitFacts) -> Result:
    if rule.sequence in {scan.sequence for scan in visit.in_use}:
        return _visit_result(rule, Outcome.MET, "present", f"{rule.sequence} is present.")
    if rule.sequence in visit.not_done:
        sentence = f"{rule.sequence} was declared not done."
        return _visit_result(rule, Outcome.NOT_APPLICABLE, "not done", sentence)
    if rule.sequence in {scan.sequence for scan in visit.scans}:
        return _visit_result(rule, Outcome.NOT_MET, "set aside", words.set_aside(rule))
    return _visit_result(rule, Outcome.NOT_MET, "missing", words.missing(rule))


def _visit_result(rule: Rule, outcome: Outcome, measured: str, sentence: str) -> Result:
    return Result(rule, "", outcome, measured, words.asked(rule), sentence)


def _ask(rule: Rule, scan: ScanFacts) -> Result:
    if scan.sequence != rule.sequence:
        return _scan_result(
            rule, scan, Outcome.NOT_APPLICABLE, "", f"For {rule.sequence} scans only."
        )
    is_meant = _is_for(rule, scan)
    if is_meant is None:
        sentence = (
            f"{rule.sequence}: a rule for {words.scanners(rule)}; the file does not say on which "
            "scanner it was made."
        )
        return _scan_result(rule, scan, Outcome.CANNOT_TELL, "", sentence)
    if not is_meant:
        sentence = f"For {words.scanners(rule)} only."
        return _scan_result(rule, scan, Outcome.NOT_APPLICABLE, "", sentence)
    return _kind(rule, scan) if rule.quantity in OF_KIND else _limits(rule, scan)


def _kind(rule: Rule, scan: ScanFacts) -> Result:
    found = scan.acq_stratum if rule.quantity == Quantity.STRATUM else scan.acquisition_type
    if not found:
        return _absent(rule, scan)
    outcome = Outcome.MET if found.upper() == rule.kind else Outcome.NOT_MET
    return _scan_result(rule, scan, outcome, found, words.compared(rule, found))


def _limits(rule: Rule, scan: ScanFacts) -> Result:
    values = MEASURES[rule.quantity](scan)
    if values is None:
        return _absent(rule, scan)
    outcome = Outcome.MET if all(_is_within(v, rule) for v in values) else Outcome.NOT_MET
    measured = words.measured(rule.quantity, values)
    said = words.measured(rule.quantity, values, _digits(rule, values))
    return _scan_result(rule, scan, outcome, measured, words.compared(rule, said))


def _digits(rule: Rule, values: tuple[float, ...]) -> int:
    """Return how many digits a sentence needs: rounding must not move a value over a limit."""
    rounded = (float(words.number(value, words.SHORT)) for value in values)
    pairs = zip(values, rounded, strict=True)
    is_safe = all(_is_within(value, rule) == _is_within(near, rule) for value, near in pairs)
    return words.SHORT if is_safe else words.LONG


def _absent(rule: Rule, scan: ScanFacts) -> Result:
    outcome = Outcome.NOT_MET if rule.absent == Absent.NOT_MET else Outcome.CANNOT_TELL
    return _scan_result(rule, scan, outcome, "", words.unknown(rule))


def _scan_result(
    rule: Rule, scan: ScanFacts, outcome: Outcome, measured: str, sentence: str
) -> Result:
    return Result(rule, scan.key, outcome, measured, words.asked(rule), sentence)


def _is_within(value: float, rule: Rule) -> bool:
    """Return whether a value lies between the limits, or so near to one that it is on it."""
    above = rule.lowest is None or value >= rule.lowest - _slack(rule.lowest)
    below = rule.highest is None or value <= rule.highest + _slack(rule.highest)
    return above and below


def _slack(limit: float) -> float:
    return max(TOLERANCE, RELATIVE_TOLERANCE * abs(limit))


def _is_for(rule: Rule, scan: ScanFacts) -> bool | None:
    """Return whether a rule is for the scanner of a scan; None where that cannot be told.

    One condition that is clearly not fulfilled settles it, whatever else is unknown.
    """
    answers = [
        _begins(scan.manufacturer, rule.manufacturer) if rule.manufacturer else True,
        _contains(scan.model, rule.model) if rule.model else True,
        _is_nominal(scan.field_strength_t, rule.field_strength_t)
        if rule.field_strength_t is not None
        else True,
    ]
    if False in answers:
        return False
    return None if None in answers else True


def _begins(found: str | None, wanted: str) -> bool | None:
    """Compare manufacturers by the beginning: headers add "Healthineers" or "Medical Systems"."""
    if found is None:
        return None
    return found.casefold().startswith(IN_HEADERS.get(wanted, wanted).casefold())


def _contains(found: str | None, wanted: str) -> bool | None:
    return None if found is None else wanted.casefold() in found.casefold()


def _is_nominal(found: float | None, wanted: float) -> bool | None:
    return None if found is None else abs(found - wanted) <= NOMINAL * wanted


def _one(value: float | None) -> tuple[float, ...] | None:
    return None if value is None else (value,)


MEASURES: dict[Quantity, Callable[[ScanFacts], tuple[float, ...] | None]] = {
    Quantity.IN_PLANE: lambda scan: scan.in_plane_mm,
    Quantity.THROUGH_PLANE: lambda scan: _one(scan.through_plane_mm),
    Quantity.THICKNESS: lambda scan: _one(scan.slice_thickness_mm),
    Quantity.GAP: lambda scan: _one(scan.slice_gap_mm),
    Quantity.COVERAGE: lambda scan: _one(scan.coverage_mm),
    Quantity.SLICES: lambda scan: _one(scan.slices),
    Quantity.MATRIX: lambda scan: scan.matrix,
    Quantity.FIELD: lambda scan: _one(scan.field_strength_t),
    Quantity.TR: lambda scan: _one(scan.tr_ms),
    Quantity.TE: lambda scan: _one(scan.te_ms),
    Quantity.TI: lambda scan: _one(scan.ti_ms),
    Quantity.FLIP: lambda scan: _one(scan.flip_deg),
}
"""How each number is taken from a scan; all of several values must lie within the limits."""
