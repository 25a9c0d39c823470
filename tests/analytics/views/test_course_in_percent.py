"""The course in percent of a volume of the head: the export's numbers, and what is absent."""

from datetime import date

import pytest
from django.db import connection
from django.urls import reverse

from analytics.figures.course import Scale, ScoreMark, Scores
from analytics.figures.trajectory import trajectory_figure
from analytics.selectors import exports, measures
from analytics.services import review
from segmentation.models import JobState, TissueMeasurement
from tests.support.loads import give_interval, make_load, make_tissue

pytestmark = pytest.mark.django_db
EARLY, MIDDLE, LATE = date(2024, 5, 10), date(2024, 11, 10), date(2025, 5, 10)
COLUMNS = {
    "white-matter": "load_percent_of_white_matter",
    "brain": "load_percent_of_brain",
    "intracranial": "load_percent_of_intracranial",
}


def figure(client, world, load_as="", role="data_manager"):
    client.force_login(world.user(role))
    address = reverse("patient_trajectory", args=["MLD-1", world.patient_a.pk])
    return client.get(address, {"load_as": load_as} if load_as else {}).json()


def page(client, world, load_as="", role="data_manager"):
    client.force_login(world.user(role))
    address = reverse("patient", args=["MLD-1", world.patient_a.pk])
    answer = client.get(address, {"load_as": load_as} if load_as else {})
    return " ".join(answer.content.decode().split())


def named(drawn, name="Load, 3D T1w"):
    (trace,) = [trace for trace in drawn["data"] if trace.get("name") == name]
    return trace


def exported(world):
    """Return the rows of the dataset by run, as a data manager takes them."""
    found = exports.rows("demyelination_load", world.study, user=world.user("data_manager"))
    with connection.cursor() as cursor:
        cursor.execute(found.sql, found.params)
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return sorted(rows, key=lambda row: row["visit_date"])


@pytest.fixture
def course(world):
    """Three loads that fall, two of them with white matter, all with a brain."""
    runs = [
        make_load(world.patient_a, EARLY, 160.3),
        make_load(world.patient_a, MIDDLE, 142.7),
        make_load(world.patient_a, LATE, 150.1),
    ]
    give_interval(runs[0], 150.9, 171.3)
    whites, brains = (431.7, 389.9, None), (991.3, 870.1, 860.7)
    for run, white_ml, brain_ml in zip(runs, whites, brains, strict=True):
        volumes = {"BRNVOL": brain_ml} | ({} if white_ml is None else {"WMVOL": white_ml})
        make_tissue(run, **volumes)
    review.review_queued(origin="test")
    return runs


@pytest.mark.parametrize("load_as", ["white-matter", "brain"])
def test_the_chart_holds_the_percentages_of_the_export(client, world, course, load_as):
    taken = [row[COLUMNS[load_as]] for row in exported(world)]
    drawn = named(figure(client, world, load_as))
    assert drawn["y"] == [value for value in taken if value is not None]
    assert len(drawn["y"]) == (2 if load_as == "white-matter" else 3)


def test_the_bars_are_divided_by_the_same_volume(client, world, course):
    drawn = named(figure(client, world, "brain"))
    value = drawn["y"][0]
    assert value == pytest.approx(100 * 160.3 / 991.3)
    assert value + drawn["error_y"]["array"][0] == pytest.approx(100 * 171.3 / 991.3)
    assert value - drawn["error_y"]["arrayminus"][0] == pytest.approx(100 * 150.9 / 991.3)
    assert drawn["error_y"]["array"][1:] == [None, None]
    assert drawn["customdata"][0][3] == (
        "<br>160.3 mL of 991.3 mL<br>interval 15.22 to 17.28 % of brain (80% of phantoms)"
    )


def test_a_tolerance_in_ml_is_not_drawn_as_if_it_were_percent(client, world, course):
    band = "Tolerance about the previous scan"
    assert band in {trace.get("name") for trace in figure(client, world)["data"]}
    drawn = figure(client, world, "white-matter")
    assert band not in {trace.get("name") for trace in drawn["data"]}
    said = drawn["layout"]["title"]["subtitle"]["text"]
    assert said.startswith("n = 2 scans, 1 more without a volume<br>no tolerance band")
    assert drawn["layout"]["yaxis"]["title"]["text"] == "Demyelination load,<br>% of white matter"
    flagged = named(drawn, "Flagged for review (in mL)")
    assert flagged["y"] == [named(drawn)["y"][1]]
    assert "142.7 mL" in flagged["customdata"][0][1]


def test_a_load_without_a_volume_is_absent_and_the_page_says_why(client, world, course):
    course[1].tissue.update(
        state=JobState.REJECTED, failure_code="MISSING_SEQUENCE", message="Used no T2w image."
    )
    shown = page(client, world, "white-matter")
    assert "2 of 3 loads have no percentage and no point here. Absent is not zero." in shown
    assert "Visit of 2024-11-10: Used no T2w image." in shown
    assert "Visit of 2025-05-10: Cannot be told." in shown
    assert "<small>% of white matter</small>" in shown
    assert f"{100 * 160.3 / 431.7:.2f}</a>" in shown
    assert "no percentage: Cannot be told." in shown


def test_visits_of_the_same_reason_are_named_together(client, world):
    for day in (EARLY, MIDDLE):
        make_load(world.patient_a, day, 12.0)
    shown = page(client, world, "intracranial")
    assert "Visit of 2024-05-10, Visit of 2024-11-10: Not measured yet." in shown
    drawn = figure(client, world, "intracranial")
    assert drawn["data"] == []
    assert "No load in % of intracranial volume" in drawn["layout"]["annotations"][0]["text"]


def test_volumes_of_two_versions_are_said(client, world, course):
    assert "volumes by tissue-1)" in page(client, world, "brain")
    TissueMeasurement.objects.filter(run=course[0]).update(method_version="tissue-0")
    shown = page(client, world, "brain")
    assert "volumes by tissue-0, tissue-1)" in shown
    assert "a step between two percentages may come from the volumes" in shown


def test_ml_is_the_default_and_what_an_unknown_address_gets(client, world, course):
    for asked in ("", "ml", "liver"):
        assert named(figure(client, world, asked))["y"] == [160.3, 142.7, 150.1]
        shown = page(client, world, asked)
        assert "<small>mL</small>" in shown
        assert 'href="?load_as=brain#course"' in shown
    assert measures.asked_for({"load_as": "brain"}).unit == "% of brain"


def test_the_switch_keeps_its_place_while_the_table_is_renewed(client, world, course):
    renewed = reverse("patient", args=["MLD-1", world.patient_a.pk]) + "?load_as=brain"
    shown = page(client, world, "brain")
    assert f'hx-get="{renewed}"' in shown
    assert 'aria-current="true">% of brain</a>' in shown


@pytest.mark.parametrize("role", ["coordinator", "investigator", "monitor"])
def test_who_sees_no_load_gets_no_percentage_and_no_volume(client, world, course, role):
    shown = page(client, world, "brain", role)
    assert "load_as" not in shown
    assert "991.3" not in shown
    assert f"{100 * 160.3 / 991.3:.2f}" not in shown
    drawn = figure(client, world, "brain", role)
    assert "% of brain" not in str(drawn)
    assert "991.3" not in str(drawn)


def test_the_page_takes_as_many_queries_for_many_visits(
    client, world, django_assert_max_num_queries
):
    address = reverse("patient", args=["MLD-1", world.patient_a.pk])
    client.force_login(world.user("sponsor"))
    make_tissue(make_load(world.patient_a, EARLY, 10.0), BRNVOL=900.0)
    make_load(world.patient_a, MIDDLE, 10.0)
    client.get(address, {"load_as": "brain"})
    with django_assert_max_num_queries(54) as few:
        client.get(address, {"load_as": "brain"})
    for month in range(1, 7):
        make_tissue(make_load(world.patient_a, date(2026, month, 1), 11.0), BRNVOL=900.0)
        make_load(world.patient_a, date(2026, month, 15), 11.0)
    with django_assert_max_num_queries(len(few)):
        client.get(address, {"load_as": "brain"})


def test_a_panel_without_loads_beside_scores_says_so_and_is_not_just_blank():
    scores = Scores(gmfc=[ScoreMark(50.0, 2, "M12")])
    for scale, words in ((Scale(), "No load yet"), (Scale("% of brain", n_absent=2), "No load in")):
        drawn = trajectory_figure(title="A-001", loads=[], scores=scores, scale=scale)
        (note,) = drawn["layout"]["annotations"]
        assert note["text"].startswith(words)
    hidden = trajectory_figure(title="A-001", loads=[], scores=scores, shows_loads=False)
    assert not hidden["layout"]["annotations"]
