"""Every metric of whole images: digital phantoms of known noise, real heads, broken ones."""

from pathlib import Path

import numpy as np
import pytest

from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_volume
from segmentation.imaging.quality import measure as measuring
from segmentation.imaging.quality.measure import NO_BRAIN, NO_T1W, UNEXPECTED, Quality, measure
from segmentation.imaging.quality.metrics import BY_KEY, METRICS, Measurement
from segmentation.imaging.quality.mosaic import SLICES, mosaic, write_png
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import Image, PhantomVisit, render_visit

KEYS = {metric.key for metric in METRICS}


@pytest.fixture(scope="module")
def visit() -> PhantomVisit:
    """A late stage: hardly any contrast between gray and white matter is left."""
    return render_visit(PhantomPatient.draw(2_000_009), stage=1.0, acq_stratum="2D", seed=2)


def volume(image: Image) -> Volume:
    return Volume(image.data, image.affine)


@pytest.fixture(scope="module")
def t1w(visit: PhantomVisit) -> Quality:
    return measure(volume(visit.t1w), is_t1w=True)


@pytest.fixture(scope="module")
def t2w(visit: PhantomVisit) -> Quality:
    return measure(volume(visit.t2w), is_t1w=False, t1w=volume(visit.t1w))


def value(quality: Quality, key: str) -> float:
    found = quality.metrics[key].value
    assert found is not None, quality.metrics[key].reason
    return found


def test_every_metric_of_a_whole_head_is_a_number(t1w: Quality, t2w: Quality):
    for quality in (t1w, t2w):
        assert set(quality.metrics) == KEYS
        assert [m.reason for m in quality.metrics.values()] == [""] * len(KEYS)


def test_two_ways_to_measure_the_noise_agree(t1w: Quality, t2w: Quality):
    """One looks at the brain, the other at the air; the phantom has one noise in both."""
    for quality in (t1w, t2w):
        assert value(quality, "snr_brain") == pytest.approx(value(quality, "snr_air"), rel=0.15)


def test_a_brain_without_myelin_still_has_contrast(t1w: Quality, t2w: Quality):
    assert value(t1w, "cnr") > 3
    assert value(t2w, "cnr") > 3


def test_a_phantom_has_no_ghost_and_is_seen_whole(t1w: Quality):
    assert value(t1w, "ghosting_percent") == pytest.approx(0, abs=0.2)
    assert value(t1w, "brain_cut_percent") == 0
    assert value(t1w, "top_margin_mm") > 5
    assert value(t1w, "bottom_margin_mm") > 5


def test_both_images_of_a_visit_show_the_same_brain(t1w: Quality, t2w: Quality):
    assert value(t2w, "brain_volume_ml") == pytest.approx(value(t1w, "brain_volume_ml"), rel=0.05)


def test_more_noise_lowers_both_ratios(visit: PhantomVisit, t1w: Quality):
    noise = np.random.default_rng(1).normal(0, 60, visit.t1w.data.shape)
    noisier = np.abs(visit.t1w.data + noise).astype(np.float32)
    found = measure(Volume(noisier, visit.t1w.affine), is_t1w=True)
    for key in ("snr_brain", "snr_air", "cnr"):
        assert value(found, key) < 0.7 * value(t1w, key)


def test_a_ghost_raises_ghosting_and_entropy(visit: PhantomVisit, t1w: Quality):
    data = visit.t1w.data + 0.1 * np.roll(visit.t1w.data, visit.t1w.data.shape[1] // 2, axis=1)
    found = measure(Volume(data.astype(np.float32), visit.t1w.affine), is_t1w=True)
    assert value(found, "ghosting_percent") > value(t1w, "ghosting_percent") + 1
    assert value(found, "efc") > value(t1w, "efc")


def test_a_top_that_is_cut_off_is_so_many_mm_less(visit: PhantomVisit, t1w: Quality):
    thickness = float(np.linalg.norm(visit.t1w.affine[:3, 2]))
    cut = Volume(visit.t1w.data[:, :, :-6], visit.t1w.affine)
    found = measure(cut, is_t1w=True)
    lost = value(t1w, "top_margin_mm") - value(found, "top_margin_mm")
    # The template is fitted anew to what is left; it moves by less than a slice.
    assert lost == pytest.approx(6 * thickness, abs=thickness)


def test_scale_and_voxel_order_change_nothing(visit: PhantomVisit, t1w: Quality):
    data = np.transpose(visit.t1w.data * 4.0, (2, 0, 1))[::-1]
    affine = np.eye(4)
    affine[:3, :3] = visit.t1w.affine[:3, [2, 0, 1]] * [-1, 1, 1]
    last = visit.t1w.data.shape[2] - 1
    affine[:3, 3] = visit.t1w.affine[:3, 3] + last * visit.t1w.affine[:3, 2]
    found = measure(Volume(data, affine), is_t1w=True)
    for key in KEYS:
        assert value(found, key) == pytest.approx(value(t1w, key), rel=1e-3, abs=1e-3), key


@pytest.mark.faults
def test_a_known_phase_axis_follows_the_voxel_order(visit: PhantomVisit):
    data = visit.t1w.data + 0.1 * np.roll(visit.t1w.data, visit.t1w.data.shape[1] // 2, axis=1)
    image = Volume(data.astype(np.float32), visit.t1w.affine)
    turned = Volume(np.transpose(image.data, (1, 0, 2)), image.affine[:, [1, 0, 2, 3]])
    along, across = (measure(image, is_t1w=True, phase_axis=axis) for axis in (1, 0))
    again = measure(turned, is_t1w=True, phase_axis=0)
    assert value(along, "ghosting_percent") > 1 > value(across, "ghosting_percent")
    assert value(again, "ghosting_percent") == pytest.approx(
        value(along, "ghosting_percent"), rel=1e-3
    )


def test_without_the_t1w_image_only_entropy_is_measured(visit: PhantomVisit):
    found = measure(volume(visit.t2w), is_t1w=False)
    assert value(found, "efc") > 0
    assert {m.reason for key, m in found.metrics.items() if key != "efc"} == {NO_T1W}
    assert found.regions is None


def test_an_image_without_a_brain_has_no_number_for_a_brain():
    noise = np.random.default_rng(0).gamma(2.0, 30.0, (60, 60, 60)).astype(np.float32)
    found = measure(Volume(noise, np.diag([3.0, 3.0, 3.0, 1.0])), is_t1w=True)
    assert {m.reason for key, m in found.metrics.items() if key != "efc"} == {NO_BRAIN}


def test_a_metric_that_fails_is_a_reason_and_its_cause_is_in_the_log(
    visit: PhantomVisit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_args: object) -> float:
        raise ZeroDivisionError("the cause")

    monkeypatch.setattr(measuring, "noise_sigma", broken)
    found = measure(volume(visit.t1w), is_t1w=True)
    assert found.metrics["cnr"] == Measurement(None, UNEXPECTED)
    assert value(found, "brain_volume_ml") > 0
    assert "the cause" in caplog.text


def test_a_measurement_is_a_value_or_a_reason():
    for value_given, reason in ((None, ""), (1.0, "why")):
        with pytest.raises(ValueError, match="a value or a reason"):
            Measurement(value_given, reason)


def test_every_metric_says_what_it_is():
    assert len(BY_KEY) == len(METRICS)
    assert all(metric.description.endswith(".") for metric in METRICS)


def test_the_mosaic_shows_three_rows_of_slices_and_nothing_outside_of_the_brain(
    visit: PhantomVisit, tmp_path: Path
):
    bright = visit.t1w.data.copy()
    found = measure(Volume(bright, visit.t1w.affine), is_t1w=True)
    assert found.regions is not None
    before = mosaic(found.regions)
    # Whatever stands outside of the brain mask, skin and face among it, leaves no trace.
    bright[~found.regions.brain] = 1e6
    assert np.array_equal(mosaic(found.regions), before)
    assert before.shape[1] % SLICES == 0
    assert before.max() == 255
    write_png(tmp_path / "mosaic.png", before)
    assert (tmp_path / "mosaic.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("study", ["patient12/study1", "patient04/study1"])
@pytest.mark.faults
def test_three_sequences_of_a_real_head_agree_on_its_brain(test_data: Path, study: str):
    folder = test_data / "open_ms_data" / "longitudinal"
    t1w = read_volume(folder / f"{study}_T1W.nii.gz")
    volumes = [value(measure(t1w, is_t1w=True), "brain_volume_ml")]
    for name in ("T2W", "FLAIR"):
        found = measure(read_volume(folder / f"{study}_{name}.nii.gz"), is_t1w=False, t1w=t1w)
        volumes.append(value(found, "brain_volume_ml"))
        assert value(found, "cnr") > 3
        # These files have their background cleared: said, not guessed.
        assert "set to zero" in found.metrics["snr_air"].reason
    assert max(volumes) / min(volumes) < 1.03
