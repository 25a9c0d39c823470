"""A coordinator sends two sessions and a stranger in one archive, and puts all in its place."""

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


def archive(world: World) -> bytes:
    """A folder of the archive: this session, one half a year later, and another person."""
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
    return zipped(*series)


def decide(page: Page, title: str, decision: str) -> None:
    """Open the decision about one session of the list."""
    page.goto("/quarantine/")
    section = page.locator("section.panel", has_text=title)
    section.get_by_role("link", name=decision).click()


def test_a_coordinator_puts_two_sessions_and_a_stranger_where_they_belong(
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
    sent = tmp_path / "QUIXOTE_ALONSO.zip"
    sent.write_bytes(archive(world))

    sign_in(page, "coordinator")
    page.goto(f"/studies/{world.study.code}/visits/{world.visit_a.pk}/upload/")
    page.get_by_text("Upload with the plain form").click()
    page.locator("input[type=file][name=dicom]").set_input_files(str(sent))
    page.get_by_role("button", name="Upload", exact=True).click()
    # What fits is segmented at once; the rest waits and says so.
    expect(page.locator("[data-visit-state=done]")).to_be_visible(timeout=SEGMENTED_MS)
    expect(page.get_by_text("3 scans wait in quarantine")).to_be_visible()

    page.goto("/")
    expect(page.get_by_role("heading", name="Scans in quarantine")).to_be_visible()
    page.get_by_role("link", name="Decide").first.click()
    expect(page.get_by_text("The scan was made 184 days after the visit.")).to_be_visible()
    expect(page.get_by_text("The same upload holds images of another person.")).to_be_visible()
    assert "Quixote" not in page.content()

    decide(page, "184 days after", "Move")
    expect(page.get_by_label("The right visit")).to_have_value(str(later.pk))
    page.get_by_label("Reason").fill("The folder held the next session too")
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_text("T1w 2D and T2w 2D were moved to A-001, Month 6.")).to_be_visible()

    decide(page, "images of another person", "Discard")
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
    page.goto("/quarantine/")
    expect(page.get_by_text("Nothing waits in quarantine.")).to_be_visible()
