"""The mean change of the load since the first planned visit, on the cohort page."""

import json
import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from analytics.selectors import changes, load_columns
from mldtrial.trial import policies
from mldtrial.trial.models import SITE_ROLES, AcqStratum, Patient
from mldtrial.trial.services import patients
from tests.support.loads import make_load, make_visit
from tests.support.plotly import numbers
from tests.support.world import World

pytestmark = pytest.mark.django_db
FIRST = date(2023, 5, 10)


@pytest.fixture
def three(world: World) -> list[Patient]:
    """Three patients, whose loads rise by 10, 20 and 30 mL from month 0 to month 6."""
    third = patients.create_patient(
        site=world.site_a,
        subject_code="A-003",
        sex="F",
        birth_month=date(2020, 3, 1),
        onset_age_months=20,
        by=None,
    )
    made = [world.patient_a, world.patient_b, third]
    for number, patient in enumerate(made, 1):
        load(patient, "M00", 50.0)
        load(patient, "M06", 50.0 + 10 * number)
    return made


def load(patient: Patient, code: str, load_ml: float, **scan) -> None:
    definition = patient.study.visit_definitions.get(code=code)
    day = FIRST + timedelta(days=definition.target_day)
    planned = {"definition": definition, "number": definition.number, "name": definition.name}
    make_visit(patient, day, **planned)
    make_load(patient, day, load_ml, **scan)


def found(world: World, smallest_group: int = 1):
    loads = load_columns.read(world.study, user=world.user("data_manager"))
    return changes.by_visit(loads, smallest_group=smallest_group)


def test_the_page_gives_the_mean_of_the_patients_by_visit(client, world: World, three):
    client.force_login(world.user("sponsor"))
    html = " ".join(client.get(reverse("cohort", args=["MLD-1"])).content.decode().split())
    row = re.search(r'aria-label="Change of the load by visit".*?<tbody>(.*?)</tr>', html)
    assert row is not None
    # By hand: mean 20, standard deviation 10, error 10 / sqrt 3, times 4.303.
    assert "<strong>20.0</strong> (-4.8 to 44.8)" in row[1]
    assert "after treatment" not in row[1]


def another(world: World, code: str) -> Patient:
    return patients.create_patient(
        site=world.site_a, subject_code=code, sex="F", birth_month=date(2020, 3, 1), by=None
    )


def figures(client, world: World) -> dict[str, dict]:
    """Return the figures of the page by what they are called."""
    client.force_login(world.user("sponsor"))
    shown = client.get(reverse("cohort", args=["MLD-1"])).context["change_figures"]
    return {one["numbers"]: json.loads(one["figure"]) for one in shown}


def test_the_figure_draws_the_means_of_the_table_and_no_visit_without_one(
    client, world: World, three
):
    load(three[0], "M12", 90.0)
    fourth = another(world, "A-004")
    for place, code in enumerate(("M06", "M12")):
        load(fourth, code, 70.0 + place, acq_stratum=AcqStratum.TWO_D)
    drawn = figures(client, world)
    assert list(drawn) == ["changes-3D", "changes-2D"]
    (trace,) = drawn["changes-3D"]["data"]
    assert numbers(trace["y"]).tolist() == pytest.approx([0, 20])
    half = 4.302653 * 10 / 3**0.5
    for side in ("array", "arrayminus"):
        assert trace["error_y"][side] == pytest.approx([0, half], rel=1e-6)
    assert drawn["changes-3D"]["layout"]["xaxis"]["ticktext"][1].endswith("n 3")
    assert drawn["changes-2D"]["data"] == []
    assert "No mean" in drawn["changes-2D"]["layout"]["annotations"][0]["text"]
    shown = page(client, world)
    assert shown.count("The means of the table below.") == 1
    assert "No mean of 2D scans is estimable: the table below says why" in shown


def test_the_figure_hides_a_group_that_the_table_hides(
    client, world: World, three, monkeypatch: pytest.MonkeyPatch
):
    for number in (4, 5, 6):
        load(another(world, f"A-00{number}"), "M00", 50.0)
    monkeypatch.setitem(policies.ACTIONS, "view_patient", SITE_ROLES)
    drawn = figures(client, world)
    assert drawn["changes-3D"]["data"] == []
    assert "fewer than 5 patients, not shown" in page(client, world)


def test_a_name_of_a_visit_is_text_and_two_visits_of_one_name_stay_two(client, world: World, three):
    for number, patient in enumerate(three):
        load(patient, "M12", 80.0 + 5 * number)
        patient.visits.exclude(definition__code="M00").update(name="<b>Later</b>")
    (drawn,) = figures(client, world).values()
    ticks = drawn["layout"]["xaxis"]["ticktext"]
    assert len(ticks) == 3
    assert all("&lt;b&gt;Later" in one for one in ticks[1:])


def test_without_a_change_the_page_says_so(client, world: World):
    make_load(world.patient_a, FIRST, 20.0)
    assert figures(client, world) == {}
    assert "No mean change: no patient has a load at the first planned visit" in page(client, world)


def page(client, world: World) -> str:
    client.force_login(world.user("sponsor"))
    return client.get(reverse("cohort", args=["MLD-1"])).content.decode()


def test_3d_and_2d_are_never_set_against_each_other(world: World, three):
    load(three[0], "M12", 90.0, acq_stratum=AcqStratum.TWO_D)
    assert [(one.stratum, one.n) for one in found(world)] == [("3D", 3)]


def test_a_patient_without_a_first_load_and_an_unplanned_visit_are_left_out(world: World, three):
    fourth = patients.create_patient(
        site=world.site_a, subject_code="A-004", sex="F", birth_month=date(2020, 3, 1), by=None
    )
    load(fourth, "M06", 300.0)
    make_load(three[0], FIRST + timedelta(days=40), 300.0)
    (only,) = found(world)
    assert (only.n, only.found.mean) == (3, pytest.approx(20.0))


def test_two_patients_have_no_interval_and_a_small_group_is_not_shown(world: World, three):
    load(three[0], "M12", 90.0)
    load(three[1], "M12", 95.0)
    _, late = found(world)
    assert (late.n, late.found, late.reason) == (2, None, "fewer than 3 patients")
    hidden = found(world, smallest_group=5)
    assert {(one.n, one.found, one.reason) for one in hidden} == {
        (0, None, "fewer than 5 patients, not shown")
    }


def test_a_renamed_visit_is_the_same_visit_under_its_newest_name(world: World, three):
    """And one load at an earlier, rarer visit moves the baseline of nobody."""
    last = three[2].visits.get(definition__code="M06")
    last.name, last.date = "Half a year", last.date + timedelta(days=3)
    last.save()
    for number in (4, 5):
        more = patients.create_patient(
            site=world.site_a, subject_code=f"A-00{number}", sex="F",
            birth_month=date(2020, 3, 1), by=None,
        )  # fmt: skip
        load(more, "M00", 50.0)
        load(more, "M06", 70.0)
    early = FIRST - timedelta(days=30)
    screening = world.study.visit_definitions.get(code="M12")
    make_visit(three[0], early, definition=screening, number=0, name="Screening")
    make_load(three[0], early, 300.0)
    (only,) = found(world)
    assert (only.visit_name, only.n) == ("Half a year", 5)
    assert only.found.mean == pytest.approx(20.0)


def test_each_stratum_says_since_which_visit_its_loads_have_changed(client, world: World, three):
    """2D scans begin half a year later than 3D ones: neither hides the other."""
    fourth = patients.create_patient(
        site=world.site_a, subject_code="A-006", sex="F", birth_month=date(2020, 3, 1), by=None
    )
    for code, load_ml in (("M06", 60.0), ("M12", 75.0)):
        load(fourth, code, load_ml, acq_stratum=AcqStratum.TWO_D)
    rows = [(one.stratum, one.baseline, one.visit_name, one.n) for one in found(world)]
    assert [(stratum, n) for stratum, _, _, n in rows] == [("3D", 3), ("2D", 1)]
    assert rows[0][2] == rows[1][1] != rows[0][1]
    client.force_login(world.user("sponsor"))
    html = client.get(reverse("cohort", args=["MLD-1"])).content.decode()
    for _, baseline, visit_name, _ in rows:
        assert f"{visit_name} <small>since {baseline}</small>" in html
