"""A data manager finds the scan that stands out; its site sees the flag and no other's value."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from segmentation.imaging.quality.outliers import FEWEST_SCANS
from segmentation.models import SegmentationRun
from tests.browser.test_main_line import sign_in
from tests.support.drawn import make_run_picture
from tests.support.loads import make_load
from tests.support.quality import make_many, make_quality
from tests.support.world import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FLAG = "is lower than in comparable scans of the study"


def look_at_what_was_measured(page: Page, run: SegmentationRun, folder: Path) -> None:
    """Open the page of a number: its picture has the outline, until somebody takes it away."""
    page.goto(reverse("run", args=["MLD-1", run.pk]))
    middle = page.get_by_role("img", name="measured: 12.34 mL.").locator("> svg").nth(12)
    expect(middle).to_be_in_viewport(timeout=10_000)
    page.wait_for_load_state("networkidle")
    assert amber_pixels(middle, folder) > 20
    page.get_by_label("Outline of the demyelinated white matter").uncheck()
    assert amber_pixels(middle, folder) == 0


def amber_pixels(shown: Locator, folder: Path) -> int:
    """Return how many pixels of a part of the page have the colour of the outline."""
    path = folder / "shown.png"
    shown.screenshot(path=path)
    red, green, blue = np.moveaxis(sitk.GetArrayFromImage(sitk.ReadImage(path)), -1, 0)[:3]
    return int(((red > 200) & (green > 100) & (blue < 60)).sum())


def test_what_stands_out_is_found_in_two_clicks_and_drawn_for_who_sees_every_site(
    page: Page, tmp_path: Path
):
    world = build_world()
    run = make_load(world.patient_a, world.visit_a.date, 12.34)
    make_run_picture(run)
    make_many(world.patient_b, FEWEST_SCANS)
    make_quality(world.patient_a, snr_brain=5.0)

    sign_in(page, "data_manager")
    page.goto(reverse("study_quality", args=["MLD-1"]))
    expect(page.locator("[data-chart-drawn]")).to_be_visible()
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("A-001")
    expect(first).to_contain_text("Signal to noise, in the brain")
    page.get_by_label("Metric").select_option("cnr")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-chart-drawn]")).to_contain_text("Contrast to noise")
    page.get_by_role("link", name="A-001").click()
    expect(page.get_by_text(FLAG)).to_be_visible()
    expect(page.get_by_text("Median of the study")).to_be_visible()
    look_at_what_was_measured(page, run, tmp_path)

    sign_in(page, "coordinator")
    page.goto(reverse("patient", args=["MLD-1", world.patient_a.pk]))
    section = page.get_by_role("region", name="Image quality")
    expect(section).to_contain_text(FLAG)
    section.get_by_role("link").first.click()
    expect(page.get_by_text(FLAG)).to_be_visible()
    assert "Median of the study" not in page.content()
    page.get_by_role("button", name="Measure and draw").click()
    expect(page.get_by_text("will be measured")).to_be_visible()
