"""A data manager imports a historical table: two faults seen, mended, applied, found."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mldtrial.trial.models import MriSeverityRead, Patient
from tests.browser.test_main_line import sign_in
from tests.support.sheets import ITEMS, xlsx
from tests.support.world import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEADER = ("subject", "site", "Geschlecht", "Geburtsdatum", "Datum", *ITEMS, "GMFC", "total")
ONES = [1] * len(ITEMS)


def row(day: str, total: int, subject: str = "A-901") -> tuple[Any, ...]:
    return (subject, "A", "w", "2019-07-20", day, *ONES, 3, total)


def upload(page: Page, folder: Path, *rows: tuple[Any, ...]) -> None:
    table = folder / "table.xlsx"
    table.write_bytes(xlsx(HEADER, *rows))
    page.goto("/studies/MLD-1/import/")
    page.get_by_label("Table", exact=True).set_input_files(str(table))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="What do the columns mean?")).to_be_visible()
    page.get_by_label("Add subjects that the study does not know").check()
    page.get_by_role("button", name="Check every row").click()
    expect(page.get_by_role("heading", name="What the import would do")).to_be_visible()


def test_a_table_with_two_faults_is_mended_and_its_patient_found(
    page: Page, tmp_path: Path, live_server: Any
):
    build_world()
    sign_in(page, "data_manager")
    # A date with day and month exchanged, and a total that its items do not add up to.
    upload(page, tmp_path, row("2023-01-10", 17), row("2023-24-07", 19))
    expect(page.get_by_text("day and month may be exchanged")).to_be_visible()
    expect(page.get_by_text("a total of 17; its items add to 19")).to_be_visible()
    expect(page.get_by_text("1 row cannot go in")).to_be_visible()
    page.get_by_role("link", name="Refused 1").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("The import was discarded")).to_be_visible()

    upload(page, tmp_path, row("2023-01-10", 19), row("2023-07-24", 19))
    expect(page.get_by_text("cannot go in")).to_have_count(0)
    page.get_by_role("button", name="Apply 2 rows").click()
    expect(page.get_by_text("The import was applied: 2 rows new")).to_be_visible()
    page.get_by_label("Search by subject code").fill("901")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="A-901").click()
    expect(page.get_by_role("heading", name="A-901")).to_be_visible()
    assert Patient.objects.get(subject_code="A-901").visits.count() == 2
    assert MriSeverityRead.objects.filter(total=19).count() == 2

    # The same table again: nothing is new.
    upload(page, tmp_path, row("2023-01-10", 19), row("2023-07-24", 19))
    expect(page.get_by_text("Nothing in this table is new or changed.")).to_be_visible()
