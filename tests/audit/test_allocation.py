"""The page by which arms come in: checked, kept as a whole, and never shown back."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mldtrial.audit.context import acting
from mldtrial.audit.models import AccessEvent
from mldtrial.trial import selectors
from mldtrial.trial.models import Membership, Study
from mldtrial.trial.services import unblinding
from tests.support.locking import second_manager
from tests.support.world import PASSWORD, World

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.requirement("ICH-E6R3-4.1"),
]

VERUM, CONTROL = "VERUM-7Q", "CONTROL-3X"
GOOD = f"subject_code,arm\nA-001,{VERUM}\nB-001,{CONTROL}\n"
URL = "/studies/MLD-1/allocation/"


@pytest.fixture
def blinded(world: World) -> World:
    Study.objects.filter(pk=world.study.pk).update(blinding="BLINDED")
    world.study.refresh_from_db()
    return world


def signed_in(world: World, key: str = "administrator") -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


def check(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("allocation.csv", text.encode())
    return client.post(URL, {"action": "check", "file": file})


def keep(client: Client, text: str, shown: Any, **more: str) -> Any:
    mark = re.search(r'name="checked" value="([^"]*)"', shown.content.decode())
    typed = {
        "action": "load",
        "checked": mark.group(1) if mark else "",
        "file": SimpleUploadedFile("allocation.csv", text.encode()),
        "password": PASSWORD,
    }
    return client.post(URL, {**typed, **more})


def arm_told_in_an_emergency(world: World) -> str | None:
    by = world.user("investigator")
    world.patient_a.refresh_from_db()
    with acting(user=by, origin="web"):
        unblinding.unblind_in_emergency(
            patient=world.patient_a, reason="Seizure", password=PASSWORD, by=by
        )
    return selectors.arm_of(world.patient_a, user=by)


def test_a_check_shows_the_fate_of_each_row_and_keeps_nothing(blinded: World):
    text = (
        f"subject_code,arm\nA-001,{VERUM}\nNOBODY,{CONTROL}\nB-001,not a code!\nA-001,{CONTROL}\n"
    )
    answer = check(signed_in(blinded), text)
    fates = [(f.number, f.subject_code, f.problem) for f in answer.context["checked"].fates]
    assert fates[0] == (1, "A-001", "")
    assert fates[1] == (2, "NOBODY", "the study has no such subject code.")
    assert fates[2][2].startswith("the arm is no code.")
    assert fates[3][2] == "this subject code stands twice in the file."
    page = answer.content.decode()
    assert "4 rows, 3 refused" in page
    assert "Keep the allocation" not in page
    assert arm_told_in_an_emergency(blinded) is None


def test_what_was_checked_is_kept_logged_and_told_to_nobody(blinded: World):
    client = signed_in(blinded)
    checked = check(client, GOOD)
    answer = keep(client, GOOD, checked)
    assert answer.status_code == 302
    shown = client.get(URL).content.decode()
    assert "The arms of 2 patients were kept." in shown
    for page in (checked.content.decode(), shown):
        assert VERUM not in page
        assert CONTROL not in page
    logged = AccessEvent.objects.get(action="ALLOCATION")
    assert (logged.user, logged.study_id) == (blinded.user("administrator"), blinded.study.pk)
    assert logged.details == {"row_count": 2}
    told = {key: selectors.arms(blinded.study, user=user) for key, user in blinded.users.items()}
    assert set(map(len, told.values())) == {0}
    assert arm_told_in_an_emergency(blinded) == VERUM


def test_another_file_than_the_checked_one_is_refused(blinded: World):
    client = signed_in(blinded)
    other = GOOD.replace(VERUM, CONTROL)
    answer = keep(client, other, check(client, GOOD))
    assert answer.status_code == 422
    assert "This is not the file that was checked." in answer.content.decode()
    assert not AccessEvent.objects.filter(action="ALLOCATION").exists()


def test_the_password_is_asked_for(blinded: World):
    client = signed_in(blinded)
    answer = keep(client, GOOD, check(client, GOOD), password="wrong")
    assert answer.status_code == 422
    assert "This is not your password." in answer.content.decode()
    assert arm_told_in_an_emergency(blinded) is None


def test_a_row_that_cannot_be_kept_keeps_the_others_out_too(blinded: World):
    client = signed_in(blinded)
    mixed = f"subject_code,arm\nA-001,{VERUM}\nNOBODY,{CONTROL}\n"
    mark = {"checked": check(client, mixed).context["checked"].mark}
    answer = keep(client, mixed, check(client, mixed), **mark)
    assert answer.status_code == 422
    assert "Row 2: the study has no such subject code." in answer.content.decode()
    assert arm_told_in_an_emergency(blinded) is None


@pytest.mark.parametrize("arm", [VERUM, CONTROL])
def test_a_patient_with_an_arm_is_refused_in_the_same_words_whatever_the_arm(
    blinded: World, arm: str
):
    client = signed_in(blinded)
    keep(client, GOOD, check(client, GOOD))
    again = check(client, f"subject_code,arm\nA-001,{arm}\n").context["checked"]
    assert [fate.problem for fate in again.fates] == [
        "this patient is allocated already. A wrong allocation is corrected by the owner of the "
        "database, never by a second file."
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("arm,subject_code\nV,A-001\n", "Expected the columns subject_code and arm"),
        (f"subject_code,arm\nA-001,{VERUM},x\n", "Row 1: expected two cells, found 3."),
        ("subject_code,arm\n", "The file holds no row below its header."),
    ],
)
def test_a_file_that_is_no_allocation_is_refused_in_words(blinded: World, text: str, sentence: str):
    answer = check(signed_in(blinded), text)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert VERUM not in answer.content.decode()


def grant(world: World) -> None:
    held = Membership.objects.get(user=world.user("statistician"))
    by, other = world.user("data_manager"), second_manager(world)
    with acting(user=by, origin="web"):
        asked = unblinding.request_unblinding(
            study=world.study, statistician=held, reason="DSMB", password=PASSWORD, by=by
        )
    with acting(user=other, origin="web"):
        unblinding.decide_unblinding(
            study=world.study,
            request=asked,
            is_approved=True,
            reason="DSMB",
            password=PASSWORD,
            by=other,
        )


def test_a_statistician_takes_arms_in_once_they_are_granted_on_record(blinded: World):
    client = signed_in(blinded, "statistician")
    overview = reverse("study_overview", args=["MLD-1"])
    assert client.get(URL).status_code == 403
    assert URL not in client.get(overview).content.decode()
    grant(blinded)
    assert URL in client.get(overview).content.decode()
    assert keep(client, GOOD, check(client, GOOD)).status_code == 302


def test_the_settings_lead_the_administrator_to_the_page(blinded: World):
    settings = reverse("study_settings", args=["MLD-1"])
    assert URL in signed_in(blinded).get(settings).content.decode()
    assert URL not in signed_in(blinded, "data_manager").get(settings).content.decode()


def test_the_page_says_to_whom_arms_will_be_shown(world: World):
    client = signed_in(world)
    assert "This study is open" in client.get(URL).content.decode()
    Study.objects.filter(pk=world.study.pk).update(blinding="BLINDED")
    assert "shown to nobody, you included" in client.get(URL).content.decode()
