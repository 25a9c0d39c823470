import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from analytics.selectors import overview
from mldtrial.trial.models import Audience, Patient, Scan, Sequence, VisitDefinition
from mldtrial.trial.services import participation, patients, queries, visits
from segmentation.models import JobState, ReleaseState, SegmentationRun, Upload
from segmentation.services import setting_aside
from tests.access.addresses import SITE_A, scan_of
from tests.support.loads import make_load, make_model, make_scan
from tests.support.world import World, build_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def page_of(world: World, key: str):
    client = Client()
    client.force_login(world.user(key))
    return client.get(reverse("study_overview", args=["MLD-1"]))


def scope(world: World, key="sponsor") -> overview.Scope:
    return overview.scope_of(world.study, user=world.user(key))


def cells(rows) -> dict[str, tuple[int, ...]]:
    return {row.name: row.cells for row in rows}


def enrol(world: World, count: int, prefix: str = "A-1") -> list[Patient]:
    return [
        patients.create_patient(
            site=world.site_a,
            subject_code=f"{prefix}{number:02}",
            sex="F",
            birth_month=date(2020, 3, 1),
            enrolled_on=date(2023, 6, 1),
            by=None,
        )
        for number in range(count)
    ]


def test_enrolled_patients_are_counted_by_site(world: World):
    enrol(world, 3)
    days = overview.enrolment_days(scope(world))
    assert {site: len(own) for site, own in days.items()} == {"A": 4, "B": 1}


def test_visits_are_done_missed_not_done_or_to_come(world: World):
    # Baseline took place at both sites; month 6 was missed at B and declared at A.
    VisitDefinition.objects.filter(study=world.study).exclude(code__in=["M00", "M06"]).update(
        is_retired=True
    )
    visits.declare_visit_not_done(
        patient=world.patient_a,
        definition=world.study.visit_definitions.get(code="M06"),
        reason="Ill",
        by=None,
    )
    assert cells(overview.completeness(scope(world))) == {
        "Baseline": (2, 0, 0, 0),
        "Month 6": (0, 1, 1, 0),
    }


def test_nobody_expects_visits_after_the_end_of_follow_up(world: World):
    VisitDefinition.objects.filter(study=world.study).exclude(code="M06").update(is_retired=True)
    for step, day in (("CONSENT", date(2023, 5, 1)), ("LOST", date(2023, 7, 1))):
        participation.record_step(patient=world.patient_a, step=step, happened_on=day, by=None)
    assert cells(overview.completeness(scope(world)))["Month 6"] == (0, 1, 0, 0)


def test_turnaround_is_the_median_of_days_and_absent_where_nothing_was_segmented(world: World):
    scan = scan_of(world, SITE_A)
    row = overview.turnaround(scope(world))[0]
    waited = (scan.created_at.date() - world.visit_a.date).days
    assert (row.name, row.visits, row.to_received) == ("A", 1, waited)
    assert (row.segmented, row.to_segmented) == (0, None)


def ask(world: World, patient: Patient, audience: str, rule: str) -> None:
    queries.open_query(patient=patient, visit=None, audience=audience, rule=rule, question="Why?")


def test_open_queries_are_counted_by_age_as_far_as_they_are_seen(world: World):
    ask(world, world.patient_a, Audience.SITE, "R1")
    ask(world, world.patient_b, Audience.IMAGING, "R2")
    in_ten_days = datetime.now(UTC) + timedelta(days=10)
    seen = overview.open_queries(scope(world, "data_manager"), now=in_ten_days)
    assert cells(seen) == {"A": (0, 1, 0, 0), "B": (0, 1, 0, 0), "All sites": (0, 2, 0, 0)}
    # What the loads have raised is no business of the sponsor's list of queries.
    assert cells(overview.open_queries(scope(world), now=in_ten_days)) == {
        "A": (0, 1, 0, 0),
        "All sites": (0, 1, 0, 0),
    }


def test_a_role_without_patients_sees_the_whole_study_and_no_small_group(world: World):
    page = page_of(world, "administrator")
    text = page.content.decode()
    assert page.context["enrolled"] is None
    assert "fewer than 5 patients enrolled" in text
    assert page.context["sites"] == page.context["months"] == []
    assert all(row.is_hidden for row in page.context["completeness"] if any(row.cells))
    enrol(world, 5)
    assert page_of(world, "administrator").context["enrolled"] == 7


def test_a_curve_over_months_is_not_drawn_for_a_role_without_patients(world: World):
    client = Client()
    client.force_login(world.user("administrator"))
    assert client.get(reverse("overview_chart", args=["MLD-1", "accrual"])).status_code == 404
    assert client.get(reverse("overview_chart", args=["MLD-1", "queries"])).status_code == 200


@pytest.mark.parametrize("name", ["accrual", "completeness", "queries"])
def test_a_chart_has_a_title_named_axes_and_n(world: World, name):
    ask(world, world.patient_a, Audience.SITE, "R1")
    client = Client()
    client.force_login(world.user("sponsor"))
    figure = json.loads(client.get(reverse("overview_chart", args=["MLD-1", name])).content)
    layout = figure["layout"]
    assert layout["title"]["text"]
    assert "n = " in layout["title"]["subtitle"]["text"]
    assert layout["xaxis"]["title"]["text"]
    assert layout["yaxis"]["title"]["text"]


def test_the_target_is_drawn_where_one_is_set(world: World):
    world.study.accrual_target, world.study.accrual_target_on = 40, date(2026, 6, 30)
    world.study.save()
    client = Client()
    client.force_login(world.user("sponsor"))
    assert "40 wanted by 2026-06-30" in page_of(world, "sponsor").content.decode()
    figure = json.loads(client.get(reverse("overview_chart", args=["MLD-1", "accrual"])).content)
    assert figure["data"][-1]["y"] == [40]


def test_an_empty_study_is_told_in_words(world: World):
    client = Client()
    client.force_login(world.user("other_sponsor"))
    world.other_patient.visits.all()
    text = client.get(reverse("study_overview", args=["MLD-2"])).content.decode()
    assert "No scan has been received yet." in text
    assert "No open query that your role sees." in text


@pytest.mark.parametrize("key", ["coordinator", "investigator", "monitor", "reader"])
def test_site_roles_get_no_figure_of_other_sites(world: World, key):
    assert page_of(world, key).status_code == 403


def test_a_scan_that_is_set_aside_counts_in_no_number_of_scans(world: World):
    """Not by month, not for the turnaround."""
    scan = make_scan(world.visit_a, Sequence.T1W)
    months = {row.scans for row in overview.activity(scope(world))}
    assert months == {0, 1}
    by_name = {row.name: row.visits for row in overview.turnaround(scope(world))}
    assert by_name["A"] == 1
    setting_aside.set_aside(
        scan=scan, cause="MOVEMENT", reason="The child moved", by=world.user("coordinator")
    )
    assert {row.scans for row in overview.activity(scope(world))} == {0}
    assert overview.turnaround(scope(world)) == []


def test_what_happened_is_told_by_month_and_site_without_empty_months(world: World):
    rows = [
        (row.month.isoformat(), row.site_code, row.enrolled, row.visits, row.scans)
        for row in overview.activity(scope(world))
    ]
    assert rows == [("2023-05-01", "A", 1, 1, 0), ("2023-05-01", "B", 1, 1, 0)]
    assert overview.activity(scope(world, "administrator")) == []


def test_no_month_is_left_out_of_a_long_study(world: World):
    for month in range(1, 12):
        patients.create_patient(
            site=world.site_a,
            subject_code=f"A-2{month:02}",
            sex="F",
            birth_month=date(2020, 3, 1),
            enrolled_on=date(2024, month, 1),
            by=None,
        )
    answer = page_of(world, "sponsor")
    latest, earlier = answer.context["months"]
    assert (len(latest), len(earlier)) == (12, 1)
    assert "1 earlier row<" in answer.content.decode()
    assert "2023-05" in answer.content.decode()


def upload(world: World, visit, state: str = JobState.REJECTED, code: str = "NOT_MRI") -> None:
    Upload.objects.create(
        visit=visit,
        site=visit.patient.site,
        state=state,
        failure_code=code if state != JobState.SUCCEEDED else "",
        message="This is no MRI." if state != JobState.SUCCEEDED else "",
        sha256="0" * 64,
        size_bytes=1,
        declared_sequence=Sequence.T1W,
    )


def test_five_uploads_of_one_patient_are_a_group_of_one(world: World):
    for _ in range(5):
        upload(world, world.visit_a)
    hidden = scope(world, "administrator")
    assert [row.is_hidden for row in overview.uploads(hidden)] == [True]
    assert [row.is_hidden for row in overview.refusals(hidden)] == [True]
    assert cells(overview.refusals(scope(world))) == {"NOT_MRI": (5,)}


def with_visits(world: World, count: int) -> list:
    definition = world.study.visit_definitions.get(code="M00")
    return [
        patients.create_visit(
            patient=patient, definition=definition, visit_date=date(2023, 6, 1), by=None
        )
        for patient in enrol(world, count)
    ]


def test_one_rare_reason_hides_every_reason_since_the_sum_is_shown(world: World):
    for visit in with_visits(world, 6):
        upload(world, visit)
    upload(world, world.visit_a, code="DAMAGED")
    hidden = scope(world, "administrator")
    assert cells(overview.uploads(hidden)) == {"All sites": (0, 7, 0)}
    assert [(row.name, row.cells) for row in overview.refusals(hidden)] == [("", ())]
    page = page_of(world, "administrator").content.decode()
    assert "DAMAGED" not in page
    assert "NOT_MRI" not in page


def test_five_queries_of_one_patient_are_a_group_of_one(world: World):
    for number in range(5):
        ask(world, world.patient_a, Audience.SITE, f"R{number}")
    assert [row.is_hidden for row in overview.open_queries(scope(world, "administrator"))] == [True]


def test_five_visits_with_scans_of_one_patient_are_a_group_of_one(world: World):
    for day in range(1, 6):
        make_load(world.patient_a, date(2023, 6, day), 10.0)
    assert [row.is_hidden for row in overview.turnaround(scope(world, "administrator"))] == [True]
    assert [row.is_hidden for row in overview.turnaround(scope(world))] == [False, False]


def test_the_one_visit_that_waits_is_not_told_by_the_difference_of_two_numbers(world: World):
    for patient in enrol(world, 5):
        make_load(patient, date(2023, 6, 1), 10.0)
    SegmentationRun.objects.update(finished_at=datetime.now(UTC))
    assert [row.is_hidden for row in overview.turnaround(scope(world, "administrator"))] == [False]
    make_scan(world.visit_a)
    assert [row.is_hidden for row in overview.turnaround(scope(world, "administrator"))] == [True]


def chart(world: World, key: str, name: str) -> dict:
    client = Client()
    client.force_login(world.user(key))
    return json.loads(client.get(reverse("overview_chart", args=["MLD-1", name])).content)


def words(figure: dict) -> str:
    layout = figure["layout"]
    notes = [note["text"] for note in layout.get("annotations", [])]
    return " ".join([layout["title"].get("subtitle", {}).get("text", ""), *notes])


def test_a_chart_of_hidden_groups_says_that_they_are_withheld_and_why(world: World):
    ask(world, world.patient_a, Audience.SITE, "R1")
    for name in ("queries", "completeness"):
        said = words(chart(world, "administrator", name))
        assert "groups of fewer than 5 patients are not shown" in said
        assert "No query is open" not in said
        assert "No visit is planned" not in said


def test_a_chart_that_shows_some_groups_says_of_what_its_n_is(world: World):
    VisitDefinition.objects.filter(study=world.study).exclude(code__in=["M00", "M06"]).update(
        is_retired=True
    )
    with_visits(world, 6)
    visits.declare_visit_not_done(
        patient=world.patient_a,
        definition=world.study.visit_definitions.get(code="M06"),
        reason="Ill",
        by=None,
    )
    assert words(chart(world, "administrator", "completeness")) == (
        "n = 8 visits shown; groups of fewer than 5 patients are not shown"
    )
    assert words(chart(world, "sponsor", "completeness")) == "n = 16 visits"


def segmented(world: World, days_after: float) -> SegmentationRun:
    """Return a counting run of site A that ended so many days after its scan was received."""
    run = make_load(world.patient_a, world.visit_a.date, 10.0)
    end = run.t1w_scan.created_at + timedelta(days=days_after)
    SegmentationRun.objects.filter(pk=run.pk).update(finished_at=end)
    return run


def row_of_a(world: World) -> overview.Turnaround:
    return overview.turnaround(scope(world))[0]


def test_a_scan_that_came_after_the_run_does_not_shorten_its_wait(world: World):
    run = segmented(world, 2.0)
    later = make_scan(run.visit)
    Scan.objects.filter(pk=later.pk).update(created_at=run.t1w_scan.created_at + timedelta(days=30))
    assert row_of_a(world).to_segmented == pytest.approx(2.0)


def test_a_run_of_a_candidate_model_is_no_turnaround(world: World):
    segmented(world, 2.0)
    candidate = make_load(
        world.patient_a,
        world.visit_a.date,
        10.0,
        model=make_model("next", state=ReleaseState.CANDIDATE),
    )
    SegmentationRun.objects.filter(pk=candidate.pk).update(
        finished_at=candidate.t1w_scan.created_at + timedelta(days=1)
    )
    assert (row_of_a(world).segmented, row_of_a(world).to_segmented) == (1, pytest.approx(2.0))


def test_a_run_that_ended_before_its_scan_came_is_said_and_logged(world: World, caplog):
    run = segmented(world, -1.0)
    assert (row_of_a(world).segmented, row_of_a(world).to_segmented) == (0, None)
    assert f"Run {run.pk} ended 1.0 days before" in caplog.text
    assert (
        "Some runs ended before their scans were received"
        in page_of(world, "sponsor").content.decode()
    )
