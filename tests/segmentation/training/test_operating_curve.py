"""The curve of thresholds is that of the counts, and the constant is the one the rule gives."""

import json
from copy import deepcopy
from typing import Any

import pytest

from segmentation.training import operating_curve
from segmentation.training.operating_curve import choose, curve_of, miss
from segmentation.training.operating_point import CONSTANTS, Counted

STRATA = ("3D", "2D")


def visit(number: int, stratum: str, truth_voxels: int, found: int, shared: int) -> Counted:
    """Return a visit of voxels of 1 mL in which every constant finds the same, but the last."""
    steps = len(CONSTANTS) - 1
    return Counted(
        number, stratum, float(truth_voxels), 1.0, truth_voxels,
        (*[found] * steps, 2 * found), (*[shared] * steps, shared),
    )  # fmt: skip


def test_bias_dice_and_false_volume_are_those_by_hand():
    curve = curve_of(
        [
            visit(0, "3D", 40, 30, 25),
            visit(1, "3D", 100, 90, 80),
            visit(2, "3D", 0, 2, 0),
        ]
    )
    at, last = curve[0.0]["3D"], curve[CONSTANTS[-1]]["3D"]
    # 2 x 25 / 70 and 2 x 80 / 190; -25 % and -10 %; the first alone is below 50 mL.
    assert at["dice_median_from_5_ml"] == pytest.approx((50 / 70 + 160 / 190) / 2)
    assert at["dice_median_from_5_to_50_ml"] == pytest.approx(50 / 70)
    assert at["bias_percent_median_from_5_ml"] == pytest.approx(-17.5)
    assert at["bias_percent_median_from_5_to_50_ml"] == pytest.approx(-25)
    assert (at["healthy_false_ml_max"], last["healthy_false_ml_max"]) == (2.0, 4.0)
    assert last["bias_percent_median_from_5_to_50_ml"] == pytest.approx(50)
    assert last["dice_median_from_5_to_50_ml"] == pytest.approx(50 / 100)


def summary(bias: float, *, dice: float = 0.8, false_ml: float = 0.1) -> dict[str, Any]:
    one = {
        "dice_median_from_5_ml": dice,
        "dice_median_from_5_to_50_ml": dice,
        "bias_percent_median_from_5_ml": bias,
        "bias_percent_median_from_5_to_50_ml": bias,
        "healthy_false_ml_max": false_ml,
    }
    return {stratum: dict(one) for stratum in STRATA}


def test_a_miss_is_the_largest_bias_in_units_of_its_goal():
    found = summary(0.0)
    found["3D"]["bias_percent_median_from_5_ml"] = -3.0
    found["2D"]["bias_percent_median_from_5_to_50_ml"] = 9.0
    assert miss(found) == 2.0
    found["2D"]["bias_percent_median_from_5_to_50_ml"] = 10.5
    assert miss(found) == pytest.approx(2.1)


def test_the_constant_with_the_smallest_miss_is_taken_and_of_equals_the_nearest_to_0():
    curve = {0.0: summary(-8), 0.5: summary(-2), 1.0: summary(1), 1.5: summary(-1), 2.0: summary(6)}
    assert choose(curve) == 1.0


@pytest.mark.parametrize("stratum", STRATA)
@pytest.mark.parametrize(
    "worse",
    [
        {"dice_median_from_5_ml": 0.794},
        {"dice_median_from_5_to_50_ml": 0.794},
        {"healthy_false_ml_max": 2.01},
    ],
)
def test_a_constant_that_costs_overlap_or_marks_healthy_brains_is_not_taken(
    worse: dict[str, float], stratum: str
):
    within = summary(0, dice=0.796, false_ml=0.66)
    curve = {0.0: summary(-8), 0.5: summary(-2), 1.0: within}
    assert choose(curve) == 1.0
    spoilt = deepcopy(curve)
    spoilt[1.0][stratum].update(worse)
    assert choose(spoilt) == 0.5


def test_no_constant_is_taken_where_none_leaves_healthy_brains_healthy():
    assert choose({0.0: summary(-8, false_ml=0.7), 0.5: summary(0, false_ml=0.8)}) is None


def test_a_visit_in_two_files_is_refused(tmp_path, monkeypatch: pytest.MonkeyPatch):
    for name in ("a", "b"):
        (tmp_path / name).write_text(json.dumps({"model_sha256": "m", "number": 3}) + "\n")
    files = [str(tmp_path / "a"), str(tmp_path / "b")]
    monkeypatch.setattr("sys.argv", ["operating_curve", "curve", *files])
    with pytest.raises(SystemExit, match="twice"):
        operating_curve.main()
