"""What the cohort page draws is what its files hold."""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from struct import unpack
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from scipy.stats import theilslopes

from analytics.figures import marks as figure_marks
from analytics.forms import PlanForm
from analytics.stats.planned_size import planned_size
from analytics.stats.survival import kaplan_meier
from analytics.views import cohort_charts
from mldtrial.trial.models import (
    ElfcMldAssessment,
    GmfcMldAssessment,
    MriSeverityFinal,
    Patient,
)
from mldtrial.trial.services import patients
from tests.browser.test_main_line import sign_in
from tests.support.loads import make_load, make_visit
from tests.support.world import World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


PLANNED = {"M00": date(2024, 1, 10), "M06": date(2024, 7, 10), "M12": date(2025, 1, 10)}
PATIENTS = 6
LOADS = PATIENTS * len(PLANNED)


def cohort() -> World:
    """Return a world with patients of site A, one of them in 2D, at three planned visits each."""
    world = build_world()
    for number in range(PATIENTS):
        patient = patients.create_patient(
            site=world.site_a, subject_code=f"A-1{number}", sex="F",
            birth_month=date(2018, 3 + number, 1), onset_age_months=20, by=None,
        )  # fmt: skip
        for place, (code, day) in enumerate(PLANNED.items()):
            definition = world.study.visit_definitions.get(code=code)
            visit = make_visit(
                patient, day, definition=definition, number=definition.number,
                name=definition.name,
            )  # fmt: skip
            load = 20.0 + (7 + number) * place + (number * 13) % 9 + number * (place + 2) % 5
            make_load(patient, day, load, acq_stratum="2D" if number == 3 else "3D")
            assessed = {"visit": visit, "assessed_on": day, "assessed_by": world.user("reader")}
            GmfcMldAssessment.objects.create(level=place + number % 4, **assessed)
            ElfcMldAssessment.objects.create(level=(2 * place + number) % 5, **assessed)
            MriSeverityFinal.objects.create(
                visit=visit, status="DONE", total=Decimal(5 * place + number) / 2, read_on=day,
                instrument_version="MLDS-1",
            )  # fmt: skip
    return world


SCORES = {
    "load-gmfc": "gmfc_mld_level",
    "load-severity": "mri_severity_score",
    "load-elfc": "elfc_mld_level",
    "load-age": "age_months",
    "curves": "age_months",
    "levels": "gmfc_mld_level",
}


def test_what_a_figure_draws_is_what_its_file_holds(page: Page, monkeypatch: pytest.MonkeyPatch):
    world = cohort()
    make_load(world.patient_b, date(2024, 1, 10), 99.0)  # at the site that is not asked for
    sign_in(page, "data_manager")
    page.goto(f"{reverse('cohort', args=['MLD-1'])}?site=A&therapy=NONE")
    for name, score in SCORES.items():
        rows = table(page, name)
        in_file = sorted(
            (float(row[score]), float(row["demyelination_load_ml"]), row["acq_stratum"])
            for row in rows
        )
        assert len(in_file) == LOADS
        for drawn, kept in zip(marks(chart(page, name)), in_file, strict=True):
            assert drawn == pytest.approx(kept[:2], rel=1e-7)  # four bytes a number
    heat_map = page.locator("[data-chart-from='heat-map-numbers']")
    expect(heat_map).to_have_attribute("data-chart-drawn", "true")
    cells = heat_map.evaluate("chart => chart.data[0].z.flat().filter((rho) => rho !== null)")
    rhos = [
        float(row["spearman_rho"]) for row in table(page, "correlations") if row["spearman_rho"]
    ]
    assert sorted(cells) == sorted(rhos) != []
    see_derived(page)
    see_changes(page)
    see_files(page, page.locator("section[aria-labelledby=curves]"))
    see_course(page)
    see_milestones(page)
    see_models(page)
    see_sample_size(page)
    see_figures_without_labels(page, monkeypatch)


def see_derived(page: Page) -> None:
    """What a heat map of its own says is said in a table too."""
    found = table(page, "derived")
    section = page.locator("section[aria-labelledby=derived]")
    section.get_by_text("As a table").click()
    told = section.locator("td").all_inner_texts()
    estimable = [row for row in found if row["spearman_rho"]]
    assert len([words for words in told if words.startswith("ρ")]) == len(estimable) > 0
    cells = chart(page, "derived").evaluate(
        "chart => Array.from(chart._fullData[0].z, (row) => Array.from(row)).flat()"
        ".filter((rho) => rho !== null && !Number.isNaN(rho))"
    )
    assert cells == [pytest.approx(float(row["spearman_rho"])) for row in estimable]
    assert "Not estimable with any score: 3D, % of white matter" in section.inner_text()


def see_changes(page: Page) -> None:
    """The means of the change by visit as drawn, 3D and 2D apart, beside those of the file."""
    rows = [row for row in table(page, "courses") if row["quantity"] == "mean_change"]
    drawn = page.locator("[data-chart-from='changes-3D']")
    expect(drawn).to_have_attribute("data-chart-drawn", "true")
    ((y, up, down),) = drawn.evaluate(MEANS)
    numbers = [[float(row[name]) for row in rows] for name in ("value", "ci_low", "ci_high")]
    drawn_numbers = [
        y,
        [mean - less for mean, less in zip(y, down, strict=True)],
        [mean + more for mean, more in zip(y, up, strict=True)],
    ]
    assert drawn_numbers == [pytest.approx([0, *column], rel=1e-6) for column in numbers]
    assert [(row["acq_stratum"], row["visit_name"], row["patients"]) for row in rows] == [
        ("3D", "Month 6", "5"),
        ("3D", "Month 12", "5"),
    ]
    # Of the one patient in 2D there is no mean.
    none = page.locator("[data-chart-from='changes-2D']")
    expect(none).to_contain_text("No mean can be estimated")


def see_course(page: Page) -> None:
    """The loads of a patient as drawn in mL, beside those of the export."""
    patient = Patient.objects.get(subject_code="A-12")
    page.goto(reverse("patient", args=["MLD-1", patient.pk]))
    address = reverse("export_file", args=["MLD-1", "demyelination_load"])
    answer = page.request.get(address)
    rows = list(csv.DictReader(io.StringIO(answer.text())))
    in_file = [
        (float(row["age_months"]), float(row["demyelination_load_ml"]))
        for row in rows
        if row["subject_code"] == "A-12"
    ]
    drawn = chart(page, "trajectory").evaluate(
        "chart => chart._fullData.filter(({name}) => name === 'Load, 3D T1w')"
        ".flatMap(({x, y}) => Array.from(x, (at, i) => [at, y[i]]))"
    )
    assert len(in_file) == len(PLANNED)
    assert [tuple(mark) for mark in drawn] == [pytest.approx(row) for row in in_file]
    see_line(page, in_file)


def see_line(page: Page, in_file: list[tuple[float, float]]) -> None:
    """The fitted line of a patient as drawn, beside scipy's of the exported rows."""
    ages, loads = zip(*in_file, strict=True)
    fit = theilslopes(loads, ages, method="joint")
    expected = [(at, fit.intercept + fit.slope * at) for at in (ages[0], ages[-1])]
    (name, *ends) = chart(page, "trajectory").evaluate(
        "chart => chart._fullData.filter(({name}) => name.startsWith('Fitted line'))"
        ".flatMap(({name, x, y}) => [name, ...Array.from(x, (at, i) => [at, y[i]])])"
    )
    assert ends == [pytest.approx(end) for end in expected]
    per_year = f"{12 * fit.slope:.1f} mL a year"
    assert name == f"Fitted line, 3D: {per_year}"
    expect(page.get_by_text(f"Slope: {per_year} (Theil–Sen, {len(ages)} loads")).to_be_visible()
    # As the browser has drawn it: its ends in pixels, put back into months and mL by the axes.
    seen = chart(page, "trajectory").evaluate(SEEN_LINE)
    assert seen == [pytest.approx(end, rel=0.01) for end in expected]
    entry = page.locator("g.traces", has_text=name).locator(".legendtoggle")
    entry.click()
    expect(page.locator("g.traces", has_text=name)).to_have_css("opacity", "0.5")
    assert chart(page, "trajectory").evaluate(SEEN_LINE) == []


def see_milestones(page: Page) -> None:
    """The steps as drawn, beside those of the times in the file."""
    page.goto(f"{reverse('milestones', args=['MLD-1'])}?by=together")
    drawn = page.locator("[data-chart-from]")
    expect(drawn).to_have_attribute("data-chart-drawn", "true")
    steps = drawn.evaluate(
        "chart => chart._fullData.filter((t) => t.line?.shape === 'hv').map((t) => Array.from(t.y))"
    )
    link = page.locator("a[href*='/times.csv']").get_attribute("href") or ""
    rows = list(csv.DictReader(io.StringIO(page.request.get(link).text())))
    at_risk = [row for row in rows if not row["why_left_out"]]
    found = kaplan_meier(*(
        [float(row[column]) for row in at_risk]
        for column in ("end_latest_months", "milestone_reached_latest", "entry_months")
    ))  # fmt: skip
    assert steps == [pytest.approx([1, *found.survival, found.survival[-1]], rel=1e-6)]
    assert found.n_events == 3  # of six; two never reach level 3, one begins with it


def see_models(page: Page) -> None:
    """The means by visit as drawn, and the change per year as told, beside those of the file."""
    page.goto(reverse("longitudinal_models", args=["MLD-1"]))
    drawn = page.locator("[data-chart-from='change-3D']")
    expect(drawn).to_have_attribute("data-chart-drawn", "true")
    ((y, up, down),) = drawn.evaluate(MEANS)
    rows = [row for row in table(page, "tables") if row["acq_stratum"] == "3D"]
    by_visit = [row for row in rows if row["model"] == "change_by_visit"]
    means = [[float(row[name]) for row in by_visit] for name in ("estimate", "ci_low", "ci_high")]
    assert [y, [m - d for m, d in zip(y, down, strict=True)],
            [m + u for m, u in zip(y, up, strict=True)]] == [
        pytest.approx([0, *numbers], rel=1e-6) for numbers in means
    ]  # fmt: skip
    assert [row["visit_name"] for row in by_visit] == ["Month 6", "Month 12"]
    (yearly,) = (row for row in rows if row["model"] == "change_per_year")
    told = page.get_by_role("region", name="Change per year, 3D").locator("strong").inner_text()
    assert told == f"{float(yearly['estimate']):.1f}"


def see_sample_size(page: Page) -> None:
    """The form begins with the study's own spread; the size is that of what it holds."""
    page.get_by_role("link", name="Sample size").click()
    page.get_by_label("The treatment lowers the change by").fill("4")
    plan = {name: page.locator(f"[name={name}]").input_value() for name in PlanForm.base_fields}
    page.get_by_role("button", name="Compute").click()
    form = PlanForm(plan)
    assert form.is_valid(), form.errors
    size = planned_size(**form.plan())
    expect(page.get_by_role("heading", name=f"{size.n_per_arm} patients an arm")).to_be_visible()


def see_figures_without_labels(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of thousands of scans: numbers in steps, gaps and codes that the browser puts back."""
    for module in (figure_marks, cohort_charts):
        monkeypatch.setattr(module, "LABELLED_UP_TO", 0)
    page.goto(f"{reverse('cohort', args=['MLD-1'])}?site=A")
    for name in ("load-gmfc", "curves"):
        in_file = sorted(
            (row["subject_code"], float(row[SCORES[name]]), float(row["demyelination_load_ml"]))
            for row in table(page, name)
        )
        found = chart(page, name).evaluate(WHOSE)
        assert len(found) == len(in_file) == LOADS
        for drawn, kept in zip(sorted(map(tuple, found)), in_file, strict=True):
            assert drawn[0] == kept[0]
            assert drawn[1:] == pytest.approx(kept[1:], rel=1e-7)
    lines = chart(page, "curves").evaluate("chart => Array.from(chart.data[0].x, Number.isNaN)")
    assert lines == [False, False, False, True] * (PATIENTS - 1)  # in 3D
    chart(page, "load-gmfc").evaluate(
        "chart => chart.emit('plotly_click', {points: [{pointNumber: 5, data: chart.data[0]}]})"
    )
    expect(page).to_have_url(re.compile(r"/patients/\?q=A-11$"))


SEEN_LINE = """chart => {
  const {xaxis, yaxis} = chart._fullLayout;
  const found = chart.calcdata.filter(([{trace}]) => trace.name.startsWith('Fitted line'));
  return found.flatMap(([{node3, trace}]) => {
    const path = trace.visible === true ? node3?.select('path.js-line').attr('d') : null;
    const ends = path ? path.match(/-?[0-9.]+,-?[0-9.]+/g) : [];
    return ends.map((end) => end.split(',').map(Number))
      .map(([x, y]) => [xaxis.p2c(x), yaxis.p2c(y)]);
  });
}"""
MEANS = (
    "chart => chart._fullData.map(({y, error_y: {array, arrayminus}}) =>"
    " [y, array, arrayminus].map((one) => Array.from(one)))"
)
"""Means by visit and how far their intervals reach above and below them."""
WHOSE = """chart => chart.data.flatMap(({x, y, meta}) => {
  const of = meta.subjects.flatMap((code, at) => Array(meta.marks[at]).fill(code));
  return Array.from(x, (score, at) => [of[at], score, y[at]]);
}).filter(([, score]) => !Number.isNaN(score))"""
"""Code of the patient, score and load of every mark, as a click would tell whose it is."""


def chart(page: Page, name: str) -> Locator:
    found = page.locator(f"[data-chart-url*='/{name}.json']")
    expect(found).to_have_attribute("data-chart-drawn", "true")
    return found


def marks(drawn: Locator) -> list[tuple[float, float]]:
    """Return the marks of a figure as they are drawn, without the gaps between patients."""
    found: list[list[Any]] = drawn.evaluate(
        "chart => chart._fullData.flatMap(({x, y}) => Array.from(x, (at, i) => [at, y[i]]))"
        ".filter(([at]) => !Number.isNaN(at))"
    )
    return sorted((float(x), float(y)) for x, y in found)


def table(page: Page, name: str) -> list[dict[str, str]]:
    link = page.locator(f"a[href*='/{name}.csv']").first
    answer = page.request.get(link.get_attribute("href") or "")
    assert answer.ok
    return list(csv.DictReader(io.StringIO(answer.text())))


def see_files(page: Page, section: Locator) -> None:
    """Take the figure as it is seen, by the keyboard, in both kinds."""
    found = {}
    for kind in ("SVG", "PNG"):
        with page.expect_download() as taken:
            section.get_by_role("button", name=kind).press("Enter")
        today = timezone.localdate().isoformat()
        assert taken.value.suggested_filename == f"MLD-1_curves_NONE_A_{today}.{kind.lower()}"
        found[kind] = Path(taken.value.path()).read_bytes()
    assert found["SVG"].startswith(b"<svg")
    assert b"Demyelination load, mL" in found["SVG"]
    width, height = unpack(">II", found["PNG"][16:24])
    size = section.locator("[data-file-name]").bounding_box()
    assert size is not None
    assert (width, height) == (2 * int(size["width"]), 2 * int(size["height"]))
