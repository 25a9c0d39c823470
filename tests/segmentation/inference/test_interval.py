"""The interval of a load: around it, never below zero, wider where the passes differ more."""

from dataclasses import replace
from math import inf, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.inference.disagreement import LEVELS, Disagreement
from segmentation.inference.interval import Calibration, interval_of, scales_ml


def differing(*, certain: float, mean: float, possible: float) -> Disagreement:
    """Return passes that agree, with a border of some width."""
    levels = [possible if level < 0.5 else certain for level in LEVELS]
    return Disagreement(
        pass_ml=(mean, mean),
        all_ml=mean,
        any_ml=mean,
        mean_ml=mean,
        expected_ml=mean,
        level_ml=tuple(levels),
    )


CONTENT: dict[str, Any] = {
    "method": "conformal-1",
    "version": "1",
    "level": 0.8,
    "strata": {"3D": {"low": 1.0, "high": 2.0, "n": 20}},
}
CALIBRATION = Calibration.of_json(CONTENT)
PLAIN = differing(certain=7.0, mean=10.0, possible=18.0)


def interval(load_ml: float, disagreement: Disagreement) -> tuple[float, float]:
    found = interval_of(load_ml, disagreement, acq_stratum="3D", calibration=CALIBRATION)
    assert found is not None
    assert found.level == 0.8
    return found.low_ml, found.high_ml


def test_the_scales_are_those_by_hand():
    # sqrt(1 x (1 + 3)) and sqrt(1 x (1 + 8)).
    assert scales_ml(PLAIN) == pytest.approx((2.0, 3.0))
    # 2 mL that not all passes share, and 7 mL that only some do.
    parted = replace(PLAIN, all_ml=8.0, any_ml=17.0)
    assert scales_ml(parted) == pytest.approx((sqrt(6), 4.0))


def test_the_interval_is_that_by_hand():
    assert interval(10.0, PLAIN) == pytest.approx((8.0, 16.0))
    assert interval(1.5, PLAIN) == pytest.approx((0.0, 7.5))


def test_passes_that_agree_on_nothing_leave_room_for_what_none_saw():
    nothing = differing(certain=0.0, mean=0.0, possible=0.0)
    assert interval(0.0, nothing) == (0.0, 2.0)


def test_a_stratum_that_was_not_calibrated_has_no_interval():
    assert interval_of(10.0, PLAIN, acq_stratum="2D", calibration=CALIBRATION) is None


@pytest.mark.parametrize("load_ml", [-0.1, inf, float("nan")])
def test_what_is_no_load_is_an_error(load_ml: float):
    with pytest.raises(ValueError, match="Expected a load"):
        interval(load_ml, PLAIN)


VOLUME = st.floats(0, 500)


@given(load=VOLUME, certain=VOLUME, mean=VOLUME, possible=VOLUME)
def test_an_interval_holds_its_load_and_is_never_negative(
    load: float, certain: float, mean: float, possible: float
):
    low, high = interval(load, differing(certain=certain, mean=mean, possible=possible))
    assert 0 <= low <= load <= high


@given(mean=VOLUME, inner=VOLUME, outer=VOLUME, more=VOLUME)
def test_more_disagreement_never_makes_an_interval_narrower(
    mean: float, inner: float, outer: float, more: float
):
    calm = replace(PLAIN, mean_ml=mean, all_ml=mean - inner, any_ml=mean + outer)
    low, high = interval(250.0, calm)
    wider = interval(250.0, replace(calm, all_ml=calm.all_ml - more, any_ml=calm.any_ml + more))
    assert wider[0] <= low
    assert wider[1] >= high


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "conformal-0"},
        {"level": 1.0},
        {"level": "most"},
        {"strata": {"3D": {"low": -1.0, "high": 1.0, "n": 20}}},
        {"strata": {"3D": {"low": float("nan"), "high": 1.0, "n": 20}}},
        {"strata": {"3D": {"low": 1.0}}},
        {"strata": ["3D"]},
    ],
)
def test_what_is_no_calibration_is_refused_in_words(changed: dict[str, Any]):
    with pytest.raises(ValueError, match="calibrat"):
        Calibration.of_json({**CONTENT, **changed})


def test_a_record_of_the_passes_is_read_back_as_it_was():
    assert Disagreement.of_json(PLAIN.as_json()) == PLAIN
    with pytest.raises(ValueError, match="passes-1"):
        Disagreement.of_json({**PLAIN.as_json(), "version": "passes-0"})
