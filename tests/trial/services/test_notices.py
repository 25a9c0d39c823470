from datetime import date, timedelta
from io import StringIO
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Audience, Membership, Notices, Patient
from mldtrial.trial.rules.calendar import today_in
from mldtrial.trial.services import notices, patients, queries
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def coming(world: World) -> Patient:
    """Enrol a patient of site A today: every visit is due or to come."""
    return patients.create_patient(
        site=world.site_a,
        subject_code="A-010",
        sex="F",
        birth_month=date(2020, 3, 1),
        enrolled_on=today_in("UTC"),
        by=None,
    )


def feed(token: str) -> str:
    answer = Client().get(reverse("calendar_feed", args=[token]))
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)


def test_a_calendar_holds_the_windows_of_the_own_site_by_subject_code(
    world: World, coming: Patient
):
    text = feed(notices.new_calendar_link(by=world.user("coordinator")))
    first = coming.enrolled_on - timedelta(days=14)
    assert "SUMMARY:Study visit A-010\r\n" in text
    assert f"DTSTART;VALUE=DATE:{first:%Y%m%d}" in text
    assert text.count("BEGIN:VEVENT") == 6
    assert "Month" not in text
    assert "B-001" not in text


def test_another_site_gets_nothing_of_it(world: World, coming: Patient):
    assert "A-010" not in feed(notices.new_calendar_link(by=world.user("coordinator_b")))


def test_an_event_keeps_its_name_when_its_window_moves(world: World, coming: Patient):
    token = notices.new_calendar_link(by=world.user("coordinator"))
    before = {line for line in feed(token).split("\r\n") if line.startswith("UID")}
    coming.enrolled_on -= timedelta(days=3)
    coming.save()
    assert {line for line in feed(token).split("\r\n") if line.startswith("UID")} == before


def test_a_revoked_replaced_or_made_up_link_opens_nothing(world: World, coming: Patient):
    by = world.user("coordinator")
    old = notices.new_calendar_link(by=by)
    new = notices.new_calendar_link(by=by)
    assert feed(old) == "404"
    assert "A-010" in feed(new)
    notices.revoke_calendar_link(by=by)
    assert feed(new) == "404"
    assert feed("x" * 43) == "404"


def test_a_link_ends_with_the_role_and_with_the_login(world: World, coming: Patient):
    by = world.user("coordinator")
    token = notices.new_calendar_link(by=by)
    Membership.objects.filter(user=by).update(is_active=False)
    assert "A-010" not in feed(token)
    by.is_active = False
    by.save()
    assert feed(token) == "404"


def test_the_address_itself_is_not_kept(world: World):
    token = notices.new_calendar_link(by=world.user("coordinator"))
    assert token not in str(Notices.objects.values())


def test_the_page_shows_a_new_address_once(world: World):
    client = Client()
    client.force_login(world.user("coordinator"))
    url = reverse("notices")
    made = client.post(url, {"action": "new-link"}).content.decode()
    assert "/calendar/" in made
    assert "/calendar/" not in client.get(url).content.decode()
    assert client.post(url, {"action": "revoke"}).status_code == 302
    assert client.post(url, {"action": "sing"}).status_code == 422


def address(world: World, *keys: str) -> None:
    for key in keys:
        user = world.user(key)
        user.email = f"{key}@example.org"
        user.save()


def send() -> list[mail.EmailMessage]:
    mail.outbox.clear()
    call_command("send_digest", stdout=StringIO())
    return mail.outbox


def test_a_digest_says_counts_and_subject_codes_of_the_own_site(world: World):
    address(world, "coordinator")
    queries.open_query(
        patient=world.patient_a,
        visit=world.visit_a,
        audience=Audience.SITE,
        rule="R1",
        question="Is the birth month right?",
    )
    message = send()[0]
    assert message.to == ["coordinator@example.org"]
    assert "5 overdue visits: A-001" in message.body
    assert "1 visits without a GMFC-MLD level: A-001" in message.body
    assert "1 open queries: A-001" in message.body
    assert "B-001" not in message.body
    assert "birth month" not in message.body


def test_an_address_that_the_server_refuses_keeps_nobody_elses_digest(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    address(world, "coordinator", "investigator", "data_manager")

    def refuse_one(self: mail.EmailMessage, fail_silently: bool = False) -> int:
        if "investigator@example.org" in self.to:
            raise SMTPRecipientsRefused({})
        mail.outbox.append(self)
        return 1

    monkeypatch.setattr(mail.EmailMessage, "send", refuse_one)
    mail.outbox.clear()
    with pytest.raises(CommandError, match="2 digests were sent, 1 were not"):
        call_command("send_digest", stdout=StringIO())
    assert {to for message in mail.outbox for to in message.to} == {
        "coordinator@example.org",
        "data_manager@example.org",
    }


def test_nothing_is_sent_where_nothing_waits(world: World):
    address(world, "sponsor", "reader", "administrator", "stranger")
    assert send() == []


def test_whoever_turned_it_off_gets_none_until_it_is_on_again(world: World):
    address(world, "coordinator")
    notices.choose_digest(wants_digest=False, by=world.user("coordinator"))
    assert send() == []
    notices.choose_digest(wants_digest=True, by=world.user("coordinator"))
    assert len(send()) == 1


def test_nobody_without_an_address_or_a_login_is_written_to(world: World):
    user = world.user("coordinator")
    assert send() == []
    address(world, "coordinator")
    user.is_active = False
    user.save()
    assert send() == []
