"""Charts of many patients: intervals arrive by themselves, figures hold what can be taken out."""

import csv
from datetime import date
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from analytics.selectors import intervals as known
from analytics.services import intervals
from mldtrial.trial.services import patients
from segmentation.imaging.overlap import OVERLAP_VERSION
from segmentation.models import MaskOverlap, Method, ReleaseState, SegmentationRun
from tests.browser.test_main_line import sign_in
from tests.support.loads import make_load, make_model
from tests.support.shadows import pair
from tests.support.world import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_intervals_appear_without_a_reload(page: Page, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(known, "ROWS_AT_ONCE", 0)
    world = build_world()
    for number in range(6):
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


def test_the_figures_of_two_methods_hold_the_values_of_the_rows_to_take_out(page: Page):
    world = build_world()
    make_model("next", state=ReleaseState.CANDIDATE, method=Method.CONVENTIONAL)
    for number in range(1, 10):
        run = pair(world.patient_a, date(2024, number, 5), 13.0 + number, 10.0 + number)
        MaskOverlap.objects.create(
            run=run,
            reference_run=SegmentationRun.objects.exclude(pk=run.pk).get(visit=run.visit),
            method_version=OVERLAP_VERSION,
            dice=0.5 + number / 30,
            hausdorff95_mm=20.0 / number,
            surface_dice=None if number == 1 else number / 10,
        )
    sign_in(page, "data_manager")
    page.goto(reverse("agreement", args=["MLD-1"]))
    plots = page.locator(".overlap-charts .js-plotly-plot")
    expect(plots).to_have_count(3)
    with page.expect_download() as download:
        page.get_by_role("link", name="Masks as CSV").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    differences = page.locator("[data-chart-url*='/3D.json']")
    expect(differences).to_have_attribute("data-chart-drawn", "true")
    points = differences.evaluate(
        "chart => chart._fullData.flatMap(({x, y}) => Array.from(x, (at, i) => [at, y[i]]))"
    )
    assert sorted(map(tuple, points)) == [
        pytest.approx(((tested + reference) / 2, tested - reference))
        for row in sorted(rows, key=lambda row: float(row["test_load_ml"]))
        for tested, reference in [(float(row["test_load_ml"]), float(row["reference_load_ml"]))]
    ]
    for index, name in enumerate(("dice", "hausdorff95_mm", "surface_dice")):
        drawn = plots.nth(index).evaluate("plot => [...plot.data.at(-1).y]")
        values = [float(row[name]) for row in rows if row[name]]
        in_thirds = [
            float(row[name])
            for third in ("lowest third", "middle third", "highest third")
            for row in rows
            if row["load_third"] == third and row[name]
        ]
        assert drawn == [*values, *in_thirds]
