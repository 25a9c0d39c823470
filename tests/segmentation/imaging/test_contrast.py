"""Exchanged or mislabelled sequences are recognised by what fluid looks like."""

from pathlib import Path

import pytest

from segmentation.imaging.brain import TemplateFit, fit_template
from segmentation.imaging.contrast import check_contrasts, fluid_contrast
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, to_ras
from segmentation.imaging.nifti import read_volume
from segmentation.inference.preprocessing import prepare_volumes
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import PhantomVisit, render_visit

LATE = 1.0


@pytest.fixture(scope="module")
def visit() -> PhantomVisit:
    """A late stage on thick slices, where white matter looks least like white matter."""
    return render_visit(PhantomPatient.draw(2_000_009), stage=LATE, acq_stratum="2D", seed=2)


@pytest.fixture(scope="module")
def fit(visit: PhantomVisit) -> TemplateFit:
    return fit_template(Volume(visit.t1w.data, visit.t1w.affine))


def test_fluid_is_dark_on_t1w_and_bright_on_t2w(visit: PhantomVisit, fit: TemplateFit):
    t1w = fluid_contrast(Volume(visit.t1w.data, visit.t1w.affine), fit)
    t2w = fluid_contrast(Volume(visit.t2w.data, visit.t2w.affine), fit)
    assert t1w < -0.1
    assert t2w > 0.1


def test_contrast_does_not_depend_on_the_scale_of_the_intensities(
    visit: PhantomVisit, fit: TemplateFit
):
    image = Volume(visit.t1w.data, visit.t1w.affine)
    louder = Volume(visit.t1w.data * 7, visit.t1w.affine)
    assert fluid_contrast(louder, fit) == pytest.approx(fluid_contrast(image, fit), rel=1e-5)


def test_exchanged_images_are_refused_in_words(visit: PhantomVisit):
    t1w = Volume(visit.t1w.data, visit.t1w.affine)
    t2w = Volume(visit.t2w.data, visit.t2w.affine)
    with pytest.raises(ImageError, match="exchanged") as refused:
        prepare_volumes(t2w, t1w)
    assert refused.value.code == FailureCode.SEQUENCE_MISMATCH


@pytest.mark.parametrize(
    ("t1w", "t2w", "words"),
    [
        (0.2, -0.2, "exchanged"),
        (0.2, 0.3, "given as T1w is not T1-weighted"),
        (-0.4, -0.2, "given as T2w is not T2-weighted"),
        (0.0, 0.3, "given as T1w"),
        (-0.4, 0.0, "given as T2w"),
    ],
)
def test_each_fault_is_named(t1w: float, t2w: float, words: str):
    with pytest.raises(ImageError, match=words):
        check_contrasts(t1w, t2w)


def test_images_as_named_pass():
    check_contrasts(-0.3, 0.2)


def test_a_real_head_has_the_contrasts_of_its_names_and_flair_is_no_t2w(test_data: Path):
    """Multiple sclerosis, 2D: measured -0.17 (T1w), 0.26 (T2w), -0.23 (FLAIR)."""
    folder = test_data / "open_ms_data" / "longitudinal" / "patient12"
    t1w = to_ras(read_volume(folder / "study1_T1W.nii.gz"))
    fit = fit_template(t1w)
    assert fluid_contrast(t1w, fit) < -0.1
    assert fluid_contrast(read_volume(folder / "study1_T2W.nii.gz"), fit) > 0.1
    assert fluid_contrast(read_volume(folder / "study1_FLAIR.nii.gz"), fit) < -0.1
