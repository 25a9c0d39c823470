"""Real and drawn images that are no whole head in the claimed sequence, through the whole chain."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segmentation.imaging.cautions import Caution
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, to_ras
from segmentation.imaging.nifti import read_volume
from segmentation.inference.preprocessing import prepare_volumes

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

Pair = tuple[Volume, Volume]


def visit(test_data: Path, name: str = "patient12/study1") -> dict[str, Volume]:
    """Return the images of a real visit by sequence."""
    stem = test_data / "open_ms_data" / "longitudinal" / name
    return {
        key: read_volume(stem.with_name(f"{stem.name}_{key}.nii.gz"))
        for key in ("T1W", "T2W", "FLAIR")
    }


def flipped(image: Volume, axis: int) -> Volume:
    turned = to_ras(image)
    return Volume(np.ascontiguousarray(np.flip(turned.data, axis)), turned.affine)


def without(image: Volume, axis: int, share: float) -> Volume:
    """Return an image without the upper share of its extent along an axis."""
    turned = to_ras(image)
    kept = [slice(None)] * 3
    kept[axis] = slice(0, round(turned.data.shape[axis] * (1 - share)))
    return Volume(np.ascontiguousarray(turned.data[tuple(kept)]), turned.affine)


def emptied(image: Volume, share: float) -> Volume:
    """Return an image whose upper share holds zeros, as slicing anew leaves it."""
    data = to_ras(image).data.copy()
    data[:, :, round(data.shape[2] * (1 - share)) :] = 0
    return Volume(data, to_ras(image).affine)


def body(bright: float, dark: float) -> Volume:
    """Return a leg: fat, muscle, bone and a joint, in two brightnesses."""
    side = np.indices((160, 160, 160), dtype=np.float32) - 80
    across, along = np.hypot(side[0], side[1]), side[2]
    image = np.where(across < 65, dark, 0) + np.where((across > 55) & (across < 65), bright, 0)
    image += np.where((across < 28) & (np.abs(along) > 4), bright, 0)
    noise = np.abs(np.random.default_rng(1).standard_normal(image.shape)) * 15
    return Volume((image + noise).astype(np.float32), np.eye(4))


WRONG: dict[str, tuple[Callable[[dict[str, Volume]], Pair], set[FailureCode]]] = {
    "FLAIR as T1w": (
        lambda v: (v["FLAIR"], v["T2W"]),
        {FailureCode.NOT_A_HEAD, FailureCode.NO_BRAIN_FOUND},
    ),
    "FLAIR as T2w": (lambda v: (v["T1W"], v["FLAIR"]), {FailureCode.SEQUENCE_MISMATCH}),
    "exchanged": (
        lambda v: (v["T2W"], v["T1W"]),
        {FailureCode.SEQUENCE_MISMATCH, FailureCode.NO_BRAIN_FOUND},
    ),
    "T1w twice": (lambda v: (v["T1W"], v["T1W"]), {FailureCode.SEQUENCE_MISMATCH}),
    "upside down": (
        lambda v: (flipped(v["T1W"], 2), flipped(v["T2W"], 2)),
        {FailureCode.NO_BRAIN_FOUND, FailureCode.NOT_A_HEAD},
    ),
    "front to back": (
        lambda v: (flipped(v["T1W"], 1), v["T2W"]),
        {FailureCode.NO_BRAIN_FOUND, FailureCode.NOT_A_HEAD},
    ),
    "vertex cut off": (
        lambda v: (without(v["T1W"], 2, 0.2), v["T2W"]),
        {FailureCode.BRAIN_CUT_OFF, FailureCode.NO_BRAIN_FOUND},
    ),
    "one side cut off": (
        lambda v: (without(v["T1W"], 0, 0.3), v["T2W"]),
        {FailureCode.BRAIN_CUT_OFF},
    ),
    "T2w ends early": (
        lambda v: (v["T1W"], without(v["T2W"], 2, 0.25)),
        {FailureCode.BRAIN_CUT_OFF, FailureCode.REGISTRATION_FAILED},
    ),
    "T2w ends in zeros": (
        lambda v: (v["T1W"], emptied(v["T2W"], 0.35)),
        {FailureCode.BRAIN_CUT_OFF, FailureCode.REGISTRATION_FAILED, FailureCode.NOT_A_HEAD},
    ),
    "a leg": (
        lambda _: (body(900, 400), body(500, 250)),
        {FailureCode.NO_BRAIN_FOUND, FailureCode.NOT_A_HEAD},
    ),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("patient", ["patient12/study1", "patient04/study1"])
def test_what_is_no_whole_head_in_its_sequence_is_refused(
    name: str, patient: str, test_data: Path
) -> None:
    make, codes = WRONG[name]
    with pytest.raises(ImageError) as refused:
        prepare_volumes(*make(visit(test_data, patient)))
    assert refused.value.code in codes, refused.value.message


@pytest.mark.parametrize("patient", ["patient12/study1", "patient12/study2", "patient04/study1"])
def test_a_real_head_is_measured_without_caution(patient: str, test_data: Path) -> None:
    images = visit(test_data, patient)
    suitability = prepare_volumes(images["T1W"], images["T2W"]).suitability
    assert suitability is not None
    assert suitability.cautions == ()


def test_a_t2w_image_of_another_head_is_told(test_data: Path) -> None:
    head, other = visit(test_data), visit(test_data, "patient04/study1")
    suitability = prepare_volumes(head["T1W"], other["T2W"]).suitability
    assert suitability is not None
    assert suitability.cautions == (Caution.PERHAPS_TWO_HEADS,)
