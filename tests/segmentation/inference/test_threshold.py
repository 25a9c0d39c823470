import time
from pathlib import Path

import numpy as np
import pytest

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.volume import label_volume_ml
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER, Segmenter
from segmentation.inference.threshold import ThresholdSegmenter, nearest_neighbour
from tests.support.images import (
    ANISOTROPIC,
    OBLIQUE,
    OBLIQUE_ANISOTROPIC,
    SAGITTAL,
    SHAPE,
    affine_of,
    intensities,
    write_nifti,
    write_visit,
)


def silent(share: float, step: str) -> None:
    pass


def test_it_is_a_segmenter_and_says_that_it_is_for_tests(tmp_path: Path) -> None:
    segmenter: Segmenter = ThresholdSegmenter()
    assert (segmenter.name, segmenter.version) == ("threshold", "1")
    assert segmenter.sequences == ("T1w", "T2w")
    output = segmenter.segment(write_visit(tmp_path / "visit"), progress=silent)
    assert output.provenance["test_only"] is True


def test_the_label_map_lies_in_the_t1w_grid_and_follows_the_t2w(tmp_path: Path) -> None:
    affine = affine_of((1.0, 1.0, 1.0))
    thick = affine_of((1.0, 1.0, 2.0), origin_mm=(0.0, 0.0, 0.5))
    t2w = np.zeros((16, 17, 10), np.int16)
    t2w[3:6, 4:8, 2] = 100
    images = {
        "T1w": write_nifti(tmp_path / "T1w.nii.gz", intensities((16, 17, 20)), affine),
        "T2w": write_nifti(tmp_path / "T2w.nii.gz", t2w, thick),
    }
    output = ThresholdSegmenter(level=50).segment(images, progress=silent)
    expected = np.zeros((16, 17, 20), np.uint8)
    expected[3:6, 4:8, 4:6] = 1
    np.testing.assert_array_equal(output.label_map, expected)
    np.testing.assert_array_equal(output.affine, affine)
    label = output.labels[DEMYELINATED_WHITE_MATTER]
    assert label_volume_ml(output.label_map, output.affine, label) == pytest.approx(0.024)


def test_without_t2w_it_looks_at_the_t1w(tmp_path: Path) -> None:
    images = {"T1w": write_nifti(tmp_path / "T1w.nii.gz", affine=OBLIQUE)}
    segmenter = ThresholdSegmenter(level=200, with_t2w=False)
    assert segmenter.sequences == ("T1w",)
    output = segmenter.segment(images, progress=silent)
    np.testing.assert_array_equal(output.label_map, intensities() > 200)


def test_a_percentile_marks_its_share_of_the_image(tmp_path: Path) -> None:
    data = np.arange(990, dtype=np.int16).reshape(SHAPE)
    images = {"T1w": write_nifti(tmp_path / "T1w.nii.gz", data)}
    output = ThresholdSegmenter(percentile=90, with_t2w=False).segment(images, progress=silent)
    assert output.label_map.sum() == 99


def test_two_runs_give_the_same_label_map(tmp_path: Path) -> None:
    images = write_visit(tmp_path / "visit")
    first, second = (
        ThresholdSegmenter(percentile=80).segment(images, progress=silent) for _ in range(2)
    )
    assert 0.05 < first.label_map.mean() < 0.3
    np.testing.assert_array_equal(first.label_map, second.label_map)
    assert first.provenance == second.provenance


def test_images_of_different_places_are_refused_and_not_counted_as_nothing(tmp_path: Path) -> None:
    images = write_visit(tmp_path / "visit")
    images["T2w"] = write_nifti(
        tmp_path / "far.nii.gz", affine=affine_of(origin_mm=(5000.0, 0.0, 0.0))
    )
    with pytest.raises(ImageError) as caught:
        ThresholdSegmenter().segment(images, progress=silent)
    assert caught.value.code is FailureCode.REGISTRATION_FAILED


def test_a_damaged_image_is_refused(tmp_path: Path) -> None:
    images = write_visit(tmp_path / "visit")
    images["T2w"].write_bytes(images["T2w"].read_bytes()[:-9])
    with pytest.raises(ImageError) as caught:
        ThresholdSegmenter().segment(images, progress=silent)
    assert caught.value.code is FailureCode.TRUNCATED


def test_the_artificial_duration_is_spent_in_reported_steps(tmp_path: Path) -> None:
    told: list[float] = []

    def remember(share: float, step: str) -> None:
        told.append(share)

    start = time.monotonic()
    ThresholdSegmenter(duration_s=0.2, with_t2w=False).segment(
        write_visit(tmp_path / "visit"), progress=remember
    )
    assert time.monotonic() - start >= 0.2
    assert told == sorted(told)
    assert (told[0], told[-1], len(told)) == (0.0, 1.0, 6)


@pytest.mark.parametrize("affine", [ANISOTROPIC, OBLIQUE, OBLIQUE_ANISOTROPIC, SAGITTAL])
def test_resampling_onto_the_same_grid_changes_nothing(affine: np.ndarray) -> None:
    data = intensities(dtype="float32")
    volume = Volume(data, affine)
    np.testing.assert_array_equal(nearest_neighbour(volume, onto=volume), data)


@pytest.mark.parametrize("arguments", [{"percentile": 101}, {"percentile": -1}, {"duration_s": -1}])
def test_settings_that_make_no_sense_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        ThresholdSegmenter(**arguments)
