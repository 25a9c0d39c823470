"""The conventional method, end to end on a phantom, and what it refuses to measure."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_volume, write_volume
from segmentation.imaging.overlap import dice
from segmentation.imaging.volume import label_volume_ml
from segmentation.inference import conventional
from segmentation.inference.base import SegmentationOutput, Segmenter
from segmentation.inference.cluster_file import packed, read_clusters
from segmentation.inference.clusterize import ClusterParameters, tabulate
from segmentation.inference.conventional import ConventionalSegmenter
from segmentation.inference.tissue_levels import TissueMaps, t1w_levels
from segmentation.phantom.render import PhantomVisit
from tests.support.images import affine_of


@pytest.fixture(scope="module")
def images(visit: PhantomVisit, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("visit")
    paths = {"T1w": folder / "t1w.nii.gz", "T2w": folder / "t2w.nii.gz"}
    # Voxels of the T1w image that run from left to right, and of the T2w image by other axes.
    turn = np.diag([-1.0, 1.0, 1.0, 1.0])
    turn[0, 3] = visit.t1w.data.shape[0] - 1
    write_volume(paths["T1w"], np.ascontiguousarray(visit.t1w.data[::-1]), visit.t1w.affine @ turn)
    swapped = visit.t2w.affine[:, [2, 0, 1, 3]]
    write_volume(paths["T2w"], np.ascontiguousarray(visit.t2w.data.transpose(2, 0, 1)), swapped)
    return paths


@pytest.fixture(scope="module")
def steps() -> list[float]:
    return []


@pytest.fixture(scope="module")
def output(images: dict[str, Path], steps: list[float]) -> SegmentationOutput:
    segmenter: Segmenter = ConventionalSegmenter()
    return segmenter.segment(images, progress=lambda share, _step: steps.append(share))


def test_it_finds_most_of_what_is_lost_in_the_grid_of_the_t1w_image(
    output: SegmentationOutput, visit: PhantomVisit, images: dict[str, Path], steps: list[float]
) -> None:
    t1w = read_volume(images["T1w"])
    assert output.label_map.shape == t1w.data.shape
    np.testing.assert_array_equal(output.affine, t1w.affine)
    assert dice(output.label_map[::-1], visit.truth_mask) > 0.6
    load_ml = label_volume_ml(output.label_map, output.affine, 1)
    assert load_ml == pytest.approx(visit.demyelination_load_ml, rel=0.4)
    assert steps == sorted(steps)


def test_the_provenance_says_how_clusters_were_found_and_by_whom(
    output: SegmentationOutput,
) -> None:
    found = output.provenance
    expected = {
        "lowest_percent": 20,
        "step_percent": 1,
        "smallest_cluster_mm2": 25.0,
        "t1w_fluid_mask": True,
        "manual_edit": False,
        "slice_axis": 0,
    }
    assert {name: found[name] for name in expected} == expected
    assert found["operator"].startswith("none")
    assert found["definition_sha256"] == ConventionalSegmenter().sha256


def test_the_stored_clusters_give_the_mask_again_and_another_with_other_clusters(
    output: SegmentationOutput, images: dict[str, Path], tmp_path: Path
) -> None:
    assert output.clusters is not None
    path = tmp_path / "clusters.npz"
    path.write_bytes(output.clusters)
    stored = read_clusters(path)
    t2w = read_volume(images["T2w"])
    assert stored.matrix.clusters.shape == t2w.data.shape
    assert len(stored.thresholds) > 0
    assert tabulate(stored.matrix).voxels.shape[0] == output.provenance["clusters"]
    assert packed(stored) == output.clusters
    # The motion is kept as well: the selection lies over the mask, but for the limits of white
    # matter and fluid, which only take voxels away.
    voxels = np.argwhere(output.label_map)[::50]
    points = output.affine[:3, :3] @ voxels.T + output.affine[:3, 3:]
    moved = stored.t1w_to_t2w[:3, :3] @ points + stored.t1w_to_t2w[:3, 3:]
    inverse = np.linalg.inv(stored.affine)
    places = np.rint(inverse[:3, :3] @ moved + inverse[:3, 3:]).astype(int)
    chosen = stored.matrix.selection(stored.thresholds)
    assert chosen[tuple(places)].mean() > 0.95
    (first, *_) = stored.thresholds
    fewer = {number: cut for number, cut in stored.thresholds.items() if number != first}
    assert np.count_nonzero(stored.matrix.selection(fewer)) < np.count_nonzero(chosen)


def test_white_matter_as_dark_as_fluid_is_refused_and_not_taken_for_fluid() -> None:
    shape = (10, 10, 4)
    white = np.ones(shape, dtype=np.float32)
    intensities = np.full(shape, 900.0, dtype=np.float32)
    intensities[:, :1] = 300.0
    inside = np.ones(shape, dtype=bool)
    aligned = conventional.Aligned(
        Volume(intensities, np.eye(4)), intensities, inside, None, None, {}, None
    )  # type: ignore[arg-type]
    levels = conventional.TissueLevels(np.array([200.0, 600.0, 900.0]), np.full(3, 50.0))
    maps = TissueMaps(1 - white, 1 - white, white)
    with pytest.raises(ImageError, match="cannot tell tissue from fluid") as refused:
        conventional._refuse_tissue_like_fluid(aligned, maps, levels)
    assert refused.value.code == FailureCode.TISSUE_UNCLEAR
    # How much it is grows with the disease, and the sentence is read by who sees no loads.
    assert not any(character.isdigit() for character in refused.value.message.replace("T1w", ""))
    intensities[:, :1, 1:] = 900.0
    # 2.5 %: less than is refused.
    conventional._refuse_tissue_like_fluid(aligned, maps, levels)


def three_tissues(order: tuple[float, float, float]) -> tuple[Volume, TissueMaps]:
    """Return thirds of a block in three intensities with noise, and maps that are mostly right."""
    rng = np.random.default_rng(4)
    shape = (30, 20, 20)
    data = np.repeat(np.array(order), 10)[:, None, None] + rng.normal(0, 20, shape)
    shares = [np.zeros(shape, dtype=np.float32) for _ in range(3)]
    for tissue, share in enumerate(shares):
        # Two rows off, as a template is.
        share[max(0, 10 * tissue - 2) : 10 * tissue + 8] = 1
    return Volume(data.astype(np.float32), np.eye(4)), TissueMaps(*shares)


def test_levels_of_tissue_are_found_although_the_template_lies_beside_them() -> None:
    image, maps = three_tissues((200, 600, 900))
    levels = t1w_levels(image, np.ones(image.data.shape, dtype=bool), maps)
    np.testing.assert_allclose(levels.means, (200, 600, 900), atol=5)
    np.testing.assert_allclose(levels.deviations, 20, atol=3)
    assert levels.fluid_to_gray == pytest.approx(400, abs=5)
    assert levels.gray_to_white == pytest.approx(750, abs=8)


def test_tissue_in_another_order_is_no_t1w_image() -> None:
    image, maps = three_tissues((900, 600, 200))
    with pytest.raises(ImageError) as refused:
        t1w_levels(image, np.ones(image.data.shape, dtype=bool), maps)
    assert refused.value.code == FailureCode.TISSUE_UNCLEAR


def test_a_map_is_averaged_over_the_thickness_of_a_slice() -> None:
    fine = np.zeros((4, 4, 8), dtype=np.float32)
    fine[:, :, 3:5] = 1
    onto = Volume(np.empty((4, 4, 2)), affine_of((1.0, 1.0, 4.0), origin_mm=(0, 0, 1.5)))
    found = conventional.averaged_onto(Volume(fine, np.eye(4)), onto, sitk.Transform())
    np.testing.assert_allclose(found, 0.25)


def test_other_parameters_are_another_definition() -> None:
    one = ConventionalSegmenter()
    other = ConventionalSegmenter(ClusterParameters(lowest_percent=25))
    assert one.sha256 != other.sha256
    assert one.sha256 == ConventionalSegmenter().sha256


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"plain words"])
def test_a_damaged_file_of_clusters_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clusters.npz"
    path.write_bytes(content)
    with pytest.raises(ImageError, match="cluster-matrix-1"):
        read_clusters(path)
