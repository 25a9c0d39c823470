"""Intervals arrive on an open cohort page by themselves."""

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from analytics.selectors import intervals as known
from analytics.services import intervals
from mldtrial.trial.services import patients
from tests.browser.test_main_line import sign_in
from tests.support.loads import make_load
from tests.support.world import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_intervals_appear_without_a_reload(page: Page, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(known, "ROWS_AT_ONCE", 0)
    world = build_world()
    for number in range(4):
        patient = patients.create_patient(
            site=world.site_a, subject_code=f"A-1{number}", sex="F",
            birth_month=date(2018, 3 + number, 1), onset_age_months=20, by=None,
        )  # fmt: skip
        for visit in range(3):
            load = 20.0 + 7 * visit + (number * 13) % 9
            make_load(patient, date(2024, 1 + 4 * visit, 10), load)
    sign_in(page, "sponsor")
    page.goto(reverse("cohort", args=["MLD-1"]))
    status = page.locator("#intervals")
    expect(status).to_contain_text("Their intervals are being computed")
    of_age = page.locator("#correlations-load-age")
    expect(of_age).to_contain_text("computing")
    expect(of_age.locator("strong").first).to_be_visible()
    page.evaluate("window.stayed = true")
    assert intervals.execute_next()
    expect(of_age).to_contain_text(" to ")
    expect(page.locator("#estimates-load-age")).not_to_contain_text("computing")
    expect(status).to_be_empty()
    assert page.evaluate("window.stayed")
    assert page.locator("#correlations-load-age").count() == 1
    find_nothing_drawn_again(page)
    make_load(patient, date(2025, 6, 10), 55.5)
    assert 55.5 in drawn_again(page, status=200)


def find_nothing_drawn_again(page: Page) -> None:
    """Ask for the charts anew with nothing recorded since: what is drawn stays as it is."""
    page.evaluate("document.querySelector('[data-chart-url*=load-age]').data[0].mark = 'kept'")
    drawn_again(page, status=304)
    kept = "document.querySelector('[data-chart-url*=load-age]').data[0].mark"
    assert page.evaluate(kept) == "kept"


def drawn_again(page: Page, *, status: int) -> list[float]:
    """Have the charts ask anew, see how they are answered, and return the loads over age."""
    chart = page.locator("[data-chart-url*=load-age]")
    expect(chart).to_have_attribute("data-chart-drawn", "true")
    with page.expect_response(lambda answer: "load-age.json" in answer.url) as answered:
        page.evaluate("document.dispatchEvent(new CustomEvent('chart-refresh'))")
    assert answered.value.status == status
    expect(chart).to_have_attribute("aria-busy", "false")
    found: list[float] = chart.evaluate(
        "chart => chart.calcdata.flatMap(trace => trace.map(point => point.y))"
    )
    return [round(value, 1) for value in found if value is not None]
