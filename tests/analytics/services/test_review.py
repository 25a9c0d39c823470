from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from analytics.models import FlagKind, TrajectoryFlag
from analytics.services import review
from mldtrial.trial.models import Audience, Query, QueryState, Study, TreatmentKind
from mldtrial.trial.services import patients as trial_patients
from mldtrial.trial.services import queries, settings
from tests.support.loads import make_load, make_model, make_scan, make_tissue

pytestmark = pytest.mark.django_db

M12, M18, M24 = date(2024, 5, 10), date(2024, 11, 10), date(2025, 5, 10)


def series(patient, *loads_ml, **scan):
    return [
        make_load(patient, day, load, **scan)
        for day, load in zip((M12, M18, M24), loads_ml, strict=False)
    ]


def current(patient):
    return {f.kind: f for f in TrajectoryFlag.objects.filter(patient=patient, is_current=True)}


def test_a_fall_beyond_the_tolerance_is_flagged_and_asked_about(world):
    runs = series(world.patient_a, 100.0, 160.3, 142.0)
    review.review_patient(patient=world.patient_a)
    flag = current(world.patient_a)[FlagKind.NON_MONOTONIC]
    assert flag.run == runs[2]
    assert flag.reference_run == runs[1]
    assert flag.difference_ml == pytest.approx(-18.3)
    # 8 % of the mean of 160.3 and 142.0
    assert flag.tolerance_ml == pytest.approx(12.092)
    assert flag.query.audience == Audience.IMAGING
    assert flag.query.visit == runs[2].visit
    assert "142.0 mL" in flag.query.question
    assert "18.3 mL below 160.3 mL" in flag.query.question
    assert "tolerance 12.1 mL" in flag.query.question


def test_a_change_of_scanner_widens_the_tolerance(world):
    make_load(world.patient_a, M12, 160.3, scanner={"model": "Prisma"})
    make_load(world.patient_a, M18, 142.0, scanner={"model": "Ingenia"})
    # 17 % of the mean of 160.3 and 142.0 is 25.7 mL
    assert review.review_patient(patient=world.patient_a) == []


def test_another_scanner_of_the_same_model_widens_the_tolerance_and_the_sentence_says_so(world):
    prisma = {"manufacturer": "SIEMENS", "model": "Prisma", "field_strength_t": 2.8936}
    make_load(world.patient_a, M12, 100.0, scanner={**prisma, "device": "a"})
    make_load(world.patient_a, M18, 89.0, scanner={**prisma, "device": "b"})
    # 17 % of the mean of 100 and 89 is 16.1 mL; 8 % would be 7.6 mL
    assert review.review_patient(patient=world.patient_a) == []
    make_load(world.patient_a, M24, 60.0, scanner={**prisma, "device": "a"})
    review.review_patient(patient=world.patient_a)
    flag = current(world.patient_a)[FlagKind.NON_MONOTONIC]
    assert flag.tolerance_ml == pytest.approx(0.08 * 80)  # against 100 mL on the same scanner
    assert "the wider one" not in flag.query.question


def test_what_is_known_of_a_scanner_later_reviews_its_flags_anew(world):
    runs = series(world.patient_a, 100.0, 60.0, scanner={"model": "Prisma", "device": "a"})
    assert review.review_queued(origin="test") == 1
    narrow = current(world.patient_a)[FlagKind.NON_MONOTONIC]
    assert narrow.tolerance_ml == pytest.approx(0.08 * 80)
    type(runs[1].t1w_scan).objects.filter(pk=runs[1].t1w_scan_id).update(
        scanner={"model": "Prisma", "device": "b"}
    )
    assert review.review_queued(origin="test") == 1
    wide = current(world.patient_a)[FlagKind.NON_MONOTONIC]
    assert wide.tolerance_ml == pytest.approx(0.17 * 80)
    said = "tolerance 13.6 mL, the wider one after a change of scanner."
    assert said in wide.query.question
    assert review.review_queued(origin="test") == 0


def test_a_longer_echo_of_the_t2w_widens_the_tolerance(world):
    runs = series(world.patient_a, 100.0, 89.0)
    for run, echo_ms in zip(runs, (95.0, 140.0), strict=True):
        run.t2w_scan = make_scan(run.visit, "T2w", acquisition={"EchoTime": echo_ms})
        run.save()
    assert review.review_patient(patient=world.patient_a) == []


def test_loads_are_compared_in_the_order_of_their_scans(world):
    # The visit of May was scanned in September, after that of August.
    make_load(world.patient_a, date(2024, 5, 1), 60.0, days_from_visit=123)
    make_load(world.patient_a, date(2024, 8, 1), 50.0, days_from_visit=0)
    assert review.review_patient(patient=world.patient_a) == []


def test_a_fall_of_a_scan_that_was_made_after_a_later_visit_is_found(world):
    far = make_load(world.patient_a, date(2024, 5, 1), 40.0, days_from_visit=123)
    near = make_load(world.patient_a, date(2024, 8, 1), 50.0, days_from_visit=0)
    review.review_patient(patient=world.patient_a)
    flag = current(world.patient_a)[FlagKind.NON_MONOTONIC]
    assert (flag.run, flag.reference_run) == (far, near)


def test_the_time_of_a_rise_is_that_between_the_scans(world):
    # Two months of visits, and one day of scans: 15 mL a month allow half a millilitre.
    make_load(world.patient_a, date(2024, 5, 1), 20.0, days_from_visit=60)
    make_load(world.patient_a, date(2024, 7, 1), 40.0, days_from_visit=0)
    review.review_patient(patient=world.patient_a)
    assert current(world.patient_a)[FlagKind.JUMP].tolerance_ml == pytest.approx(15 / 30.4375)


def test_a_change_from_3d_to_2d_widens_the_tolerance(world):
    make_load(world.patient_a, M12, 160.3)
    make_load(world.patient_a, M18, 142.0, acq_stratum="2D")
    assert review.review_patient(patient=world.patient_a) == []


def test_a_decrease_after_treatment_is_not_non_monotonic(world):
    trial_patients.record_treatment(
        patient=world.patient_a, kind=TreatmentKind.HSCT, started_on=M12, stopped_on=None, by=None
    )
    series(world.patient_a, 100.0, 80.0)
    review.review_patient(patient=world.patient_a)
    assert set(current(world.patient_a)) >= {FlagKind.POST_TREATMENT_DECREASE}
    assert FlagKind.NON_MONOTONIC not in current(world.patient_a)


def test_the_first_study_dose_counts_as_treatment(world):
    world.patient_a.first_study_dose_on = M12
    world.patient_a.save()
    series(world.patient_a, 100.0, 80.0)
    review.review_patient(patient=world.patient_a)
    assert FlagKind.POST_TREATMENT_DECREASE in current(world.patient_a)


def test_a_swapped_pair_suggests_the_swap(world):
    runs = series(world.patient_a, 40.0, 90.0, 60.0)
    review.review_patient(patient=world.patient_a)
    swap = current(world.patient_a)[FlagKind.SWAP]
    assert {swap.run, swap.reference_run} == {runs[1], runs[2]}
    assert swap.tolerance_ml is None
    assert "wrong date or subject" in swap.query.question


def test_an_implausible_rise_is_flagged(world):
    make_load(world.patient_a, M12, 40.0)
    make_load(world.patient_a, date(2024, 6, 10), 90.0)
    review.review_patient(patient=world.patient_a)
    # 15 mL a month for 31 days of 30.4375 to the month
    assert current(world.patient_a)[FlagKind.JUMP].tolerance_ml == pytest.approx(15 * 31 / 30.4375)


def test_mended_data_retire_the_flag_and_close_its_query(world):
    runs = series(world.patient_a, 100.0, 160.3, 142.0)
    review.review_patient(patient=world.patient_a)
    flag = current(world.patient_a)[FlagKind.NON_MONOTONIC]
    runs[2].result.demyelination_load_ml = 165.0
    runs[2].result.save()
    review.review_patient(patient=world.patient_a)
    flag.refresh_from_db()
    assert not flag.is_current
    assert flag.query.state == QueryState.CLOSED
    assert not Query.objects.exclude(state=QueryState.CLOSED).exists()


def test_changed_numbers_ask_again(world):
    runs = series(world.patient_a, 100.0, 160.3, 142.0)
    review.review_patient(patient=world.patient_a)
    first = current(world.patient_a)[FlagKind.NON_MONOTONIC].query
    runs[2].result.demyelination_load_ml = 130.0
    runs[2].result.save()
    review.review_patient(patient=world.patient_a)
    second = current(world.patient_a)[FlagKind.NON_MONOTONIC].query
    first.refresh_from_db()
    assert first.state == QueryState.CLOSED
    assert second.state == QueryState.OPEN
    assert "130.0 mL" in second.question


def test_a_second_review_changes_nothing(world):
    series(world.patient_a, 100.0, 160.3, 142.0)
    first = review.review_patient(patient=world.patient_a)
    assert review.review_patient(patient=world.patient_a) == first
    assert Query.objects.count() == len(first)


def test_a_query_that_a_person_closed_stays_closed(world):
    series(world.patient_a, 100.0, 160.3, 142.0)
    review.review_patient(patient=world.patient_a)
    for query in Query.objects.all():
        queries.close_query(
            query=query, reason="Seen.", disposition="ATROPHY", by=world.user("data_manager")
        )
    review.review_patient(patient=world.patient_a)
    assert not Query.objects.exclude(state=QueryState.CLOSED).exists()
    assert current(world.patient_a)


def test_the_doorbell_reviews_only_what_changed(world):
    series(world.patient_a, 100.0, 160.3, 142.0)
    series(world.patient_b, 10.0, 20.0, 30.0)
    assert review.review_queued(origin="test") == 1
    assert review.review_queued(origin="test") == 0
    make_load(world.patient_b, date(2025, 11, 10), 5.0)
    assert review.review_queued(origin="test") == 1


def test_the_review_reads_the_active_model_only(world):
    retired = make_model("old", state="RETIRED")
    make_load(world.patient_a, M12, 160.0, model=retired)
    make_load(world.patient_a, M18, 100.0)
    assert review.review_patient(patient=world.patient_a) == []


def test_a_flag_changes_no_load(world):
    runs = series(world.patient_a, 100.0, 160.3, 142.0)
    review.review_patient(patient=world.patient_a)
    assert [run.result.demyelination_load_ml for run in runs] == [100.0, 160.3, 142.0]


def test_a_changed_tolerance_is_judged_by_the_next_sweep_and_changes_no_load(world):
    runs = series(world.patient_a, 100.0, 160.3, 142.0)
    review.review_queued(origin="test")
    assert FlagKind.NON_MONOTONIC in current(world.patient_a)
    settings.change_settings(
        study=world.study,
        changes={"tolerance_same_percent": Decimal(20)},
        reason="Test-retest data",
        by=world.user("administrator"),
    )
    # 20 % of the mean of 160.3 and 142.0 is 30.2 mL.
    assert review.review_queued(origin="test") == 1
    assert FlagKind.NON_MONOTONIC not in current(world.patient_a)
    assert runs[2].result.demyelination_load_ml == 142.0


def test_a_fall_whose_share_of_the_white_matter_rises_is_asked_about_as_atrophy(client, world):
    runs = [make_load(world.patient_a, M12, 100.0), make_load(world.patient_a, M18, 80.0)]
    for run, white_ml in zip(runs, (400.0, 300.0), strict=True):
        make_tissue(run, WMVOL=white_ml, BRNVOL=1000.0)
    review.review_queued(origin="test")
    flag = TrajectoryFlag.objects.get(kind=FlagKind.NON_MONOTONIC)
    said = "Of the white matter it is 26.7 % after 25.0 %"
    assert said in flag.query.question
    client.force_login(world.user("data_manager"))
    page = client.get(reverse("patient", args=["MLD-1", world.patient_a.pk])).content.decode()
    assert said in " ".join(page.split())
    # It is flagged all the same: the sentence explains, and decides nothing.
    assert flag.is_current


def test_what_is_measured_after_the_question_is_added_to_it_once(client, world):
    """The white matter is measured after the load: its fall can come when all is asked."""
    runs = [make_load(world.patient_a, M12, 100.0), make_load(world.patient_a, M18, 80.0)]
    assert review.review_queued(origin="test") == 1
    flag = TrajectoryFlag.objects.get(kind=FlagKind.NON_MONOTONIC)
    for run, white_ml in zip(runs, (400.0, 300.0), strict=True):
        make_tissue(run, WMVOL=white_ml, BRNVOL=1000.0)
    assert review.review_queued(origin="test") == 1
    assert review.review_queued(origin="test") == 0
    (message,) = flag.query.messages.all()
    assert message.author is None
    assert message.words.startswith("Of the white matter it is 26.7 % after 25.0 %")
    assert Query.objects.get(rule="LOAD-NON_MONOTONIC") == flag.query
    client.force_login(world.user("data_manager"))
    page = client.get(reverse("query", args=[flag.query.pk])).content.decode()
    assert "which speaks for atrophy" in " ".join(page.split())


def test_nothing_is_added_to_a_question_that_is_closed(world):
    runs = [make_load(world.patient_a, M12, 100.0), make_load(world.patient_a, M18, 80.0)]
    review.review_queued(origin="test")
    flag = TrajectoryFlag.objects.get(kind=FlagKind.NON_MONOTONIC)
    queries.close_query(
        query=flag.query, reason="Looked at", disposition="OTHER", by=world.user("data_manager")
    )
    for run, white_ml in zip(runs, (400.0, 300.0), strict=True):
        make_tissue(run, WMVOL=white_ml, BRNVOL=1000.0)
    assert review.review_queued(origin="test") == 0
    assert [said.step for said in flag.query.messages.all()] == ["CLOSED"]


def test_what_is_measured_anew_takes_the_place_of_what_was_said(world):
    runs = [make_load(world.patient_a, M12, 100.0), make_load(world.patient_a, M18, 80.0)]
    for run, white_ml in zip(runs, (400.0, 300.0), strict=True):
        make_tissue(run, WMVOL=white_ml)
    review.review_queued(origin="test")
    flag = TrajectoryFlag.objects.get(kind=FlagKind.NON_MONOTONIC)
    assert "speaks for atrophy" in flag.query.question
    for version, volumes, said in (
        ("next-1", (400.0, 330.0), "anew: the share of it that is demyelinated no longer rises"),
        ("next-2", (401.0, 300.4), "anew: Of the white matter it is 26.6 % after 24.9 %"),
    ):
        for run, white_ml in zip(reversed(runs), reversed(volumes), strict=True):
            # One of two by the new version is not compared with the other by the old one.
            assert review.review_queued(origin="test") == 0
            make_tissue(run, version=version, WMVOL=white_ml)
        assert review.review_queued(origin="test") == 1
        assert review.review_queued(origin="test") == 0
        assert said in flag.query.messages.last().words
    assert flag.query.messages.count() == 2


def test_what_is_known_of_a_scanner_later_takes_back_what_the_white_matter_spoke_for(world):
    # One tolerance for all: the change of scanner is no other finding, and asks nothing anew.
    Study.objects.update(tolerance_same_ml=10, tolerance_same_percent=17)
    world.patient_a.refresh_from_db()
    runs = series(world.patient_a, 100.0, 80.0, scanner={"model": "Prisma", "device": "a"})
    for run, white_ml in zip(runs, (400.0, 300.0), strict=True):
        make_tissue(run, WMVOL=white_ml)
    review.review_queued(origin="test")
    flag = TrajectoryFlag.objects.get(kind=FlagKind.NON_MONOTONIC)
    assert "speaks for atrophy" in flag.query.question
    for device, said in (("b", "The two scans were acquired otherwise"), ("a", "Of the white ")):
        scan = type(runs[1].t1w_scan).objects.filter(pk=runs[1].t1w_scan_id)
        scan.update(scanner={"model": "Prisma", "device": device})
        assert review.review_queued(origin="test") == 1
        assert review.review_queued(origin="test") == 0
        assert flag.query.messages.last().words.startswith(said)


def test_volumes_by_two_versions_of_the_method_are_not_taken_for_atrophy(client, world):
    runs = series(world.patient_a, 100.0, 80.0)
    for run, white_ml, version in zip(runs, (400.0, 300.0), ("1", "2"), strict=True):
        make_tissue(run, version=version, WMVOL=white_ml)
    review.review_queued(origin="test")
    flag = TrajectoryFlag.objects.get(kind=FlagKind.NON_MONOTONIC)
    client.force_login(world.user("data_manager"))
    page = client.get(reverse("patient", args=["MLD-1", world.patient_a.pk])).content.decode()
    assert "20.0 mL below 100.0 mL" in page
    for told in (flag.query.question, page):
        assert "speaks for atrophy" not in told


def test_a_query_opened_again_is_told_of_the_next_finding(world):
    runs = series(world.patient_a, 100.0, 160.3, 142.0)
    manager = world.user("data_manager")
    review.review_queued(origin="test")
    first = current(world.patient_a)[FlagKind.NON_MONOTONIC].query
    runs[2].result.demyelination_load_ml = 165.0
    runs[2].result.save()
    review.review_queued(origin="test")
    queries.reopen_query(query=first, reason="The mask is still wrong", by=manager)
    runs[2].result.demyelination_load_ml = 120.0
    runs[2].result.save()
    review.review_queued(origin="test")
    flag = current(world.patient_a)[FlagKind.NON_MONOTONIC]
    assert flag.query == first
    last = first.messages.order_by("created_at").last()
    assert last.author is None
    assert "120.0 mL" in last.words
    assert "40.3 mL below 160.3 mL" in last.words
    review.review_queued(origin="test")
    assert first.messages.order_by("created_at").last() == last


def test_two_scans_suggest_no_exchange(world):
    series(world.patient_a, 100.0, 80.0)
    review.review_queued(origin="test")
    assert set(current(world.patient_a)) == {FlagKind.NON_MONOTONIC}
