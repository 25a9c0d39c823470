"""Two methods and all of them: intervals arrive by themselves, and a row leads to its pair."""

import csv
from datetime import date
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from analytics.selectors import intervals as known
from analytics.services import intervals
from mldtrial.trial.models import GmfcMldAssessment
from mldtrial.trial.services import patients
from segmentation.imaging.overlap import OVERLAP_VERSION
from segmentation.models import MaskOverlap, Method, ReleaseState
from tests.browser.test_main_line import sign_in
from tests.support.loads import make_load, make_model
from tests.support.world import World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NETWORK, TOOLBOX, BY_HAND = "small 1", "toolbox 1", "by hand 1"


def three_methods() -> World:
    """Five patients with two scans each, measured by a network, a toolbox and by hand."""
    world = build_world()
    toolbox = make_model("toolbox", state=ReleaseState.CANDIDATE, method=Method.CONVENTIONAL)
    by_hand = make_model("by hand", state=ReleaseState.CANDIDATE, method=Method.MANUAL)
    for number in range(5):
        patient = patients.create_patient(
            site=world.site_a, subject_code=f"A-1{number}", sex="F",
            birth_month=date(2018, 3 + number, 1), onset_age_months=20, by=None,
        )  # fmt: skip
        for visit in range(2):
            day = date(2024, 1 + 4 * visit, 10)
            load_ml = 20.0 + 7 * visit + (number * 13) % 9
            run = make_load(patient, day, load_ml)
            make_load(patient, day, load_ml - 6 + number, model=toolbox, beside=run)
            truth = make_load(patient, day, load_ml - number % 3, model=by_hand, beside=run)
            MaskOverlap.objects.create(
                run=run, reference_run=truth, method_version=OVERLAP_VERSION,
                dice=0.6 + number / 20, hausdorff95_mm=3.0 + number, surface_dice=0.7,
            )  # fmt: skip
            GmfcMldAssessment.objects.create(
                visit=run.visit, level=(2 * number + visit) % 7, assessed_on=day,
                assessed_by=world.user("coordinator"),
            )  # fmt: skip
    return world


def test_the_intervals_of_two_methods_appear_without_a_reload(
    page: Page, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(known, "ROWS_AT_ONCE", 0)
    three_methods()
    sign_in(page, "data_manager")
    page.goto(reverse("agreement", args=["MLD-1"]))
    status, table = page.locator("#intervals"), page.locator("#agreement-table")
    expect(status).to_contain_text("Their intervals are being computed")
    row = table.get_by_role("row", name="With GMFC-MLD: test less reference")
    expect(row).to_contain_text("computing")
    expect(row.locator("strong").first).to_be_visible()
    page.evaluate("window.stayed = true")
    assert intervals.execute_next()
    expect(row).to_contain_text(" to ")
    expect(table).not_to_contain_text("computing")
    expect(status).to_be_empty()
    assert page.evaluate("window.stayed")
    expect(table).to_have_count(1)


def test_all_methods_are_seen_beside_masks_by_hand_and_a_row_leads_to_its_pair(page: Page):
    three_methods()
    sign_in(page, "data_manager")
    page.goto(reverse("agreement", args=["MLD-1"]))
    page.get_by_text("or beside").get_by_role("link", name=BY_HAND).click()
    overview = page.get_by_role("region", name=f"All methods beside {BY_HAND}").locator("table")
    expect(overview).to_be_visible()
    rows = {
        line.locator("th").inner_text().split("\n")[0].strip(): [
            cell.inner_text() for cell in line.locator("td").all()
        ]
        for line in overview.locator("tbody tr").all()
    }
    with page.expect_download() as download:
        page.get_by_role("link", name="Overview as CSV").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8") as handle:
        taken = list(csv.DictReader(handle))
    for method in (NETWORK, TOOLBOX):
        (shown,) = (cells for name, cells in rows.items() if name.startswith(f"{method}, 3D"))
        mine = {
            one["quantity"]: one for one in taken
            if one["test_method"] == method and one["acq_stratum"] == "3D"
        }  # fmt: skip
        bias = mine["Test load less reference load"]
        assert shown[0] == f"{bias['scans']} ({bias['patients']})"
        numbers = [float(bias[name]) for name in ("value", "low", "high")]
        assert shown[1] == "{:.1f} ({:.1f} to {:.1f})".format(*numbers)
        ranks = [
            float(mine[f"{load} load with GMFC-MLD"]["value"]) for load in ("Test", "Reference")
        ]
        assert shown[5] == "{:.2f}, {:.2f}".format(*ranks)
    dice = next(
        one for one in taken
        if (one["test_method"], one["acq_stratum"]) == (NETWORK, "3D") and "Dice" in one["quantity"]
    )  # fmt: skip
    assert rows[f"{NETWORK}, 3D shown below"][2].startswith(f"{float(dice['value']):.2f} (")
    overview.get_by_role("link", name=TOOLBOX).first.click()
    expect(page.get_by_text(f"Test: {TOOLBOX}. Reference: {BY_HAND}.")).to_be_visible()
    expect(page.locator("#agreement-table")).to_contain_text("Their patients")
