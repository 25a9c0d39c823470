"""What another rule set would change about the findings of a visit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from segmentation.imaging.protocol.evaluation import Outcome, Result
from segmentation.imaging.protocol.rules import Severity

FOUND = (Outcome.NOT_MET, Outcome.CANNOT_TELL)
"""Outcomes that are kept as findings."""


class Change(StrEnum):
    """How a finding would change."""

    NEWLY_NOT_MET = "newly_not_met"
    NEWLY_MET = "newly_met"
    OTHER_SEVERITY = "other_severity"
    NEWLY_UNKNOWN = "newly_unknown"
    NO_LONGER_ASKED = "no_longer_asked"


@dataclass(frozen=True, slots=True)
class Standing:
    """A finding as it stands, or would stand."""

    outcome: Outcome
    severity: Severity
    sentence: str


Place = tuple[str, str]
"""Rule and scan; an empty scan for the visit as a whole."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One finding that would change: what it is, and what it would be."""

    rule_key: str
    scan_key: str
    change: Change
    before: Standing | None
    after: Standing | None
    says: str
    """What the other rules say of it, also where they are met; empty where they do not ask."""


def standings(results: Iterable[Result]) -> dict[Place, Standing]:
    """Return the results that are findings, by rule and scan."""
    return {
        (result.rule.key, result.scan_key): Standing(
            result.outcome, result.rule.severity, result.sentence
        )
        for result in results
        if result.outcome in FOUND
    }


def compare(before: Mapping[Place, Standing], results: Iterable[Result]) -> list[Changed]:
    """Return how the findings of a visit would change, in the order of rules and scans.

    Parameters
    ----------
    before : mapping
        The findings as they stand.
    results : iterable of Result
        What comes out of the other rule set, met rules included.
    """
    asked = list(results)
    after = standings(asked)
    met = {(r.rule.key, r.scan_key) for r in asked if r.outcome == Outcome.MET}
    said = {(r.rule.key, r.scan_key): r.sentence for r in asked}
    found = []
    for place in [*before, *(place for place in after if place not in before)]:
        change = _change(before.get(place), after.get(place), is_met=place in met)
        if change is not None:
            says = said.get(place, "")
            found.append(Changed(*place, change, before.get(place), after.get(place), says))
    return found


def _change(before: Standing | None, after: Standing | None, *, is_met: bool) -> Change | None:
    was, now = _not_met(before), _not_met(after)
    if now and not was:
        return Change.NEWLY_NOT_MET
    if now and was:
        is_other = before is not None and after is not None and before.severity != after.severity
        return Change.OTHER_SEVERITY if is_other else None
    if after is not None:  # it cannot be told
        return None if before is not None and not was else Change.NEWLY_UNKNOWN
    if before is None:
        return None
    return Change.NEWLY_MET if is_met else Change.NO_LONGER_ASKED


def _not_met(standing: Standing | None) -> bool:
    return standing is not None and standing.outcome == Outcome.NOT_MET
