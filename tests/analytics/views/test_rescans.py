"""What a study's own rescans say of its tolerances: the page, and that it shows no load."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from analytics.selectors.rescans import measured
from analytics.services.tolerances import what_rescans_say
from analytics.stats.reliability import DETECTABLE
from mldtrial.audit.models import AccessEvent
from mldtrial.trial.models import AcqStratum, Scan, ScanState
from mldtrial.trial.services import patients
from segmentation.imaging.protocol.rules import Severity
from segmentation.models import SegmentationRun
from segmentation.selectors.findings import excluding
from tests.support.loads import make_load, make_model, make_scan, trained_on
from tests.support.meanwhile import meanwhile
from tests.support.protocol import EXCLUDES, TE, ask_all, in_force
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAY = date(2024, 1, 10)
CHANGED = {"scanner": {"manufacturer": "Other"}}


def rescan(patient, first_ml: float, second_ml: float, *, on: date = DAY, **second) -> None:
    """Scan a patient twice: at one visit, where one scan counts and the other does not."""
    days = second.pop("days", 0)
    make_load(patient, on, first_ml, days_from_visit=0)
    second = {"days_from_visit": 0, "analysis_flag": bool(days), **second}
    make_load(patient, on + timedelta(days), second_ml, **second)


def rescan_with_t2w(world: World) -> list[SegmentationRun]:
    """Scan a patient twice at one visit, each time with a T1w and a T2w of its own."""
    rescan(world.patient_a, 50.0, 52.0)
    runs = list(SegmentationRun.objects.all())
    for run in runs:
        run.t2w_scan = make_scan(
            run.visit, "T2w", days_from_visit=0, acquisition={"EchoTime": 120.0}
        )
        run.save()
    return runs


def count(world: World) -> int:
    return sum(one.n_repeats for one in told(world).spoken)


def told(world: World):
    return what_rescans_say(world.study, by=world.user("data_manager"))


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
    html = re.sub(r"<br><small.*?</small>", "", html)
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
    said = what_rescans_say(world.study, by=world.user("data_manager")).spoken[0]
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
        ("3D, scanner or protocol changed", "1 of 1"),
        ("3D against 2D", "0 of 1"),
    ):
        assert found[name][0] == "10 mL or 17 %"
        assert (
            "not estimable: at least 10 rescans of 5 patients are needed, got 1 of 1"
            in (found[name][1])
        )
        assert found[name][3] == within
    assert found["3D, nothing changed"][2] == "0 of 0 patients"


def test_a_rescan_on_another_scanner_of_the_same_model_is_none_of_nothing_changed(
    client, world: World
):
    here, there = ({"scanner": {"model": "Prisma", "device": name}} for name in "ab")
    make_load(world.patient_a, DAY, 50.0, days_from_visit=0, **here)
    make_load(world.patient_a, DAY + timedelta(3), 58.0, days_from_visit=0, **there)
    client.force_login(world.user("data_manager"))
    page = client.get(f"/studies/{world.study.code}/rescans/").content.decode()
    assert "scanner: 1 pair<" in page
    assert "do not say their scanner" not in page
    said = {one.name: one for one in told(world).spoken}
    assert said["3D, nothing changed"].n_pairs == 0
    assert said["3D, scanner or protocol changed"].changed == [("scanner", 1)]


def test_voided_scans_and_scans_weeks_apart_are_no_rescans(client, world: World):
    rescan(world.patient_a, 50.0, 52.0, days=8)
    rescan(world.patient_b, 50.0, 52.0)
    run = SegmentationRun.objects.filter(visit__patient=world.patient_b).first()
    type(run.t1w_scan).objects.filter(pk=run.t1w_scan_id).update(state=ScanState.VOIDED)
    client.force_login(world.user("data_manager"))
    answer = client.get(reverse("rescans", args=["MLD-1"])).content.decode()
    assert "No patient has two loads within 7 days, each from images of its own." in answer
    assert "the others have no load and do not count here" in answer


@pytest.mark.parametrize("image", ["t1w_scan", "t2w_scan"])
def test_loads_whose_t1w_or_t2w_has_the_same_voxels_are_no_rescans(world: World, image: str):
    first, second = rescan_with_t2w(world)
    assert count(world) == 1
    sent_twice = getattr(first, image).voxels_sha256
    Scan.objects.filter(pk=getattr(second, image).pk).update(voxels_sha256=sent_twice)
    assert count(world) == 0


@pytest.mark.parametrize("image", ["t1w_scan", "t2w_scan"])
def test_a_load_of_a_voided_t1w_or_t2w_is_no_rescan(world: World, image: str):
    first, _ = rescan_with_t2w(world)
    Scan.objects.filter(pk=getattr(first, image).pk).update(state=ScanState.VOIDED)
    assert count(world) == 0


@pytest.mark.parametrize("rule", [EXCLUDES, replace(TE, severity=Severity.EXCLUDE)])
def test_a_load_of_a_scan_that_the_protocol_rules_leave_out_is_no_rescan(world: World, rule):
    first, _ = rescan_with_t2w(world)
    scans = Scan.objects.filter(pk__in=(first.t1w_scan_id, first.t2w_scan_id))
    scans.filter(sequence="T1w").update(voxel_size_mm=[1.0, 1.0, 8.0])
    Scan.objects.filter(sequence="T2w").exclude(pk__in=scans).update(acquisition={"EchoTime": 90.0})
    assert count(world) == 1
    in_force(world, rule)
    ask_all()
    assert excluding().get().scan_id in (first.t1w_scan_id, first.t2w_scan_id)
    assert count(world) == 0


def test_loads_of_no_known_day_are_no_rescans_and_are_counted(client, world: World):
    rescan(world.patient_a, 50.0, 44.0, days_from_visit=None)
    rescan(world.patient_b, 50.0, 52.0)
    make_load(world.patient_b, DAY + timedelta(days=400), 60.0, days_from_visit=None)
    client.force_login(world.user("data_manager"))
    assert rows(client)["3D, nothing changed"][2] == "1 of 1 patient"
    page = client.get(reverse("rescans", args=["MLD-1"])).content.decode()
    assert "<strong>2 loads</strong> of this study do not count" in page


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


def test_a_run_that_ends_between_two_statements_breaks_nothing(world: World):
    make_load(world.patient_a, DAY, 20.0)
    user = world.user("data_manager")
    number, seen = 0, 0
    while number <= seen:
        with transaction.atomic():

            def work() -> None:
                make_load(world.patient_b, DAY, 30.0, days_from_visit=0)

            with meanwhile(number, work) as sent:
                found = measured(world.study, user=user)
            seen = sent.count
            assert len(found.scans) in (0, 1), number
            transaction.set_rollback(True)
        number += 1
    assert seen > 2


def test_whom_the_method_has_learned_from_repeats_nothing(client, world: World, five):
    """A network repeats its own training patients too well."""
    client.force_login(world.user("data_manager"))
    unknown = client.get(reverse("rescans", args=["MLD-1"])).content.decode()
    assert "is not on record, so its patients could not be left out" in unknown
    trained_on(make_model(), world.patient_a)
    answer = " ".join(client.get(reverse("rescans", args=["MLD-1"])).content.decode().split())
    assert rows(client)["3D, nothing changed"][2] == "8 of 4 patients"
    assert "<strong>1 patient</strong> is left out, since a scan of theirs was in the" in answer
    assert "is not on record" not in answer
