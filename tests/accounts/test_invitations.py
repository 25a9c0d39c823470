"""People come by invitation, and by nothing else."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from mldtrial.accounts.models import User
from mldtrial.trial.models import Invitation, Membership, Role
from mldtrial.trial.services import invitations
from tests.support.world import PASSWORD, World, person

pytestmark = pytest.mark.django_db

NEW = {
    "full_name": "Ada Lovelace",
    "username": "ada",
    "password": "a sentence nobody knows",
    "again": "a sentence nobody knows",
}


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    client.force_login(world.user("administrator"))
    return client


def invite(admin: Client, world: World, **more: Any) -> Any:
    data = {"email": "ada@example.org", "role": Role.COORDINATOR, "site": world.site_a.pk, **more}
    return admin.post("/studies/MLD-1/people/invite/", data)


def link() -> str:
    found = re.search(r"http://testserver(/invitations/\S+)", mail.outbox[-1].body)
    assert found is not None
    return found[1]


@pytest.mark.requirement("21CFR11.10(d)")
@pytest.mark.requirement("EMA-CSV-A3")
def test_a_person_comes_by_the_link_in_an_e_mail(admin: Client, world: World):
    assert invite(admin, world)["Location"] == "/studies/MLD-1/people/"
    assert mail.outbox[-1].to == ["ada@example.org"]
    client = Client()
    page = client.get(link()).content.decode()
    assert "site coordinator" in page
    assert "Site A" in page
    assert client.post(link(), NEW)["Location"] == "/"
    assert client.get("/").status_code == 200
    user = User.objects.get(username="ada")
    assert (str(user), user.email) == ("Ada Lovelace", "ada@example.org")
    held = Membership.objects.get(user=user)
    assert (held.role, held.site, held.study) == (Role.COORDINATOR, world.site_a, world.study)


def test_a_link_works_once(admin: Client, world: World):
    invite(admin, world)
    assert Client().post(link(), NEW).status_code == 302
    assert Client().get(link()).status_code == 404
    assert Client().post(link(), {**NEW, "username": "eve"}).status_code == 404
    assert not User.objects.filter(username="eve").exists()


def test_a_link_works_for_seven_days(admin: Client, world: World):
    invite(admin, world)
    Invitation.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    assert Client().get(link()).status_code == 200
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(link()).status_code == 404


def test_a_withdrawn_invitation_opens_nothing(admin: Client, world: World):
    invite(admin, world)
    made = Invitation.objects.get()
    answer = admin.post(f"/studies/MLD-1/people/invitations/{made.pk}/withdraw/")
    assert answer.status_code == 302
    assert Client().get(link()).status_code == 404


def test_sending_again_ends_the_earlier_link(admin: Client, world: World):
    invite(admin, world)
    earlier, made = link(), Invitation.objects.get()
    admin.post(f"/studies/MLD-1/people/invitations/{made.pk}/renew/")
    assert Client().get(earlier).status_code == 404
    assert Client().get(link()).status_code == 200


def test_the_token_is_not_stored(admin: Client, world: World):
    invite(admin, world)
    token = link().strip("/").split("/")[-1]
    assert token not in str(Invitation.objects.values().get())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"full_name": " "}, "This field is required"),
        ({"username": "coordinator"}, "already exists"),
        ({"username": "a b"}, "valid username"),
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"again": "something else"}, "The two passwords differ"),
    ],
)
def test_a_refused_welcome_keeps_the_invitation(
    admin: Client, world: World, given: dict[str, str], sentence: str
):
    invite(admin, world)
    answer = Client().post(link(), {**NEW, **given})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Invitation.objects.get().accepted_at is None
    assert not User.objects.filter(username="ada").exists()


def test_a_known_person_signs_in_to_accept(admin: Client, world: World):
    ada = person("ada")
    User.objects.filter(pk=ada.pk).update(email="Ada@Example.org")
    invite(admin, world)
    client = Client()
    page = client.get(link()).content.decode()
    assert "Sign in with it to accept" in page
    assert 'name="password"' not in page
    assert client.post(link(), NEW).status_code == 200  # nothing is made
    client.post("/sign-in/", {"username": "ada", "password": PASSWORD})
    assert client.post(link())["Location"] == "/"
    assert client.get("/").status_code == 200
    assert Membership.objects.get(user=ada).role == Role.COORDINATOR


def test_an_invitation_of_another_person_is_not_accepted(admin: Client, world: World):
    invite(admin, world)
    client = Client()
    client.force_login(world.user("reader"))
    assert "went to another e-mail address" in client.get(link()).content.decode()
    client.post(link(), NEW)
    assert Invitation.objects.get().accepted_at is None
    token = link().strip("/").split("/")[-1]
    with pytest.raises(ValidationError, match="another person"):
        invitations.accept_invitation(token=token, by=world.user("reader"))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"role": "chief"}, "role"),
        ({"site": ""}, "site"),
        ({"role": Role.SPONSOR}, "site"),
    ],
)
def test_a_refused_invitation_says_why(admin: Client, world: World, given: Any, field: str):
    answer = invite(admin, world, **given)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Invitation.objects.exists()
    assert mail.outbox == []


def test_a_role_held_already_is_offered_to_nobody(admin: Client, world: World):
    User.objects.filter(username="coordinator").update(email="ada@example.org")
    assert invite(admin, world).status_code == 422


def test_a_mail_server_that_is_away_leaves_a_sentence(
    admin: Client, world: World, monkeypatch: pytest.MonkeyPatch
):
    def refuse(**_: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(invitations, "send_mail", refuse)
    answer = admin.post(
        "/studies/MLD-1/people/invite/",
        {"email": "ada@example.org", "role": Role.SPONSOR, "site": ""},
        follow=True,
    )
    assert "the mail server did not take the e-mail" in answer.content.decode()
    assert Invitation.objects.count() == 1


def test_only_administrators_invite(world: World):
    for role in Role.values:
        if role == Role.ADMINISTRATOR:
            continue
        with pytest.raises(PermissionDenied):
            invitations.invite_person(
                study=world.study,
                email="ada@example.org",
                role=Role.SPONSOR,
                site=None,
                by=world.user(role),
            )


def test_a_site_of_another_study_is_refused(world: World):
    with pytest.raises(ValidationError, match="another study"):
        invitations.invite_person(
            study=world.study,
            email="ada@example.org",
            role=Role.COORDINATOR,
            site=world.other_patient.site,
            by=world.user("administrator"),
        )
