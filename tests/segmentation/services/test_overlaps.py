"""Masks of two methods are compared once, of the same image, and what counts changes nowhere."""

from datetime import date

import numpy as np
import pytest

from mldtrial.trial.services import participation
from segmentation.imaging.nifti import write_label_map
from segmentation.models import (
    MaskOverlap,
    SegmentationResult,
    SegmentationRun,
)
from segmentation.policies import visible_to
from segmentation.selectors.overlaps import unmeasured
from segmentation.services import overlaps, store
from tests.support.loads import make_load
from tests.support.locking import second_manager
from tests.support.promoting import decide, propose
from tests.support.shadows import candidate, pair
from tests.support.world import World

pytestmark = pytest.mark.django_db
ON, LATER = date(2024, 3, 1), date(2024, 9, 1)
SHAPE = (9, 10, 11)


def draw(run: SegmentationRun, *boxes: tuple[slice, slice, slice]) -> None:
    """Write the mask of a run: 1 inside the boxes."""
    mask = np.zeros(SHAPE, np.uint8)
    for box in boxes:
        mask[box] = 1
    result = SegmentationResult.objects.get(run=run)
    path = store.root() / result.mask_path
    path.parent.mkdir(parents=True, exist_ok=True)
    write_label_map(path, mask, np.eye(4))
    SegmentationResult.objects.filter(run=run).update(
        mask_sha256=store.sha256_of(path), voxel_count=int(mask.sum())
    )


def other_of(*runs: SegmentationRun) -> SegmentationRun:
    known = [run.pk for run in runs]
    return SegmentationRun.objects.exclude(pk__in=known).get(visit=runs[0].visit)


@pytest.fixture
def compared(world: World) -> SegmentationRun:
    """A visit whose two masks have 8 and 12 voxels, and share 8."""
    run = pair(world.patient_a, ON, 20.0, 22.0)
    draw(run, np.s_[2:4, 2:4, 2:4])
    draw(other_of(run), np.s_[2:5, 2:4, 2:4])
    return run


def test_the_masks_of_one_image_are_compared_once(compared: SegmentationRun):
    assert overlaps.measure_missing(worker="test") == 1
    found = MaskOverlap.objects.get()
    assert (found.run, found.reference_run) == (compared, other_of(compared))
    assert found.dice == pytest.approx(2 * 8 / (8 + 12))
    # The farthest of the surface voxels lie one voxel of 1 mm away; within 1 mm all agree.
    assert found.hausdorff95_mm == 1.0
    assert found.surface_dice == 1.0
    assert overlaps.measure_missing(worker="test") == 0
    assert not unmeasured().exists()


def test_two_empty_masks_have_no_dice_and_are_not_asked_again(world: World):
    run = pair(world.patient_a, ON, 0.0, 0.0)
    draw(run)
    draw(other_of(run))
    assert overlaps.measure_missing(worker="test") == 1
    found = MaskOverlap.objects.get()
    assert (found.dice, found.hausdorff95_mm, found.surface_dice) == (None, None, None)
    assert overlaps.measure_missing(worker="test") == 0


def test_masks_of_two_images_are_not_compared(world: World):
    make_load(world.patient_a, ON, 20.0)
    make_load(world.patient_a, ON, 22.0, model=candidate())
    assert not unmeasured().exists()


def test_a_mask_that_no_page_uses_is_not_compared(compared: SegmentationRun):
    SegmentationRun.objects.filter(pk=other_of(compared).pk).update(analysis_flag=False)
    assert overlaps.measure_missing(worker="test") == 0


def test_a_mask_that_changed_is_left_out_and_the_others_are_compared(
    world: World, compared: SegmentationRun
):
    second = pair(world.patient_b, LATER, 30.0, 31.0)
    draw(second, np.s_[2:4, 2:4, 2:4])
    draw(other_of(second), np.s_[2:4, 2:4, 2:4])
    path = store.root() / SegmentationResult.objects.get(run=compared).mask_path
    path.write_bytes(path.read_bytes() + b"\0")
    assert overlaps.measure_missing(worker="test") == 1
    assert MaskOverlap.objects.get().run == second
    assert unmeasured().get() == compared


def test_a_pair_that_cannot_be_compared_keeps_no_other_waiting(
    world: World, compared: SegmentationRun, monkeypatch: pytest.MonkeyPatch
):
    second = pair(world.patient_b, LATER, 30.0, 31.0)
    draw(second, np.s_[2:4, 2:4, 2:4])
    draw(other_of(second), np.s_[2:4, 2:4, 2:4])
    # A mask of another grid: no fault of a file, and no ImageError.
    result = SegmentationResult.objects.get(run=compared)
    path = store.root() / result.mask_path
    write_label_map(path, np.ones((3, 3, 3), np.uint8), np.eye(4))
    SegmentationResult.objects.filter(run=compared).update(mask_sha256=store.sha256_of(path))
    assert overlaps.measure_missing(worker="test") == 1
    assert MaskOverlap.objects.get().run == second


def test_the_work_ends_between_two_pairs_where_something_else_waits(
    world: World, compared: SegmentationRun
):
    second = pair(world.patient_b, LATER, 30.0, 31.0)
    draw(second, np.s_[2:4, 2:4, 2:4])
    draw(other_of(second), np.s_[2:4, 2:4, 2:4])
    asked = iter([True, False])
    assert overlaps.measure_missing(worker="test", goes_on=lambda: next(asked)) == 1
    assert overlaps.measure_missing(worker="test") == 1


def test_masks_without_a_consent_for_images_are_not_read(world: World, compared: SegmentationRun):
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=date(2024, 4, 1), by=None
    )
    assert overlaps.measure_missing(worker="test") == 0


def test_after_a_promotion_the_comparison_of_both_masks_still_stands(
    world: World, compared: SegmentationRun
):
    """How far two masks agree does not depend on which of them counts."""
    overlaps.measure_missing(worker="test")
    decide(propose(world.user("data_manager")), second_manager(world))
    assert overlaps.measure_missing(worker="test") == 0


def test_any_two_masks_of_an_image_are_compared_once_the_one_that_counts_first(
    world: World, compared: SegmentationRun
):
    third = make_load(world.patient_a, ON, 9.0, model=candidate("third"), beside=compared)
    draw(third, np.s_[2:4, 2:4, 2:5])
    other = other_of(compared, third)
    assert [row.pk for row in unmeasured()][:2] == [compared.pk, compared.pk]
    assert overlaps.measure_missing(worker="test") == 3
    found = {frozenset((o.run_id, o.reference_run_id)): o.dice for o in MaskOverlap.objects.all()}
    # 12 voxels each, of which they share the 8 of the first.
    assert found[frozenset((other.pk, third.pk))] == pytest.approx(2 * 8 / 24)
    assert len(found) == 3
    assert not unmeasured().exists()


def test_only_who_may_see_what_a_method_would_change_sees_it(
    world: World, compared: SegmentationRun
):
    overlaps.measure_missing(worker="test")
    seeing = {
        key
        for key, user in world.users.items()
        if visible_to(user, MaskOverlap.objects.all()).exists()
    }
    assert seeing == {"data_manager", "statistician", "auditor"}
