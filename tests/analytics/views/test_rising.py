"""How monotone the courses of a study are, on the cohort page."""

import re
from datetime import date

import pytest
from django.urls import reverse

from analytics.selectors import load_columns
from analytics.services import rising
from mldtrial.trial.models import AcqStratum
from tests.support.loads import make_load
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAYS = [date(2024, month, 10) for month in (1, 4, 7, 10)]


def course(patient, *loads_ml: float, **scan) -> None:
    for day, load_ml in zip(DAYS, loads_ml, strict=False):
        make_load(patient, day, load_ml, **scan)


def panel(client, world: World, role: str = "data_manager") -> str:
    client.force_login(world.user(role))
    html = " ".join(client.get(reverse("cohort", args=["MLD-1"])).content.decode().split())
    start = html.index('id="rising"')
    return html[start : html.index("</section>", start)]


def rows(client, world: World, role: str = "data_manager") -> list[list[str]]:
    """Return the cells of the table, without markup."""
    found = re.findall(r"<tr> <th scope=\"row\">.*?</tr>", panel(client, world, role))
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in found
    ]


def test_the_shares_are_of_next_scans_and_the_noise_is_the_tolerance(client, world: World):
    course(world.patient_a, 20.0, 30.0, 28.0, 50.0)  # one fall, within 5 mL
    course(world.patient_b, 60.0, 40.0)  # one fall beyond any tolerance
    three_d, two_d = rows(client, world)
    # 2 of 4 do not fall; 3 of 4 do not fall by more than noise.
    assert three_d[:7] == ["3D", "2", "0 %", "50 %", "4", "50 %", "75 %"]
    assert three_d[8] == "11.0"  # median of falls of 2 and 20 mL
    assert two_d == ["2D", "no patient has two scans"]


def test_3d_and_2d_scans_of_a_patient_are_two_courses(client, world: World):
    course(world.patient_a, 20.0, 30.0)
    make_load(world.patient_a, DAYS[2], 5.0, acq_stratum=AcqStratum.TWO_D)
    make_load(world.patient_a, DAYS[3], 6.0, acq_stratum=AcqStratum.TWO_D)
    assert [row[1:6] for row in rows(client, world)] == [["1", "100 %", "100 %", "1", "100 %"]] * 2


def test_a_group_below_the_smallest_one_is_not_shown(world: World):
    course(world.patient_a, 20.0, 30.0)
    loads = load_columns.read(world.study, user=world.user("data_manager"))
    hidden, empty = rising.rising(loads, world.study, smallest_group=3)
    assert (hidden.found, hidden.reason) == (None, "fewer than 3 patients, not shown")
    assert empty.reason == "no patient has two scans"
    shown, _ = rising.rising(loads, world.study, smallest_group=1)
    assert shown.found is not None
    assert shown.found.n_subjects == 1


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1.0, "100 %"),
        (299 / 300, "> 99 %"),
        (0.994, "99 %"),
        (0.5, "50 %"),
        (1 / 300, "< 1 %"),
        (0.006, "1 %"),
        (0.0, "0 %"),
    ],
)
def test_one_fall_of_many_is_not_rounded_away(share: float, said: str):
    assert rising.whole_percent(share) == said
