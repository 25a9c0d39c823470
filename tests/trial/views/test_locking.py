"""Pages of locks, and what other pages say of a locked record."""

import pytest
from django.urls import reverse

from mldtrial.audit.models import ApprovalRequest, Lock
from mldtrial.trial import selectors
from mldtrial.trial.services import queries
from tests.support.loads import make_scan
from tests.support.locking import freeze, lock, request_unlock, second_manager
from tests.support.signing import full_visit, sign
from tests.support.world import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def locks_url() -> str:
    return reverse("locks", args=["MLD-1"])


@pytest.fixture
def manager(client, world):
    client.force_login(world.user("data_manager"))
    return client


def test_the_list_shows_what_each_visit_lacks_and_how_it_is_held(manager, world, locks_url):
    lock(world, world.patient_b)
    page = manager.get(locks_url).content.decode()
    assert "GMFC-MLD, T1w, T2w, signature" in page
    assert "locked with its whole patient" in page
    assert "A-001" in manager.get(locks_url, {"state": "open"}).content.decode()
    assert "A-001" not in manager.get(locks_url, {"state": "locked"}).content.decode()
    assert "No visit here." in manager.get(locks_url, {"q": "nobody"}).content.decode()


def test_visits_marked_in_the_table_are_frozen_together(manager, world, locks_url):
    chosen = [str(world.visit_a.pk), str(world.visit_b.pk), "not an id"]
    given = {"which": "chosen", "action": "freeze", "reason": "Review", "visits": chosen}
    page = manager.post(locks_url, given, follow=True).content.decode()
    assert "2 visits are frozen." in page
    assert selectors.lock_of(world.visit_a).state == "frozen"


def test_all_complete_visits_are_locked_together(manager, world, locks_url):
    visit = full_visit(world)
    make_scan(visit, "T2w")
    sign(world, visit)
    assert "All complete visits of the study (1)" in manager.get(locks_url).content.decode()
    given = {"which": "complete", "action": "lock", "reason": "Interim analysis"}
    manager.post(locks_url, given)
    assert selectors.lock_of(visit).state == "locked"
    assert selectors.lock_of(world.visit_b) is None


def test_a_refused_lock_is_named_and_the_form_keeps_what_was_typed(manager, world, locks_url):
    queries.open_query(
        patient=world.patient_a, visit=world.visit_a, audience="SITE", rule="R", question="?"
    )
    given = {"which": "chosen", "action": "lock", "reason": "My reason", "visits": world.visit_a.pk}
    answer = manager.post(locks_url, given)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "A-001, Baseline: 1 query is not closed." in page
    assert "My reason" in page
    assert f'value="{world.visit_a.pk}" aria-label="A-001, Baseline" checked' in page
    nothing = manager.post(locks_url, {**given, "visits": []})
    assert "No visit is chosen." in nothing.content.decode()


def test_a_visit_of_another_study_is_not_locked_by_its_id(manager, world, locks_url):
    from tests.access.addresses import OTHER_STUDY, visit_of

    other = visit_of(world, OTHER_STUDY)
    given = {"which": "chosen", "action": "lock", "reason": "why", "visits": other.pk}
    assert manager.post(locks_url, given).status_code == 422
    assert not Lock.objects.exists()


def test_a_patient_is_locked_and_opened_by_two_people_on_the_pages(manager, world, client):
    url = reverse("patient_lock", args=["MLD-1", world.patient_a.pk])
    manager.post(url, {"action": "lock", "reason": "Done"})
    assert "Ask for unlocking" in manager.get(url).content.decode()
    manager.post(url, {"reason": "A typing error", "password": PASSWORD})
    request = ApprovalRequest.objects.get()
    decision = reverse("unlock_decision", args=["MLD-1", request.pk])
    page = manager.get(decision).content.decode()
    assert "You asked for this yourself, so you can only take it back." in page
    assert 'value="approve"' not in page
    assert "this study has none: an administrator gives the role" in page
    given = {"decision": "approve", "reason": "Agreed", "password": PASSWORD}
    answer = manager.post(decision, given)
    assert answer.status_code == 422
    assert "another person must approve it" in answer.content.decode()

    second = second_manager(world)
    page = " ".join(manager.get(decision).content.decode().split())
    assert f"It can be approved by {second}." in page
    client.force_login(second)
    assert 'value="approve"' in client.get(decision).content.decode()
    assert "A typing error" in client.get(reverse("locks", args=["MLD-1"])).content.decode()
    wrong = client.post(decision, {**given, "password": "no"})
    assert wrong.status_code == 422
    assert selectors.lock_of(world.patient_a) is not None
    page = client.post(decision, given, follow=True).content.decode()
    assert "patient A-001 is unlocked." in page
    assert selectors.lock_of(world.patient_a) is None
    assert "Agreed" in client.get(url).content.decode()


def test_an_investigator_asks_from_the_page_of_the_visit(client, world):
    client.force_login(world.user("investigator"))
    url = reverse("visit_lock", args=["MLD-1", world.visit_a.pk])
    assert "Freeze or lock" not in client.get(url).content.decode()
    lock(world, world.visit_a)
    assert "Ask for unlocking" in client.get(url).content.decode()
    client.post(url, {"reason": "Wrong level", "password": PASSWORD})
    assert "Unlocking was asked for" in client.get(url).content.decode()


FORMS = {
    "gmfc_record": "visit_a",
    "upload_new": "visit_a",
    "patient_edit": "patient_a",
    "visit_new": "patient_a",
    "treatment_new": "patient_a",
}


@pytest.mark.parametrize("hold", [freeze, lock])
@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_form_of_a_locked_record_says_so_instead_of_showing_fields(client, world, name, hold):
    hold(world, world.patient_a)
    client.force_login(world.user("coordinator"))
    url = reverse(name, args=["MLD-1", getattr(world, FORMS[name]).pk])
    page = client.get(url).content.decode()
    assert "and cannot be changed." in page
    assert 'class="entry-form"' not in page
    assert client.post(url, {}).status_code == 409


def test_a_query_is_opened_while_frozen_and_not_while_locked(manager, world):
    url = reverse("query_new", args=["MLD-1", world.patient_a.pk])
    freeze(world, world.patient_a)
    assert 'class="entry-form"' in manager.get(url).content.decode()
    lock(world, world.patient_a)
    assert "and cannot be changed." in manager.get(url).content.decode()


def test_the_page_of_the_patient_shows_the_lock_and_offers_no_entry(client, world):
    client.force_login(world.user("coordinator"))
    url = reverse("patient", args=["MLD-1", world.patient_a.pk])
    lock(world, world.visit_a)
    page = client.get(url).content.decode()
    assert "locked</span>" in page
    assert "Add a visit" in page
    assert "Record GMFC-MLD" not in page
    lock(world, world.patient_a)
    page = client.get(url).content.decode()
    assert "Add a visit" not in page


def test_a_request_of_another_study_is_not_found(client, world):
    lock(world, world.visit_a)
    request = request_unlock(world, world.visit_a)
    client.force_login(world.user("other_sponsor"))
    assert client.get(reverse("unlock_decision", args=["MLD-2", request.pk])).status_code == 404
