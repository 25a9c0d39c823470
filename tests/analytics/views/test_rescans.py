"""What a study's own rescans say of its tolerances: the page, and that it shows no load."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from analytics.services.tolerances import what_rescans_say
from analytics.stats.reliability import DETECTABLE
from mldtrial.audit.models import AccessEvent
from mldtrial.trial.models import AcqStratum, ScanState
from mldtrial.trial.services import patients
from segmentation.models import SegmentationRun
from tests.support.loads import make_load
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAY = date(2024, 1, 10)
CHANGED = {"scanner": {"manufacturer": "Other"}}


def rescan(patient, first_ml: float, second_ml: float, *, on: date = DAY, **second) -> None:
    """Scan a patient twice: at one visit, where one scan counts and the other does not."""
    days = second.pop("days", 0)
    make_load(patient, on, first_ml)
    make_load(patient, on + timedelta(days), second_ml, analysis_flag=bool(days), **second)


def _another(world: World, number: int):
    return patients.create_patient(
        site=world.site_a,
        subject_code=f"A-00{number}",
        sex="F",
        birth_month=date(2020, 3, 1),
        onset_age_months=20,
        by=None,
    )


@pytest.fixture
def five(world: World):
    """Two rescans of each of five patients: 2, 1, 3, 0 and 2 mL apart, at 50 mL."""
    made = [world.patient_a, world.patient_b, *(_another(world, n) for n in (3, 4, 5))]
    for patient, apart in zip(made, (2, -1, 3, 0, -2), strict=True):
        for on in (DAY, DAY + timedelta(days=200)):
            rescan(patient, 50.0 + apart, 50.0, on=on)
    return made


def rows(client, role: str = "data_manager") -> dict[str, list[str]]:
    answer = client.get(reverse("rescans", args=["MLD-1"]))
    assert answer.status_code == 200
    html = " ".join(answer.content.decode().split())
    found = re.findall(r"<tr> <th scope=\"row\">.*?</tr>", html)
    cells = [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in found
    ]
    return {row[0]: row[1:] for row in cells}


def test_the_estimate_stands_beside_the_setting(client, world: World, five):
    client.force_login(world.user("data_manager"))
    found = rows(client)["3D, nothing changed"]
    assert found[0] == "5 mL or 8 %"
    # The vector of the field's reference, 2.77 x 1.341641 mL.
    assert found[1].startswith("3.7 mL (")
    assert found[2:] == ["10 of 5 patients", "10 of 10"]
    assert "50.0" not in " ".join(found)
    said = what_rescans_say(world.study, by=world.user("data_manager"))[0]
    assert said.ml.found.value == pytest.approx(3.718839, abs=1e-6)
    squares = sum((100 * d / (50 + d / 2)) ** 2 for d in (2, -1, 3, 0, -2))
    assert said.percent.found.value == pytest.approx(DETECTABLE * (squares / 10) ** 0.5)


def test_the_study_is_not_changed_and_a_narrower_setting_holds_fewer(client, world: World, five):
    world.study.tolerance_same_ml, world.study.tolerance_same_percent = 1, 0
    world.study.save()
    client.force_login(world.user("statistician"))
    found = rows(client)["3D, nothing changed"]
    assert (found[0], found[3]) == ("1 mL or 0 %", "4 of 10")
    world.study.refresh_from_db()
    assert world.study.tolerance_same_ml == 1


def test_changed_scanners_and_strata_have_rows_of_their_own_and_too_few_no_number(
    client, world: World
):
    rescan(world.patient_a, 50.0, 58.0, days=3, **CHANGED)
    rescan(world.patient_b, 50.0, 70.0, days=3, acq_stratum=AcqStratum.TWO_D)
    client.force_login(world.user("data_manager"))
    found = rows(client)
    for name, within in (
        ("3D, scanner or sequences changed", "1 of 1"),
        ("3D against 2D", "0 of 1"),
    ):
        assert found[name][0] == "10 mL or 17 %"
        assert (
            "not estimable: at least 10 rescans of 5 patients are needed, got 1 of 1"
            in (found[name][1])
        )
        assert found[name][3] == within
    assert found["3D, nothing changed"][2] == "0 of 0 patients"


def test_voided_scans_and_scans_weeks_apart_are_no_rescans(client, world: World):
    rescan(world.patient_a, 50.0, 52.0, days=8)
    rescan(world.patient_b, 50.0, 52.0)
    run = SegmentationRun.objects.filter(visit__patient=world.patient_b).first()
    type(run.t1w_scan).objects.filter(pk=run.t1w_scan_id).update(state=ScanState.VOIDED)
    client.force_login(world.user("data_manager"))
    answer = client.get(reverse("rescans", args=["MLD-1"]))
    assert "No patient was scanned again within 7 days." in answer.content.decode()


def test_the_look_at_a_blinded_study_is_logged(client, world: World):
    rescan(world.patient_a, 50.0, 52.0)
    world.study.blinding = "BLINDED"
    world.study.save()
    client.force_login(world.user("data_manager"))
    rows(client)
    assert AccessEvent.objects.latest("pk").details == {"what": "tolerances from rescans"}


@pytest.mark.parametrize("role", ["sponsor", "administrator", "coordinator", "monitor"])
def test_who_may_not_compare_methods_sees_no_rescans(client, world: World, role: str):
    client.force_login(world.user(role))
    assert client.get(reverse("rescans", args=["MLD-1"])).status_code == 403
