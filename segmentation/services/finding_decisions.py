"""What people decide about a finding of the protocol rules."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import DeviationCode, DeviationState, ProtocolDeviation, Visit
from mldtrial.trial.services import deviations, locking
from mldtrial.trial.services.saving import store
from segmentation.imaging.protocol.rules import Quantity
from segmentation.models import (
    FindingDecision,
    FindingOutcome,
    FindingSeverity,
    ProtocolFinding,
)
from segmentation.services import choosing, runs

CODES: dict[Quantity, DeviationCode] = {
    Quantity.THROUGH_PLANE: DeviationCode.THICKNESS,
    Quantity.THICKNESS: DeviationCode.THICKNESS,
    Quantity.GAP: DeviationCode.GAP,
    Quantity.COVERAGE: DeviationCode.COVERAGE,
    Quantity.SLICES: DeviationCode.COVERAGE,
    Quantity.FIELD: DeviationCode.DIFF_FIELD,
}
"""Code of the deviation that a quantity makes; `WRONG_SEQ` for any other."""


def code_of(finding: ProtocolFinding) -> DeviationCode:
    """Return the code under which a finding is recorded as a deviation."""
    quantity = Quantity(finding.quantity)
    if quantity == Quantity.PRESENT and finding.sequence == "T2w":
        return DeviationCode.MISSING_T2
    return CODES.get(quantity, DeviationCode.WRONG_SEQ)


@transaction.atomic
def record_deviation(*, finding: ProtocolFinding, by: Any) -> ProtocolDeviation:
    """Record a finding as a protocol deviation, in its own words.

    A finding is recorded once, whatever versions of the rules come after. Where a deviation of
    the same kind is open for the visit, the words are added to it.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the finding is recorded already or no longer found, or the visit
        is frozen or locked.
    """
    locked = _begin(finding, "record_deviation", by)
    if locked.deviation_id is not None:
        raise ValidationError("This finding is recorded as a deviation already.")
    if locked.outcome != FindingOutcome.NOT_MET:
        raise ValidationError("What cannot be told is no deviation.")
    locked.deviation = _open_deviation(locked, by)
    with because("Recorded as a deviation"):
        store(locked)
    return locked.deviation


def _open_deviation(finding: ProtocolFinding, by: Any) -> ProtocolDeviation:
    code, visit = code_of(finding), finding.visit
    known = ProtocolDeviation.objects.filter(
        patient=visit.patient, visit=visit, code=code, state=DeviationState.OPEN
    ).first()
    if known is None:
        return deviations.record_deviation(
            patient=visit.patient, visit=visit, code=code, description=finding.sentence, by=by
        )
    if finding.sentence in known.description:
        return known
    return deviations.describe_deviation(
        deviation=known,
        description=f"{known.description}\n{finding.sentence}",
        reason="Another finding of the protocol rules at this visit",
        by=by,
    )


@transaction.atomic
def dismiss(*, finding: ProtocolFinding, reason: str, by: Any) -> ProtocolFinding:
    """Decide that a finding is no deviation; it is not proposed again.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or a deviation is recorded or the scan left
        out: then there is something else to decide.
    """
    return _decide(finding, FindingDecision.DISMISSED, FindingSeverity.DEVIATION, reason, by)


@transaction.atomic
def accept_scan(*, finding: ProtocolFinding, reason: str, by: Any) -> ProtocolFinding:
    """Use a scan all the same that the rules leave out; its visit is segmented.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or the finding leaves no scan out.
    """
    decided = _decide(finding, FindingDecision.ACCEPTED, FindingSeverity.EXCLUDE, reason, by)
    with because(reason.strip()):
        choosing.choose_again(decided.visit)
        runs.queue_run(visit=decided.visit)
    return decided


@transaction.atomic
def take_back(*, finding: ProtocolFinding, reason: str, by: Any) -> ProtocolFinding:
    """Take a decision back: the finding waits again, an accepted scan is left out again.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or nothing was decided.
    """
    locked = _begin(finding, "decide_finding", by)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})
    if not locked.decision:
        raise ValidationError("Nothing was decided about this finding.")
    locked.decision, locked.decision_reason, locked.decided_by = "", "", None
    with because(reason.strip()):
        store(locked)
        choosing.choose_again(locked.visit)
    return locked


def _decide(
    finding: ProtocolFinding,
    decision: FindingDecision,
    severity: FindingSeverity,
    reason: str,
    by: Any,
) -> ProtocolFinding:
    locked = _begin(finding, "decide_finding", by)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})
    if locked.severity != severity or locked.outcome != FindingOutcome.NOT_MET:
        raise ValidationError("The rules have changed: there is nothing of this kind to decide.")
    # A decision of the other kind answered another severity, and says nothing to this one.
    if locked.decision == decision:
        raise ValidationError("Somebody has decided this already; open the page again.")
    if decision == FindingDecision.DISMISSED and locked.deviation_id is not None:
        raise ValidationError("This is recorded as a deviation: close the deviation instead.")
    locked.decision, locked.decision_reason, locked.decided_by = decision, reason.strip(), by
    with because(reason.strip()):
        return store(locked)


def _begin(finding: ProtocolFinding, action: str, by: Any) -> ProtocolFinding:
    policies.require(by, action, finding.visit)
    locking.require_open(finding.visit)
    # As a check of the visit does: both write the same rows.
    Visit.objects.select_for_update(of=("self",)).get(pk=finding.visit_id)
    locked = (
        ProtocolFinding.objects.select_for_update(of=("self",))
        .select_related("visit__patient__study", "visit__patient__site")
        .get(pk=finding.pk)
    )
    if not locked.is_current:
        raise ValidationError("The rules no longer find this: there is nothing to decide.")
    return locked
