"""Ask the scans of a visit what the protocol demands, and keep what is found.

Intake asks in the transaction that records a scan, so that no scan goes unasked. A new version
of the rules is asked of all visits afterwards, a batch at a time: which visits are left is read
from the checks themselves, so that a killed worker loses nothing and repeats nothing.
"""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from mldtrial.audit.context import because
from mldtrial.audit.guards import refusal
from mldtrial.trial.models import Visit
from segmentation.imaging.protocol.difference import FOUND
from segmentation.imaging.protocol.evaluation import Outcome, Result, evaluate
from segmentation.imaging.protocol.facts import VisitFacts
from segmentation.models import ProtocolCheck, ProtocolFinding, ProtocolVersion
from segmentation.selectors import protocol as selectors
from segmentation.selectors.findings import excluding
from segmentation.services import choosing, scanners
from segmentation.services.failpoints import reach

BATCH = 50
"""Visits of one transaction: a kill repeats no more than these, and holds no longer."""


@transaction.atomic
def look_at(visit: Visit) -> None:
    """Do what new scans of a visit ask for: the rules of the protocol, and the register."""
    check_visit(visit)
    scanners.recognise_scans(visit)


@transaction.atomic
def check_visit(visit: Visit) -> ProtocolCheck | None:
    """Ask the scans of a visit the rules in force, and bring its findings in line.

    Returns None while the study has no rules. The same question again changes nothing.
    """
    held = Visit.objects.select_for_update(of=("self",)).select_related("patient__study")
    locked = held.get(pk=visit.pk)
    version = selectors.in_force(locked.patient.study)
    if version is None:
        return None
    facts = selectors.facts_of_visits([locked])[locked.pk]
    results = evaluate(selectors.rules_of(version), facts)
    left_out = _left_out(locked)
    with because(f"Asked the protocol rules, {version}"):
        _keep_findings(locked, version, results)
        check = _keep_check(locked, version, facts, results)
        if _left_out(locked) != left_out:
            choosing.choose_again(locked)
    return check


def check_outstanding(*, at_most: int = BATCH) -> int:
    """Ask one batch of the visits that are left; returns how many were asked, 0 at the end.

    A visit that somebody freezes or locks meanwhile is passed over: it waits until it is open.
    """
    asked = 0
    with transaction.atomic():
        left = selectors.outstanding().select_for_update(of=("self",), skip_locked=True)
        for visit in list(left[:at_most]):
            asked += _asked(visit)
        reach("protocol_batch")
    return asked


def _asked(visit: Visit) -> bool:
    try:
        with transaction.atomic():
            return check_visit(visit) is not None
    except IntegrityError as error:
        if refusal(error):
            return False
        raise


def _left_out(visit: Visit) -> set[UUID | None]:
    return set(excluding().filter(visit=visit).values_list("scan_id", flat=True))


def _keep_check(
    visit: Visit, version: ProtocolVersion, facts: VisitFacts, results: Iterable[Result]
) -> ProtocolCheck:
    counts = Counter(result.outcome for result in results)
    columns = {
        "version": version,
        # Those alone that make a sequence present: where one is set aside, the check is old.
        "scan_ids": [UUID(scan.key) for scan in facts.in_use],
        "not_done": sorted(facts.not_done),
        "met": counts[Outcome.MET],
        "not_met": counts[Outcome.NOT_MET],
        "unknown": counts[Outcome.CANNOT_TELL],
    }
    known = ProtocolCheck.objects.filter(visit=visit).first()
    if known is None:
        return ProtocolCheck.objects.create(visit=visit, **columns)
    if any(getattr(known, name) != value for name, value in columns.items()):
        ProtocolCheck.objects.filter(visit=visit).update(**columns, checked_at=Now())
    return known


def _keep_findings(visit: Visit, version: ProtocolVersion, results: Iterable[Result]) -> None:
    known = {
        (row.rule_key, str(row.scan_id or "")): row
        for row in ProtocolFinding.objects.filter(visit=visit)
    }
    found = {(r.rule.key, r.scan_key): r for r in results if r.outcome in FOUND}
    for place, row in known.items():
        if place not in found and row.is_current:
            row.is_current = False
            row.version = version
            row.save()
    for place, result in found.items():
        _keep_finding(known.get(place), visit, version, result)


def _keep_finding(
    known: ProtocolFinding | None, visit: Visit, version: ProtocolVersion, result: Result
) -> None:
    row = known or ProtocolFinding(
        visit=visit, scan_id=result.scan_key or None, rule_key=result.rule.key
    )
    columns = {
        "version": version,
        "sequence": result.rule.sequence,
        "quantity": result.rule.quantity.value,
        "outcome": result.outcome.value,
        "severity": result.rule.severity.value,
        "measured": result.measured,
        "asked": result.asked,
        "sentence": result.sentence,
        "is_current": True,
    }
    if known is not None and all(getattr(row, name) == value for name, value in columns.items()):
        return
    for name, value in columns.items():
        setattr(row, name, value)
    row.save()
