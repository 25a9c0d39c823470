"""Who has forgotten the password gets a link by e-mail, and nobody learns from it who is known."""

import re
import time
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from mldtrial.accounts.models import Guess, User
from mldtrial.accounts.services import second_factors
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.services import mailing, password_links
from tests.access.test_matrix import without_token
from tests.support.codes import code, enrol
from tests.support.world import PASSWORD, World

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("21CFR11.300")]

ASK = "/sign-in/forgotten/"
EMAIL = "ada@hospital.example"
NEW = {"new_password": "a sentence nobody knows", "again": "a sentence nobody knows"}


@pytest.fixture
def ada(world: World) -> User:
    User.objects.filter(username="coordinator").update(email=EMAIL)
    return User.objects.get(username="coordinator")


def ask(email: str = EMAIL, client: Client | None = None) -> Any:
    return (client or Client()).post(ASK, {"email": email})


def sent(count: int) -> list[Any]:
    """Return the e-mails once there are so many: another thread sends them."""
    give_up = time.monotonic() + 5
    while len(mail.outbox) < count and time.monotonic() < give_up:
        time.sleep(0.01)
    assert len(mail.outbox) == count
    return mail.outbox


def link(count: int = 1) -> str:
    found = re.search(r"http://testserver(/sign-in/new-password/\S+)", sent(count)[-1].body)
    assert found is not None
    return found[1]


def test_the_sign_in_page_offers_it(world: World):
    assert f'href="{ASK}"' in Client().get("/sign-in/").content.decode()
    assert Client().get(ASK).status_code == 200


def test_a_forgotten_password_is_replaced_by_a_link(ada: User):
    assert ask(EMAIL.upper()).status_code == 200
    assert sent(1)[0].to == [EMAIL]
    client = Client()
    assert client.get(link()).status_code == 200
    answer = client.post(link(), NEW)
    assert answer["Location"] == "/sign-in/"
    assert client.get("/").status_code == 302  # the link alone opens no session
    given = {"username": "coordinator"}
    assert client.post("/sign-in/", {**given, "password": PASSWORD}).status_code == 422
    assert client.post("/sign-in/", {**given, "password": NEW["again"]})["Location"] == "/"


def test_the_answer_is_the_same_whether_anybody_has_the_address(ada: User):
    known, unknown = ask(), ask("eve@hospital.example")
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert without_token(known) == without_token(unknown)
    sent(1)


def test_a_person_who_left_gets_no_link(ada: User):
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert ask().status_code == 200
    assert not AccessEvent.objects.filter(action=AccessAction.LINK_ASKED).exists()
    assert mail.outbox == []


def test_a_link_works_once(ada: User):
    ask()
    assert Client().post(link(), NEW).status_code == 302
    assert Client().get(link()).status_code == 404
    assert Client().post(link(), NEW).status_code == 404


def test_a_link_ends_after_half_an_hour(ada: User, monkeypatch: pytest.MonkeyPatch):
    ask()
    there = link()
    generator = type(password_links._tokens)
    now = generator._now

    def later(minutes: int) -> None:
        monkeypatch.setattr(generator, "_now", lambda self: now(self) + timedelta(minutes=minutes))

    later(29)
    assert Client().get(there).status_code == 200
    later(31)
    assert Client().get(there).status_code == 404


def test_a_link_of_one_person_opens_no_other(ada: User, world: World):
    ask()
    other = str(world.user("investigator").pk)
    assert Client().get(link().replace(str(ada.pk), other)).status_code == 404


def test_an_earlier_link_ends_with_the_password(ada: User):
    ask()
    first = link(1)
    ask()
    assert Client().post(link(2), NEW).status_code == 302
    assert Client().get(first).status_code == 404


def test_the_second_factor_stays_and_is_asked_for(ada: User):
    enrol(ada)
    ask()
    Client().post(link(), NEW)
    assert second_factors.is_enrolled(ada)
    client = Client()
    given = {"username": "coordinator", "password": NEW["again"]}
    assert client.post("/sign-in/", given)["Location"] == "/sign-in/second-factor/"
    assert client.get("/").status_code == 302
    assert client.post("/sign-in/second-factor/", {"code": code()})["Location"] == "/"


def test_every_session_ends(ada: User):
    open_one = Client()
    open_one.post("/sign-in/", {"username": "coordinator", "password": PASSWORD})
    assert open_one.get("/").status_code == 200
    ask()
    Client().post(link(), NEW)
    assert open_one.get("/").status_code == 302


@pytest.mark.parametrize("typed", [{"new_password": "short", "again": "short"},
                                   {**NEW, "again": "another sentence"}, {}])  # fmt: skip
def test_a_weak_or_mistyped_password_is_refused_and_the_link_stays(ada: User, typed: Any):
    ask()
    assert Client().post(link(), typed).status_code == 422
    assert Client().post(link(), NEW).status_code == 302


def test_three_links_go_to_one_address_in_a_quarter_of_an_hour(ada: User):
    for email in (EMAIL, "eve@hospital.example"):
        assert [ask(email).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert "Too many links were asked for" in ask().content.decode()
    sent(3)
    Guess.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert ask().status_code == 200


def test_asking_for_links_stops_no_sign_in(ada: User):
    for _ in range(4):
        ask()
    answer = Client().post("/sign-in/", {"username": "coordinator", "password": PASSWORD})
    assert answer["Location"] == "/"


def test_asking_and_setting_are_logged(ada: User):
    ask()
    Client().post(link(), NEW)
    logged = AccessEvent.objects.filter(user=ada).values_list("action", "address")
    assert list(logged.order_by("pk")) == [
        (AccessAction.LINK_ASKED, "127.0.0.1"),
        (AccessAction.PASSWORD_SET, "127.0.0.1"),
    ]
    events = apps.get_model("audit", "LoginEvent").objects.filter(pgh_obj_id=ada.pk)
    context = events.latest("pgh_id").pgh_context
    assert (context["user"], context["reason"]) == (str(ada.pk), "New password by a link")


def test_a_link_that_nobody_gets_is_logged_without_the_address(ada: User):
    ask("eve@hospital.example")
    found = AccessEvent.objects.get(action=AccessAction.SIGN_IN_FAILED)
    assert (found.user_name, found.details["what"]) == ("unknown", "link for a new password")
    assert "hospital" not in str(found.__dict__)


def test_what_is_typed_is_in_no_report_of_an_error(ada: User):
    from django.views.debug import SafeExceptionReporterFilter

    ask()
    answer = Client().post(link(), {**NEW, "again": "x"})
    reported = SafeExceptionReporterFilter().get_post_parameters(answer.wsgi_request)
    hidden = SafeExceptionReporterFilter.cleansed_substitute
    assert {reported["new_password"], reported["again"]} == {hidden}


@pytest.mark.parametrize(
    "error", [SMTPRecipientsRefused({"monitor@example.org": (550, b"no such box")}), TypeError()]
)
def test_an_e_mail_that_is_not_sent_is_logged_by_its_kind_and_without_the_address(
    error: Exception, caplog: pytest.LogCaptureFixture
):
    class Refused(EmailMessage):
        def send(self, *_: Any, **__: Any) -> int:
            raise error

    mailing.send_later(Refused(subject="A new password", to=["monitor@example.org"]))
    give_up = time.monotonic() + 10
    while not caplog.records and time.monotonic() < give_up:
        time.sleep(0.01)
    assert f"An e-mail was not sent ({type(error).__name__}): A new password" in caplog.text
    assert "monitor@" not in caplog.text
