"""What was measured is drawn once for who looks first, and kept while anybody may look."""

import os
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from django.utils import timezone

from segmentation.models import JobState, RunPicture, SegmentationRun
from segmentation.models.run_picture import MARKED, PLAIN
from segmentation.selectors import run_pictures as selectors
from segmentation.services import removal, run_pictures, store, upkeep
from tests.support.drawn import make_run_picture, phantom, put_files
from tests.support.loads import make_load, make_scan
from tests.support.world import World

pytestmark = pytest.mark.django_db


def run_of(world: World) -> SegmentationRun:
    return make_load(world.patient_a, world.visit_a.date, 12.5)


# On a busy machine it outlasts a heartbeat, whose own connection sees only what is committed.
@pytest.mark.django_db(transaction=True)
def test_a_worker_draws_the_images_of_a_run_and_its_mask(world: World, tmp_path: Path):
    run = run_of(world)
    run.t2w_scan = make_scan(run.visit, "T2w")
    run.save()
    put_files(run, tmp_path)
    asked, is_to_be_told = run_pictures.ask_for(run=run)
    assert (asked.state, is_to_be_told) == (JobState.QUEUED, True)
    assert run_pictures.ask_for(run=run) == (asked, False)
    row = run_pictures.execute_next(worker="test")
    assert row is not None
    assert (row.state, row.message) == (JobState.SUCCEEDED, "")
    assert set(row.sheets[PLAIN]["pictures"]) == {"T1w", "T2w"}
    assert set(row.sheets[MARKED]["pictures"]) == {"T1w", "T2w", "outline"}
    assert len(row.hashes) == 5
    for sha256 in row.hashes:
        assert store.mosaic_path(sha256).read_bytes()[:4] == b"\x89PNG"
    assert run_pictures.ask_for(run=run) == (row, False)


def test_a_plain_sheet_says_nothing_of_the_mask(world: World):
    high = (slice(10, 18), slice(20, 30), slice(18, 23))
    low = (slice(20, 34), slice(6, 40), slice(6, 9))
    sheets = []
    for marked in (high, low, None):
        with store.temporary_folder(uuid4()) as folder:
            sheets.append(run_pictures.keep_sheets(phantom(marked=marked), folder))
    assert sheets[0][PLAIN] == sheets[1][PLAIN] == sheets[2][PLAIN]
    outlines = {sheet[MARKED]["pictures"]["outline"] for sheet in sheets}
    assert len(outlines) == 3
    # Where nothing is marked the slices go through the whole brain.
    assert sheets[2][MARKED]["places_mm"] == sheets[2][PLAIN]["places_mm"]
    assert sheets[0][MARKED]["places_mm"] != sheets[0][PLAIN]["places_mm"]


def test_what_is_marked_outside_of_the_brain_is_measured(world: World):
    seen = phantom(marked=(slice(0, 5), slice(20, 30), slice(10, 20)))
    with store.temporary_folder(uuid4()) as folder:
        sheets = run_pictures.keep_sheets(seen, folder)
    # 5 x 10 x 10 voxels of 12 mm3.
    assert sheets[MARKED]["outside_brain_ml"] == pytest.approx(6.0)
    assert not np.any(seen.mask & seen.brain)


def test_a_void_run_is_not_drawn_and_its_pictures_are_not_shown(world: World):
    run = run_of(world)
    drawn = make_run_picture(run)
    assert selectors.drawn_of(run) == drawn
    SegmentationRun.objects.filter(pk=run.pk).update(is_voided=True, analysis_flag=False)
    run.refresh_from_db()
    assert selectors.drawn_of(run) is None
    RunPicture.objects.update(state=JobState.QUEUED)
    row = run_pictures.execute_next(worker="test")
    assert row is not None
    assert (row.state, row.failure_code) == (JobState.REJECTED, "IMAGES_CHANGED")
    assert row.message == selectors.VOID


def test_a_picture_whose_file_is_gone_is_drawn_again(world: World):
    run = run_of(world)
    drawn = make_run_picture(run)
    assert run_pictures.ask_for(run=run) == (drawn, False)
    store.mosaic_path(drawn.hashes[0]).unlink()
    asked, is_to_be_told = run_pictures.ask_for(run=run)
    assert (asked.state, asked.sheets, is_to_be_told) == (JobState.QUEUED, {}, True)


def test_a_run_without_its_files_says_so_and_is_tried_again_later(world: World):
    run = run_of(world)
    run_pictures.ask_for(run=run)
    row = run_pictures.execute_next(worker="test")
    assert row is not None
    assert (row.state, row.message[:30]) == (JobState.QUEUED, "A stored file was not found. T")
    RunPicture.objects.update(
        state=JobState.FAILED, failure_code="FILE_MISSING", finished_at=timezone.now()
    )
    assert run_pictures.ask_for(run=run)[1] is False
    RunPicture.objects.update(finished_at=timezone.now() - timedelta(minutes=11))
    asked, is_to_be_told = run_pictures.ask_for(run=run)
    assert (asked.state, asked.message, is_to_be_told) == (JobState.QUEUED, "", True)


def test_the_sweep_keeps_pictures_while_the_run_holds_and_takes_lost_ones_back(world: World):
    run = run_of(world)
    drawn = make_run_picture(run)
    paths = [store.mosaic_path(sha256) for sha256 in drawn.hashes]
    long_ago = time.time() - 3600
    for path in paths:
        os.utime(path, (long_ago, long_ago))
    assert removal.remove_pictures(paths) == []
    RunPicture.objects.update(
        state=JobState.RUNNING, attempt=1, lease_token=uuid4(), lease_until="2020-01-01T00:00Z"
    )
    assert upkeep.sweep().pictures_taken_back == 1
    SegmentationRun.objects.filter(pk=run.pk).update(is_voided=True, analysis_flag=False)
    assert removal.remove_pictures(paths) == paths
