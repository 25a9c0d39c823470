"""Set up the imaging protocol of the demonstration study: two versions, a finding, a deviation."""

from dataclasses import replace
from typing import Any

from mldtrial.trial.models import Study
from segmentation.imaging.protocol.starting import STARTING_RULES
from segmentation.models import ProtocolFinding
from segmentation.services import finding_decisions, protocols

AMENDED, THINNER_MM = "t1w-through-plane", 4.5


def put_rules_in_force(study: Study, by: Any) -> None:
    """Put the starting rules in force, and then an amendment that asks for thinner T1w slices."""
    amended = [
        replace(rule, highest=THINNER_MM) if rule.key == AMENDED else rule
        for rule in STARTING_RULES
    ]
    for rules, reason in (
        (list(STARTING_RULES), "Imaging charter 1.0"),
        (amended, f"Imaging charter 1.1: T1w slices of at most {THINNER_MM} mm"),
    ):
        draft = protocols.start_draft(study=study, rules=rules, by=by)
        protocols.put_in_force(study=study, seen=protocols.mark(draft), reason=reason, by=by)


def record_one_deviation(study: Study, by: Any) -> None:
    """Record the echo time that is too long as a deviation; the other findings wait."""
    found = ProtocolFinding.objects.filter(
        visit__patient__study=study, quantity="te_ms", outcome="not_met"
    )
    for finding in found.select_related("visit__patient__study", "visit__patient__site")[:1]:
        finding_decisions.record_deviation(finding=finding, by=by)
