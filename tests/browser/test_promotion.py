"""A data manager proposes a candidate on sight of its impact; another confirms; series switch."""

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.test_main_line import sign_in
from tests.support.locking import second_manager
from tests.support.shadows import candidate, pair
from tests.support.world import PASSWORD, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.requirement("21CFR11.50")
@pytest.mark.requirement("21CFR11.10(g)")
def test_a_candidate_counts_once_two_people_have_signed_its_impact(page: Page):
    world = build_world()
    second_manager(world)
    pair(world.patient_a, date(2024, 5, 10), 20.0, 26.0)
    pair(world.patient_a, date(2024, 11, 10), 40.0, 41.0)
    pair(world.patient_b, date(2024, 5, 10), 10.0, 11.0)

    sign_in(page, "data_manager")
    page.goto(reverse("model", args=[candidate().pk]))
    page.get_by_role("region", name="Impact").get_by_role("link", name="MLD-1").click()
    expect(page.locator("[data-chart-drawn]").first).to_be_visible()
    rows = page.get_by_role("region", name="Scan by scan").locator("tbody tr")
    expect(rows.first).to_contain_text("6.0")
    page.get_by_label("Threshold").fill("10.5")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Cross the threshold").click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("B-001")

    page.get_by_role("link", name="Propose promotion").click()
    page.get_by_label("Why shall it count?").fill("Closer to the visually controlled masks")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Propose and sign").click()
    expect(page.get_by_text("Another person must confirm")).to_be_visible()
    expect(page.get_by_text("You proposed this yourself")).to_be_visible()

    sign_in(page, "second_manager")
    page.goto(reverse("model", args=[candidate().pk]))
    page.get_by_role("region", name="Promotion").locator("tbody a").click()
    page.get_by_text("Approve: the series of every study switch").click()
    page.get_by_label("Reason").fill("Seen and discussed")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Every series shows the loads of this method now")).to_be_visible()
    expect(page.get_by_role("region", name="Signatures").locator("tbody tr")).to_have_count(2)

    page.goto(reverse("patient", args=["MLD-1", world.patient_a.pk]))
    expect(page.locator("[data-chart-drawn]").first).to_be_visible()
    expect(page.get_by_text("next 1").first).to_be_visible()
    expect(page.get_by_text("26.0").first).to_be_visible()
    page.goto(reverse("cohort", args=["MLD-1"]))
    expect(page.get_by_text("next 1").first).to_be_visible()
    page.get_by_role("link", name="Load and age").click()
    expect(page.get_by_role("heading", name="Load and age")).to_be_in_viewport()
    expect(page.get_by_role("row", name="Within patients (r)").last).to_be_visible()
