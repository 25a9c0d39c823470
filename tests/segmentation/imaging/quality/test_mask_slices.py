"""The pictures of a mask: its outline where the mask is, and never anything but brain."""

import numpy as np
import pytest
import SimpleITK as sitk

from segmentation.imaging.quality.mask_slices import COLOUR, COLUMNS, ROWS, draw_mask
from segmentation.imaging.quality.mosaic import write_png

SHAPE = (40, 50, 30)
AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])


def parts() -> tuple[np.ndarray, np.ndarray]:
    """Return a brain, and a mask of 16 x 20 mm on its left side, from 30 to 57 mm."""
    brain, mask = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    brain[5:35, 5:45, 5:25] = True
    mask[10:18, 20:30, 10:20] = True
    return brain, mask


def drawn(mask: np.ndarray, brain: np.ndarray):
    rng = np.random.default_rng(1)
    images = {name: rng.uniform(50, 200, SHAPE).astype(np.float32) for name in ("T1w", "T2w")}
    return draw_mask(images, AFFINE, brain=brain, mask=mask)


def test_the_outline_encloses_as_many_square_millimetres_as_the_mask_has():
    brain, mask = parts()
    found = drawn(mask, brain)
    tile = found.outline.shape[0] // ROWS, found.outline.shape[1] // COLUMNS
    assert found.outline.shape[:2] == found.images["T1w"].shape == found.images["T2w"].shape
    # The third row holds slices in the middle of the mask.
    middle = found.outline[2 * tile[0] : 3 * tile[0], : tile[1], 3] > 0
    rows, columns = np.nonzero(middle)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert (abs(width - 16) <= 1, abs(height - 20) <= 1) == (True, True)
    assert middle.sum() == 2 * (width + height) - 4
    # The patient's left is on the right of a slice; low x is left in none of them.
    assert columns.mean() > tile[1] / 2
    assert tuple(found.outline[2 * tile[0] : 3 * tile[0], : tile[1]][middle][0]) == COLOUR


def test_a_voxel_is_outlined_where_it_lies_in_the_head():
    brain, mask = parts()
    mask[:] = False
    # On the patient's left, in front, high up: 2 x 2 x 3 mm around (18, 80, 63) mm.
    mask[9, 40, 21] = True
    found = drawn(mask, brain)
    width, height = found.tile_px
    rows, columns = np.nonzero(found.outline[..., 3])
    # The box of the brain and its margin reach to 72 mm on the right and to 92 mm in front, and
    # the right front end of the head is the upper left corner of a slice.
    right, front = 72 - 1 - columns % width, 92 - rows % height
    up = np.array(found.places_mm)[rows // height * COLUMNS + columns // width]
    assert rows.size > 0
    for place, centre, half in ((right, 18, 1.0), (front, 80, 1.0), (up, 63, 1.5)):
        assert np.abs(place - centre).max() <= half
        assert abs(place.mean() - centre) <= 0.5


def test_the_slices_reach_from_below_the_mask_to_above_it():
    brain, mask = parts()
    found = drawn(mask, brain)
    # From 26 to 61 mm, 4 mm beyond the mask on both sides.
    assert found.step_mm == pytest.approx(35 / (COLUMNS * ROWS - 1))


def test_nothing_outside_of_the_brain_is_drawn_whatever_the_mask_says():
    brain, mask = parts()
    mask[0:3, 0:3, :] = True
    images = {"T1w": np.where(brain, 100.0, 900.0).astype(np.float32)}
    images["T1w"][8, 8, 8] = 120.0
    found = draw_mask(images, AFFINE, brain=np.zeros(SHAPE, bool) | brain, mask=mask)
    alone = draw_mask(
        {"T1w": np.where(brain, images["T1w"], 0.0).astype(np.float32)},
        AFFINE,
        brain=brain,
        mask=mask,
    )
    np.testing.assert_array_equal(found.images["T1w"], alone.images["T1w"])


def test_an_empty_mask_is_judged_on_the_whole_brain():
    brain, _ = parts()
    found = drawn(np.zeros(SHAPE, bool), brain)
    assert not found.outline.any()
    # The brain lies from 15 to 72 mm.
    assert found.step_mm == pytest.approx(57 / (COLUMNS * ROWS - 1))


def test_the_outline_is_written_with_its_transparency(tmp_path):
    brain, mask = parts()
    outline = drawn(mask, brain).outline
    write_png(tmp_path / "outline.png", outline)
    read = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "outline.png")))
    np.testing.assert_array_equal(read, outline)
    assert set(np.unique(read[..., 3])) == {0, 255}
