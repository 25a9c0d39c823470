"""The fitted line of a course: the number and the reach of the words, on every clock and unit."""

import json
from datetime import date

import pytest
from django.db import connection
from django.template.defaultfilters import floatformat
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from scipy.stats import theilslopes

from analytics.figures.course import FittedLine, LoadMark, Scores
from analytics.figures.trajectory import trajectory_figure
from analytics.selectors import measures
from analytics.selectors.slopes import Slope
from analytics.views import charts
from mldtrial.trial.models import Treatment
from mldtrial.trial.rules.age import age_months
from tests.support.loads import make_load, make_tissue
from tests.support.papers import text_of
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAYS = [
    date(2023, 5, 10),
    date(2023, 11, 10),
    date(2024, 5, 10),
    date(2024, 12, 1),
    date(2025, 5, 9),
]
LOADS_ML = [20.0, 31.5, 35.25, 60.0, 58.75]
BRAINS_ML = [1000.0, 990.0, 970.0, 980.0, 950.0]
TREATED = date(2024, 8, 10)


@pytest.fixture
def course(world: World) -> World:
    """Five loads, of which the fourth was scanned long after its visit, and a treatment."""
    world.patient_a.onset_age_months = 20
    world.patient_a.save()
    for day, load_ml, brain_ml in zip(DAYS, LOADS_ML, BRAINS_ML, strict=True):
        run = make_load(world.patient_a, day, load_ml, days_from_visit=40 * (day == DAYS[3]))
        make_tissue(run, BRNVOL=brain_ml)
    Treatment.objects.create(patient=world.patient_a, kind="HSCT", started_on=TREATED)
    return world


def figure(client, world: World, role: str = "data_manager", **query: str):
    client.force_login(world.user(role))
    address = reverse("patient_trajectory", args=["MLD-1", world.patient_a.pk])
    return client.get(address, query).json()


def lines(drawn):
    return [trace for trace in drawn["data"] if trace.get("name", "").startswith("Fitted line")]


def page(client, world: World, **query: str) -> str:
    client.force_login(world.user("data_manager"))
    address = reverse("patient", args=["MLD-1", world.patient_a.pk])
    return " ".join(client.get(address, query).content.decode().split())


def began(world: World, against: str) -> float:
    treated = age_months(world.patient_a.birth_month, TREATED)
    return {"": 0.0, "onset": 20.0, "treatment": treated}[against]


@pytest.mark.parametrize("against", ["", "onset", "treatment"])
@pytest.mark.parametrize(
    ("load_as", "unit", "digits", "values"),
    [
        ("", "mL", 1, LOADS_ML),
        ("brain", "% of brain", 2, [100 * a / b for a, b in zip(LOADS_ML, BRAINS_ML, strict=True)]),
    ],
)
def test_the_line_is_the_fit_of_the_words_on_every_clock_and_in_every_unit(
    client, course, against, load_as, unit, digits, values
):
    query = {"against": against, "load_as": load_as}
    drawn = figure(client, course, **query)
    (line,) = lines(drawn)
    months = next(t for t in drawn["data"] if t.get("name") == "Load, 3D T1w")["x"]
    fit = theilslopes(values, months, method="joint")
    assert line["x"] == pytest.approx([months[0], months[-1]])
    assert line["y"] == pytest.approx([fit.intercept + fit.slope * at for at in line["x"]])
    assert months[0] == age_months(course.patient_a.birth_month, DAYS[0]) - began(course, against)
    said = f"{12 * fit.slope:.{digits}f} {unit} a year"
    assert line["name"].replace("<br>", " ") == f"Fitted line, 3D: {said}"
    told = f"Slope: <strong>{said}</strong> (Theil–Sen, 5 loads; 95 % interval"
    assert told in page(client, course, **query)
    paper = client.get(reverse("patient_pdf", args=["MLD-1", course.patient_a.pk]), query)
    text = text_of(paper.content)
    assert f"Slope: {said} (Theil–Sen, 5 loads; 95 % interval" in text
    assert f"Fitted line, 3D: {said}" in text


def test_the_line_lies_behind_the_loads_and_takes_no_click(client, course):
    drawn = figure(client, course)
    (line,) = lines(drawn)
    names = [trace.get("name", "") for trace in drawn["data"]]
    assert names.index(line["name"]) < names.index("Load, 3D T1w")
    assert line["hoverinfo"] == "skip"


def test_the_legend_rounds_as_the_words_do(world: World):
    """Python alone would round 12.25 to an even digit, the page rounds it up."""
    patient, user = world.patient_a, world.user("data_manager")
    slope = Slope(12.25, None, None, 3, False, ("3D",), ((40.0, 10.0), (50.0, 20.0)))
    drawn = charts.course(
        patient,
        series=[],
        measured=measures.measured([], measures.ML, user=user),
        slope=slope,
        reviewed=[],
        rows=[],
        treatments=[],
        sees_loads=True,
    )
    assert drawn.fitted is not None
    assert drawn.fitted.rate == f"{floatformat(12.25, 1)} mL a year" == "12.3 mL a year"


def test_a_line_over_both_strata_names_both(client, world: World):
    for day, stratum in zip(DAYS, ("2D", "3D", "2D", "3D", "3D"), strict=True):
        make_load(world.patient_a, day, 10.0 + DAYS.index(day), acq_stratum=stratum)
    (line,) = lines(figure(client, world))
    assert line["name"].startswith("Fitted line, 3D and 2D:<br>")  # a phone has no room for more


@pytest.mark.parametrize("loads_ml", [(10.0,), (10.0, 20.0), (10.0, 10.0, 10.0)])
def test_where_the_words_say_not_estimable_no_line_is_drawn(client, world: World, loads_ml):
    for day, load_ml in zip(DAYS, loads_ml, strict=False):
        make_load(world.patient_a, day, load_ml)
    assert lines(figure(client, world)) == []
    assert "Slope: not estimable" in page(client, world)
    paper = client.get(reverse("patient_pdf", args=["MLD-1", world.patient_a.pk]))
    text = text_of(paper.content)
    assert "Slope: not estimable" in text
    assert "Fitted line" not in text


def test_who_sees_no_loads_is_sent_no_line(client, course):
    assert lines(figure(client, course, role="coordinator")) == []
    drawn = trajectory_figure(
        title="A-001",
        loads=[LoadMark(30.0, 20.0, "3D", "M0", "2024-05-10")],
        scores=Scores(),
        shows_loads=False,
        fitted=FittedLine("Fitted line", "9 mL a year", (30.0, 20.0), (40.0, 30.0)),
    )
    assert lines(drawn) == []


def test_the_line_is_one_trace_of_two_points_and_asks_the_database_nothing(
    client, world: World, django_assert_num_queries
):
    for day in DAYS[:2]:
        make_load(world.patient_a, day, 10.0 + day.month)
    figure(client, world)
    with CaptureQueriesContext(connection) as without:
        assert lines(figure(client, world)) == []
    for day in DAYS[2:]:
        make_load(world.patient_a, day, 10.0 + day.month)
    with django_assert_num_queries(len(without)):
        (line,) = lines(figure(client, world))
    assert (len(line["x"]), len(line["y"])) == (2, 2)
    assert len(json.dumps(line)) < 400
