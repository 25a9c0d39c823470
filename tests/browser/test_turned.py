"""A telephone is turned while a figure is seen."""

import re
from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.test_main_line import sign_in
from tests.support.loads import make_load
from tests.support.world import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HEIGHTS = """chart => [chart.clientHeight, chart.querySelector('svg.main-svg').clientHeight]"""


def test_a_figure_keeps_its_room_and_hides_nothing_below_it(page: Page):
    world = build_world()
    for day, load_ml, stratum in (
        (date(2024, 1, 10), 20.0, "3D"),
        (date(2024, 7, 10), 30.0, "2D"),
        (date(2025, 1, 10), 45.0, "3D"),
    ):
        make_load(world.patient_a, day, load_ml, acq_stratum=stratum)
    sign_in(page, "data_manager")
    page.goto(reverse("patient", args=["MLD-1", world.patient_a.pk]))
    chart = page.locator("[data-chart-url]")
    expect(chart).to_have_attribute("data-chart-drawn", "true")
    chart_px, drawn_px = chart.evaluate(HEIGHTS)
    assert chart_px == drawn_px > 600
    page.set_viewport_size({"width": 390, "height": 844})
    narrow = re.compile(r"^[123]\d\d(\.\d+)?px$")
    expect(chart.locator("svg.main-svg").first).to_have_css("width", narrow)
    # The legend has more lines there, which may take more room.
    turned_px, drawn_again_px = chart.evaluate(HEIGHTS)
    assert turned_px == drawn_again_px >= chart_px
