from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import NotDone, ProtocolDeviation, Visit
from mldtrial.trial.services import deviations, participation, patients, visits
from tests.support.forms import send
from tests.support.world import World

pytestmark = pytest.mark.django_db


def signed_in(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


@pytest.fixture
def coordinator(world: World) -> Client:
    return signed_in(world, "coordinator")


def patient_page(world: World, client: Client) -> str:
    url = reverse("patient", args=["MLD-1", world.patient_a.pk])
    return " ".join(client.get(url).content.decode().split())


def planned_url(world: World, code: str) -> str:
    definition = world.study.visit_definitions.get(code=code)
    return reverse("visit_not_done", args=["MLD-1", world.patient_a.pk, definition.pk])


def test_planned_visits_stand_on_the_patients_page_with_their_windows(
    world: World, coordinator: Client
):
    page = patient_page(world, coordinator)
    assert "2023-10-26 to 2023-11-23" in page
    assert planned_url(world, "M06") in page


def test_whoever_enters_nothing_is_offered_nothing(world: World):
    page = patient_page(world, signed_in(world, "monitor"))
    assert "2023-10-26 to 2023-11-23" in page
    assert planned_url(world, "M06") not in page


@pytest.mark.parametrize(
    ("ended_on", "is_expected"),
    [
        (date(2023, 10, 25), False),
        (date(2023, 10, 26), False),
        (date(2023, 11, 23), False),
        (date(2023, 11, 24), True),
    ],
)
def test_nobody_expects_a_visit_whose_window_closes_after_follow_up_ended(
    world: World, coordinator: Client, ended_on: date, is_expected: bool
):
    participation.record_step(patient=world.patient_a, step="LOST", happened_on=ended_on, by=None)
    page = patient_page(world, coordinator)
    said = f"not expected: follow-up ended on {ended_on}"
    row = next(row for row in page.split("<tr>") if "2023-10-26 to 2023-11-23" in row)
    assert (said in row, "overdue" in row) == (not is_expected, is_expected)
    assert (planned_url(world, "M06") in row) == is_expected
    # What may have taken place before the end can be recorded still.
    assert ("?planned=" in row) == (ended_on >= date(2023, 10, 26))


def test_a_visit_not_done_is_said_in_words(world: World, coordinator: Client):
    answer = coordinator.post(planned_url(world, "M06"), {"reason": "Could not travel"})
    assert answer.status_code == 302
    assert "not done: Could not travel" in patient_page(world, coordinator)


def test_a_visit_not_done_without_a_reason_is_refused(world: World, coordinator: Client):
    answer = coordinator.post(planned_url(world, "M06"), {"reason": " "})
    assert answer.status_code == 422
    assert answer.context["form"].errors["reason"] == ["Give the reason."]
    assert not NotDone.objects.exists()


def test_a_scan_not_done_is_said_in_words_and_can_be_taken_back(world: World, coordinator: Client):
    url = reverse("scan_not_done", args=["MLD-1", world.visit_a.pk])
    coordinator.post(url, {"sequence": "T2w", "reason": "No sedation"})
    assert "T2w not done: No sedation" in patient_page(world, coordinator)
    declared = NotDone.objects.get()
    answer = send(
        coordinator,
        reverse("not_done_edit", args=["MLD-1", declared.pk]),
        what="take-back",
        reason="No sedation",
        change_reason="The scan was found",
    )
    assert answer.status_code == 302
    assert "T2w not done:" not in patient_page(world, coordinator)


def test_the_images_say_what_was_not_done(world: World, coordinator: Client):
    for sequence in ("T1w", "T2w"):
        visits.declare_scan_not_done(
            visit=world.visit_a,
            sequence=sequence,
            reason="No sedation",
            by=world.user("coordinator"),
        )
    url = reverse("visit_status", args=["MLD-1", world.visit_a.pk])
    assert "T1w and T2w not done" in coordinator.get(url).content.decode()


def test_the_reason_of_a_declaration_is_corrected(world: World, coordinator: Client):
    coordinator.post(planned_url(world, "M06"), {"reason": "Could not travel"})
    url = reverse("not_done_edit", args=["MLD-1", NotDone.objects.get().pk])
    given = {"what": "keep", "reason": "Illness", "change_reason": ""}
    assert coordinator.post(url, given).status_code == 422
    send(coordinator, url, **{**given, "change_reason": "Chart"})
    assert NotDone.objects.get().reason == "Illness"


def test_the_work_list_opens_the_form_at_the_visit_it_names(world: World, coordinator: Client):
    definition = world.study.visit_definitions.get(code="M12")
    url = reverse("visit_new", args=["MLD-1", world.patient_a.pk])
    form = coordinator.get(f"{url}?planned={definition.pk}").context["form"]
    assert form.initial == {"definition": definition, "date": None}
    assert coordinator.get(f"{url}?planned=nonsense").status_code == 200


def test_a_visit_is_moved_with_a_reason(world: World, coordinator: Client):
    url = reverse("visit_edit", args=["MLD-1", world.visit_a.pk])
    assert coordinator.post(url, {"date": "2023-05-11", "reason": ""}).status_code == 422
    answer = send(coordinator, url, date="2023-05-11", reason="Chart")
    assert answer.status_code == 302
    assert Visit.objects.get(pk=world.visit_a.pk).date == date(2023, 5, 11)


def late_visit(world: World) -> ProtocolDeviation:
    patients.create_visit(
        patient=world.patient_a,
        definition=world.study.visit_definitions.get(code="M06"),
        visit_date=date(2023, 11, 25),
        by=None,
    )
    return ProtocolDeviation.objects.get()


@pytest.mark.parametrize("key", ["data_manager", "monitor", "coordinator", "auditor", "sponsor"])
def test_a_deviation_is_listed_for_who_sees_the_patient(world: World, key):
    late_visit(world)
    url = reverse("deviations", args=["MLD-1"])
    assert "2 days after its window" in signed_in(world, key).get(url).content.decode()


def test_a_deviation_is_not_listed_for_another_site(world: World):
    late_visit(world)
    url = reverse("deviations", args=["MLD-1"])
    assert "A-001" not in signed_in(world, "monitor_b").get(url).content.decode()


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("", True),
        ("?group=Conduct", True),
        ("?group=Image", False),
        ("?state=CLOSED", False),
        ("?state=all", True),
    ],
)
def test_deviations_are_filtered_by_state_and_group(world: World, query, is_there):
    late_visit(world)
    page = signed_in(world, "data_manager").get(reverse("deviations", args=["MLD-1"]) + query)
    assert ("A-001" in page.content.decode()) is is_there


def test_a_deviation_is_described_and_closed_on_its_page(world: World):
    deviation = late_visit(world)
    client = signed_in(world, "data_manager")
    url = reverse("deviation", args=["MLD-1", deviation.pk])
    assert client.post(url, {"description": "", "reason": "x"}).status_code == 422
    send(client, url, description="The family was ill.", reason="Call")
    assert client.post(url, {"action": "close", "reason": ""}).status_code == 422
    client.post(url, {"action": "close", "reason": "Minor"})
    page = client.get(url).content.decode()
    assert "The family was ill." in page
    assert "Recorded by the schedule" in page
    assert "Closed by Data Manager" in page


def test_a_deviation_that_somebody_else_has_closed_says_so_and_keeps_what_was_typed(world: World):
    deviation = late_visit(world)
    deviations.close_deviation(
        deviation=deviation, reason="Assessed", by=world.user("data_manager")
    )
    url = reverse("deviation", args=["MLD-1", deviation.pk])
    typed = {"action": "close", "reason": "Minor, as the others"}
    answer = signed_in(world, "data_manager").post(url, typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This deviation is closed already." in page
    assert "Minor, as the others" in page


def test_what_nobody_can_do_with_a_deviation_is_a_bad_request(world: World):
    url = reverse("deviation", args=["MLD-1", late_visit(world).pk])
    assert signed_in(world, "data_manager").post(url, {"action": "burn"}).status_code == 400


def test_a_deviation_is_recorded_by_hand(world: World, coordinator: Client):
    url = reverse("deviation_new", args=["MLD-1", world.patient_a.pk])
    given = {"visit": str(world.visit_a.pk), "code": "MOTION", "description": "Grade 3"}
    assert coordinator.post(url, {**given, "code": "RAIN"}).status_code == 422
    assert coordinator.post(url, given).status_code == 302
    assert ProtocolDeviation.objects.get().opened_by == world.user("coordinator")


def test_a_level_not_taken_is_one_click_from_the_work_list(world: World, coordinator: Client):
    url = reverse("gmfc_record", args=["MLD-1", world.visit_a.pk])
    assert coordinator.get(f"{url}?not_done").context["form"].initial["status"] == "NOT_DONE"
