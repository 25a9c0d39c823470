"""Scans are asked what the protocol demands: at intake, again by each version, never twice."""

from dataclasses import replace

import pytest

from mldtrial.audit.context import acting
from mldtrial.trial.models import NotDone, ProtocolDeviation, Scan, Sequence
from segmentation.imaging.protocol.rules import Quantity, Rule, Severity
from segmentation.models import ProtocolCheck, ProtocolFinding, ScanSetAside, SegmentationRun
from segmentation.selectors import protocol as selectors
from segmentation.selectors import visit_status
from segmentation.services import compliance, models, runs, setting_aside
from tests.support.images import affine_of, write_nifti
from tests.support.intake import take_in_visit
from tests.support.loads import make_load, make_scan
from tests.support.locking import freeze, lock, thaw
from tests.support.protocol import EXCLUDES, SLICES, TE, ask_all, in_force, t2w, thick
from tests.support.world import World

pytestmark = pytest.mark.django_db

T2W_PRESENT = Rule(
    key="t2w", sequence="T2w", quantity=Quantity.PRESENT, severity=Severity.DEVIATION
)


def sentences(**filters) -> list[str]:
    found = ProtocolFinding.objects.filter(is_current=True, **filters)
    return sorted(found.values_list("sentence", flat=True))


def history_of(model) -> int:
    from django.apps import apps

    return apps.get_model("segmentation", f"{model.__name__}Event").objects.count()


def test_a_scan_is_asked_in_the_transaction_that_records_it(world: World, tmp_path):
    version = in_force(world, SLICES)
    path = write_nifti(tmp_path / "t1w.nii", affine=affine_of((1.0, 1.0, 4.0)))
    take_in_visit(world.visit_a, {"T1w": path})
    finding = ProtocolFinding.objects.get()
    assert finding.sentence == (
        "T1w: distance of the slices 4 mm; the protocol asks for at most 1.5 mm."
    )
    assert (finding.version, finding.scan.visit) == (version, world.visit_a)
    assert finding.visit.protocol_check.version == version


def test_a_study_without_rules_takes_scans_as_before(world: World, tmp_path):
    take_in_visit(world.visit_a, {"T1w": write_nifti(tmp_path / "t1w.nii")})
    assert Scan.objects.count() == 1
    assert not ProtocolCheck.objects.exists()


def test_a_scan_that_is_set_aside_makes_no_sequence_present_until_it_is_taken_back(world: World):
    in_force(world, T2W_PRESENT)
    scan, by = t2w(world.visit_a), world.user("coordinator")
    make_scan(world.visit_a, Sequence.T1W)
    ask_all()
    assert sentences() == []
    row = setting_aside.set_aside(scan=scan, cause="MOVEMENT", reason="Moved", by=by)
    (said,) = sentences()
    assert said.startswith("T2w is there in a scan alone that is set aside;")
    setting_aside.take_back(row=row, reason="It can be read", by=by)
    assert sentences() == []


def test_what_was_set_aside_before_the_rules_knew_of_it_is_asked_again(world: World):
    in_force(world, T2W_PRESENT)
    scan = t2w(world.visit_a)
    ask_all()
    ScanSetAside.objects.create(
        scan=scan, cause="MOVEMENT", reason="Moved", set_aside_by=world.user("coordinator"),
        is_load_known=False, is_by_who_sees_loads=False,
    )  # fmt: skip
    assert selectors.outstanding().get() == world.visit_a
    ask_all()
    assert len(sentences()) == 1
    assert not selectors.outstanding().exists()


def test_every_other_rule_is_asked_of_a_scan_that_is_set_aside(world: World):
    """That it was acquired otherwise than the protocol asks stays true."""
    in_force(world, TE)
    scan = t2w(world.visit_a, te_ms=60.0)
    ask_all()
    before = sentences()
    assert len(before) == 1
    setting_aside.set_aside(
        scan=scan, cause="MOVEMENT", reason="Moved", by=world.user("coordinator")
    )
    assert sentences() == before


def test_what_the_file_does_not_say_is_kept_as_that_and_never_as_a_deviation(world: World):
    t2w(world.visit_a, te_ms=None)
    in_force(world, TE)
    ask_all()
    finding = ProtocolFinding.objects.get()
    assert (finding.outcome, finding.measured, finding.state) == ("cannot_tell", "", "UNKNOWN")


def test_a_new_version_is_asked_of_every_visit_that_has_scans(world: World):
    thick(world.visit_a)
    thick(world.visit_b)
    in_force(world, SLICES)
    assert ask_all() == 2
    assert len(sentences()) == 2


def test_asking_again_changes_nothing_and_writes_no_history(world: World):
    thick(world.visit_a)
    in_force(world, SLICES)
    ask_all()
    before = history_of(ProtocolFinding), history_of(ProtocolCheck)
    with acting(origin="worker:test"):
        compliance.check_visit(world.visit_a)
    assert ask_all() == 0
    assert (history_of(ProtocolFinding), history_of(ProtocolCheck)) == before


def test_a_wider_version_ends_a_finding_and_the_earlier_rules_bring_the_same_one_back(
    world: World,
):
    thick(world.visit_a)
    in_force(world, SLICES)
    ask_all()
    made = ProtocolFinding.objects.get()
    second = in_force(world, replace(SLICES, highest=5.0), reason="Amendment 1")
    ask_all()
    made.refresh_from_db()
    assert (made.is_current, made.version) == (False, second)
    in_force(world, SLICES, reason="Back to version 1")
    ask_all()
    made.refresh_from_db()
    assert made.is_current
    assert ProtocolFinding.objects.count() == 1


def test_a_second_sequence_ends_the_finding_that_it_is_missing(world: World):
    in_force(world, T2W_PRESENT)
    thick(world.visit_a)
    ask_all()
    assert sentences() == ["T2w is missing; the protocol asks for it at every visit with images."]
    t2w(world.visit_a)
    ask_all()
    assert sentences() == []


def test_a_sequence_declared_not_done_later_is_no_finding(world: World):
    in_force(world, T2W_PRESENT)
    thick(world.visit_a)
    ask_all()
    NotDone.objects.create(
        patient=world.patient_a, visit=world.visit_a, sequence="T2w", reason="No time"
    )
    assert ask_all() == 1
    assert sentences() == []
    NotDone.objects.update(is_current=False)
    assert ask_all() == 1
    assert len(sentences()) == 1


def test_a_scan_that_is_moved_takes_its_finding_along(world: World):
    in_force(world, SLICES)
    scan = thick(world.visit_a)
    ask_all()
    Scan.objects.filter(pk=scan.pk).update(visit=world.visit_b)
    assert ask_all() == 2
    assert sentences(visit=world.visit_a) == []
    assert len(sentences(visit=world.visit_b)) == 1


@pytest.mark.parametrize("hold", [freeze, lock])
def test_findings_of_a_held_visit_stay_as_they_are(world: World, hold):
    thick(world.visit_a)
    first = in_force(world, SLICES)
    ask_all()
    hold(world, world.visit_a)
    in_force(world, replace(SLICES, highest=5.0), reason="Amendment")
    assert ask_all() == 0
    assert ProtocolFinding.objects.get().version == first
    assert ProtocolFinding.objects.get().is_current


def test_a_visit_is_asked_once_its_freeze_ends(world: World):
    thick(world.visit_a)
    in_force(world, SLICES)
    freeze(world, world.visit_a)
    assert ask_all() == 0
    thaw(world, world.visit_a)
    assert ask_all() == 1


def test_a_visit_that_is_locked_in_the_middle_of_a_batch_is_passed_over(world: World, monkeypatch):
    thick(world.visit_a)
    thick(world.visit_b)
    in_force(world, SLICES)
    facts_of = selectors.facts_of_visits

    def locked_meanwhile(visits):
        if visits[0].pk == world.visit_a.pk:
            lock(world, world.visit_a)
        return facts_of(visits)

    monkeypatch.setattr(selectors, "facts_of_visits", locked_meanwhile)
    ask_all()
    assert not ProtocolFinding.objects.filter(visit=world.visit_a).exists()
    assert ProtocolFinding.objects.filter(visit=world.visit_b).count() == 1


def test_a_scan_that_the_rules_leave_out_is_not_segmented(world: World):
    models.activate(model=models.register_threshold(), reason="test")
    thick(world.visit_a, slice_mm=7.0)
    t2w(world.visit_a)
    in_force(world, EXCLUDES)
    ask_all()
    assert runs.queue_run(visit=world.visit_a) is None
    assert runs.queue_missing() == []
    status = visit_status(world.visit_a, user=world.user("coordinator"))
    assert status.text == "Left out by the protocol rules"
    assert "the protocol asks for at most 6 mm" in status.detail


def test_another_scan_of_the_visit_is_used_in_its_place(world: World):
    models.activate(model=models.register_threshold(), reason="test")
    kept = thick(world.visit_a, slice_mm=5.0)
    thick(world.visit_a, slice_mm=7.0)
    t2w(world.visit_a)
    in_force(world, EXCLUDES)
    ask_all()
    run = runs.queue_run(visit=world.visit_a)
    assert run is not None
    assert run.t1w_scan == kept


def test_a_load_of_a_scan_that_is_left_out_later_does_not_count_until_the_rules_go_back(
    world: World,
):
    run = make_load(world.patient_a, world.visit_a.date, 20.0)
    Scan.objects.filter(pk=run.t1w_scan_id).update(voxel_size_mm=[1.0, 1.0, 7.0])
    in_force(world, EXCLUDES)
    ask_all()
    run.refresh_from_db()
    assert not run.analysis_flag
    in_force(world, replace(EXCLUDES, highest=8.0), reason="Amendment")
    ask_all()
    run.refresh_from_db()
    assert run.analysis_flag


def test_no_run_and_no_deviation_comes_from_a_note_or_a_proposal_by_itself(world: World):
    thick(world.visit_a)
    in_force(world, SLICES, replace(SLICES, key="note", severity=Severity.NOTE))
    ask_all()
    assert not ProtocolDeviation.objects.exists()
    assert not SegmentationRun.objects.exists()
