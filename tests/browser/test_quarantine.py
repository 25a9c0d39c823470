"""A coordinator drops a folder with two sessions and a stranger, and puts all in its place."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mldtrial.trial.models import Scan, ScanState
from mldtrial.trial.services import patients
from segmentation.models import JobState, SegmentationRun
from segmentation.services import models, store
from tests.browser.test_main_line import SEGMENTED_MS, sign_in
from tests.support.dicom import T2W
from tests.support.intake import series_of, zipped
from tests.support.world import World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SENT_MS = 20_000


def write_folder(parent: Path, world: World) -> Path:
    """Write what a scanner exports: this session, one half a year later, and another person."""
    t2w = {**T2W, "InversionTime": None}
    series = [
        series_of(
            world.patient_a, day, study_uid=f"1.2.826.0.1.{seed}", seed=seed + len(more), **more
        )
        for day, seed in (("2023-05-10", 10), ("2023-11-10", 20))
        for more in ({}, {"attributes": t2w})
    ]
    stranger = {"patient": "Quixote^Alonso", "patient_id": "QX-778899", "birth": "20110923"}
    series.append(series_of(world.patient_a, "2023-05-10", sex="M", seed=30, **stranger))
    folder = parent / "QUIXOTE_ALONSO"
    for number, images in enumerate(series):
        (folder / f"SE{number}").mkdir(parents=True)
        for index, image in enumerate(images):
            image.save_as(folder / f"SE{number}" / f"IM{index:04d}", enforce_file_format=True)
    (folder / "report.pdf").write_bytes(b"%PDF-1.7 of Alonso Quixote")
    return folder


def drop(page: Page, folder: Path) -> None:
    """Drag a folder of this computer over the page and let it fall, as the browser itself does."""
    box = page.locator("[data-page=drop]").bounding_box()
    assert box is not None
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    devtools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})
    devtools.detach()


def test_a_coordinator_drops_two_sessions_and_a_stranger_and_puts_all_where_it_belongs(
    chain: None, page: Page, tmp_path: Path, live_server: Any
):
    world = build_world()
    models.activate(model=models.register_threshold(), reason="test")
    later = patients.create_visit(
        patient=world.patient_a,
        definition=world.study.visit_definitions.get(code="M06"),
        visit_date=date(2023, 11, 8),
        by=None,
    )

    sign_in(page, "coordinator")
    page.goto(f"/studies/{world.study.code}/visits/{world.visit_a.pk}/upload/")
    drop(page, write_folder(tmp_path, world))
    # Before anything is sent the page says what does not belong together, and what to do.
    card = page.get_by_role("listitem", name="QUIXOTE_ALONSO")
    expect(card).to_contain_text("50 images", timeout=SENT_MS)
    expect(card).to_contain_text("1 other file left out")
    expect(card).to_contain_text("name 2 different patients and were made on 2 different days")
    expect(card).to_contain_text("decide afterwards where each belongs")
    page.get_by_role("button", name="Send", exact=True).click()
    # It leads to the visit; what fits is segmented at once, the rest waits and says so.
    expect(page.get_by_role("heading", name="A-001")).to_be_visible(timeout=SENT_MS)
    expect(page.locator("[data-visit-state=done]")).to_be_visible(timeout=SEGMENTED_MS)
    expect(page.get_by_text("3 scans wait in quarantine")).to_be_visible()
    page.get_by_role("link", name="Decide where they belong").click()

    first = page.locator("section.panel", has_text="T1w 2D, T2w 2D of 2023-11-10")
    expect(first).to_contain_text("The scan was made 184 days after the visit.")
    expect(page.get_by_text("The same upload holds images of another person.")).to_be_visible()
    assert "Quixote" not in page.content()
    first.get_by_role("link", name="Move to Month 6").click()
    expect(page.get_by_label("The right visit")).to_have_value(str(later.pk))
    page.get_by_label("Reason").fill("The folder held the next session too")
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_text("T1w 2D and T2w 2D were moved to A-001, Month 6.")).to_be_visible()

    # What still waits is on the screen again: no way to look for.
    page.get_by_role("link", name="Discard").click()
    page.get_by_label("Reason").fill("Somebody else's scan in the folder")
    page.get_by_role("button", name="Discard and destroy").click()
    expect(page.get_by_text("T1w 2D was discarded and destroyed.")).to_be_visible()

    # Both visits end with a result, made from their own images.
    expect(page.locator("[data-visit-state=done]")).to_have_count(2, timeout=SEGMENTED_MS)
    runs = SegmentationRun.objects.filter(state=JobState.SUCCEEDED, analysis_flag=True)
    assert {run.visit_id for run in runs} == {world.visit_a.pk, later.pk}
    assert all(run.t1w_scan.visit_id == run.visit_id for run in runs)
    gone = Scan.objects.get(state=ScanState.DISCARDED)
    assert not any(path.exists() for path in store.paths_of(gone))

    # A new number of the same child is asked about once, beside the way to the earlier scans.
    renumbered = series_of(
        world.patient_a, "2023-11-10", patient_id="NEW-4711", study_uid="1.2.826.0.1.40", seed=40
    )
    archive = tmp_path / "NEW-4711.zip"
    archive.write_bytes(zipped(renumbered))
    page.goto(f"/studies/{world.study.code}/visits/{later.pk}/upload/")
    page.get_by_text("Upload with the plain form").click()
    page.locator("input[type=file][name=dicom]").set_input_files(str(archive))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("1 scan waits in quarantine")).to_be_visible(timeout=SEGMENTED_MS)
    page.get_by_role("link", name="Decide where it belongs").click()
    expect(page.get_by_text("names another person than the earlier scans")).to_be_visible()
    expect(page.get_by_role("link", name="Baseline of 2023-05-10")).to_be_visible()
    page.get_by_role("link", name="Replace as repeat").click()
    page.get_by_label("Reason").fill("The hospital has changed its numbers")
    page.get_by_role("button", name="Take in").click()
    expect(page.get_by_text("T1w 2D was taken in for A-001, Month 6.")).to_be_visible()
    page.goto("/quarantine/")
    expect(page.get_by_text("Nothing waits in quarantine.")).to_be_visible()
