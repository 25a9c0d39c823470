"""Phantoms: drawn alike from one seed, and truly monotone in their stage."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.imaging.geometry import voxel_volume_mm3
from segmentation.phantom.patient import PatientAnatomy, PhantomPatient, build_anatomy
from segmentation.phantom.render import render_visit
from segmentation.phantom.variation import PLAIN, VARIED
from segmentation.training.cases import TRAINING_SEEDS

PATIENT = PhantomPatient.draw(4)
STAGES = st.floats(0, 1)


@lru_cache(maxsize=1)
def anatomy() -> PatientAnatomy:
    return build_anatomy(PATIENT)


@given(STAGES, STAGES)
@settings(max_examples=15, deadline=None)
def test_a_later_stage_has_lost_at_least_as_much_everywhere(one: float, other: float):
    early, late = sorted((one, other))
    assert (anatomy().lost(early) <= anatomy().lost(late)).all()


def test_a_healthy_brain_has_lost_nothing():
    assert anatomy().lost(0).sum() == 0


def test_the_last_stage_spares_the_white_matter_below_the_cortex():
    lost, white = anatomy().lost(1), anatomy().white
    assert 0.3 < lost.sum() / white.sum() < 0.5
    assert lost[(anatomy().rank > 0.6)].sum() == 0


def test_what_is_lost_is_white_matter():
    assert (anatomy().lost(1) <= anatomy().white + 1e-6).all()


def test_the_same_seed_draws_the_same_images():
    first, second = (render_visit(PATIENT, stage=0.4, acq_stratum="2D", seed=3) for _ in range(2))
    assert np.array_equal(first.t1w.data, second.t1w.data)
    assert np.array_equal(first.t2w.data, second.t2w.data)


@pytest.mark.parametrize("acq_stratum", ["3D", "2D"])
def test_the_truth_mask_holds_the_load(acq_stratum: str):
    visit = render_visit(PATIENT, stage=0.5, acq_stratum=acq_stratum, seed=1)
    mask_ml = visit.truth_mask.sum() * voxel_volume_mm3(visit.t1w.affine) / 1000
    assert visit.truth_mask.shape == visit.t1w.data.shape
    assert mask_ml == pytest.approx(visit.demyelination_load_ml, rel=0.06)


def test_demyelination_is_bright_on_t2w_and_csf_dark_on_t1w():
    visit = render_visit(PATIENT, stage=0.6, acq_stratum="3D", seed=1)
    healthy = (anatomy().white > 0.95) & (anatomy().lost(0.6) == 0)
    fluid = (anatomy().brain - anatomy().gray - anatomy().white) > 0.95
    t1w = visit.t1w.data
    assert t1w[fluid].mean() < 0.6 * t1w[healthy].mean()


def test_an_unknown_stage_or_stratum_is_refused():
    with pytest.raises(ValueError, match="stage"):
        render_visit(PATIENT, stage=1.2, acq_stratum="3D", seed=1)
    with pytest.raises(ValueError, match="acq_stratum"):
        render_visit(PATIENT, stage=0.2, acq_stratum="4D", seed=1)


def test_no_patient_of_the_measurement_is_a_patient_of_the_training():
    from segmentation.phantom.bids import FIRST_SEED

    assert max(TRAINING_SEEDS) < FIRST_SEED


def test_measurement_sets_hold_healthy_patients_of_both_strata():
    from segmentation.phantom.bids import HEALTHY_OF_EIGHT

    assert sorted(number % 2 for number in HEALTHY_OF_EIGHT) == [0, 1]


@lru_cache(maxsize=1)
def varied() -> PatientAnatomy:
    return build_anatomy(PhantomPatient.draw(4, VARIED))


@pytest.mark.faults
def test_a_varied_patient_loses_ever_more_as_well_and_only_white_matter():
    early, late = varied().lost(0.3), varied().lost(0.7)
    assert (early <= late).all()
    assert (late <= varied().white + 1e-6).all()
    assert 0 < early.sum() < late.sum()


@pytest.mark.faults
def test_a_varied_patient_is_another_one_than_the_plain_one_of_the_same_seed():
    assert PhantomPatient.draw(4, VARIED).scale != PhantomPatient.draw(4).scale
    assert not np.array_equal(varied().rank, anatomy().rank)


@pytest.mark.faults
def test_wide_ventricles_grow_in_nearly_the_same_head():
    wide = replace(PLAIN, ventricle_growth=(0.3, 0.3))
    grown = build_anatomy(PhantomPatient(PATIENT.seed, PATIENT.scale, wide))

    def ventricles(found: PatientAnatomy) -> float:
        middle = (slice(54, 114), slice(72, 132), slice(64, 104))
        fluid = found.brain - found.gray - found.white
        return float(fluid[middle].sum())

    assert grown.brain.sum() == pytest.approx(anatomy().brain.sum(), rel=0.05)
    assert ventricles(grown) > 1.2 * ventricles(anatomy())


@pytest.mark.faults
def test_rescans_share_their_truth_and_contrast_but_no_voxel_of_noise():
    one, other = (
        render_visit(PATIENT, stage=0.5, acq_stratum="2D", seed=1, rescan=number)
        for number in (1, 2)
    )
    assert one.demyelination_load_ml == other.demyelination_load_ml
    assert one.t1w.data.shape == other.t1w.data.shape
    assert not np.array_equal(one.truth_mask, other.truth_mask)
    assert np.mean(one.t1w.data == other.t1w.data) < 0.01
    bright = [np.percentile(scan.t1w.data, 95) for scan in (one, other)]
    assert bright[0] == pytest.approx(bright[1], rel=0.15)


def test_a_scan_of_a_negative_number_is_refused():
    with pytest.raises(ValueError, match="rescan"):
        render_visit(PATIENT, stage=0.2, acq_stratum="3D", seed=1, rescan=-1)
