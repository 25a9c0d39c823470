"""Intervals are calibrated on some phantoms and tried on others."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from segmentation.inference.base import Segmenter
from segmentation.inference.disagreement import LEVELS, Disagreement
from segmentation.inference.interval import Calibration
from segmentation.phantom.bids import FIRST_SEED as EVALUATION_SEEDS
from segmentation.phantom.patient import PHANTOM_VERSION
from segmentation.training.calibration import calibrate, conformal_quantile, coverage, report
from segmentation.training.calibration_visits import (
    FIRST_SEED,
    Record,
    Visit,
    agreement_of,
    records,
)
from segmentation.training.cases import TRAINING_SEEDS

MODEL = "a" * 64


def record(number: int, truth_ml: float, load_ml: float, stratum: str = "3D") -> Record:
    """Return a visit whose scales are 1 mL on both sides: its passes do not differ."""
    same = Disagreement(
        pass_ml=(load_ml, load_ml),
        all_ml=load_ml,
        any_ml=load_ml,
        mean_ml=load_ml,
        expected_ml=load_ml,
        level_ml=(load_ml,) * len(LEVELS),
    )
    return Record(number, stratum, truth_ml, load_ml, same)


def test_the_quantile_is_that_by_hand():
    # Of 9 scores, ceil(10 x 0.9) = the 9th; of 19, ceil(20 x 0.9) = the 18th.
    assert conformal_quantile(range(9), 0.1) == 8
    assert conformal_quantile(range(19), 0.1) == 17
    with pytest.raises(ValueError, match=r"8 visits are too few .* at least 9"):
        conformal_quantile(range(8), 0.1)


@given(
    scores=st.lists(st.floats(-100, 100), min_size=9, max_size=60),
    miss=st.sampled_from([0.1, 0.2, 0.25, 0.5]),
)
def test_the_quantile_is_that_of_numpy_with_the_correction_for_one_more(
    scores: list[float], miss: float
):
    """NumPy's inverted empirical distribution, of the scores and one that is infinite."""
    expected = np.quantile([*scores, np.inf], 1 - miss - 1e-12, method="inverted_cdf")
    assert conformal_quantile(scores, miss) == expected


def test_a_further_score_is_exceeded_as_often_as_promised():
    """Exchangeable scores: the share is Beta(k, n + 1 - k), 18 / 20 on average."""
    rng = np.random.default_rng(7)
    drawn = rng.standard_exponential((4000, 20))
    below = np.mean([row[-1] <= conformal_quantile(row[:-1].tolist(), 0.1) for row in drawn])
    assert stats.binomtest(round(below * 4000), 4000, 0.9).pvalue > 0.001


def ten(stratum: str = "3D") -> list[Record]:
    """Return truths that lie 1 to 10 mL above a load of 20 mL."""
    return [record(n, 20.0 + n, 20.0, stratum) for n in range(1, 11)]


def test_the_factors_are_those_by_hand():
    # Upwards the 10th of ten (11 x 0.9 = 9.9); downwards all lie above, and 0 is the least.
    assert calibrate(ten()) == {"3D": {"low": 0.0, "high": 10.0, "n": 10}}


def test_strata_are_calibrated_apart_and_a_small_one_is_refused():
    both = [*ten(), *(record(n, 20.0 - n, 20.0, "2D") for n in range(1, 11))]
    found = calibrate(both)
    assert found["2D"] == {"low": 10.0, "high": 0.0, "n": 10}
    with pytest.raises(ValueError, match="too few"):
        calibrate(both[:12])


CONTENT: dict[str, Any] = {
    "method": "conformal-1",
    "version": "1",
    "level": 0.8,
    "strata": {"3D": {"low": 1.0, "high": 2.0, "n": 20}},
}


def test_the_coverage_is_counted_by_side_stratum_and_load():
    visits = [
        record(1, 0.0, 0.5),
        record(2, 4.0, 3.0),
        record(3, 30.0, 27.0),
        record(4, 30.0, 40.0),
        record(5, 90.0, 89.0),
    ]
    found = coverage(visits, Calibration.of_json(CONTENT))
    counted = found["all"]
    assert (counted["n"], counted["inside"], counted["below"], counted["above"]) == (5, 3, 1, 1)
    # Two-sided exact: P(X <= 3 or X >= 5 | 5, 0.8), since P(5) < P(3) is false: 0.2048, 0.3277.
    assert counted["p_value"] == pytest.approx(stats.binomtest(3, 5, 0.8).pvalue)
    assert found["strata"]["3D"] == counted
    assert [one["n"] for one in found["loads"]] == [1, 1, 0, 2, 1]
    assert found["loads"][2]["p_value"] is None
    with pytest.raises(ValueError, match="2D was not calibrated"):
        coverage([record(6, 1.0, 1.0, "2D")], Calibration.of_json(CONTENT))


def test_what_calibrates_is_not_what_is_counted():
    visits = [*ten(), *(record(n, 100.0, 20.0) for n in range(11, 15))]
    content = report(visits, calibrating=11, version="1", seed=1, model_sha256=MODEL)
    assert content["strata"]["3D"]["n"] == 10
    assert content["held_out"]["all"]["n"] == content["held_out"]["all"]["above"] == 4
    json.dumps(content, allow_nan=False)
    with pytest.raises(ValueError, match="held out"):
        report(visits, calibrating=20, version="1", seed=1, model_sha256=MODEL)


def test_no_patient_is_in_two_sets_and_both_strata_have_healthy_ones():
    visits = [Visit.draw(seed, number) for seed in (1, 2) for number in range(100)]
    seeds = {visit.patient_seed for visit in visits}
    assert len(seeds) == 200
    assert not seeds & set(TRAINING_SEEDS)
    assert min(seeds) >= FIRST_SEED > EVALUATION_SEEDS + 1000 * 1000
    for stratum in ("3D", "2D"):
        stages = [visit.stage for visit in visits[:40] if visit.acq_stratum == stratum]
        assert len(stages) == 20
        assert stages.count(0.0) == 5
    assert Visit.draw(1, 17) == Visit.draw(1, 17)


def origin(number: int) -> dict[str, object]:
    """Return what says from where a line of the file is."""
    return {**asdict(Visit.draw(1, number)), "model_sha256": MODEL, "phantoms": PHANTOM_VERSION}


def test_what_was_segmented_before_is_not_segmented_again(tmp_path: Path):
    kept = tmp_path / "records.jsonl"
    measured = record(0, 5.0, 4.0).as_json()
    lines = [{**measured, **origin(0)}, {**origin(1), "refused": "NO_BRAIN_FOUND"}]
    # The last line was cut off by a kill.
    kept.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"number": 2, "tru')
    nobody: Segmenter = None  # type: ignore[assignment]
    found = records(nobody, kept, visits=2, seed=1, model_sha256=MODEL)
    assert found == [record(0, 5.0, 4.0, str(origin(0)["acq_stratum"]))]
    assert len(kept.read_text().splitlines()) == 2


@pytest.mark.parametrize("other", [{"seed": 2}, {"model_sha256": "b" * 64}])
def test_a_file_of_another_model_or_seed_is_not_gone_on_with(tmp_path: Path, other):
    kept = tmp_path / "records.jsonl"
    kept.write_text(json.dumps({**record(0, 5.0, 4.0).as_json(), **origin(0)}) + "\n")
    nobody: Segmenter = None  # type: ignore[assignment]
    with pytest.raises(ValueError, match="a file of its own"):
        records(nobody, kept, visits=1, **{"seed": 1, "model_sha256": MODEL, **other})


def test_the_agreement_of_held_out_masks_is_read_from_the_same_file(tmp_path: Path):
    kept = tmp_path / "records.jsonl"
    figures = {"hausdorff95_mm": 3.0, "surface_dice": 0.7}
    lines = [
        {"number": 0, "refused": "NO_BRAIN_FOUND"},
        *(
            {
                "number": number,
                "agreement": {
                    "case": str(number), "acq_stratum": "2D", "truth_ml": 20.0,
                    "load_ml": load_ml, "dice": dice, **figures,
                },
            }
            for number, load_ml, dice in ((1, 15.0, 0.6), (2, 18.0, 0.8), (3, 20.0, 0.9))
        ),
    ]  # fmt: skip
    kept.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = agreement_of(kept, range(3))["2D"]
    assert found["n"] == 2
    assert found["dice_median_from_5_ml"] == pytest.approx(0.7)
    assert found["bias_percent_median_from_5_ml"] == pytest.approx((-25 - 10) / 2)
    with pytest.raises(ValueError, match="of visit 4 is not kept"):
        agreement_of(kept, range(5))
