"""The main job, as its people do it: enter, upload, watch, look, take."""

import csv
import zipfile
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from mldtrial.trial.models import Patient
from segmentation.models import ReleaseState, SegmentationResult
from segmentation.services import models, store
from tests.browser.test_accessibility import findings as serious_findings
from tests.support.images import write_visit
from tests.support.loads import make_model, make_tissue
from tests.support.locking import freeze
from tests.support.world import PASSWORD, World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SEGMENTED_MS = 60_000
LOADS_DRAWN = """() => document.querySelector(".js-plotly-plot").data
    .filter((trace) => (trace.name ?? "").startsWith("Load, ")).flatMap((trace) => trace.y)"""


def sign_in(page: Page, username: str) -> None:
    # A page that polls would come back with another token than that of the form.
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto("/sign-in/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("For research and trial use, not for diagnosis.")).to_be_visible()


def add_patient(page: Page) -> None:
    page.goto("/studies/MLD-1/patients/new/")
    page.get_by_label("Subject code").fill("A-777")
    page.get_by_text("female", exact=True).click()
    page.get_by_label("Month of birth").fill("2020-02")
    page.get_by_label("Age at first symptom").fill("20")
    page.get_by_role("button", name="Add patient").click()
    expect(page.get_by_role("heading", name="A-777")).to_be_visible()


def add_visit_and_score(page: Page) -> None:
    page.get_by_role("link", name="Add a visit").or_(
        page.get_by_role("link", name="Add the first visit")
    ).first.click()
    page.get_by_label("Visit", exact=True).select_option(index=1)
    page.get_by_label("Date of the visit").fill("2023-03-01")
    page.get_by_role("button", name="Add visit").click()
    page.get_by_role("link", name="Record GMFC-MLD").first.click()
    page.get_by_text("Walks only with support").click()
    page.get_by_role("button", name="Save level").click()


def upload(page: Page, folder: Path) -> None:
    images = write_visit(folder, seed=1)
    page.get_by_role("link", name="Upload scans of").first.click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files([str(path) for path in images.values()])
    for sequence, path in images.items():
        page.get_by_label(f"Sequence of {path.name}").select_option(sequence)
    page.get_by_role("button", name="Send all 2").click()


def in_percent_of_brain(page: Page, result: SegmentationResult) -> list[float]:
    """Switch the course to percent by keyboard, and return what the figure shows."""
    # The worker finds no head in these small images: the volume is written as an earlier version's.
    make_tissue(result.run, version="tissue-0", BRNVOL=913.7)
    page.get_by_role("link", name="% of brain").press("Enter")
    page.wait_for_url("**/?load_as=brain#course")
    expect(page.locator("[data-chart-drawn]")).to_contain_text("% of brain", timeout=15_000)
    expect(page.get_by_role("columnheader", name="Load % of brain")).to_be_visible()
    found: list[float] = page.evaluate(LOADS_DRAWN)
    page.reload(wait_until="networkidle")
    expect(page.locator("[data-chart-drawn]")).to_contain_text("% of brain", timeout=15_000)
    return found


def order_the_cohort(page: Page) -> None:
    """Ask for what is there already; a worker looks, and the page says so without a reload."""
    page.goto("/studies/MLD-1/segmentations/")
    page.get_by_role("button", name="Segment the cohort").click()
    expect(page.get_by_text("0 to segment, 1 known")).to_be_visible(timeout=SEGMENTED_MS)
    expect(page.get_by_text("nothing to do")).to_be_visible()


def take_mask(page: Page, result: SegmentationResult, folder: Path) -> None:
    """Take the mask of the visit out from the page of its number; it opens in the T1w's voxels."""
    page.goto(f"/studies/MLD-1/runs/{result.run_id}/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Take the mask").click()
    assert download.value.suggested_filename.endswith("_mask.nii.gz")
    path = folder / "taken.nii.gz"
    download.value.save_as(path)
    mask = nib.load(path)
    t1w = nib.load(store.image_path(result.run.t1w_scan.image_sha256))
    kept = nib.load(store.root() / result.mask_path)
    assert mask.shape == t1w.shape
    assert np.allclose(mask.affine, t1w.affine)
    assert np.array_equal(np.asarray(mask.dataobj), np.asarray(kept.dataobj))
    assert np.count_nonzero(mask.dataobj) == result.voxel_count


def import_mask(page: Page, result: SegmentationResult, patient: Patient) -> None:
    """Bring in the mask of the visit once more, as a tracing that was made elsewhere."""
    page.goto(f"/studies/MLD-1/patients/{patient.pk}/")
    page.get_by_role("link", name="Import a mask of").click()
    page.get_by_label("Software", exact=True).fill("itk-snap")
    page.get_by_label("Version of the software").fill("4")
    page.get_by_label("Operator", exact=True).fill("OP-2")
    page.get_by_text("Tracing by hand", exact=True).click()
    page.get_by_role("button", name="Check and import").click()
    expect(page.get_by_text("Choose the file of the mask.")).to_be_visible()
    expect(page.get_by_label("Operator", exact=True)).to_have_value("OP-2")
    page.get_by_role("group", name="Voxels changed by hand afterwards").get_by_text(
        "no", exact=True
    ).click()
    page.get_by_label("Mask", exact=True).set_input_files(store.root() / result.mask_path)
    assert serious_findings(page) == []
    page.get_by_role("button", name="Check and import").click()
    expect(page.get_by_text("The mask was checked and taken in.")).to_be_visible(timeout=30_000)
    expect(page.get_by_text(f"{result.demyelination_load_ml:.2f} mL").first).to_be_visible()
    expect(page.get_by_role("row", name="operator OP-2")).to_be_visible()


def run_a_candidate_over_the_frozen_cohort(page: Page, world: World) -> None:
    """Freeze the study, order a candidate on its page, and find its load beside the frozen one."""
    threshold = models.register_threshold()
    other = make_model("next", method=threshold.method, state=ReleaseState.CANDIDATE)
    freeze(world, world.study)
    page.goto(f"/studies/MLD-1/models/{other.pk}/impact/")
    page.get_by_role("button", name="Run over the cohort").click()
    expect(page.get_by_text("1 of 1 load that counts has one of next 1")).to_be_visible(
        timeout=SEGMENTED_MS
    )
    expect(page.get_by_text("1 frozen or locked visit would show another load")).to_contain_text(
        "1 changing by +0.0 mL"
    )
    assert SegmentationResult.objects.filter(run__model_version=other).count() == 1


def read_how_far_both_methods_agree(page: Page) -> None:
    """Find the two loads of the visit side by side, in the figure as on the page."""
    page.goto("/studies/MLD-1/agreement/")
    expect(page.get_by_text("1 scan of 1 patient measured by both")).to_be_visible()
    expect(page.locator("[data-chart-drawn]").first).to_be_visible()
    drawn = page.locator(".js-plotly-plot").first
    points = drawn.evaluate("plot => Array.from(plot.data[0].y)")
    row = page.get_by_role("row", name="Scans that both methods measured")
    expect(row.get_by_role("cell").nth(1)).to_have_text("1")
    assert points == [0.0]
    assert serious_findings(page) == []


def test_a_visit_goes_in_and_a_number_a_trajectory_and_a_table_come_out(
    chain: None, page: Page, tmp_path: Path, live_server: Any
):
    world = build_world()
    models.activate(model=models.register_threshold(), reason="test")

    sign_in(page, "coordinator")
    add_patient(page)
    add_visit_and_score(page)
    upload(page, tmp_path)
    # The state changes by itself: no reload between here and "Segmented".
    expect(page.locator("[data-visit-state=done]")).to_be_visible(timeout=SEGMENTED_MS)
    assert "mL" not in page.locator("[data-visit-state=done]").inner_text()

    result = SegmentationResult.objects.get()
    patient = Patient.objects.get(subject_code="A-777")
    sign_in(page, "sponsor")
    page.goto(f"/studies/{world.study.code}/patients/{patient.pk}/")
    expect(page.locator(".js-plotly-plot")).to_be_visible(timeout=15_000)
    expect(page.get_by_text(f"{result.demyelination_load_ml:.1f}").first).to_be_visible()
    expect(page.get_by_text("demonstration", exact=False).first).to_be_visible()
    drawn_percent = in_percent_of_brain(page, result)

    sign_in(page, "data_manager")
    page.goto("/exports/")
    with page.expect_download() as download:
        page.locator("a[href$='demyelination_load.csv']").first.click()
    with Path(download.value.path()).open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["subject_code"] for row in rows] == ["A-777"]
    assert float(rows[0]["demyelination_load_ml"]) == result.demyelination_load_ml
    assert rows[0]["is_demonstration_model"] == "Y"
    assert drawn_percent == [float(rows[0]["load_percent_of_brain"])]
    with page.expect_download() as everything:
        page.get_by_role("link", name="All tables").first.click()
    with zipfile.ZipFile(everything.value.path()) as packed:
        name = f"{world.study.code}_demyelination_load.csv"
        assert packed.read(name) == Path(download.value.path()).read_bytes()
    take_mask(page, result, tmp_path)
    import_mask(page, result, patient)
    order_the_cohort(page)
    run_a_candidate_over_the_frozen_cohort(page, world)
    read_how_far_both_methods_agree(page)


def test_a_bad_file_is_named_at_its_field_and_nothing_is_kept(page: Page, tmp_path: Path):
    world = build_world()
    bad = tmp_path / "holiday.nii.gz"
    bad.write_bytes(b"not an image at all" * 100)
    sign_in(page, "coordinator")
    page.goto(f"/studies/{world.study.code}/visits/{world.visit_a.pk}/upload/")
    page.get_by_text("Upload with the plain form").click()
    page.get_by_label("T1w, NIfTI").set_input_files(str(bad))
    page.get_by_label("Acquired on").fill("2023-05-10")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator(".has-error")).to_be_visible(timeout=15_000)
    assert world.visit_a.uploads.count() == 0
    assert "holiday" not in page.content()
