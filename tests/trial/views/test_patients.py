from datetime import date

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Patient, Treatment
from mldtrial.trial.services import assessments, patients
from tests.support.world import World

pytestmark = pytest.mark.django_db


def signed_in(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


@pytest.fixture
def coordinator(world: World) -> Client:
    return signed_in(world, "coordinator")


def new(world: World, **changes) -> dict[str, str]:
    values = {
        "site": str(world.site_a.pk),
        "subject_code": "A-002",
        "sex": "F",
        "birth_month": "2019-07",
        "onset_age_months": "20",
        "first_study_dose_on": "",
    }
    return {**values, **changes}


def test_a_new_patient_leads_to_its_page(world: World, coordinator: Client):
    answer = coordinator.post(reverse("patient_new", args=["MLD-1"]), new(world))
    made = Patient.objects.get(subject_code="A-002")
    assert answer.status_code == 302
    assert answer["Location"] == f"/studies/MLD-1/patients/{made.pk}/"
    assert (made.birth_month, made.onset_age_months) == (date(2019, 7, 1), 20)


def test_the_history_says_who_added_a_patient(world: World, coordinator: Client):
    coordinator.post(reverse("patient_new", args=["MLD-1"]), new(world))
    event = apps.get_model("trial", "PatientEvent").objects.get(subject_code="A-002")
    assert event.pgh_context["user"] == str(world.user("coordinator").pk)
    assert event.pgh_context["origin"] == "web"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"subject_code": "A-001"}, "subject_code", "a patient with this subject code already"),
        ({"subject_code": "Jane Doe"}, "subject_code", "Use letters, digits, hyphen"),
        ({"subject_code": ""}, "subject_code", "This field is required."),
        ({"sex": ""}, "sex", "This field is required."),
        ({"sex": "X"}, "sex", "Choose female, male or unknown."),
        ({"birth_month": "July"}, "birth_month", "Give year and month as YYYY-MM"),
        ({"birth_month": "2019-13"}, "birth_month", "Give year and month as YYYY-MM"),
        ({"birth_month": "2199-01"}, "birth_month", "lies in the future"),
        ({"onset_age_months": "-1"}, "onset_age_months", "cannot be below 0"),
        ({"onset_age_months": "two"}, "onset_age_months", "Give whole months"),
        ({"onset_age_months": "900"}, "onset_age_months", "lie in the future"),
        ({"first_study_dose_on": "2019-01-01"}, "first_study_dose_on", "before the patient"),
        ({"first_study_dose_on": "soon"}, "first_study_dose_on", "Give the day as YYYY-MM-DD"),
        ({"site": ""}, "site", "This field is required."),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(
    world: World, coordinator: Client, changes, field, sentence
):
    before = Patient.objects.count()
    answer = coordinator.post(reverse("patient_new", args=["MLD-1"]), new(world, **changes))
    assert answer.status_code == 422
    assert sentence in answer.context["form"].errors[field][0]
    assert b"Nothing was saved." in answer.content
    assert Patient.objects.count() == before


def test_another_sites_patient_is_not_added_by_typing_its_id(world: World, coordinator: Client):
    answer = coordinator.post(
        reverse("patient_new", args=["MLD-1"]), new(world, site=str(world.site_b.pk))
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors["site"] == ["Choose one of your sites."]


def test_a_form_sent_twice_stores_one_patient(world: World, coordinator: Client):
    first = coordinator.post(reverse("patient_new", args=["MLD-1"]), new(world))
    second = coordinator.post(reverse("patient_new", args=["MLD-1"]), new(world))
    assert (first.status_code, second.status_code) == (302, 422)
    assert Patient.objects.filter(subject_code="A-002").count() == 1


def edit(world: World, **changes) -> dict[str, str]:
    page = signed_in(world, "coordinator").get(url_of(world, "patient_edit"))
    values = {
        "seen": page.context["form"].mark,
        "subject_code": "A-001",
        "sex": "F",
        "birth_month": "2020-03",
        "onset_age_months": "20",
        "enrolled_on": "2023-05-10",
        "reason": "Typing error",
    }
    return {**values, **changes}


def url_of(world: World, name: str) -> str:
    return reverse(name, args=["MLD-1", world.patient_a.pk])


def test_a_correction_keeps_its_reason_in_the_history(world: World, coordinator: Client):
    answer = coordinator.post(url_of(world, "patient_edit"), edit(world, onset_age_months="24"))
    assert answer.status_code == 302
    events = apps.get_model("trial", "PatientEvent").objects.filter(pgh_obj_id=world.patient_a.pk)
    last = events.order_by("pgh_id").last()
    assert (last.onset_age_months, last.pgh_context["reason"]) == (24, "Typing error")


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"sex": "M", "reason": " "}, "reason", "Give the reason for the change."),
        ({}, "__all__", "Nothing differs from the record."),
        ({"birth_month": "2024-01"}, "birth_month", "lies before this birth month"),
    ],
)
def test_a_wrong_correction_is_refused(world: World, coordinator: Client, changes, field, sentence):
    answer = coordinator.post(url_of(world, "patient_edit"), edit(world, **changes))
    assert answer.status_code == 422
    assert sentence in answer.context["form"].errors[field][0]


def test_a_correction_does_not_undo_one_made_meanwhile(world: World, coordinator: Client):
    opened = edit(world, onset_age_months="24")
    Patient.objects.filter(pk=world.patient_a.pk).update(sex="M")
    answer = coordinator.post(url_of(world, "patient_edit"), opened)
    assert answer.status_code == 422
    assert "Somebody else has changed this record" in answer.content.decode()
    world.patient_a.refresh_from_db()
    assert (world.patient_a.sex, world.patient_a.onset_age_months) == ("M", 20)


def test_a_treatment_is_added(world: World, coordinator: Client):
    form = {"kind": "HSCT", "started_on": "2022-05-01", "stopped_on": ""}
    answer = coordinator.post(url_of(world, "treatment_new"), form)
    assert answer["Location"] == f"/studies/MLD-1/patients/{world.patient_a.pk}/"
    assert Treatment.objects.get().started_on == date(2022, 5, 1)
    again = coordinator.post(url_of(world, "treatment_new"), form)
    assert again.status_code == 422
    assert "recorded already" in again.content.decode()


def test_a_treatment_before_birth_is_refused(world: World, coordinator: Client):
    form = {"kind": "HSCT", "started_on": "2019-05-01"}
    answer = coordinator.post(url_of(world, "treatment_new"), form)
    assert answer.status_code == 422
    assert "before the patient" in answer.context["form"].errors["started_on"][0]


def listed(client: Client, **query) -> list[str]:
    answer = client.get(reverse("patients", args=["MLD-1"]), query)
    return [row["patient"].subject_code for row in answer.context["rows"]]


def test_the_list_holds_the_own_sites_patients_only(world: World, coordinator: Client):
    assert listed(coordinator) == ["A-001"]
    assert listed(signed_in(world, "sponsor")) == ["A-001", "B-001"]


def test_a_part_of_a_code_finds_its_patient_in_any_case(world: World):
    sponsor = signed_in(world, "sponsor")
    assert listed(sponsor, q="b-0") == ["B-001"]
    assert listed(sponsor, q="zzz") == []
    assert (
        "No subject code matches"
        in sponsor.get(reverse("patients", args=["MLD-1"]), {"q": "zzz"}).content.decode()
    )


def test_a_search_word_is_shown_as_text(world: World, coordinator: Client):
    answer = coordinator.get(reverse("patients", args=["MLD-1"]), {"q": "<script>alert(1)"})
    assert b"<script>alert" not in answer.content


def test_the_list_derives_the_subtype_by_the_studys_rule(world: World):
    patients.change_patient(
        patient=world.patient_a,
        changes={"onset_age_months": 36},
        reason="x",
        by=world.user("coordinator"),
    )
    text = signed_in(world, "sponsor").get(reverse("patients", args=["MLD-1"])).content.decode()
    assert "early juvenile" in text
    assert "MLD-SUBTYPE-EJ6" in text


def test_the_list_takes_as_many_queries_for_sixty_patients_as_for_one(
    world: World, django_assert_max_num_queries
):
    for number in range(60):
        patients.create_patient(
            site=world.site_a,
            subject_code=f"A-1{number:02d}",
            sex="U",
            birth_month=date(2015, 1, 1),
            by=None,
        )
    client = signed_in(world, "data_manager")
    with django_assert_max_num_queries(12):
        answer = client.get(reverse("patients", args=["MLD-1"]))
    assert len(answer.context["rows"]) == 50
    assert "Page 1 of 2" in answer.content.decode()


@pytest.mark.parametrize("page", ["0", "99", "x"])
def test_a_page_that_is_not_there_is_no_error(world: World, coordinator: Client, page):
    assert coordinator.get(reverse("patients", args=["MLD-1"]), {"page": page}).status_code == 200


def test_the_optional_part_is_folded_until_it_holds_something(world: World, coordinator: Client):
    url = reverse("patient_new", args=["MLD-1"])
    fresh = coordinator.get(url).content.decode()
    assert '<details class="more-fields">' in fresh
    refused = coordinator.post(url, new(world, subject_code="", allele_1="c.465+1G>A"))
    assert '<details class="more-fields" open>' in refused.content.decode()
    assert 'value="c.465+1G&gt;A"' in refused.content.decode()


def test_covariates_are_entered_corrected_and_shown(world: World, coordinator: Client):
    details = {
        "first_symptom": "MOTOR",
        "genotype_class": "0/0",
        "pseudodeficiency_ruled_out": "True",
        "affected_sibling": "False",
        "arsa_activity": "1.5",
        "arsa_unit": "nmol/h/mg",
        "arsa_result": "LOW",
    }
    coordinator.post(
        reverse("patient_new", args=["MLD-1"]), new(world, onset_age_months="", **details)
    )
    made = Patient.objects.get(subject_code="A-002")
    assert (made.pseudodeficiency_ruled_out, made.affected_sibling) == (True, False)
    page = coordinator.get(reverse("patient", args=["MLD-1", made.pk])).content.decode()
    assert "low (1.5 nmol/h/mg)" in page
    assert "by genotype" in page
    edit_url = reverse("patient_edit", args=["MLD-1", made.pk])
    form = coordinator.get(edit_url).context["form"]
    kept = {
        **details,
        "seen": form.mark,
        "subject_code": "A-002",
        "sex": "F",
        "birth_month": "2019-07",
        "reason": "Report",
    }
    unchanged = coordinator.post(edit_url, kept)
    assert unchanged.context["form"].errors["__all__"] == ["Nothing differs from the record."]
    assert coordinator.post(edit_url, {**kept, "affected_sibling": ""}).status_code == 302
    made.refresh_from_db()
    assert made.affected_sibling is None


def test_a_treatment_is_corrected_and_shows_the_level_nearest_to_its_start(
    world: World, coordinator: Client
):
    assessments.record_gmfc_mld(
        visit=world.visit_a,
        level=2,
        assessed_on=world.visit_a.date,
        by=world.user("coordinator"),
    )
    treatment = patients.record_treatment(
        patient=world.patient_a, kind="HSCT", started_on=date(2023, 6, 1), by=None
    )
    page = reverse("patient", args=["MLD-1", world.patient_a.pk])
    assert "GMFC-MLD 2 on 2023-05-10" in coordinator.get(page).content.decode()
    url = reverse("treatment_edit", args=["MLD-1", treatment.pk])
    form = coordinator.get(url).context["form"]
    values = {"seen": form.mark, "kind": "HSCT", "started_on": "2022-06-01", "reason": "Letter"}
    assert coordinator.post(url, values).status_code == 302
    assert "no GMFC-MLD level near the start" in coordinator.get(page).content.decode()


def test_a_look_alike_is_confirmed_on_the_form_which_keeps_what_was_typed(
    world: World, coordinator: Client
):
    url = reverse("patient_new", args=["MLD-1"])
    assert "This is another patient" not in coordinator.get(url).content.decode()
    alike = new(world, birth_month="2020-03", onset_age_months="20")
    refused = coordinator.post(url, alike)
    assert refused.status_code == 422
    text = refused.content.decode()
    assert "A-001 at this site has the same birth month" in text
    assert "This is another patient" in text
    assert 'value="A-002"' in text
    assert coordinator.post(url, {**alike, "is_another": "on"}).status_code == 302
