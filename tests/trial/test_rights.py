"""The roles are read once for a request that changes nothing, and asked for each time elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mldtrial.audit import recorded
from mldtrial.trial import policies, rights, selectors
from mldtrial.trial.middleware import SecondFactorRequired
from mldtrial.trial.models import SITE_ROLES, Membership, Role, Study
from mldtrial.trial.services import memberships, studies
from tests.support.world import World

pytestmark = pytest.mark.django_db

SITES, STUDIES = ("a", "b"), ("own", "other")
PLACES = [(role, site) for role in Role.values for site in (SITES if role in SITE_ROLES else [""])]
ROLES_ASKED = r'FROM "trial_membership"'
FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HELD = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(STUDIES), st.booleans(), st.booleans()),
    max_size=6,
    # A site role of the other study is held at its one site.
    unique_by=lambda one: (one[1], one[0] if one[1] == "own" else one[0][0]),
)


def by_query(user: Any, action: str, study: Study, site: Any) -> bool:
    """The rule as a condition of the database, written for itself."""
    allowed = policies.ACTIONS[action]
    granted = Q(role__in=[role for role in allowed if role not in SITE_ROLES])
    of_site = Q(role__in=[role for role in allowed if role in SITE_ROLES])
    if action == "view_loads" and study.site_roles_see_loads:
        of_site |= Q(role__in=["coordinator", "investigator"])
    if site is not None:
        of_site &= Q(site=site)
    if action == "export_rows":
        granted |= Q(role="sponsor", may_export_rows=True)
    active = Membership.objects.filter(user=user, study=study, is_active=True)
    return active.filter(granted | of_site).exists()


def hold(world: World, user: Any, held: list[Any]) -> None:
    """Give these memberships to a person who has none."""
    place = {"a": world.site_a, "b": world.site_b}
    for (role, site), study, is_active, may_export in held:
        of_other = study == "other"
        Membership.objects.create(
            user=user,
            study=world.other_study if of_other else world.study,
            site=(world.other_patient.site if of_other else place[site]) if site else None,
            role=role,
            is_active=is_active,
            may_export_rows=may_export,
        )


@FEW
@given(
    held=HELD,
    action=st.sampled_from(sorted(policies.ACTIONS)),
    opens_loads=st.booleans(),
)
def test_what_was_read_and_the_database_give_every_answer_alike(
    world: World, held: list[Any], action: str, opens_loads: bool
):
    with transaction.atomic():
        compare(world, held, action, opens_loads=opens_loads)
        transaction.set_rollback(True)  # the next example begins without these


def compare(world: World, held: list[Any], action: str, *, opens_loads: bool) -> None:
    user = world.user("stranger")
    hold(world, user, held)
    world.study.site_roles_see_loads = opens_loads
    world.study.save()
    world.site_b.refresh_from_db()
    subjects = [
        (world.study, world.study, None),
        (world.site_b, world.site_b.study, world.site_b),
        (world.other_study, world.other_study, None),
    ]
    expected = [by_query(user, action, study, site) for _, study, site in subjects]
    assert [policies.may(user, action, one) for one, *_ in subjects] == expected
    roles = [policies.roles(user, study) for study in (world.study, world.other_study)]
    seen = set(policies.visible_to(user, Study.objects.all()))
    with rights.of_one_request():
        policies.read_of_request(user)
        with CaptureQueriesContext(connection) as asked:
            assert [policies.may(user, action, one) for one, *_ in subjects] == expected
            assert [policies.roles(user, one) for one in (world.study, world.other_study)] == roles
            assert {one for one in (world.study, world.other_study) if is_found(one, user)} == seen
        assert len(asked) <= (action == "load_allocation")  # who was told the arms


def is_found(study: Study, user: Any) -> bool:
    try:
        return selectors.study(study.code, user=user) == study
    except Http404:
        return False


@pytest.mark.parametrize("route", ["cohort", "patients", "study_settings", "people"])
def test_a_page_asks_once_which_roles_its_person_holds(client, world: World, route: str):
    client.force_login(world.user("administrator" if route == "people" else "data_manager"))
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(reverse(route, args=[world.study.code]))
    assert answer.status_code == 200
    own = [q["sql"] for q in asked if q["sql"].find(ROLES_ASKED) in range(q["sql"].find("WHERE"))]
    of_person = [sql for sql in own if f'"user_id" = \'{world.user("data_manager").pk.hex}' in sql]
    assert len(of_person) == (route != "people")


def sent(world: World, method: str, probe: Callable[[Any], Any]) -> Any:
    """Return what is found while a request is answered, and that nothing is held after it."""
    user, found = world.user("coordinator"), []
    request = getattr(RequestFactory(), method)(reverse("home"))
    request.user, request.resolver_match = user, resolve(request.path)

    def answer(given: Any) -> HttpResponse:
        middleware.process_view(given, request.resolver_match.func, (), {})
        found.append(probe(user))
        return HttpResponse()

    middleware = SecondFactorRequired(answer)
    middleware(request)
    assert rights.held_by(user) is None
    return found[0]


def ended(world: World, user: Any) -> None:
    Membership.objects.filter(user=user).update(is_active=False)


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_request_that_only_reads_is_answered_as_of_its_beginning(world: World, method: str):
    def probe(user: Any) -> tuple[bool, set[Any]]:
        ended(world, user)
        rows = policies.visible_to(user, Study.objects.all())
        return policies.may(user, "view_patient", world.patient_a), set(rows)

    # The rows are narrowed by the database all the same.
    assert sent(world, method, probe) == (True, set())


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_whatever_may_change_something_asks_the_database_each_time(world: World, method: str):
    def probe(user: Any) -> tuple[bool, set[str]]:
        ended(world, user)
        may = policies.may(user, "view_patient", world.patient_a)
        return may, policies.roles(user, world.study)

    assert sent(world, method, probe) == (False, set())


def test_what_was_read_of_one_person_says_nothing_of_another(world: World):
    def probe(_user: Any) -> list[bool]:
        others = (world.user("sponsor"), world.user("stranger"), AnonymousUser(), None)
        return [policies.may(one, "view_cohort", world.study) for one in others]

    assert sent(world, "get", probe) == [True, False, False, False]


def test_who_is_no_longer_active_holds_nothing_that_was_read(world: World):
    def probe(user: Any) -> tuple[Any, bool]:
        user.is_active = False
        return policies.held(user), policies.may(user, "view_patient", world.patient_a)

    assert sent(world, "get", probe) == ((), False)


def test_a_role_that_is_given_or_ends_meanwhile_is_asked_for_again(world: World):
    def probe(user: Any) -> list[set[str]]:
        found = [policies.roles(user, world.study)]
        given = studies.grant_membership(user=user, study=world.study, role=Role.AUDITOR)
        found.append(policies.roles(user, world.study))
        memberships.end_membership(
            membership=given, reason="An example.", by=world.user("administrator")
        )
        return [*found, policies.roles(user, world.study)]

    one = {"coordinator"}
    assert sent(world, "get", probe) == [one, one | {"auditor"}, one]


def test_the_number_of_the_records_is_that_of_the_moment_of_the_roles(chained_world: World):
    def probe(_user: Any) -> tuple[int, int]:
        Study.objects.create(code="NEW", name="Recorded meanwhile")
        return rights.state(), recorded.newest()

    before = recorded.newest()
    state, newest = sent(chained_world, "get", probe)
    assert state == before < newest == rights.state()
