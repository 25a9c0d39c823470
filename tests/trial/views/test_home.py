import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial import selectors
from mldtrial.trial.models import Origin, Study
from mldtrial.trial.services import patients
from tests.support.world import World

pytestmark = pytest.mark.django_db


def page_of(world: World, key: str):
    client = Client()
    client.force_login(world.user(key))
    return client.get(reverse("home"))


def test_a_coordinator_is_offered_a_new_patient_first(world: World):
    text = page_of(world, "coordinator").content.decode()
    assert reverse("patient_new", args=["MLD-1"]) in text


@pytest.mark.parametrize("key", ["monitor", "sponsor", "data_manager", "administrator", "reader"])
def test_others_are_not(world: World, key):
    assert "Add a patient" not in page_of(world, key).content.decode()


def test_counts_are_of_what_the_person_may_see(world: World):
    own = page_of(world, "coordinator").context["cards"][0].counts
    every = page_of(world, "sponsor").context["cards"][0].counts
    assert (own.patients, own.visits, own.visits_without_gmfc) == (1, 1, 1)
    assert (every.patients, every.visits, every.visits_without_gmfc) == (2, 2, 2)


@pytest.mark.parametrize("key", ["administrator", "reader", "adjudicator", "operator"])
def test_roles_without_patients_get_no_count(world: World, key):
    page = page_of(world, key)
    assert page.context["cards"][0].counts is None
    assert "Patients" not in {link.label for link in page.context["menu"]}


def test_a_person_without_a_study_is_told_what_happens_next(world: World):
    assert "You take part in no study yet" in page_of(world, "stranger").content.decode()


def test_a_demonstration_study_says_so_and_another_does_not(world: World):
    assert "Demonstration study." not in page_of(world, "sponsor").content.decode()
    Study.objects.filter(pk=world.study.pk).update(origin=Origin.DEMO)
    assert "Demonstration study." in page_of(world, "sponsor").content.decode()


def test_the_work_list_takes_few_queries(world: World, django_assert_max_num_queries):
    client = Client()
    client.force_login(world.user("data_manager"))
    with django_assert_max_num_queries(25):
        client.get(reverse("home"))


def test_a_menu_that_does_not_fit_keeps_the_daily_work_and_sets_the_rest_aside(world: World):
    aside = {link.label for link in page_of(world, "data_manager").context["menu_aside"]}
    assert {"Settings", "Import", "Locks"} <= aside
    assert {"Patients", "Queries", "Exports"}.isdisjoint(aside)
    aside = {link.label for link in page_of(world, "coordinator").context["menu_aside"]}
    assert "Image quality" in aside
    assert {"Patients", "Uploads", "Queries"}.isdisjoint(aside)


def test_the_count_of_missing_levels_is_that_of_the_work_list(world: World):
    patients.create_visit(
        patient=world.patient_a,
        definition=None,
        visit_date=world.visit_a.date.replace(day=25),
        by=None,
    )
    counts = selectors.study_counts(world.study, user=world.user("coordinator"))
    assert (counts.visits, counts.visits_without_gmfc) == (2, 1)


@pytest.mark.parametrize(
    ("key", "page"),
    [
        ("coordinator", "patients"),
        ("sponsor", "patients"),
        ("administrator", "study_overview"),
        ("reader", "reads"),
        ("operator", None),
    ],
)
def test_a_shortened_address_of_a_study_leads_to_a_page_of_it(world: World, key, page):
    client = Client()
    client.force_login(world.user(key))
    answer = client.get(reverse("study", args=["MLD-1"]))
    assert answer["Location"] == (reverse(page, args=["MLD-1"]) if page else reverse("home"))
