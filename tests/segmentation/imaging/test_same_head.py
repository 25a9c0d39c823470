"""Two scans of one head are told from scans of two heads, and doubt is called doubt."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.itk import coarse, to_itk
from segmentation.imaging.nifti import read_volume
from segmentation.imaging.same_head import (
    FINE_MM,
    Head,
    HeadComparison,
    Verdict,
    compare_heads,
    find_head,
    judge,
)
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import render_visit
from tests.support.images import rotation

FIRST, SECOND = 1_000_000, 1_000_001
MS = "open_ms_data/longitudinal"


@cache
def phantom(seed: int, *, stage: float = 0.0, acq_stratum: str = "3D", visit: int = 0) -> Volume:
    made = render_visit(PhantomPatient.draw(seed), stage=stage, acq_stratum=acq_stratum, seed=visit)
    return Volume(made.t1w.data, made.t1w.affine)


@cache
def head(seed: int, *, stage: float = 0.0, acq_stratum: str = "3D", visit: int = 0) -> Head:
    return find_head(phantom(seed, stage=stage, acq_stratum=acq_stratum, visit=visit))


def moved(volume: Volume, degrees: tuple[float, float, float], shift_mm: float) -> Volume:
    """Return the same voxels of a head that lies elsewhere in the scanner."""
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = rotation(degrees), shift_mm
    return Volume(volume.data, motion @ volume.affine)


def scaled(volume: Volume, by: float) -> Volume:
    return Volume(volume.data, np.diag([by, by, by, 1.0]) @ volume.affine)


def comparison(verdict: Verdict) -> HeadComparison:
    return HeadComparison(verdict, 0.9, 1.0, 0.9, 1.1, 1.0, "")


def test_a_head_is_the_same_as_itself():
    found = compare_heads(head(FIRST), head(FIRST))
    assert found.verdict is Verdict.SAME
    assert found.similarity == pytest.approx(1, abs=0.01)
    assert found.size_ratio == pytest.approx(1, abs=0.005)
    assert found.share_seen == pytest.approx(1, abs=0.02)


def test_a_later_visit_with_disease_and_other_contrast_is_the_same_head():
    later = head(FIRST, stage=0.5, visit=1)
    assert compare_heads(later, head(FIRST)).verdict is Verdict.SAME


@pytest.mark.faults
def test_thick_slices_do_not_make_another_head():
    thick = head(FIRST, stage=0.3, acq_stratum="2D", visit=3)
    assert compare_heads(thick, head(FIRST)).verdict is not Verdict.DIFFERENT


def test_another_patient_is_never_taken_for_the_same():
    found = compare_heads(head(SECOND), head(FIRST))
    assert found.verdict is not Verdict.SAME


@pytest.mark.parametrize(
    ("degrees", "shift_mm"),
    [
        ((12, -8, 15), -20.0),
        pytest.param((0, 0, 0), 35.0, marks=pytest.mark.faults),
        pytest.param((-20, 0, 5), 10.0, marks=pytest.mark.faults),
    ],
)
def test_how_a_head_lies_in_the_scanner_does_not_matter(
    degrees: tuple[float, float, float], shift_mm: float
):
    lying = find_head(moved(phantom(FIRST, stage=0.5, visit=1), degrees, shift_mm))
    found, still = (
        compare_heads(one, head(FIRST)) for one in (lying, head(FIRST, stage=0.5, visit=1))
    )
    assert found.verdict is still.verdict is Verdict.SAME
    assert found.similarity == pytest.approx(still.similarity, abs=0.02)
    assert found.size_ratio == pytest.approx(still.size_ratio, abs=0.01)


@pytest.mark.parametrize("pair", [(FIRST, SECOND), (SECOND, FIRST)])
@pytest.mark.faults
def test_the_order_of_two_heads_does_not_matter(pair: tuple[int, int]):
    one, other = head(pair[0]), head(pair[1])
    there = compare_heads(one, other, age_months=30, interval_months=12)
    back = compare_heads(other, one, age_months=30, interval_months=-12)
    assert (there.verdict, there.similarity) == (back.verdict, back.similarity)
    assert there.size_ratio == pytest.approx(1 / back.size_ratio)
    assert there.smallest_ratio == pytest.approx(1 / back.largest_ratio)


def test_the_same_two_heads_give_the_same_answer_to_the_last_digit():
    pair = (head(FIRST, stage=0.5, visit=1), head(FIRST))
    assert compare_heads(*pair) == compare_heads(*pair)


@pytest.mark.faults
def test_a_grown_head_is_the_same_and_its_growth_is_measured():
    grown = find_head(scaled(phantom(FIRST, stage=0.5, visit=1), 1.04))
    found = compare_heads(grown, head(FIRST), age_months=12, interval_months=12)
    assert found.verdict is Verdict.SAME
    assert found.size_ratio == pytest.approx(1.04, abs=0.02)


@pytest.mark.faults
def test_folds_that_agree_in_a_head_that_shrank_are_a_doubt_about_the_voxel_size():
    shrunken = find_head(scaled(phantom(FIRST, stage=0.5, visit=1), 0.93))
    found = compare_heads(shrunken, head(FIRST), age_months=60, interval_months=6)
    assert found.verdict is Verdict.CANNOT_TELL
    assert "voxel size" in found.reason


@pytest.mark.faults
def test_half_a_head_is_not_compared():
    """The upper part of a head, with the place of the brain that the whole image gave."""
    whole, below = phantom(FIRST), 95
    affine = whole.affine.copy()
    affine[:3, 3] += affine[:3, 2] * below
    top = coarse(to_itk(Volume(whole.data[:, :, below:], affine)), FINE_MM)
    found = compare_heads(Head(top, head(FIRST).fit), head(FIRST, stage=0.5, visit=1))
    assert found.verdict is Verdict.CANNOT_TELL
    assert "share" in found.reason


def test_noise_holds_no_head():
    noise = np.random.default_rng(0).normal(100, 20, (120, 120, 120)).astype(np.float32)
    with pytest.raises(ImageError, match="No brain"):
        find_head(Volume(noise, np.diag([1.5, 1.5, 1.5, 1.0])))


@pytest.mark.parametrize(
    ("found", "together"),
    [
        ([], Verdict.CANNOT_TELL),
        ([Verdict.SAME], Verdict.SAME),
        ([Verdict.SAME, Verdict.CANNOT_TELL], Verdict.SAME),
        ([Verdict.DIFFERENT, Verdict.DIFFERENT], Verdict.DIFFERENT),
        ([Verdict.DIFFERENT, Verdict.CANNOT_TELL], Verdict.DIFFERENT),
        ([Verdict.SAME, Verdict.DIFFERENT], Verdict.CANNOT_TELL),
    ],
)
def test_earlier_scans_that_contradict_each_other_leave_a_doubt(
    found: list[Verdict], together: Verdict
):
    assert judge([comparison(verdict) for verdict in found]) is together


@cache
def real(path: Path) -> Head:
    return find_head(read_volume(path))


def test_two_visits_of_a_real_patient_show_the_same_head(test_data: Path):
    """81 days apart, one scanner (Lesjak 2016)."""
    first, second = (real(test_data / MS / f"patient12/study{n}_T1W.nii.gz") for n in (1, 2))
    found = compare_heads(second, first, age_months=19 * 12, interval_months=81 / 30.4)
    assert found.verdict is Verdict.SAME
    assert found.similarity > 0.9
    assert found.size_ratio == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("other", ["patient04/study1", "patient20/study2"])
def test_real_heads_of_two_patients_are_told_apart(test_data: Path, other: str):
    one = real(test_data / MS / "patient12/study2_T1W.nii.gz")
    found = compare_heads(real(test_data / MS / f"{other}_T1W.nii.gz"), one)
    assert found.verdict is Verdict.DIFFERENT
