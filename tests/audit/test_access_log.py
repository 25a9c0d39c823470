"""Who came in, who was refused, who saw and who took what."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from analytics.services import exporting
from mldtrial.accounts.models import Guess
from mldtrial.accounts.services import reauthentication
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.audit.services import anchors, verification
from mldtrial.trial.models import Blinding, Membership, Role, Study
from mldtrial.trial.services import assessments, memberships, studies
from tests.support.codes import enrol
from tests.support.loads import make_load
from tests.support.world import PASSWORD, World, person

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("ICH-E6R3-4.2.2")]


def last(action: str) -> AccessEvent:
    return AccessEvent.objects.filter(action=action).latest("pk")


def sign_in(client: Client, name: str, password: str) -> None:
    client.post(reverse("sign_in"), {"username": name, "password": password})


def test_a_sign_in_is_logged_with_name_roles_and_address(world: World, client: Client):
    sign_in(client, "monitor", PASSWORD)
    found = last(AccessAction.SIGN_IN)
    assert (found.user, found.user_name) == (world.user("monitor"), "Monitor")
    assert found.roles == ["monitor site A MLD-1"]
    assert found.address == "127.0.0.1"


def test_a_refused_sign_in_names_whom_it_was_for(world: World, client: Client):
    sign_in(client, "monitor", "a wrong pass phrase")
    found = last(AccessAction.SIGN_IN_FAILED)
    assert (found.user, found.user_name) == (world.user("monitor"), "Monitor")
    assert found.details == {"what": "password", "why": "not right"}


def refusals_after(world: World, act: Callable[[], object]) -> list[tuple[str, Any, str, str]]:
    """Return what is logged of the refusals in an act: action, whom, what, why."""
    before = AccessEvent.objects.count()
    act()
    found = AccessEvent.objects.order_by("pk")[before:]
    kinds = (AccessAction.SIGN_IN_FAILED, AccessAction.CONFIRM_FAILED)
    return [
        (one.action, one.user, one.details["what"], one.details["why"])
        for one in found
        if one.action in kinds
    ]


THROTTLED = "too many wrong attempts before it; nothing was checked"


@pytest.mark.requirement("21CFR11.300")
def test_each_attempt_is_logged_also_where_nothing_is_checked_any_more(
    world: World, client: Client
):
    def act() -> None:
        for typed in ["wrong"] * 10 + [PASSWORD]:
            sign_in(client, "monitor", typed)

    of, what = world.user("monitor"), "password"
    assert refusals_after(world, act) == [("SIGN_IN_FAILED", of, what, "not right")] * 10 + [
        ("SIGN_IN_FAILED", of, what, THROTTLED)
    ]


def test_a_flood_of_attempts_that_are_not_checked_is_logged_once(world: World, client: Client):
    def act() -> None:
        for _ in range(30):
            sign_in(client, "monitor", "wrong")

    found = [why for *_, why in refusals_after(world, act)]
    assert found == ["not right"] * 10 + [THROTTLED]
    Guess.objects.all().delete()
    assert [why for *_, why in refusals_after(world, act)] == found


@pytest.mark.requirement("21CFR11.300")
def test_a_wrong_code_is_logged(world: World, client: Client):
    enrol(world.user("monitor"))
    sign_in(client, "monitor", PASSWORD)

    def act() -> None:
        client.post(reverse("second_factor"), {"code": "not a code"})

    what = "code of the second factor"
    expected = [("SIGN_IN_FAILED", world.user("monitor"), what, "not right")]
    assert refusals_after(world, act) == expected
    assert "not a code" not in str(list(AccessEvent.objects.values()))


@pytest.mark.requirement("21CFR11.300")
@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"password": "a wrong one"}, "password"),
        ({"password": PASSWORD, "code": "a wrong one"}, "code of the second factor"),
    ],
)
def test_a_refused_reauthentication_is_logged(world: World, given: dict[str, str], what: str):
    user = world.user("investigator")
    enrol(user)

    def act() -> None:
        with pytest.raises(ValidationError):
            reauthentication.confirm(user=user, **given)

    assert refusals_after(world, act) == [("CONFIRM_FAILED", user, what, "not right")]
    found = last(AccessAction.CONFIRM_FAILED)
    assert found.roles == ["investigator site A MLD-1"]
    assert "a wrong one" not in str(found.__dict__)


def test_a_throttled_reauthentication_is_logged_as_such(world: World):
    user = world.user("investigator")

    def act() -> None:
        for _ in range(11):
            with pytest.raises(ValidationError):
                reauthentication.confirm(user=user, password="wrong")

    assert [why for *_, why in refusals_after(world, act)] == ["not right"] * 10 + [THROTTLED]


def test_the_pages_show_refusals_of_the_people_of_the_study_and_of_nobody_known(
    world: World, client: Client
):
    with pytest.raises(ValidationError):
        reauthentication.confirm(user=world.user("investigator"), password="wrong")
    sign_in(client, "nobody-here", "wrong")
    sign_in(client, "other_sponsor", "wrong")
    client.force_login(world.user("auditor"))
    page = client.get(reverse("audit_access", args=[world.study.code])).content.decode()
    assert "Re-authentication refused" in page
    assert page.count("Sign-in refused") == page.count("<strong>unknown</strong>") == 1
    assert "nobody-here" not in page
    assert "Other Sponsor" not in page


def test_a_name_that_nobody_has_is_kept_as_a_hash(world: World, client: Client):
    sign_in(client, "my secret pass phrase", "monitor")
    found = last(AccessAction.SIGN_IN_FAILED)
    assert (found.user, found.user_name) == (None, "unknown")
    assert "secret" not in str(found.__dict__)
    assert len(found.details["unknown_name"]) == 16


def test_a_sign_out_is_logged(world: World, client: Client):
    client.force_login(world.user("monitor"))
    client.post(reverse("sign_out"))
    assert last(AccessAction.SIGN_OUT).user == world.user("monitor")


def test_a_role_is_logged_when_it_is_granted(world: World):
    studies.grant_membership(
        user=person("new"), study=world.study, role=Role.MONITOR, site=world.site_b
    )
    found = last(AccessAction.ROLE_GRANTED)
    assert (found.study_id, found.site_id) == (world.study.pk, world.site_b.pk)
    assert (found.subject, found.details["role"]) == ("New", "monitor site B")


def test_a_role_is_logged_when_it_ends(world: World):
    held = Membership.objects.get(user=world.user("monitor"))
    memberships.end_membership(
        membership=held, reason="Left the site", by=world.user("administrator")
    )
    found = last(AccessAction.ROLE_ENDED)
    assert (found.subject, found.details["role"]) == ("Monitor", "monitor site A")


def test_an_export_is_logged_before_the_first_byte_and_after_the_last(chained_world: World, sql):
    world, manager = chained_world, chained_world.user("data_manager")
    before = anchors.current()
    export = exporting.begin(study=world.study, dataset="visits", by=manager, origin="web")
    begun = last(AccessAction.EXPORT_BEGUN)
    assert (begun.user, begun.study_id) == (manager, world.study.pk)
    assert begun.details["dataset"] == "visits"
    # The anchor is the head of the chain at that moment: a link that is there, with its hash.
    seq, _, digest = begun.details["anchor"].partition(":")
    assert int(seq) >= before.seq > 0
    assert sql("SELECT encode(hash, 'hex') FROM audit.link WHERE seq = %s", int(seq)) == [(digest,)]
    assert not AccessEvent.objects.filter(action=AccessAction.EXPORT_DONE).exists()
    assert b"".join(export.pieces())
    done = last(AccessAction.EXPORT_DONE)
    assert (done.user, done.details["sha256"]) == (manager, export.record.sha256)
    assert export.record.is_complete


@pytest.mark.parametrize(
    ("role", "blinding", "count"),
    [("data_manager", Blinding.BLINDED, 1), ("data_manager", Blinding.OPEN, 0)],
)
def test_a_view_of_loads_is_logged_in_a_blinded_study(
    world: World, client: Client, role: str, blinding: str, count: int
):
    run = make_load(world.patient_a, world.visit_a.date, 12.5)
    Study.objects.filter(pk=world.study.pk).update(blinding=blinding)
    client.force_login(world.user(role))
    answer = client.get(reverse("run", args=[world.study.code, run.pk]))
    assert answer.status_code == 200
    views = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE)
    assert [(view.subject, view.details["what"]) for view in views] == [("A-001", "load")] * count


@pytest.mark.parametrize(
    ("route", "more", "what"),
    [
        ("patient", ["patient"], "course"),
        ("patient_trajectory", ["patient"], "course"),
        ("cohort", [], "cohort"),
        ("cohort_chart", ["load-gmfc"], "cohort"),
    ],
)
def test_every_way_to_the_loads_is_logged_once_there_is_one(
    world: World, client: Client, route: str, more: list[str], what: str
):
    Study.objects.filter(pk=world.study.pk).update(blinding=Blinding.BLINDED)
    client.force_login(world.user("data_manager"))
    given = [world.patient_a.pk if name == "patient" else name for name in more]
    url = reverse(route, args=[world.study.code, *given])
    seen = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE)
    assert client.get(url).status_code == 200
    assert seen.count() == 0
    make_load(world.patient_a, world.visit_a.date, 12.5)
    assessments.record_gmfc_mld(
        visit=world.visit_a,
        level=2,
        assessed_on=world.visit_a.date,
        by=None,
        recorder=world.user("investigator"),
    )
    assert client.get(url).status_code == 200
    assert [view.details["what"] for view in seen] == [what]


def test_a_site_role_that_sees_a_load_is_logged_even_in_an_open_study(world: World, client: Client):
    run = make_load(world.patient_a, world.visit_a.date, 12.5)
    Study.objects.filter(pk=world.study.pk).update(site_roles_see_loads=True)
    client.force_login(world.user("investigator"))
    client.get(reverse("run", args=[world.study.code, run.pk]))
    assert last(AccessAction.VIEW_SENSITIVE).user == world.user("investigator")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_accessevent SET user_name = 'x'", "DELETE FROM audit_accessevent",
     "TRUNCATE audit_accessevent"],
)  # fmt: skip
def test_the_log_is_append_only(world: World, client: Client, statement: str):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_log_is_in_the_chain(chained_world: World, as_superuser):
    entry = AccessEvent.objects.filter(action=AccessAction.ROLE_GRANTED).earliest("pk")
    as_superuser("UPDATE audit_accessevent SET user_name = 'x' WHERE id = %s", entry.pk)
    first = verification.verify().first
    assert first is not None
    assert (first.fault, first.table, first.row) == (
        "EVENT_CHANGED",
        "public.audit_accessevent",
        str(entry.pk),
    )


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
    ],
)
def test_the_address_is_counted_from_the_trusted_proxies(
    world: World, client: Client, settings, proxies: int, header: str, address: str
):
    settings.TRUSTED_PROXIES = proxies
    client.post(
        reverse("sign_in"),
        {"username": "monitor", "password": PASSWORD},
        headers={"X-Forwarded-For": header},
    )
    assert last(AccessAction.SIGN_IN).address == address
