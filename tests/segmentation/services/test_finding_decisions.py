"""What follows from a finding is a person's decision: once, with a reason, on record."""

from dataclasses import replace

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mldtrial.audit.context import acting
from mldtrial.trial.models import DeviationState, ProtocolDeviation, Scan
from mldtrial.trial.services import deviations
from segmentation.imaging.protocol.rules import Quantity, Rule, Severity
from segmentation.models import FindingState, ProtocolFinding, SegmentationRun
from segmentation.selectors.findings import TO_DECIDE, FindingFilters, findings, not_met
from segmentation.services import finding_decisions as decisions
from segmentation.services import models
from tests.support.loads import make_load
from tests.support.locking import lock
from tests.support.protocol import EXCLUDES, SLICES, TE, ask_all, in_force, t2w, thick
from tests.support.world import World

pytestmark = pytest.mark.django_db


def found(world: World, *rules: Rule) -> ProtocolFinding:
    in_force(world, *rules)
    ask_all()
    return ProtocolFinding.objects.select_related("visit__patient__study").first()


def record(world: World, finding: ProtocolFinding, key: str = "coordinator") -> ProtocolDeviation:
    by = world.user(key)
    with acting(user=by, origin="web"):
        return decisions.record_deviation(finding=finding, by=by)


def decide(world: World, act, finding: ProtocolFinding, reason: str = "Seen", key="data_manager"):
    by = world.user(key)
    with acting(user=by, origin="web"):
        return act(finding=finding, reason=reason, by=by)


def test_a_finding_becomes_a_deviation_in_its_own_words(world: World):
    thick(world.visit_a)
    made = record(world, found(world, SLICES))
    assert (made.code, made.visit) == ("THICKNESS", world.visit_a)
    assert made.description == (
        "T1w: distance of the slices 4 mm; the protocol asks for at most 1.5 mm."
    )
    assert made.opened_by == world.user("coordinator")


@pytest.mark.parametrize(
    ("quantity", "sequence", "code"),
    [
        (Quantity.PRESENT, "T2w", "MISSING_T2"),
        (Quantity.PRESENT, "T1w", "WRONG_SEQ"),
        (Quantity.GAP, "T2w", "GAP"),
        (Quantity.COVERAGE, "T2w", "COVERAGE"),
        (Quantity.SLICES, "T2w", "COVERAGE"),
        (Quantity.FIELD, "T1w", "DIFF_FIELD"),
        (Quantity.TE, "T2w", "WRONG_SEQ"),
    ],
)
def test_each_quantity_has_its_code(quantity, sequence, code):
    assert decisions.code_of(ProtocolFinding(quantity=quantity, sequence=sequence)) == code


def test_no_version_of_the_rules_makes_a_second_deviation_of_a_finding(world: World):
    thick(world.visit_a)
    finding = found(world, SLICES)
    record(world, finding)
    in_force(world, replace(SLICES, highest=2.0), reason="Amendment")
    ask_all()
    finding.refresh_from_db()
    assert finding.state == FindingState.RECORDED
    with pytest.raises(ValidationError, match="recorded as a deviation already"):
        record(world, finding)
    assert ProtocolDeviation.objects.count() == 1


def test_two_findings_of_one_kind_share_the_open_deviation(world: World):
    t2w(world.visit_a)
    other = replace(TE, key="tr", quantity=Quantity.TR, lowest=1.0, highest=9000.0,
                    absent="not_met")  # fmt: skip
    in_force(world, TE, other)
    ask_all()
    for finding in ProtocolFinding.objects.select_related("visit__patient__study"):
        record(world, finding)
    made = ProtocolDeviation.objects.get()
    assert "TE 120 ms" in made.description
    assert "TR cannot be told" in made.description
    assert made.protocol_findings.count() == 2


def test_a_deviation_that_a_person_closed_is_not_proposed_again(world: World):
    thick(world.visit_a)
    finding = found(world, SLICES)
    made = record(world, finding)
    by = world.user("data_manager")
    with acting(user=by, origin="web"):
        deviations.close_deviation(deviation=made, reason="Assessed", by=by)
    in_force(world, replace(SLICES, highest=2.0), reason="Amendment")
    ask_all()
    finding.refresh_from_db()
    assert finding.state == FindingState.RECORDED
    assert ProtocolDeviation.objects.get().state == DeviationState.CLOSED


def test_what_cannot_be_told_is_no_deviation(world: World):
    t2w(world.visit_a, te_ms=None)
    with pytest.raises(ValidationError, match="cannot be told is no deviation"):
        record(world, found(world, TE))


def test_a_finding_is_dismissed_with_a_reason_that_stays_in_the_history(world: World):
    thick(world.visit_a)
    finding = found(world, SLICES)
    with pytest.raises(ValidationError, match="Give the reason"):
        decide(world, decisions.dismiss, finding, reason=" ")
    decided = decide(world, decisions.dismiss, finding, reason="Agreed in the charter")
    assert decided.state == FindingState.DISMISSED
    event = apps.get_model("segmentation", "ProtocolFindingEvent").objects.latest("pgh_id")
    assert event.pgh_context["reason"] == "Agreed in the charter"
    assert event.pgh_context["user"] == str(world.user("data_manager").pk)
    with pytest.raises(ValidationError, match="decided this already"):
        decide(world, decisions.dismiss, finding)


def test_a_scan_that_is_accepted_is_segmented_and_left_out_again_when_that_is_taken_back(
    world: World,
):
    models.activate(model=models.register_threshold(), reason="test")
    thick(world.visit_a, slice_mm=7.0)
    t2w(world.visit_a)
    finding = found(world, EXCLUDES)
    accepted = decide(world, decisions.accept_scan, finding, reason="Only image there is")
    assert accepted.state == FindingState.ACCEPTED
    assert SegmentationRun.objects.filter(visit=world.visit_a).count() == 1
    back = decide(world, decisions.take_back, finding, reason="Typed wrong")
    assert back.state == FindingState.LEFT_OUT


def test_an_accepted_scan_keeps_its_load_and_through_later_versions(world: World):
    run = make_load(world.patient_a, world.visit_a.date, 20.0)
    Scan.objects.filter(pk=run.t1w_scan_id).update(voxel_size_mm=[1.0, 1.0, 7.0])
    finding = found(world, EXCLUDES)
    run.refresh_from_db()
    assert not run.analysis_flag
    decide(world, decisions.accept_scan, finding)
    run.refresh_from_db()
    assert run.analysis_flag
    in_force(world, replace(EXCLUDES, highest=5.0), reason="Amendment")
    ask_all()
    run.refresh_from_db()
    assert run.analysis_flag


def test_a_finding_that_was_dismissed_as_no_deviation_still_leaves_out_once_it_is_graver(
    world: World,
):
    thick(world.visit_a, slice_mm=7.0)
    finding = found(world, SLICES)
    decide(world, decisions.dismiss, finding)
    in_force(world, replace(SLICES, severity=Severity.EXCLUDE), reason="Amendment")
    ask_all()
    finding.refresh_from_db()
    assert finding.keeps_scan_out


def test_nothing_of_a_locked_visit_is_decided(world: World):
    thick(world.visit_a)
    finding = found(world, SLICES)
    lock(world, world.visit_a)
    for act in (decisions.dismiss, decisions.accept_scan, decisions.take_back):
        with pytest.raises(ValidationError, match="This record is locked"):
            decide(world, act, finding)
    with pytest.raises(ValidationError, match="This record is locked"):
        record(world, finding)


@pytest.mark.parametrize("key", ["coordinator", "investigator", "monitor", "sponsor", "auditor"])
def test_only_the_data_manager_decides(world: World, key):
    thick(world.visit_a)
    finding = found(world, SLICES)
    with pytest.raises(PermissionDenied):
        decide(world, decisions.dismiss, finding, key=key)


def test_another_site_records_nothing(world: World):
    thick(world.visit_a)
    finding = found(world, SLICES)
    with pytest.raises(PermissionDenied):
        record(world, finding, "coordinator_b")


def test_a_dismissed_finding_that_became_graver_waits_again_and_its_scan_can_be_accepted(
    world: World,
):
    thick(world.visit_a, slice_mm=7.0)
    finding = found(world, SLICES)
    decide(world, decisions.dismiss, finding)
    in_force(world, replace(SLICES, severity=Severity.EXCLUDE), reason="Amendment")
    ask_all()
    by = world.user("data_manager")
    waits = findings(world.study, user=by, filters=FindingFilters(decision=TO_DECIDE))
    assert list(waits) == not_met(world.visit_a, user=by) == [finding]
    assert decide(world, decisions.accept_scan, finding).state == FindingState.ACCEPTED


def test_a_decision_holds_the_visit_as_a_check_does(world: World):
    thick(world.visit_a)
    finding = found(world, SLICES)
    with CaptureQueriesContext(connection) as seen:
        decide(world, decisions.dismiss, finding)
    said = [query["sql"] for query in seen if "FOR UPDATE" in query["sql"]]
    assert [name for sql in said for name in ("trial_visit", "protocolfinding")
            if f'FROM "{name}"' in sql or f'FROM "segmentation_{name}"' in sql] == [
        "trial_visit", "protocolfinding",
    ]  # fmt: skip
