import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Site, Study, VisitDefinition
from tests.support.world import World

pytestmark = pytest.mark.django_db


def client_of(world: World, key="administrator") -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


def typed(page, **changes) -> dict[str, object]:
    """Return what the form of a page holds, with changes."""
    form = page.context["form"]
    held = {name: form.initial.get(name) for name in form.fields}
    return {k: v for k, v in {**held, **changes}.items() if v is not None}


def test_a_setting_is_changed_with_a_reason(world: World):
    client, url = client_of(world), reverse("settings_change", args=["MLD-1"])
    given = typed(client.get(url), tolerance_same_ml="7.5")
    assert client.post(url, {**given, "reason": ""}).status_code == 422
    assert client.post(url, {**given, "reason": "Test-retest data"}).status_code == 302
    text = client.get(reverse("study_settings", args=["MLD-1"])).content.decode()
    assert "version 2" in text
    assert "tolerance same ml: 5 → 7.5" in text
    assert "Test-retest data" in text
    assert "Administrator" in text


def test_the_switches_of_deidentification_are_changed_and_shown(world: World):
    client, url = client_of(world), reverse("settings_change", args=["MLD-1"])
    given = typed(
        client.get(url), retain_patient_characteristics="True", retain_safe_private="False"
    )
    assert client.post(url, {**given, "reason": "Amendment 2"}).status_code == 302
    text = client.get(reverse("study_settings", args=["MLD-1"])).content.decode()
    assert "height and weight stay (option 113108); reviewed private attributes go" in text
    assert "images keep sex, age, height and weight: no → yes" in text
    study = Study.objects.get(code="MLD-1")
    assert (study.retain_patient_characteristics, study.retain_safe_private) == (True, False)


def test_a_refused_form_keeps_what_was_typed(world: World):
    client, url = client_of(world), reverse("settings_change", args=["MLD-1"])
    given = typed(client.get(url), tolerance_same_ml="-3", name="Kept name", reason="x")
    page = client.post(url, given)
    assert page.status_code == 422
    assert "Kept name" in page.content.decode()
    assert Study.objects.get(code="MLD-1").name == "First study"


def test_a_change_over_another_persons_change_is_refused(world: World):
    client, url = client_of(world), reverse("settings_change", args=["MLD-1"])
    given = typed(client.get(url), name="Mine", reason="x")
    Study.objects.filter(code="MLD-1").update(name="Theirs")
    page = client.post(url, given)
    assert page.status_code == 422
    assert "Somebody else has changed" in page.content.decode()


def test_a_site_is_added_and_renamed(world: World):
    client = client_of(world)
    given = {"code": "C", "name": "Site C", "time_zone": "Europe/Berlin", "reason": "New"}
    assert client.post(reverse("site_new", args=["MLD-1"]), given).status_code == 302
    url = reverse("site_edit", args=["MLD-1", Site.objects.get(code="C").pk])
    client.post(url, typed(client.get(url), name="Centre", reason="Renamed"))
    assert Site.objects.get(code="C").name == "Centre"


def test_a_visit_is_added_to_the_schedule_and_retired(world: World):
    client = client_of(world)
    url = reverse("definition_new", args=["MLD-1"])
    given = typed(
        client.get(url),
        code="M03",
        number="1.5",
        name="Month 3",
        target_day="91",
        reason="Amendment 2",
    )
    assert client.post(url, given).status_code == 302
    made = VisitDefinition.objects.get(code="M03")
    url = reverse("definition_edit", args=["MLD-1", made.pk])
    client.post(url, typed(client.get(url), is_retired="True", reason="Amendment 3"))
    made.refresh_from_db()
    assert made.is_retired
    text = client.get(reverse("study_settings", args=["MLD-1"])).content.decode()
    assert "is retired: no → yes" in text


@pytest.mark.parametrize(("key", "may"), [("administrator", True), ("auditor", False)])
def test_who_only_reads_is_offered_no_change(world: World, key, may):
    page = client_of(world, key).get(reverse("study_settings", args=["MLD-1"]))
    assert (reverse("settings_change", args=["MLD-1"]) in page.content.decode()) is may


def test_the_menu_leads_to_the_settings(world: World):
    page = client_of(world).get(reverse("home"))
    assert "Settings" in {link.label for link in page.context["menu"]}
