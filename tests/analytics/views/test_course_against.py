"""The course against age, time since the first symptom or since treatment, with every score."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from django.urls import reverse

from analytics.figures.course import LoadMark, ScoreMark, Scores, TreatmentMark
from analytics.figures.trajectory import trajectory_figure
from mldtrial.audit.context import acting
from mldtrial.trial.models import (
    AssessmentStatus,
    ElfcMldAssessment,
    GmfcMldAssessment,
    Treatment,
)
from mldtrial.trial.rules.age import age_months
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.services import assessments
from segmentation.services import setting_aside
from tests.support.loads import make_load, make_scan, make_visit
from tests.support.papers import text_of
from tests.support.world import World

pytestmark = pytest.mark.django_db
EARLY, LATE = date(2024, 5, 10), date(2025, 5, 10)


def figure(client, world: World, against: str = "", role: str = "data_manager"):
    client.force_login(world.user(role))
    address = reverse("patient_trajectory", args=["MLD-1", world.patient_a.pk])
    return client.get(address, {"against": against} if against else {}).json()


def page(client, world: World, query: str = "", role: str = "data_manager") -> str:
    client.force_login(world.user(role))
    answer = client.get(reverse("patient", args=["MLD-1", world.patient_a.pk]) + query)
    return " ".join(answer.content.decode().split())


def named(drawn, name: str):
    return next((trace for trace in drawn["data"] if trace.get("name") == name), None)


@pytest.fixture
def course(world: World) -> World:
    """Two loads and two levels of a patient with an onset and a treatment."""
    patient = world.patient_a
    patient.onset_age_months = 20
    patient.save()
    for day, load_ml in ((EARLY, 20.0), (LATE, 40.0)):
        run = make_load(patient, day, load_ml)
        for model, level in ((GmfcMldAssessment, 2), (ElfcMldAssessment, 1)):
            model.objects.create(
                visit=run.visit,
                status=AssessmentStatus.DONE,
                level=level,
                assessed_on=day,
                assessed_by=world.user("investigator"),
            )
    Treatment.objects.create(patient=patient, kind="HSCT", started_on=date(2024, 8, 10))
    return world


def ages(world: World) -> list[float]:
    return [age_months(world.patient_a.birth_month, day) for day in (EARLY, LATE)]


@pytest.mark.parametrize(
    ("against", "title", "began"),
    [
        ("", "Age, months", lambda _: 0.0),
        ("onset", "Months since the first symptom", lambda _: 20.0),
        (
            "treatment",
            "Months since the first treatment",
            lambda world: age_months(world.patient_a.birth_month, date(2024, 8, 10)),
        ),
    ],
)
def test_everything_of_the_figure_stands_on_one_clock(client, course, against, title, began):
    drawn = figure(client, course, against)
    expected = [age - began(course) for age in ages(course)]
    assert drawn["layout"]["xaxis"]["title"]["text"] == title
    for name in ("Load, 3D T1w", "GMFC-MLD level", "ELFC-MLD level"):
        assert named(drawn, name)["x"] == expected
    treated = age_months(course.patient_a.birth_month, date(2024, 8, 10)) - began(course)
    assert [shape["x0"] for shape in drawn["layout"]["shapes"]] == [treated]
    assert [(note["x"], note["text"]) for note in drawn["layout"]["annotations"]] == [
        (treated, "HSCT")
    ]


def test_a_load_stands_at_the_day_of_its_scan_and_says_both_days(client, world: World):
    make_load(world.patient_a, EARLY, 20.0, days_from_visit=100)
    make_load(world.patient_a, LATE, 40.0, days_from_visit=0)
    marks = named(figure(client, world), "Load, 3D T1w")
    birth = world.patient_a.birth_month
    assert marks["x"] == [age_months(birth, date(2024, 8, 18)), age_months(birth, LATE)]
    assert [data[2] for data in marks["customdata"]] == [
        "2024-05-10, scanned 2024-08-18", "2025-05-10",
    ]  # fmt: skip


CLOCKS = {
    "": 0.0,
    "onset": 20.0,
    "treatment": age_months(date(2021, 1, 1), date(2024, 8, 10)),
}


@pytest.mark.parametrize("against", CLOCKS)
def test_each_score_stands_on_the_day_it_was_assessed_and_severity_on_that_of_the_images(
    client, world: World, against
):
    patient = world.patient_a
    type(patient).objects.filter(pk=patient.pk).update(
        onset_age_months=20, birth_month=date(2021, 1, 1)
    )
    Treatment.objects.create(patient=patient, kind="HSCT", started_on=date(2024, 8, 10))
    run = make_load(patient, EARLY, 20.0, days_from_visit=40)
    alone = make_visit(patient, LATE)
    # Of repeats the 3D one is read, and of no image's day the visit's.
    make_scan(alone, days_from_visit=30, acq_stratum="2D")
    make_scan(alone, days_from_visit=-20)
    for visit, gmfc_on, elfc_on in (
        (run.visit, date(2024, 5, 30), EARLY),
        (alone, LATE, date(2025, 4, 1)),
    ):
        for model, day in ((GmfcMldAssessment, gmfc_on), (ElfcMldAssessment, elfc_on)):
            model.objects.create(
                visit=visit, level=2, assessed_on=day, assessed_by=world.user("investigator")
            )
        assessments.record_severity(
            visit=visit,
            reader=world.user("reader"),
            items={item.key: 0 for item in severity_instrument().items},
            read_on=visit.date,
            by=None,
        )
    drawn = figure(client, world, against)
    for name, days, words in (
        ("Load, 3D T1w", ["2024-06-19"], None),
        ("MRI severity score", ["2024-06-19", "2025-04-20"], "scanned"),
        ("GMFC-MLD level", ["2024-05-30", "2025-05-10"], "assessed"),
        ("ELFC-MLD level", ["2024-05-10", "2025-04-01"], "assessed"),
    ):
        trace = named(drawn, name)
        at = [age_months(date(2021, 1, 1), date.fromisoformat(day)) for day in days]
        assert trace["x"] == [months - CLOCKS[against] for months in at], name
        if words:
            said = [data[1] for data in trace["customdata"]]
            assert said == [
                f"Visit of {visit_on}" + ("" if day == str(visit_on) else f", {words} {day}")
                for visit_on, day in zip((EARLY, LATE), days, strict=True)
            ]
    html = page(client, world)
    for told in ("scanned 2024-06-19", "GMFC-MLD assessed 2024-05-30", "scanned 2025-04-20"):
        assert f'<small class="sub d-block">{told}</small>' in html
    assert "ELFC-MLD assessed 2024-05-10" not in html
    paper = client.get(reverse("patient_pdf", args=["MLD-1", patient.pk])).content
    assert "Visit of 2024-05-10: scanned 2024-06-19, GMFC-MLD assessed" in text_of(paper)


@pytest.mark.parametrize(
    ("left", "day", "told"),
    [
        ([], "2025-04-20", "scanned 2025-04-20"),
        ([-20], "2025-06-09", "scanned 2025-06-09"),
        ([-20, 30], "2025-05-10", "at the day of the visit, since no T1w scan counts"),
    ],
)
def test_a_scan_that_is_set_aside_times_no_score(client, world: World, left, day, told):
    patient, alone = world.patient_a, make_visit(world.patient_a, LATE)
    for days, stratum in ((-20, "3D"), (30, "2D")):
        make_scan(alone, days_from_visit=days, acq_stratum=stratum)
    by = world.user("coordinator")
    for scan in alone.scans.select_related("visit__patient__study", "visit__patient__site"):
        if scan.days_from_visit in left:
            with acting(user=by, origin="web"):
                setting_aside.set_aside(scan=scan, cause="MOVEMENT", reason="Woke up", by=by)
    assessments.record_severity(
        visit=alone,
        reader=world.user("reader"),
        items={item.key: 0 for item in severity_instrument().items},
        read_on=LATE,
        by=None,
    )
    marks = named(figure(client, world), "MRI severity score")
    assert marks["x"] == [age_months(patient.birth_month, date.fromisoformat(day))]
    assert marks["customdata"][0][1] == f"Visit of 2025-05-10, {told}"
    assert told in page(client, world)
    paper = text_of(client.get(reverse("patient_pdf", args=["MLD-1", patient.pk])).content)
    assert told in paper


def test_a_later_visit_that_was_assessed_earlier_comes_first(client, world: World):
    for visit_on, day, level in ((EARLY, date(2024, 8, 1), 3), (LATE, date(2024, 7, 1), 2)):
        GmfcMldAssessment.objects.create(
            visit=make_visit(world.patient_a, visit_on),
            level=level,
            assessed_on=day,
            assessed_by=world.user("investigator"),
        )
    marks = named(figure(client, world), "GMFC-MLD level")
    assert marks["y"] == [2, 3]
    assert marks["x"] == sorted(marks["x"])


def test_the_switch_keeps_what_the_load_is_given_in(client, course):
    html = page(client, course, "?load_as=brain&against=onset")
    assert "trajectory.json?load_as=brain&amp;against=onset" in html
    assert "by time since the first symptom" in html
    assert 'href="?load_as=brain&amp;against=treatment#course"' in html
    assert 'href="?load_as=brain#course"' in html


def test_what_a_patient_does_not_have_is_the_age_and_is_not_offered(client, world: World):
    make_load(world.patient_a, EARLY, 20.0)
    world.patient_a.onset_age_months = None
    world.patient_a.save()
    html = page(client, world, "?against=treatment")
    assert "over age" in html
    assert 'aria-label="Against"' not in html
    assert figure(client, world, "treatment")["layout"]["xaxis"]["title"]["text"] == "Age, months"


def test_the_first_study_dose_begins_the_time_of_treatment_in_every_arm(client, world: World):
    make_load(world.patient_a, EARLY, 20.0)
    world.patient_a.first_study_dose_on = date(2024, 3, 10)
    world.patient_a.save()
    (x,) = named(figure(client, world, "treatment"), "Load, 3D T1w")["x"]
    birth = world.patient_a.birth_month
    assert x == age_months(birth, EARLY) - age_months(birth, date(2024, 3, 10))


def test_who_may_not_see_loads_sees_the_levels_on_the_clock_and_nothing_of_the_images(
    client, course
):
    drawn = figure(client, course, "onset", role="coordinator")
    assert [trace["name"] for trace in drawn["data"]] == ["GMFC-MLD level", "ELFC-MLD level"]
    assert drawn["layout"]["xaxis"]["title"]["text"] == "Months since the first symptom"


def test_levels_of_elfc_alone_are_a_course(client, world: World):
    run = make_load(world.patient_a, EARLY, 20.0)
    assert "Nothing to draw yet." in page(client, world, role="coordinator")
    ElfcMldAssessment.objects.create(
        visit=run.visit,
        status=AssessmentStatus.DONE,
        level=1,
        assessed_on=EARLY,
        assessed_by=world.user("investigator"),
    )
    assert "data-chart-url" in page(client, world, role="coordinator")


def test_the_severity_score_has_a_panel_of_its_own_for_who_sees_loads():
    scores = Scores(
        gmfc=[ScoreMark(30.0, 2, "M0")], severity=[ScoreMark(30.0, float(Decimal("12.5")), "M0")]
    )
    drawn = trajectory_figure(
        title="A-001",
        loads=[LoadMark(30.0, 20.0, "3D", "M0", "2024-05-10")],
        scores=scores,
        treatments=[TreatmentMark(31.0, "HSCT")],
    )
    assert named(drawn, "MRI severity score")["yaxis"] == "y3"
    layout = drawn["layout"]
    assert layout["xaxis"]["anchor"] == "y3"
    domains = [layout[axis]["domain"] for axis in ("yaxis3", "yaxis2", "yaxis")]
    # Three panels, from below, that do not touch; the name of the treatment stands between two.
    assert all(low[1] < high[0] for low, high in pairwise(domains))
    assert domains[1][1] < layout["annotations"][0]["y"] < domains[2][0]
    hidden = trajectory_figure(title="A-001", loads=[], scores=scores, shows_loads=False)
    assert [trace["name"] for trace in hidden["data"]] == ["GMFC-MLD level"]
    assert "yaxis3" not in hidden["layout"]


def test_without_any_score_the_loads_stand_on_the_time_axis():
    drawn = trajectory_figure(
        title="A-001",
        loads=[LoadMark(30.0, 20.0, "3D", "M0", "2024-05-10")],
        scores=Scores(),
        treatments=[TreatmentMark(31.0, "HSCT")],
    )
    layout = drawn["layout"]
    assert layout["xaxis"]["anchor"] == "y"
    assert layout["yaxis"]["domain"][0] == 0
    assert not {"yaxis2", "yaxis3"} & set(layout)
    # Its name stands above the loads, where no value is hidden.
    assert layout["yaxis"]["domain"][1] < layout["annotations"][0]["y"] < 1


def test_names_of_two_treatments_stand_in_two_rows():
    drawn = trajectory_figure(
        title="A-001",
        loads=[LoadMark(30.0, 20.0, "3D", "M0", "2024-05-10")],
        scores=Scores(gmfc=[ScoreMark(30.0, 2, "M0")]),
        treatments=[TreatmentMark(31.0, "first study dose"), TreatmentMark(29.0, "HSCT")],
    )
    early, late = drawn["layout"]["annotations"]
    assert (early["text"], late["text"]) == ("HSCT", "first study dose")
    assert early["y"] == late["y"]
    assert early["yshift"] - late["yshift"] >= early["font"]["size"]
