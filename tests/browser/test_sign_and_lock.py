"""An investigator signs; a data manager locks and, with a second person, opens again."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_main_line import sign_in
from tests.support.locking import second_manager
from tests.support.signing import full_visit
from tests.support.world import PASSWORD, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.requirement("21CFR11.50")
@pytest.mark.requirement("21CFR11.10(g)")
def test_a_visit_is_signed_locked_and_opened_by_two_people(page: Page):
    world = build_world()
    full_visit(world)
    second_manager(world)
    patient = f"/studies/MLD-1/patients/{world.patient_a.pk}/"

    sign_in(page, "investigator")
    page.goto(patient)
    page.get_by_role("link", name="Sign Baseline").click()
    page.get_by_text("I have reviewed this record").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("Baseline was signed.")).to_be_visible()
    expect(page.locator(".state-done", has_text="signed")).to_be_visible()

    sign_in(page, "data_manager")
    page.goto("/studies/MLD-1/locks/")
    page.get_by_label("A-001, Baseline", exact=True).check()
    page.get_by_text("Lock: nothing changes any more").click()
    page.get_by_label("Reason", exact=True).fill("Interim analysis")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("1 visit is locked.")).to_be_visible()

    page.get_by_role("link", name="Open the locks of A-001, Baseline").click()
    page.get_by_label("Why must it be unlocked?").fill("The level was typed wrong")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Ask for unlocking").click()
    expect(page.get_by_text("Another person must approve.").first).to_be_visible()

    sign_in(page, "second_manager")
    page.goto("/studies/MLD-1/locks/")
    page.get_by_text("waits for a second person").click()
    page.get_by_text("Approve: the record opens at once").click()
    page.get_by_label("Reason", exact=True).fill("Agreed with the site")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("A-001, Baseline is unlocked.")).to_be_visible()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
