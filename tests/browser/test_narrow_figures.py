"""Figures on a phone: nothing lies over or beyond what they say."""

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_cohort_figures import cohort
from tests.browser.test_main_line import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def box(part: Locator) -> dict[str, float]:
    found = part.bounding_box()
    assert found is not None
    return {**found, "right": found["x"] + found["width"], "bottom": found["y"] + found["height"]}


def test_a_phone_shows_each_heading_whole_and_the_legend_below_the_axis(page: Page):
    world = cohort()
    sign_in(page, "data_manager")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(reverse("cohort", args=[world.study.code]))
    charts = page.locator(".chart[data-chart-drawn]")
    expect(page.locator('.chart[aria-busy="true"]')).to_have_count(0)
    assert charts.count() > 5
    expect(page.locator(".modebar")).to_have_count(0)
    for chart in charts.all():
        edge = box(chart)["right"]
        for words in chart.locator(".gtitle, .gtitle-subtitle").all():
            assert box(words)["right"] <= edge
        if chart.locator("g.legend").count():
            axis, legend = chart.locator(".g-xtitle").last, chart.locator("g.legend")
            assert box(axis)["bottom"] <= box(legend)["y"]
            assert 0 < box(legend)["y"] - box(axis)["bottom"] < 30
            assert box(chart.locator(".nsewdrag").first)["height"] > 200
