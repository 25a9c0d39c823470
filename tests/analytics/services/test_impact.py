"""What would change if a candidate counted, read beside what counts and without changing it."""

import csv
import io
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.models import FlagKind, TrajectoryFlag
from analytics.selectors import cohort, impact, loads
from analytics.selectors.impact_choice import Choice
from analytics.services import impact as impacts
from analytics.services import impact_export, impact_snapshot
from mldtrial.audit.models import AccessEvent
from mldtrial.trial.models import DispositionStep, Query, Visit
from mldtrial.trial.services import assessments, participation
from segmentation.imaging.errors import FailureCode
from segmentation.models import JobState, SegmentationRun
from segmentation.selectors import usable
from tests.support.loads import make_load, make_model, make_scan, make_tissue, trained_on
from tests.support.locking import freeze, lock
from tests.support.shadows import candidate, pair
from tests.support.world import World

pytestmark = pytest.mark.django_db

M12, M18, M24 = date(2024, 5, 10), date(2024, 11, 10), date(2025, 5, 10)


def rows(world: World, role: str = "data_manager") -> list[impact.Row]:
    return impact.rows(world.study, candidate(), user=world.user(role))


def gap(world: World) -> impact.Gap | None:
    return rows(world)[0].gap


def test_both_loads_of_a_visit_stand_beside_each_other(world: World):
    pair(world.patient_a, M12, 20.0, 25.0)
    pair(world.patient_b, M12, 0.0, 1.0, acq_stratum="2D")
    make_load(world.patient_b, M18, 3.0, model=candidate())
    first, second, third = rows(world)
    assert (first.subject_code, first.difference_ml, first.difference_percent) == ("A-001", 5, 25)
    assert (first.mean_ml, first.gap) == (22.5, None)
    # Percent of nothing is nothing, not zero and not infinite.
    assert (second.difference_ml, second.difference_percent) == (1.0, None)
    assert (third.counted, third.difference_ml, third.gap) == (None, None, None)


@pytest.mark.requirement("ICH-E6R3-4.2.6")
def test_the_loads_of_a_candidate_are_in_no_series_cohort_or_table(world: World):
    pair(world.patient_a, M12, 20.0, 25.0)
    user = world.user("data_manager")
    assert [p.load_ml for p in loads.load_series(world.patient_a, user=user)] == [20.0]
    points = cohort.cohort_points(world.study, user=user, filters=cohort.Filters())
    assert [point.load_ml for point in points] == [20.0]
    assert [point.load_ml for point in loads.series_for_review(world.patient_a)] == [20.0]


def test_a_load_of_other_images_is_not_compared(world: World):
    make_load(world.patient_a, M12, 20.0)
    make_load(world.patient_a, M12, 25.0, model=candidate())
    row = rows(world)[0]
    assert row.difference_ml is None
    assert row.gap is not None
    assert (row.gap.code, row.gap.is_final) == ("other_images", False)


def unfinished(world: World, run: SegmentationRun, **columns: object) -> SegmentationRun:
    """Return a run of the candidate over the images of another, without a result."""
    return SegmentationRun.objects.create(
        visit=run.visit, site=run.site, t1w_scan=run.t1w_scan, model_version=candidate(),
        parameters_sha256="0" * 64, input_sha256="1" * 64, **columns,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "code", "is_final"),
    [({"state": JobState.QUEUED}, "moving", False),
     ({"state": JobState.FAILED, "failure_code": "CRASHED", "message": "Odd."},
      "failed", False),
     ({"state": JobState.REJECTED, "failure_code": FailureCode.UNEXPECTED_LABELS,
       "message": "Does not fit."}, "refused", True),
     ({"state": JobState.REJECTED, "failure_code": FailureCode.HASH_MISMATCH,
       "message": "A file has changed."}, "failed", False),
     ({"state": JobState.REJECTED, "failure_code": FailureCode.RECORD_LOCKED,
       "message": "Frozen."}, "failed", False),
     ({"state": JobState.REJECTED, "failure_code": FailureCode.CONSENT_WITHDRAWN,
       "message": "Ended."}, "failed", False),
     ({"state": JobState.CANCELLED, "failure_code": "CANCELLED"}, "cancelled", False)],
)  # fmt: skip
def test_a_run_without_a_result_says_why(world: World, columns, code, is_final):
    run = unfinished(world, make_load(world.patient_a, M12, 20.0), **columns)
    found = gap(world)
    assert found is not None
    assert (found.code, found.is_final, found.run_id) == (code, is_final, run.pk)
    assert columns.get("message", "") in found.words


@pytest.mark.parametrize(
    "columns",
    [{"state": JobState.REJECTED, "failure_code": FailureCode.CONSENT_WITHDRAWN},
     {"state": JobState.FAILED, "failure_code": "CRASHED"},
     {"state": JobState.CANCELLED, "failure_code": "CANCELLED"}],
)  # fmt: skip
def test_nothing_is_tried_again_without_a_consent(world: World, columns):
    run = unfinished(world, make_load(world.patient_a, M12, 20.0), **columns)
    participation.record_step(
        patient=world.patient_a, step=DispositionStep.IMAGES_WITHDRAWN, happened_on=M18, by=None
    )
    found = gap(world)
    assert found is not None
    assert (found.code, found.is_final, found.run_id) == ("consent", True, run.pk)


@pytest.mark.parametrize("has_consent", [True, False])
def test_images_whose_file_has_changed_are_given_again(world: World, has_consent: bool):
    counted = make_load(world.patient_a, M12, 20.0)
    make_load(world.patient_a, M12, 25.0, model=candidate())
    run = unfinished(
        world, counted, state=JobState.REJECTED, failure_code=FailureCode.HASH_MISMATCH,
    )  # fmt: skip
    t1w = make_scan(counted.visit, days_from_visit=3)
    t2w = make_scan(counted.visit, "T2w")
    SegmentationRun.objects.filter(pk=run.pk).update(t1w_scan=t1w, t2w_scan=t2w)
    if not has_consent:
        participation.record_step(
            patient=world.patient_a, step=DispositionStep.IMAGES_WITHDRAWN, happened_on=M18, by=None
        )
    (row,) = rows(world)
    assert row.gap is not None
    code = "other_images" if has_consent else "consent"
    assert (row.gap.code, row.is_apart) == (code, not has_consent)


def test_a_run_of_other_images_says_nothing_of_these(world: World):
    run = unfinished(
        world, make_load(world.patient_a, M12, 20.0), state=JobState.REJECTED,
        failure_code=FailureCode.UNEXPECTED_LABELS, message="Does not fit.",
    )  # fmt: skip
    SegmentationRun.objects.filter(pk=run.pk).update(t1w_scan=make_scan(run.visit))
    make_scan(run.visit, "T2w")
    found = gap(world)
    assert found is not None
    assert found.code == "not_ordered"


def test_a_visit_without_a_run_says_what_keeps_it_from_one(world: World):
    run = make_load(world.patient_a, M12, 20.0)
    found = gap(world)
    assert found is not None
    assert (found.code, found.is_final) == ("missing", True)
    assert found.words == "The visit has no T2w image in use."
    make_scan(run.visit, "T2w")
    assert getattr(gap(world), "code", "") == "not_ordered"
    participation.record_step(
        patient=world.patient_a, step=DispositionStep.IMAGES_WITHDRAWN, happened_on=M18, by=None
    )
    assert getattr(gap(world), "code", "") == "consent"
    freeze(world, run.visit)
    assert getattr(gap(world), "code", "") == "consent"
    assert rows(world)[0].held == "frozen"


def test_flags_that_would_come_and_go_are_found_and_none_is_written(world: World):
    for day, counted, other in ((M12, 40.0, 40.0), (M18, 60.0, 61.0), (M24, 45.0, 62.0)):
        pair(world.patient_a, day, counted, other)
    for day, counted, other in ((M12, 40.0, 70.0), (M18, 60.0, 50.0)):
        pair(world.patient_b, day, counted, other)
    found = impacts.flag_changes(rows(world), world.study)
    changes = {(c.subject_code, c.kind, c.appears) for c in found.changes}
    assert changes == {
        ("A-001", FlagKind.NON_MONOTONIC, False), ("A-001", FlagKind.SWAP, False),
        ("B-001", FlagKind.NON_MONOTONIC, True),
    }  # fmt: skip
    assert (found.appearing, found.vanishing, found.kept) == (1, 2, 0)
    gone = next(c for c in found.changes if c.subject_code == "A-001")
    assert "45.0 mL at Visit of 2025-05-10" in gone.sentence
    assert TrajectoryFlag.objects.count() == 0
    assert Query.objects.count() == 0


def test_a_load_that_no_head_can_have_is_found_before_it_counts(world: World):
    run = pair(world.patient_a, M12, 90.0, None)
    make_tissue(run, BRNVOL=100.0)
    make_tissue(make_load(world.patient_a, M12, 110.0, model=candidate(), beside=run), BRNVOL=100.0)
    (change,) = impacts.flag_changes(rows(world), world.study).changes
    assert (change.kind, change.appears) == (FlagKind.ABOVE_BRAIN, True)
    assert "110.0 mL at Visit of 2024-05-10 is more than the volume" in change.sentence


def test_a_flag_of_both_methods_stays(world: World):
    for day, counted, other in ((M12, 60.0, 66.0), (M18, 40.0, 44.0)):
        pair(world.patient_a, day, counted, other)
    found = impacts.flag_changes(rows(world), world.study)
    assert (found.changes, found.kept) == ((), 1)


def test_agreement_is_by_stratum_and_knows_of_repeated_patients(world: World):
    for day, other in ((M12, 21.0), (M18, 22.0)):
        pair(world.patient_a, day, 20.0, other)
    pair(world.patient_b, M12, 20.0, 20.0)
    pair(world.patient_b, M24, 20.0, 29.0, acq_stratum="2D")
    of_3d, of_2d = impacts.agreements(rows(world))
    assert of_3d.found is not None
    assert (of_3d.found.bias, of_3d.found.n, of_3d.found.n_subjects) == (1.0, 3, 2)
    assert (of_2d.n, of_2d.found) == (1, None)
    assert "At least 2 pairs" in of_2d.reason


def test_correlations_of_both_methods_are_of_the_same_scans(world: World):
    for day, level in ((M12, 1), (M18, 2)):
        run = pair(world.patient_a, day, 10.0 * level, 12.0 * level)
        assessments.record_gmfc_mld(
            visit=run.visit, level=level, assessed_on=day, by=None,
            recorder=world.user("coordinator"),
        )  # fmt: skip
    pair(world.patient_b, M12, 5.0, None)
    found = impacts.comparisons(rows(world), world.study, user=world.user("statistician"))
    names = {(one.relation.name, one.stratum): one for one in found}
    assert len(names) == 8
    of_gmfc = names["load-gmfc", "3D"]
    assert (of_gmfc.counted.n, of_gmfc.other.n) == (2, 2)
    assert of_gmfc.counted.reason == "fewer than 5 patients"
    assert names["load-age", "3D"].counted.n == 2


def test_the_threshold_is_the_studys_tolerance_unless_another_is_asked_for(world: World):
    pair(world.patient_a, M12, 4.0, 6.0)
    row = rows(world)[0]
    assert row.crosses(Choice.of({}, world.study).threshold_ml)
    for asked, threshold in (("6.5", 6.5), ("nan", 5.0), ("-1", 5.0), ("x", 5.0), ("0", 5.0)):
        assert Choice.of({"threshold": asked}, world.study).threshold_ml == threshold
    # To reach a threshold is to cross it.
    assert row.crosses(6.0)
    assert not row.crosses(6.5)


def test_rows_are_sorted_by_the_size_of_the_change_and_those_without_come_last(world: World):
    pair(world.patient_a, M12, 10.0, None)
    pair(world.patient_a, M18, 10.0, 12.0)
    pair(world.patient_b, M12, 10.0, 5.0)
    found = Choice.of({}, world.study).apply(rows(world))
    assert [row.difference_ml for row in found] == [-5.0, 2.0, None]
    found = Choice.of({"show": "uncompared", "stratum": "3D"}, world.study).apply(rows(world))
    assert [row.difference_ml for row in found] == [None]


def test_the_file_holds_the_rows_that_are_shown_and_is_logged(world: World):
    pair(world.patient_a, M12, 20.0, 25.0)
    pair(world.patient_b, M12, 10.0, None)
    trained_on(candidate(), world.patient_a)
    by = world.user("data_manager")
    content = impact_export.export(study=world.study, model=candidate(), rows=rows(world), by=by)
    first, second = csv.DictReader(io.StringIO(content.decode()))
    assert first["difference_ml"] == "5.0"
    assert first["difference_percent"] == "25.0"
    assert (first["counted_method"], first["other_method"]) == ("small 1", "next 1")
    assert first["in_training_set_of_other"] == "Y"
    assert (second["other_load_ml"], second["difference_ml"]) == ("", "")
    assert second["why_not_compared"] == "The visit has no T2w image in use."
    logged = AccessEvent.objects.latest("pk")
    assert logged.details["row_count"] == 2
    assert logged.details["model"] == "next 1"


@pytest.mark.parametrize("role", ["auditor", "sponsor", "coordinator"])
def test_who_exports_no_rows_takes_no_file(world: World, role: str):
    with pytest.raises(PermissionDenied):
        impact_export.export(study=world.study, model=candidate(), rows=[], by=world.user(role))


def test_the_training_set_is_unknown_until_it_is_on_record(world: World):
    pair(world.patient_a, M12, 20.0, 25.0)
    assert rows(world)[0].is_trained_on is None
    trained_on(candidate())
    assert rows(world)[0].is_trained_on is False


def test_retired_results_are_those_of_their_own_method(world: World):
    run = pair(world.patient_a, M12, 20.0, 25.0)
    make_load(world.patient_a, M12, 99.0, model=make_model("third", state="RETIRED"), beside=run)
    assert [(row.counted.load_ml, row.other.load_ml) for row in rows(world)] == [(20.0, 25.0)]


def test_a_flag_does_not_seem_to_go_for_want_of_volumes_that_come_later(world: World):
    run = pair(world.patient_a, M12, 120.0, 121.0)
    make_tissue(run, BRNVOL=110.0)
    found = impacts.flag_changes(rows(world), world.study)
    assert (found.appearing, found.vanishing, found.kept) == (0, 0, 1)


def test_images_that_one_of_the_two_refused_are_no_reason_to_order_again(world: World):
    counted = make_load(world.patient_a, M12, 20.0)
    other = make_load(world.patient_a, M12, 25.0, model=candidate())
    t2w = make_scan(counted.visit, "T2w")
    # What an order would take now is what the candidate has measured already.
    SegmentationRun.objects.filter(pk=other.pk).update(t2w_scan=t2w)
    found = gap(world)
    assert found is not None
    assert (found.code, found.is_final) == ("no_other_images", True)
    (row,) = rows(world)
    assert (row.is_apart, row.is_lost) == (True, False)
    lock(world, world.patient_a)
    assert impacts.held_changes(rows(world)).words == "1 with a load of other images"
    (study,) = impact_snapshot.assess(candidate(), user=world.user("data_manager")).content[
        "studies"
    ]
    assert (study["lost"], study["apart"]) == (0, 1)


def test_flags_of_a_series_that_is_still_measured_do_not_seem_to_go(world: World):
    pair(world.patient_a, M12, 100.0, 100.0)
    make_scan(pair(world.patient_a, M18, 60.0, None).visit, "T2w")
    found = impacts.flag_changes(rows(world), world.study)
    assert (found.changes, found.kept, found.unjudged_patients) == ((), 0, 1)


def test_visits_of_other_images_take_no_queries_each(world: World, django_assert_num_queries):
    make_load(world.patient_a, M12, 20.0)
    make_load(world.patient_a, M12, 25.0, model=candidate())
    with CaptureQueriesContext(connection) as asked:
        assert [row.gap.code for row in rows(world)] == ["other_images"]
    for day in (date(2024, 1, 10), date(2024, 3, 10), date(2024, 11, 10)):
        make_load(world.patient_b, day, 20.0)
        make_load(world.patient_b, day, 25.0, model=candidate())
    with django_assert_num_queries(len(asked)):
        assert [row.gap.code for row in rows(world)] == ["other_images"] * 4


@pytest.mark.parametrize("has_t2w", [True, False])
def test_scans_of_many_visits_are_chosen_as_those_of_one(world: World, has_t2w: bool):
    for patient in (world.patient_a, world.patient_b):
        for day in (date(2024, 1, 10), M12):
            visit = make_load(patient, day, 20.0, acq_stratum="2D").visit
            make_scan(visit, "T1w", acq_stratum="3D")
            make_scan(visit, "T1w", acq_stratum="3D")
            if has_t2w and patient == world.patient_a:
                make_scan(visit, "T2w")
    visits = list(Visit.objects.all())
    of_each = usable.chosen_of_each([visit.pk for visit in visits], candidate())
    for visit in visits:
        found = usable.chosen_scans(visit, candidate())
        if found is not None:
            assert of_each[visit.pk] == {name: scan.pk for name, scan in found.items()}
        else:
            assert set(of_each[visit.pk]) < set(candidate().sequences)
