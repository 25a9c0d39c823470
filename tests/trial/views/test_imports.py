import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import ImportBatch, Patient
from tests.support.sheets import HEADER, as_csv, xlsx
from tests.support.world import World

pytestmark = pytest.mark.django_db

ROW = ("A-010", "A", "w", "2019-07-20", 20, "2023-01-10", "3")
WRONG = ("A-011", "A", "w", "2019-07-20", 20, "2023-24-01", "3")


@pytest.fixture
def manager(world: World) -> Client:
    client = Client()
    client.force_login(world.user("data_manager"))
    return client


def upload(client: Client, content: bytes):
    file = SimpleUploadedFile("holiday of Jane Doe.xlsx", content)
    return client.post(reverse("imports", args=["MLD-1"]), {"file": file})


def page(name: str) -> str:
    return reverse(name, args=["MLD-1", ImportBatch.objects.get().pk])


def columns(client: Client, **changes):
    form = client.get(page("import_layout")).context["form"]
    given = {name: form[name].value() or "" for name in form.fields if name != "creates_patients"}
    return {**given, "creates_patients": "on", **changes}


def checked(client: Client, content: bytes, **changes):
    upload(client, content)
    return client.post(page("import_layout"), columns(client, **changes))


def test_a_table_goes_from_upload_to_patients(world: World, manager: Client):
    answer = upload(manager, xlsx(HEADER, ROW))
    assert answer["Location"] == page("import_layout")
    answer = manager.post(page("import_layout"), columns(manager))
    assert answer["Location"] == page("import_check")
    shown = manager.get(page("import_check"))
    text = shown.content.decode()
    assert "A-010" in text
    assert "Apply 1 row" in text
    answer = manager.post(
        page("import_check"), {"shown": shown.context["form"]["shown"].value(), "reason": ""}
    )
    assert answer["Location"] == reverse("patients", args=["MLD-1"])
    assert Patient.objects.filter(subject_code="A-010").exists()


def test_headers_are_guessed_and_first_values_shown(world: World, manager: Client):
    upload(manager, xlsx(HEADER, ROW))
    shown = manager.get(page("import_layout"))
    rows = list(shown.context["form"].column_rows())
    assert [row["field"].value() for row in rows] == [
        "subject_code", "site_code", "sex", "birth_month", "onset_age_months", "visit_date",
        "gmfc_level",
    ]  # fmt: skip
    assert rows[0]["samples"] == "A-010"


def test_a_refused_row_is_shown_with_its_cell_and_reason(world: World, manager: Client):
    checked(manager, xlsx(HEADER, ROW, WRONG))
    text = manager.get(page("import_check")).content.decode()
    assert "<code>2023-24-01</code>" in text
    assert "day and month may be exchanged" in text
    assert "1 row cannot go in and would be left out" in text


def test_rows_are_filtered_by_their_fate(world: World, manager: Client):
    checked(manager, xlsx(HEADER, ROW, WRONG))
    for fate, numbers in (("new", [2]), ("refused", [3]), ("same", []), ("", [2, 3])):
        answer = manager.get(page("import_check"), {"fate": fate})
        assert [row["number"] for row in answer.context["page"]] == numbers


def test_the_report_says_the_same_and_holds_no_formula(world: World, manager: Client):
    bad = ("=1+1", "A", "w", "2019-07-20", 20, "2023-01-10", "=A1")
    checked(manager, as_csv(HEADER, ROW, bad))
    answer = manager.get(page("import_report"))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert next(row["fate"] for row in rows if row["row"] == "2") == "new"
    refused = [row for row in rows if row["fate"] == "refused"]
    assert refused[0]["found"].startswith("'=")
    assert all(not value.startswith("=") for row in rows for value in row.values())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\x00\x01", "neither a workbook"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old workbook"),
        (b"subject\nA-001\n", "one column only"),
        (b"PK\x03\x04 cut off", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_words(world: World, manager: Client, content, words):
    answer = upload(manager, content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "Jane" not in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_a_layout_without_a_subject_is_refused_and_keeps_what_was_chosen(
    world: World, manager: Client
):
    upload(manager, xlsx(HEADER, ROW))
    answer = manager.post(page("import_layout"), columns(manager, column_0="", date_order="DMY"))
    assert answer.status_code == 422
    assert "which column holds the subject code" in answer.content.decode()
    assert answer.context["form"]["date_order"].value() == "DMY"


def test_a_missing_reason_is_asked_for_at_its_field(world: World, manager: Client):
    upload(manager, xlsx(("subject", "onset"), ("A-001", 24)))
    manager.post(page("import_layout"), columns(manager))
    shown = manager.get(page("import_check")).context["form"]["shown"].value()
    answer = manager.post(page("import_check"), {"shown": shown, "reason": ""})
    assert answer.status_code == 422
    assert answer.context["form"].errors["reason"] == ["Give the reason for the changes."]
    answer = manager.post(page("import_check"), {"shown": shown, "reason": "Log"})
    assert answer.status_code == 302


def test_a_discarded_import_has_nothing_left_to_do(
    world: World, manager: Client, django_capture_on_commit_callbacks
):
    upload(manager, xlsx(HEADER, ROW))
    with django_capture_on_commit_callbacks(execute=True):
        manager.post(page("import_discard"))
    assert "no longer kept" in manager.get(page("import_layout")).content.decode()
    assert manager.post(page("import_discard")).status_code == 302


def test_progress_is_told(world: World, manager: Client):
    checked(manager, xlsx(HEADER, ROW))
    found = manager.get(page("import_progress")).json()
    assert 0 < found["done"] <= 1
    assert found["words"]


def test_the_history_of_imports_is_on_the_page(world: World, manager: Client):
    checked(manager, xlsx(HEADER, ROW))
    text = manager.get(reverse("imports", args=["MLD-1"])).content.decode()
    assert ImportBatch.objects.get().file_sha256[:12] in text
    assert "checked" in text
