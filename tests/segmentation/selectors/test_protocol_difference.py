"""The difference is what will happen: shown before, and the same as what comes of it."""

from dataclasses import replace

import pytest

from mldtrial.audit.context import acting
from mldtrial.trial.models import Scan
from segmentation.imaging.protocol.difference import Change
from segmentation.imaging.protocol.rules import Severity
from segmentation.models import ProtocolFinding
from segmentation.selectors.protocol_difference import difference
from segmentation.services import finding_decisions
from tests.support.loads import make_load
from tests.support.locking import lock
from tests.support.protocol import EXCLUDES, SLICES, TE, ask_all, in_force, t2w, thick
from tests.support.world import World

pytestmark = pytest.mark.django_db


def changes(world: World, *rules) -> list[tuple[str, Change]]:
    found = difference(world.study, list(rules))
    return sorted((row.visit.patient.subject_code, row.changed.change) for row in found.rows)


def standing() -> set[tuple[str, str, str]]:
    found = ProtocolFinding.objects.filter(is_current=True)
    return set(found.values_list("visit__patient__subject_code", "rule_key", "severity"))


def test_before_the_first_version_every_finding_is_new(world: World):
    thick(world.visit_a)
    thick(world.visit_b)
    assert changes(world, SLICES) == [
        ("A-001", Change.NEWLY_NOT_MET),
        ("B-001", Change.NEWLY_NOT_MET),
    ]


def test_what_was_shown_is_what_happens(world: World):
    thick(world.visit_a, slice_mm=4.0)
    thick(world.visit_b, slice_mm=7.0)
    t2w(world.visit_a)
    in_force(world, SLICES)
    ask_all()
    before = standing()
    new = [replace(SLICES, highest=5.0), TE]
    shown = difference(world.study, new)
    gone = {
        (row.visit.patient.subject_code, row.changed.rule_key)
        for row in shown.rows
        if row.changed.change == Change.NEWLY_MET
    }
    come = {
        (row.visit.patient.subject_code, row.changed.rule_key)
        for row in shown.rows
        if row.changed.change == Change.NEWLY_NOT_MET
    }
    in_force(world, *new, reason="Amendment")
    ask_all()
    after = standing()
    assert gone == {place[:2] for place in before - after} == {("A-001", "slices")}
    assert come == {place[:2] for place in after - before} == {("A-001", "te")}
    assert difference(world.study, new).is_empty


def test_a_graver_rule_says_which_scans_and_loads_it_costs(world: World):
    run = make_load(world.patient_a, world.visit_a.date, 20.0)
    Scan.objects.filter(pk=run.t1w_scan_id).update(voxel_size_mm=[1.0, 1.0, 7.0])
    in_force(world, SLICES)
    ask_all()
    found = difference(world.study, [replace(SLICES, severity=Severity.EXCLUDE)])
    assert [row.changed.change for row in found.rows] == [Change.OTHER_SEVERITY]
    assert found.rows[0].severities == "deviation → exclude"
    assert (found.left_out, found.used_again, found.loads_gone) == (1, 0, 1)


def test_a_milder_rule_says_which_scans_are_used_again(world: World):
    thick(world.visit_a, slice_mm=7.0)
    in_force(world, EXCLUDES)
    ask_all()
    found = difference(world.study, [replace(EXCLUDES, severity=Severity.NOTE)])
    assert (found.left_out, found.used_again) == (0, 1)


def test_an_accepted_scan_is_not_counted_as_left_out(world: World):
    thick(world.visit_a, slice_mm=7.0)
    in_force(world, EXCLUDES)
    ask_all()
    by = world.user("data_manager")
    with acting(user=by, origin="web"):
        finding_decisions.accept_scan(
            finding=ProtocolFinding.objects.get(), reason="Only image", by=by
        )
    found = difference(world.study, [replace(EXCLUDES, highest=5.0)])
    assert found.left_out == 0


def test_findings_of_a_locked_visit_are_listed_as_staying(world: World):
    thick(world.visit_a)
    thick(world.visit_b)
    in_force(world, SLICES)
    ask_all()
    lock(world, world.visit_a)
    found = difference(world.study, [])
    assert [row.visit.patient.subject_code for row in found.rows] == ["B-001"]
    assert [row.visit.patient.subject_code for row in found.held] == ["A-001"]
    assert found.held[0].held is not None
    in_force(world, reason="No protocol")
    ask_all()
    assert standing() == {("A-001", "slices", "deviation")}


def test_another_study_is_not_looked_at(world: World):
    thick(world.other_patient.visits.get())
    assert difference(world.study, [SLICES]).is_empty


def test_its_queries_do_not_grow_with_the_scans(world: World, django_assert_max_num_queries):
    for _ in range(8):
        thick(world.visit_a)
    thick(world.visit_b)
    in_force(world, SLICES)
    ask_all()
    with django_assert_max_num_queries(9):
        difference(world.study, [TE])


def test_what_was_accepted_before_it_was_no_longer_found_is_not_counted_as_left_out(world: World):
    thick(world.visit_a, slice_mm=7.0)
    in_force(world, EXCLUDES)
    ask_all()
    by = world.user("data_manager")
    with acting(user=by, origin="web"):
        finding_decisions.accept_scan(finding=ProtocolFinding.objects.get(), reason="Seen", by=by)
    in_force(world, replace(EXCLUDES, highest=9.0), reason="Wider")
    ask_all()
    assert difference(world.study, [EXCLUDES]).left_out == 0
