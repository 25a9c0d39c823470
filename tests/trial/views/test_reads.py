import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import (
    Membership,
    MriSeverityFinal,
    MriSeverityRead,
    Patient,
    ReadAssignment,
    Role,
    Site,
    Visit,
)
from mldtrial.trial.services import reads, studies
from tests.support.loads import make_load, make_scan
from tests.support.reads import give, items_of, second_reader, sign
from tests.support.world import PASSWORD, World, person

pytestmark = pytest.mark.django_db

TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=|"X-CSRFToken": )"[^"]*"')
LIST = "/studies/MLD-1/reads/"
CASES = "/studies/MLD-1/reads/cases/"


def signed_in(world: World, key: str) -> Client:
    if key == "reader_2":
        second_reader(world)
    client = Client()
    client.force_login(world.user(key))
    return client


def page_of(assignment: ReadAssignment) -> str:
    return reverse("read", args=["MLD-1", assignment.pk])


def answers(total: int, **changes: Any) -> dict[str, Any]:
    items = {k: "NE" if v is None else str(v) for k, v in items_of(total).items()}
    return {**items, "action": "sign", "password": PASSWORD, **changes}


def pages_of_a_reader(world: World, assignment: ReadAssignment) -> list[bytes]:
    client = signed_in(world, "reader")
    urls = [reverse("home"), LIST, page_of(assignment)]
    return [TOKEN.sub(b"", client.get(url).content) for url in urls]


@pytest.mark.requirement("ICH-E6R3-4.2.2")
def test_no_byte_of_a_readers_pages_depends_on_subject_date_site_or_order(world: World):
    first, _ = give(world, world.visit_a)
    give(world, world.visit_b)
    before = pages_of_a_reader(world, first)
    Patient.objects.filter(pk=world.patient_a.pk).update(
        subject_code="Z-999", birth_month=date(2018, 1, 1), onset_age_months=90, sex="M"
    )
    Patient.objects.filter(pk=world.patient_b.pk).update(site=world.site_a)
    Site.objects.filter(pk=world.site_a.pk).update(code="Q", name="Somewhere else")
    Visit.objects.filter(pk=world.visit_a.pk).update(
        date=date(2025, 6, 1), number=99, name="Last of all"
    )
    make_load(world.patient_a, date(2025, 6, 1), 123.4)
    assert pages_of_a_reader(world, first) == before


def test_a_reader_finds_cases_by_reading_id_only(world: World):
    first, second = give(world, world.visit_a)
    page = signed_in(world, "reader").get(LIST).content.decode()
    assert first.reading_id in page
    for hidden in (second.reading_id, "A-001", "Site A", "2023-05-10", "Baseline"):
        assert hidden not in page
    assert first.reading_id in signed_in(world, "reader").get("/").content.decode()


def test_a_reader_without_cases_reads_why(world: World):
    assert b"No case is given to you" in signed_in(world, "reader").get(LIST).content


@pytest.mark.parametrize(
    "key", ["reader_2", "adjudicator", "data_manager", "auditor", "coordinator", "stranger"]
)
def test_a_case_exists_for_nobody_but_its_reader(world: World, key):
    first, _ = give(world, world.visit_a)
    client = signed_in(world, key)
    preview = reverse("read_preview", args=["MLD-1", first.pk])
    assert client.get(page_of(first)).status_code == 404
    assert client.post(page_of(first), answers(10)).status_code == 404
    assert client.post(preview, answers(10)).status_code == 404


def test_a_case_is_gone_for_a_reader_whose_role_has_ended_or_who_was_replaced(world: World):
    first, second = give(world, world.visit_a)
    third = person("reader_3")
    studies.grant_membership(user=third, study=world.study, role=Role.READER)
    reads.replace_reader(
        assignment=first, reader=third, reason="On leave", by=world.user("data_manager")
    )
    assert signed_in(world, "reader").get(page_of(first)).status_code == 404
    Membership.objects.filter(user=second.reader).update(is_active=False)
    assert signed_in(world, "reader_2").get(page_of(second)).status_code == 404


def test_a_reader_sees_neither_patient_nor_visit(world: World):
    give(world, world.visit_a)
    client = signed_in(world, "reader")
    for url in (
        reverse("patient", args=["MLD-1", world.patient_a.pk]),
        reverse("read_case", args=["MLD-1", world.visit_a.pk]),
    ):
        assert client.get(url).status_code == 404
    assert client.get(CASES).status_code == 403


def test_a_draft_is_kept_and_found_again(world: World):
    first, _ = give(world, world.visit_a)
    client = signed_in(world, "reader")
    answer = client.post(page_of(first), {"pons": "NE", "thal": "1", "thal_asymmetric": "on"})
    assert answer["Location"] == page_of(first)
    kept = MriSeverityRead.objects.get()
    assert (kept.state, kept.items, kept.asymmetric) == (
        "DRAFT", {"pons": None, "thal": 1}, ["thal"],
    )  # fmt: skip
    page = client.get(page_of(first)).content.decode()
    assert re.search(r'name="pons" value="NE" id="\w+" checked', page)
    assert "2 of 19 items answered; 1 not evaluable" in page
    assert "draft" in client.get(LIST).content.decode()


def test_a_signed_read_leaves_the_work_list(world: World):
    first, _ = give(world, world.visit_a)
    client = signed_in(world, "reader")
    answer = client.post(page_of(first), answers(10))
    assert answer["Location"] == LIST
    assert MriSeverityRead.objects.get().total == 10
    assert b"0 of 1 to read" in client.get(LIST).content
    assert first.reading_id not in re.sub(
        r"(?s)<div class=.messages.*?</div>\s*</div>", "", client.get("/").content.decode()
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"pons": ""}, "1 of 19 items have no answer"),
        ({"thal": "2"}, "Thalamus has values 0 to 1."),
        ({"password": "wrong"}, "password"),
        ({"password": ""}, "Give your password."),
    ],
)
def test_a_read_that_cannot_be_signed_keeps_what_was_chosen(world: World, changes, sentence):
    first, _ = give(world, world.visit_a)
    answer = signed_in(world, "reader").post(page_of(first), answers(10, **changes))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page
    assert re.search(r'name="frontal_p" value="2" id="\w+" checked', page)
    assert not MriSeverityRead.objects.exists()


def test_the_preview_computes_on_the_server_and_keeps_nothing(world: World):
    first, _ = give(world, world.visit_a)
    client = signed_in(world, "reader")
    url = reverse("read_preview", args=["MLD-1", first.pk])
    page = client.post(url, answers(10)).content.decode()
    assert '<span class="value">10</span> of 34' in page
    assert (
        '<span class="value">–</span>' in client.post(url, answers(10, pons="NE")).content.decode()
    )
    assert (
        "3 of 19 items answered"
        in client.post(url, {"pons": "1", "thal": "1", "temp_p": "0"}).content.decode()
    )
    assert not MriSeverityRead.objects.exists()


def test_a_correction_asks_for_its_reason(world: World):
    first, _ = give(world, world.visit_a)
    client = signed_in(world, "reader")
    client.post(page_of(first), answers(10))
    assert "Keep draft" not in client.get(page_of(first)).content.decode()
    assert client.post(page_of(first), answers(11)).status_code == 422
    answer = client.post(page_of(first), answers(11, reason="Wrong side"))
    assert answer.status_code == 302
    assert MriSeverityRead.objects.get(state="SIGNED").version == 2


def test_nobody_tells_a_reader_that_the_other_differs(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 10)
    client = signed_in(world, "reader_2")
    page = client.post(page_of(second), answers(25), follow=True).content.decode()
    for word in ("differ", "adjudicat"):
        assert word not in page


def test_the_adjudicator_sees_both_reads_without_names(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 25)
    given = ReadAssignment.objects.get(role="ADJUDICATOR")
    client = signed_in(world, "adjudicator")
    assert given.reading_id in client.get(LIST).content.decode()
    page = client.get(page_of(given)).content.decode()
    assert "<strong>10</strong>" in page
    assert "<strong>25</strong>" in page
    for hidden in ("Reader 2", "A-001", "2023-05-10", first.reading_id, second.reading_id):
        assert hidden not in page
    assert client.post(page_of(given), answers(20)).status_code == 302
    assert MriSeverityFinal.objects.get().total == 20


def test_the_data_manager_gives_all_unread_visits_out(world: World):
    make_scan(world.visit_a)
    make_scan(world.visit_b)
    form = {
        "first": world.user("reader").pk,
        "second": second_reader(world).pk,
        "which": "all",
    }
    manager = signed_in(world, "data_manager")
    assert b"Assign all 2" in manager.get(CASES).content
    assert manager.post(CASES, form).status_code == 302
    assert ReadAssignment.objects.count() == 4
    assert b"No visit waits for readers" in manager.get(CASES).content
    assert manager.get(f"{CASES}?state=reading").context["page"].paginator.count == 2


def test_the_data_manager_gives_the_marked_visits_out(world: World):
    make_scan(world.visit_a)
    make_scan(world.visit_b)
    form = {
        "first": world.user("reader").pk,
        "second": second_reader(world).pk,
        "which": "chosen",
        "visit": [world.visit_b.pk],
    }
    signed_in(world, "data_manager").post(CASES, form)
    assert set(ReadAssignment.objects.values_list("visit", flat=True)) == {world.visit_b.pk}


def test_marked_visits_stay_marked_when_something_was_wrong(world: World):
    make_scan(world.visit_a)
    make_scan(world.visit_b)
    reader = world.user("reader").pk
    answer = signed_in(world, "data_manager").post(
        CASES,
        {"first": reader, "second": reader, "which": "chosen", "visit": [world.visit_b.pk]},
    )
    assert answer.status_code == 422
    marked = re.findall(r'name="visit" value="([^"]+)"[^>]* checked', answer.content.decode())
    assert marked == [str(world.visit_b.pk)]


def readers(world: World) -> dict[str, Any]:
    return {"first": world.user("reader").pk, "second": second_reader(world).pk}


def test_no_marked_visit_is_no_success(world: World):
    make_scan(world.visit_a)
    answer = signed_in(world, "data_manager").post(CASES, {**readers(world), "which": "chosen"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "No visit is marked." in page
    assert "were given" not in page


def test_marked_visits_that_wait_for_nobody_any_more_are_a_warning_that_says_why(world: World):
    make_scan(world.visit_a)
    form = {**readers(world), "which": "chosen", "visit": [world.visit_a.pk]}
    manager = signed_in(world, "data_manager")
    manager.post(CASES, form)
    answer = manager.post(CASES, form, follow=True)
    said = [(message.level_tag, str(message)) for message in answer.context["messages"]]
    assert [level for level, _ in said] == ["success", "warning"]
    assert said[1][1].startswith("No case was given. 1 visit does not wait for readers any more")


def test_nothing_to_assign_is_a_warning_that_says_why(world: World):
    manager = signed_in(world, "data_manager")
    answer = manager.post(CASES, {**readers(world), "which": "all"}, follow=True)
    assert [(m.level_tag, str(m)) for m in answer.context["messages"]] == [
        ("warning", "No case was given: no visit waits for readers.")
    ]


def test_one_person_is_not_both_readers(world: World):
    make_scan(world.visit_a)
    reader = world.user("reader").pk
    answer = signed_in(world, "data_manager").post(
        CASES, {"first": reader, "second": reader, "which": "all"}
    )
    assert answer.status_code == 422
    assert b"choose another" in answer.content
    assert not ReadAssignment.objects.exists()


def test_a_visit_without_images_waits_for_no_reader(world: World):
    assert b"No visit waits for readers" in signed_in(world, "data_manager").get(CASES).content


def test_the_case_page_tells_how_the_score_came_about(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 12)
    url = reverse("read_case", args=["MLD-1", world.visit_a.pk])
    page = signed_in(world, "auditor").get(url).content.decode()
    assert "mean of two readers, tolerance 2 points" in page
    assert first.reading_id in page


def test_a_case_is_given_to_another_reader_from_its_page(world: World):
    give(world, world.visit_a)
    third = person("reader_3")
    studies.grant_membership(user=third, study=world.study, role=Role.READER)
    url = reverse("read_case", args=["MLD-1", world.visit_a.pk])
    manager = signed_in(world, "data_manager")
    assert manager.post(url, {"part": "FIRST", "reader": third.pk}).status_code == 422
    form = {"part": "FIRST", "reader": third.pk, "reason": "On leave"}
    assert manager.post(url, form).status_code == 302
    assert ReadAssignment.objects.filter(reader=third, state="ASSIGNED").exists()
    assert signed_in(world, "auditor").post(url, form).status_code == 403
