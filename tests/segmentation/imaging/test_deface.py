"""A face goes, a brain stays: every voxel of it, whatever the order of the axes."""

from pathlib import Path

import numpy as np
import pytest

from segmentation.imaging.brain import TemplateFit, fit_template
from segmentation.imaging.deface import GUARD_MM, Defaced, deface, face_of
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, to_ras, voxel_volume_mm3
from segmentation.imaging.nifti import read_volume
from segmentation.imaging.placing import to_template
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import Image, PhantomVisit, render_visit

FACE_MM = {
    "nose": (0, 105, -40),
    "right eye": (33, 68, -38),
    "left eye": (-33, 68, -38),
    "mouth": (0, 95, -75),
    "chin": (0, 85, -110),
    "right ear": (78, -20, -40),
    "left ear": (-78, -20, -40),
}
"""Where a face is in the space of the template (RAS, mm), by hand."""
HEAD_MM = {
    "top of the head": (0, 0, 85),
    "forehead": (0, 82, 40),
    "back of the head": (0, -108, 0),
    "temple": (75, 10, 20),
}


def volume(image: Image) -> Volume:
    return Volume(image.data, image.affine)


@pytest.fixture(scope="module")
def visit() -> PhantomVisit:
    return render_visit(PhantomPatient.draw(2_000_009), stage=0.5, acq_stratum="2D", seed=2)


@pytest.fixture(scope="module")
def defaced(visit: PhantomVisit) -> Defaced:
    return deface(volume(visit.t1w))


@pytest.fixture(scope="module")
def large(visit: PhantomVisit) -> tuple[Volume, TemplateFit]:
    """An empty grid that reaches far around the head, and the fit of the phantom."""
    fit = fit_template(to_ras(volume(visit.t1w)))
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = -150
    return Volume(np.zeros((100, 100, 100), np.float32), affine), fit


def is_removed(large: tuple[Volume, TemplateFit], point_mm: tuple[float, ...]) -> bool:
    grid, fit = large
    voxel = np.linalg.inv(to_template(fit, grid.affine)) @ [*point_mm, 1.0]
    i, j, k = np.round(voxel[:3]).astype(int)
    return bool(face_of(grid, fit)[i, j, k])


@pytest.mark.parametrize("point", FACE_MM.values(), ids=FACE_MM)
def test_what_makes_a_face_is_on_the_side_that_goes(large, point):
    assert is_removed(large, point)


@pytest.mark.parametrize("point", HEAD_MM.values(), ids=HEAD_MM)
def test_the_rest_of_the_head_stays(large, point):
    assert not is_removed(large, point)


def test_every_voxel_of_the_brain_is_as_it_was(visit: PhantomVisit, defaced: Defaced):
    assert defaced.brain.any()
    assert np.array_equal(defaced.image.data[defaced.brain], visit.t1w.data[defaced.brain])
    assert not (defaced.brain & defaced.removed).any()


def test_what_was_removed_is_zero_and_all_else_is_as_it_was(visit: PhantomVisit, defaced: Defaced):
    assert defaced.removed.any()
    assert not defaced.image.data[defaced.removed].any()
    kept = ~defaced.removed
    assert np.array_equal(defaced.image.data[kept], visit.t1w.data[kept])
    assert defaced.image.data.dtype == visit.t1w.data.dtype


def test_nothing_near_the_brain_is_removed(visit: PhantomVisit, defaced: Defaced):
    brain = np.argwhere(defaced.brain) @ visit.t1w.affine[:3, :3].T
    removed = np.argwhere(defaced.removed) @ visit.t1w.affine[:3, :3].T
    rng = np.random.default_rng(0)
    some = removed[rng.choice(len(removed), 300, replace=False)]
    distances = [np.linalg.norm(brain - point, axis=1).min() for point in some]
    assert min(distances) > GUARD_MM - 1e-3


def test_the_white_matter_that_is_measured_is_as_it_was(visit: PhantomVisit, defaced: Defaced):
    """The truth of the phantom, independent of the brain mask."""
    assert not (defaced.removed & (visit.truth_mask > 0)).any()


def test_the_order_of_the_axes_makes_no_difference(visit: PhantomVisit, defaced: Defaced):
    image = volume(visit.t1w)
    turned = Volume(np.transpose(image.data, (2, 0, 1)), image.affine[:, [2, 0, 1, 3]])
    found = deface(turned)
    assert np.array_equal(found.removed, np.transpose(defaced.removed, (2, 0, 1)))


def test_the_other_sequence_is_cut_along_the_same_plane(visit: PhantomVisit, defaced: Defaced):
    t2w = deface(volume(visit.t2w), t1w=volume(visit.t1w))
    assert np.array_equal(t2w.image.data[t2w.brain], visit.t2w.data[t2w.brain])
    volumes = [
        float(each.brain.sum()) * voxel_volume_mm3(each.image.affine) for each in (defaced, t2w)
    ]
    assert volumes[0] == pytest.approx(volumes[1], rel=0.05)


def test_an_image_without_a_brain_is_not_given_out():
    noise = np.random.default_rng(0).gamma(2.0, 30.0, (60, 60, 60)).astype(np.float32)
    with pytest.raises(ImageError) as refused:
        deface(Volume(noise, np.diag([3.0, 3.0, 3.0, 1.0])))
    assert refused.value.code == FailureCode.NO_BRAIN_FOUND


def test_a_real_head_loses_its_face_and_no_brain(test_data: Path):
    """The brain mask that comes with the data was made by others, with another tool."""
    import SimpleITK as sitk

    folder = test_data / "open_ms_data" / "longitudinal" / "patient04"
    image = read_volume(folder / "study1_T1W.nii.gz")
    found = deface(image)
    assert np.array_equal(found.image.data[found.brain], image.data[found.brain])
    head = image.data > np.percentile(image.data, 75)
    assert 0.02 < (head & found.removed).sum() / head.sum() < 0.4
    raw = sitk.ReadImage(str(folder / "study1_T1W.nii.gz"))
    mask = sitk.ReadImage(str(folder / "brainmask.nii.gz"), sitk.sitkUInt8)
    to_flair, to_common = (
        sitk.ReadTransform(str(folder / name)).GetInverse()
        for name in ("study1_T1W_intrastudy_to_FLAIR.txt", "study1_FLAIR_to_common_space.txt")
    )
    transform = sitk.CompositeTransform([to_common, to_flair])
    theirs = sitk.Resample(mask, raw, transform, sitk.sitkNearestNeighbor, 0)
    brain = sitk.GetArrayFromImage(theirs).transpose(2, 1, 0) > 0
    assert brain.sum() > 100_000
    assert not (brain & found.removed).any()
