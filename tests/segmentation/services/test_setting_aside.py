"""A scan that a person sets aside is used for no load, and another takes its place."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from analytics.models import TrajectoryFlag
from analytics.selectors import rescans
from analytics.selectors.loads import counting_results
from analytics.selectors.patient_page import visit_rows
from analytics.services import review
from mldtrial.audit.context import acting
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Query, Scan, Sequence, Visit
from mldtrial.trial.services import visits
from segmentation.models import FindingState, ProtocolFinding, ScanSetAside, SegmentationRun
from segmentation.selectors import sequences_missing, visit_status
from segmentation.selectors.protocol_difference import difference
from segmentation.selectors.set_aside import if_taken_back
from segmentation.selectors.usable import chosen_of_each, chosen_scans, t2w_beside, usable_scans
from segmentation.services import (
    finding_decisions,
    image_export,
    models,
    moving,
    runs,
    setting_aside,
    unsegmented,
)
from tests.support.loads import make_load, make_model, make_scan, make_visit
from tests.support.locking import freeze, lock
from tests.support.protocol import EXCLUDES, ask_all, in_force
from tests.support.reads import give, sign
from tests.support.signing import full_visit, seen
from tests.support.world import World

pytestmark = pytest.mark.django_db
REASON = "The child woke up in the second half"


@pytest.fixture
def visit(world: World) -> Visit:
    return make_visit(world.patient_a, date(2024, 5, 10))


def repeat(visit: Visit, sequence: str = Sequence.T1W, *, came_in: int, **more: Any) -> Scan:
    """Make an image that came in on a day of the year."""
    scan = make_scan(visit, sequence, **more)
    Scan.objects.filter(pk=scan.pk).update(
        created_at=timezone.make_aware(timezone.datetime(2024, 6, 1)) + timedelta(days=came_in)
    )
    return Scan.objects.select_related("visit__patient__study", "visit__patient__site").get(
        pk=scan.pk
    )


def run_of(t1w: Scan, t2w: Scan, load_ml: float, *, counts: bool = False) -> SegmentationRun:
    """Make the run of two images as it would be queued, with a load."""
    run = make_load(
        t1w.visit.patient,
        t1w.visit.date,
        load_ml,
        analysis_flag=counts,
        beside=SegmentationRun(t1w_scan=t1w),
    )
    hashes = {"T1w": t1w.image_sha256, "T2w": t2w.image_sha256}
    SegmentationRun.objects.filter(pk=run.pk).update(
        t2w_scan=t2w,
        parameters_sha256=runs.sha256_of_json(runs.PARAMETERS),
        input_sha256=runs.sha256_of_json(hashes),
    )
    run.refresh_from_db()
    return run


def set_aside(
    world: World,
    scan: Scan,
    cause: str = "MOVEMENT",
    reason: str = REASON,
    key: str = "coordinator",
) -> ScanSetAside:
    by = world.user(key)
    with acting(user=by, origin="web"):
        return setting_aside.set_aside(scan=scan, cause=cause, reason=reason, by=by)


def take_back(
    world: World,
    row: ScanSetAside,
    reason: str = "The other one is worse",
    key: str = "coordinator",
) -> ScanSetAside:
    by = world.user(key)
    with acting(user=by, origin="web"):
        return setting_aside.take_back(row=row, reason=reason, by=by)


def counting() -> list[tuple[SegmentationRun, float]]:
    return [(one.run, one.demyelination_load_ml) for one in counting_results()]


@pytest.mark.requirement("ICH-E6R3-4.2.4")
def test_the_repeat_before_it_counts_until_the_scan_is_taken_back(world: World, visit: Visit):
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    first, ruined = repeat(visit, came_in=0), repeat(visit, came_in=1)
    of_first, of_ruined = run_of(first, t2w, 20.0), run_of(ruined, t2w, 31.0, counts=True)
    row = set_aside(world, ruined)
    assert counting() == [(of_first, 20.0)]
    of_ruined.refresh_from_db()
    assert (of_ruined.is_voided, of_ruined.result.demyelination_load_ml) == (False, 31.0)
    take_back(world, row)
    assert counting() == [(of_ruined, 31.0)]
    assert SegmentationRun.objects.count() == 2  # neither is made again
    created, changed = ScanSetAside.pgh_event_model.objects.order_by("pgh_id")
    assert created.pgh_context["reason"] == REASON
    assert changed.pgh_context["reason"] == "The other one is worse"
    assert (changed.cause, changed.reason) == ("MOVEMENT", REASON)
    assert changed.taken_back_reason == "The other one is worse"


def test_without_another_scan_the_visit_has_no_load_and_says_why(world: World, visit: Visit):
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    only = repeat(visit, came_in=0)
    run_of(only, t2w, 20.0, counts=True)
    row = set_aside(world, only)
    assert counting() == []
    status = visit_status(visit, user=world.user("data_manager"))
    assert (status.code, status.text) == ("refused", "Scan set aside")
    assert (status.run, status.load_ml, status.set_asides) == (None, None, [row])
    assert "The T1w image of this visit is set aside." in unsegmented.why_not(visit, make_model())


def test_a_scan_that_another_replaces_is_no_news_of_the_visit(world: World, visit: Visit):
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    first, ruined = repeat(visit, came_in=0), repeat(visit, came_in=1)
    run_of(first, t2w, 20.0)
    set_aside(world, ruined)
    status = visit_status(visit, user=world.user("data_manager"))
    assert (status.code, status.load_ml) == ("done", 20.0)
    assert [row.is_left_out for row in status.rows if row.scan == ruined] == [True]


def owed(world: World) -> list[str]:
    found = trial.work(user=world.user("coordinator"))[trial.Kind.SCAN]
    return [item.words for item in found]


@pytest.mark.requirement("ICH-E6R3-4.2.4")
def test_the_work_list_asks_again_for_what_is_set_aside(world: World):
    visit = world.visit_a
    repeat(visit, Sequence.T2W, came_in=0)
    only = repeat(visit, came_in=0)
    assert owed(world) == []
    row = set_aside(world, only)
    assert owed(world) == ["Baseline on 2023-05-10: T1w (set aside)"]
    assert sequences_missing(visit) == ["T1w"]
    assert trial.undeclared_sequences(visit) == ["T1w", "FLAIR"]
    user = world.user("data_manager")
    (shown,) = visit_rows(world.patient_a, user=user, series=[], flags=[])
    assert shown.missing_sequences == ["T1w"]
    (to_lock,) = trial.lock_rows(
        trial.visits_to_lock(world.study, user=user).filter(patient=world.patient_a)
    )
    assert "T1w" in to_lock.missing
    other = repeat(visit, came_in=1)
    assert owed(world) == []
    set_aside(world, other)
    take_back(world, row)
    assert owed(world) == []


def test_a_sequence_whose_scan_is_set_aside_can_be_declared_not_done(world: World):
    visit = world.visit_a
    repeat(visit, Sequence.T2W, came_in=0)
    only = repeat(visit, came_in=0)
    by = world.user("coordinator")
    declare = {"visit": visit, "sequence": "T1w", "reason": "Anaesthesia ended", "by": by}
    with acting(user=by, origin="web"):
        with pytest.raises(ValidationError, match="This visit has a T1w scan"):
            visits.declare_scan_not_done(**declare)
        row = set_aside(world, only)
        assert not if_taken_back(row).is_declared_not_done
        visits.declare_scan_not_done(**declare)
    assert owed(world) == []
    assert visit_status(visit, user=by).text == "T1w not done"
    assert if_taken_back(row).is_declared_not_done


def test_what_is_still_missing_is_said_before_what_is_set_aside(world: World, visit: Visit):
    repeat(visit, came_in=0)
    set_aside(world, repeat(visit, came_in=1))
    assert visit_status(visit, user=world.user("coordinator")).text == "T2w missing"


def test_the_best_of_the_others_is_segmented_if_it_never_was(world: World):
    visit = world.visit_a
    models.activate(model=models.register_threshold(), reason="test")
    first, ruined = repeat(visit, came_in=0), repeat(visit, came_in=1)
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    of_ruined = runs.queue_run(visit=visit)
    assert of_ruined is not None
    assert of_ruined.t1w_scan == ruined
    row = set_aside(world, ruined)
    of_first = SegmentationRun.objects.exclude(pk=of_ruined.pk).get()
    assert (of_first.t1w_scan, of_first.t2w_scan) == (first, t2w)
    take_back(world, row)
    assert SegmentationRun.objects.count() == 2


@pytest.mark.parametrize("who", ["the protocol rules", "a person"])
def test_whoever_left_a_scan_out_it_is_used_nowhere(world: World, who: str):
    """One question for all that ask; so no place can forget one of the two."""
    visit = world.visit_a
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    scan = repeat(visit, came_in=0, voxel_size_mm=[1.0, 1.0, 7.0], days_from_visit=0)
    run = run_of(scan, t2w, 20.0, counts=True)
    by = world.user("data_manager")
    assert len(rescans.measured(world.study, user=by).scans) == 1
    if who == "a person":
        set_aside(world, scan)
    else:
        in_force(world, EXCLUDES)
        ask_all()
    assert list(usable_scans(Sequence.T1W)) == []
    assert chosen_scans(visit, make_model()) is None
    assert chosen_of_each([visit.pk], make_model()) == {visit.pk: {"T2w": t2w.pk}}
    assert counting() == []
    assert visit_status(visit, user=by).run is None
    assert rescans.measured(world.study, user=by).scans == []
    exported = {one.pk: one.is_left_out for one in image_export.usable_scans(world.study)}
    assert exported == {scan.pk: True, t2w.pk: False}
    assert t2w_beside(run) == t2w


def test_a_t2w_is_set_aside_as_a_t1w_is(world: World, visit: Visit):
    t1w = repeat(visit, came_in=0)
    first = repeat(visit, Sequence.T2W, came_in=0)
    ruined = repeat(visit, Sequence.T2W, came_in=1)
    of_first, of_ruined = run_of(t1w, first, 20.0), run_of(t1w, ruined, 31.0, counts=True)
    set_aside(world, ruined, "ARTEFACT")
    assert counting() == [(of_first, 20.0)]
    assert t2w_beside(of_ruined) is None


@pytest.mark.parametrize(
    ("key", "has_load", "said"),
    [
        ("coordinator", False, (False, False, "No load had been measured from it.")),
        ("coordinator", True, (True, False, "Its load had been measured, but loads are not")),
        ("data_manager", True, (True, True, "Its load had been measured, and loads are shown")),
    ],
)
def test_the_record_says_whether_a_load_was_known_and_to_whom(
    world: World, visit: Visit, key: str, has_load: bool, said: tuple[bool, bool, str]
):
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    scan = repeat(visit, came_in=0)
    other = repeat(visit, came_in=1)
    run_of(scan if has_load else other, t2w, 20.0)
    row = set_aside(world, scan, key=key)
    assert (row.is_load_known, row.is_by_who_sees_loads) == said[:2]
    assert row.known_words.startswith(said[2])
    if not has_load:
        run_of(scan, t2w, 21.0)
    row.refresh_from_db()
    assert row.is_load_known == has_load


@pytest.mark.requirement("ICH-E6R3-4.2.6")
@pytest.mark.parametrize("hold", [freeze, lock])
def test_nothing_of_a_held_visit_is_set_aside_or_taken_back(world: World, visit: Visit, hold: Any):
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    first, ruined = repeat(visit, came_in=0), repeat(visit, came_in=1)
    row = set_aside(world, first)
    run = run_of(ruined, t2w, 31.0, counts=True)
    hold(world, visit)
    with pytest.raises(ValidationError, match="This record is"):
        set_aside(world, ruined)
    with pytest.raises(ValidationError, match="This record is"):
        take_back(world, row)
    assert list(ScanSetAside.objects.filter(taken_back_at=None)) == [row]
    assert counting() == [(run, 31.0)]


def test_a_scan_that_is_moved_keeps_what_was_said_of_it(world: World, visit: Visit):
    models.activate(model=models.register_threshold(), reason="test")
    ruined = repeat(world.visit_a, came_in=0)
    row = set_aside(world, ruined)
    repeat(visit, Sequence.T2W, came_in=0)
    by = world.user("coordinator")
    with acting(user=by, origin="web"):
        moving.move(scans=[ruined], to=visit, reason="Wrong visit", by=by)
    assert visit_status(visit, user=by).set_asides == [row]
    assert not SegmentationRun.objects.exists()
    row = ScanSetAside.objects.select_related("scan__visit__patient__study").get()
    take_back(world, row)
    assert SegmentationRun.objects.get().visit == visit


def test_what_moved_meanwhile_is_not_set_aside_by_an_earlier_look(world: World, visit: Visit):
    scan = repeat(world.visit_a, came_in=0)
    by = world.user("coordinator")
    with acting(user=by, origin="web"):
        moving.move(
            scans=[Scan.objects.select_related("visit__patient__study").get(pk=scan.pk)],
            to=visit,
            reason="Wrong visit",
            by=by,
        )
    with pytest.raises(ValidationError, match="decided about this scan meanwhile"):
        set_aside(world, scan)
    assert not ScanSetAside.objects.exists()


@pytest.mark.parametrize(
    "key",
    ["monitor", "statistician", "sponsor", "auditor", "administrator", "reader", "adjudicator",
     "operator", "coordinator_b", "stranger"],
)  # fmt: skip
def test_who_may_not_decide_about_a_scan_sets_none_aside(world: World, key: str):
    scan = repeat(world.visit_a, came_in=0)
    with pytest.raises(PermissionDenied):
        set_aside(world, scan, key=key)
    row = set_aside(world, scan)
    with pytest.raises(PermissionDenied):
        take_back(world, row, key=key)


def test_a_scan_is_set_aside_once_at_a_time_and_for_a_reason(world: World, visit: Visit):
    scan = repeat(visit, came_in=0)
    with pytest.raises(ValidationError, match="Give the reason"):
        set_aside(world, scan, reason=" ")
    with pytest.raises(ValidationError) as refused:
        set_aside(world, scan, cause="UGLY")
    assert "cause" in refused.value.error_dict
    row = set_aside(world, scan)
    with pytest.raises(ValidationError, match="set aside already"):
        set_aside(world, scan)
    with pytest.raises(ValidationError, match="Give the reason"):
        take_back(world, row, reason=" ")
    take_back(world, row)
    with pytest.raises(ValidationError, match="taken this scan back already"):
        take_back(world, row)
    assert set_aside(world, scan, "CUT_OFF").pk != row.pk


def test_a_signature_is_void_where_another_load_counts(world: World):
    visit = full_visit(world)
    scan = SegmentationRun.objects.get().t1w_scan
    spare = repeat(visit, Sequence.FLAIR, came_in=0)
    signed = seen(visit)
    set_aside(world, spare)
    assert seen(visit) == signed
    row = set_aside(world, scan)
    assert seen(visit) != signed
    take_back(world, row)
    assert seen(visit) == signed


def test_the_reads_of_a_visit_are_asked_about(world: World):
    first, _ = give(world, world.visit_a)
    scan = repeat(world.visit_a, came_in=0)
    take_back(world, set_aside(world, scan))
    assert not Query.objects.exists()
    sign(first, 10)
    set_aside(world, scan)
    query = Query.objects.get()
    assert "moved, replaced or set aside after the visit had been read" in query.question
    assert query.audience == "IMAGING"


def test_a_scan_that_the_rules_leave_out_as_well_stays_out(world: World):
    visit = world.visit_a
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    scan = repeat(visit, came_in=0, voxel_size_mm=[1.0, 1.0, 7.0])
    run = run_of(scan, t2w, 20.0, counts=True)
    row = set_aside(world, scan)
    in_force(world, EXCLUDES)
    ask_all()
    finding = ProtocolFinding.objects.select_related("visit__patient__study").get()
    by = world.user("data_manager")
    with acting(user=by, origin="web"):
        finding_decisions.accept_scan(finding=finding, reason="Only image", by=by)
    assert counting() == []
    with acting(user=by, origin="web"):
        finding = finding_decisions.take_back(finding=finding, reason="Typed wrong", by=by)
    assert finding.state == FindingState.LEFT_OUT
    take_back(world, row)
    assert counting() == []
    with acting(user=by, origin="web"):
        finding_decisions.accept_scan(finding=finding, reason="Only image", by=by)
    assert counting() == [(run, 20.0)]


def test_new_rules_neither_leave_out_nor_use_again_what_is_set_aside(world: World):
    scan = repeat(world.visit_a, came_in=0, voxel_size_mm=[1.0, 1.0, 7.0])
    assert difference(world.study, [EXCLUDES]).left_out == 1
    set_aside(world, scan)
    assert difference(world.study, [EXCLUDES]).left_out == 0
    in_force(world, EXCLUDES)
    ask_all()
    assert difference(world.study, []).used_again == 0


def test_the_course_is_reviewed_again_without_the_load(world: World, visit: Visit):
    make_load(world.patient_a, date(2023, 6, 1), 60.0)
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    ruined = repeat(visit, came_in=0)
    run_of(ruined, t2w, 20.0, counts=True)
    assert review.review_queued(origin="worker:test") == 1
    assert TrajectoryFlag.objects.filter(is_current=True).exists()
    set_aside(world, ruined)
    assert review.review_queued(origin="worker:test") == 1
    assert not TrajectoryFlag.objects.filter(is_current=True).exists()
