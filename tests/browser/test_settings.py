"""An administrator changes what images keep, and the page of the settings says so."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_main_line import sign_in
from tests.support.world import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_switches_of_deidentification_are_turned_and_shown(page: Page):
    build_world()
    sign_in(page, "administrator")
    page.goto("/studies/MLD-1/settings/")
    kept = page.get_by_role("row").filter(has_text="De-identification of images")
    expect(kept).to_contain_text("height and weight go (option 113108)")
    page.get_by_role("link", name="Change settings").click()
    for label, answer in (
        ("Images keep sex, age, height and weight", "Yes"),
        ("Images keep reviewed private attributes", "No"),
    ):
        page.get_by_role("group", name=label).get_by_text(answer, exact=True).click()
    page.get_by_label("Reason").fill("Amendment 2: age explains a growing head")
    page.get_by_role("button", name="Save the change").click()
    expect(kept).to_contain_text("height and weight stay (option 113108)")
    expect(kept).to_contain_text("private attributes go (option 113111)")
    expect(page.get_by_text("Amendment 2: age explains a growing head")).to_be_visible()
