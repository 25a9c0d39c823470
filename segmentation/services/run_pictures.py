"""Draw what a run measured, once somebody looks at it.

Reading the images, finding the brain and aligning the T2w image takes seconds: a worker does it,
and what it has drawn stays.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import Q
from django.db.models.functions import Now
from numpy.typing import NDArray

from mldtrial.audit.context import acting
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import voxel_volume_mm3
from segmentation.imaging.quality.mask_slices import DRAWING_VERSION, MaskSlices, draw_mask
from segmentation.models import ENDED_BADLY, JobState, RunPicture, SegmentationRun
from segmentation.models.run_picture import MARKED, OUTLINE, PLAIN
from segmentation.selectors import run_pictures as selectors
from segmentation.services import jobs, mask_pictures, store
from segmentation.services.mask_pictures import Seen

TRIED_AGAIN_AFTER = timedelta(minutes=10)
"""Then who looks again has it drawn again: what kept it from being drawn may be mended."""
NOTHING_DRAWN: dict[str, Any] = {**jobs.AFRESH, "sheets": {}}


def ask_for(*, run: SegmentationRun) -> tuple[RunPicture, bool]:
    """Return the pictures of a run, ordered at the first look, and whether a worker is to be told.

    They are ordered again where a file is gone, or where they could not be drawn some time ago.
    """
    row, is_new = RunPicture.objects.get_or_create(
        run=run,
        drawing_version=DRAWING_VERSION,
        defaults={"site": run.site, "turn": jobs.next_turn(RunPicture, run.site)},
    )
    if is_new:
        return row, True
    mine = RunPicture.objects.filter(pk=row.pk)
    if row.state == JobState.SUCCEEDED and not _are_there(row):
        ordered = mine.filter(state=JobState.SUCCEEDED).update(**NOTHING_DRAWN)
    else:
        ended = Q(state__in=ENDED_BADLY, finished_at__lt=Now() - TRIED_AGAIN_AFTER)
        ordered = mine.filter(ended).update(**NOTHING_DRAWN)
    if ordered:
        row.refresh_from_db()
    return row, bool(ordered)


def _are_there(row: RunPicture) -> bool:
    return all(store.mosaic_path(sha256).exists() for sha256 in row.hashes)


def execute_next(*, worker: str) -> RunPicture | None:
    """Claim and draw what somebody waits for; None if nobody waits."""
    with acting(origin=f"worker:{worker}"):
        return jobs.execute_next(RunPicture, _execute, worker=worker)


def _execute(row: RunPicture, heartbeat: jobs.Heartbeat) -> None:
    assert row.lease_token is not None  # noqa: S101 - just claimed
    run = row.run
    if why := selectors.why_not_shown(run):
        is_refused = why == selectors.NO_CONSENT
        code = FailureCode.CONSENT_WITHDRAWN if is_refused else FailureCode.IMAGES_CHANGED
        raise ImageError(code, why)
    heartbeat.progress(0.1, "finding the brain, aligning")
    seen = mask_pictures.look_at(run, run.t2w_scan)
    heartbeat.progress(0.8, "drawing")
    with store.temporary_folder(row.lease_token) as folder:
        sheets = keep_sheets(seen, folder)
        heartbeat.check()
        jobs.succeed(row, sheets=sheets)


def keep_sheets(seen: Seen, folder: Path) -> dict[str, Any]:
    """Draw both sheets, keep their pictures, and return what `RunPicture.sheets` holds of them.

    Parameters
    ----------
    folder : Path
        Of this attempt, on the volume of the store.
    """
    # Whoever may not see the load is shown slices that are chosen without the mask: where it
    # begins and ends would say how large it is.
    plain = _kept(PLAIN, _drawn(seen, np.zeros_like(seen.mask)), folder)
    marked = _kept(MARKED, _drawn(seen, seen.mask), folder)
    outside = np.count_nonzero(seen.mask & ~seen.brain)
    marked["outside_brain_ml"] = float(outside * voxel_volume_mm3(seen.affine) / 1000)
    return {PLAIN: plain, MARKED: marked}


def _drawn(seen: Seen, mask: NDArray[np.bool_]) -> MaskSlices:
    return draw_mask(seen.images, seen.affine, brain=seen.brain, mask=mask)


def _kept(name: str, sheet: MaskSlices, folder: Path) -> dict[str, Any]:
    outline = {OUTLINE: sheet.outline} if name == MARKED else {}
    return {
        "pictures": mask_pictures.keep({**sheet.images, **outline}, folder),
        "places_mm": [round(place, 2) for place in sheet.places_mm],
        "tile_px": list(sheet.tile_px),
    }
