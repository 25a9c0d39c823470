"""The figures of an evaluation, against a case worked by hand."""

import pytest

from segmentation.training.evaluate import CaseResult, summarise


def case(truth_ml: float, load_ml: float, dice: float | None, stratum: str = "3D") -> CaseResult:
    return CaseResult(f"c{truth_ml}", stratum, truth_ml, load_ml, dice, 2.0, 0.9)


BY_HAND = [
    case(0.0, 0.5, None),
    case(4.0, 2.0, 0.4),
    case(10.0, 11.0, 0.6),
    case(20.0, 18.0, 0.7),
    case(40.0, 40.0, 0.8),
    case(80.0, 84.0, 0.9),
    case(100.0, 90.0, 0.95),
]


def test_bias_and_dice_by_tertile_of_the_true_load():
    found = summarise(BY_HAND)["3D"]
    assert found["truth_ml_by_tertile"] == [[4.0, 10.0], [20.0, 40.0], [80.0, 100.0]]
    # Of -50 and 10 %, of -10 and 0 %, of 5 and -10 %.
    assert found["bias_percent_median_by_tertile"] == pytest.approx([-20.0, -5.0, -2.5])
    assert found["dice_median_by_tertile"] == pytest.approx([0.5, 0.75, 0.925])
    assert (found["n"], found["healthy_n"], found["healthy_false_ml_max"]) == (7, 1, 0.5)


def test_distances_and_surfaces_by_tertile_of_the_true_load():
    cases = [
        CaseResult("a", "3D", 4.0, 0.0, 0.0, None, 0.0),
        CaseResult("b", "3D", 10.0, 9.0, 0.6, 9.0, 0.5),
        CaseResult("c", "3D", 20.0, 19.0, 0.7, 6.0, 0.6),
        CaseResult("d", "3D", 40.0, 39.0, 0.8, 4.0, 0.7),
        CaseResult("e", "3D", 80.0, 79.0, 0.9, 2.0, 0.8),
        CaseResult("f", "3D", 100.0, 99.0, 0.9, 1.0, 0.9),
    ]
    found = summarise(cases)["3D"]
    assert found["hausdorff95_mm_median_by_tertile"] == pytest.approx([9.0, 5.0, 1.5])
    assert found["surface_dice_median_by_tertile"] == pytest.approx([0.25, 0.65, 0.85])
    # The one that was missed has no distance, and is not in the median of its tertile.
    assert found["without_distance_n_by_tertile"] == [1, 0, 0]


def test_a_median_has_its_quartiles_beside_it_where_there_are_four_values():
    found = summarise([case(10.0 * n, 11.0 * n, 0.1 * n) for n in range(1, 6)])["3D"]
    # Of 0.1, 0.2, 0.3, 0.4 and 0.5 the second and the fourth; type 7.
    assert found["dice_quartiles"] == pytest.approx([0.2, 0.4])
    assert found["bias_percent_quartiles_from_5_ml"] == pytest.approx([10.0, 10.0])
    assert found["dice_quartiles_by_tertile"] == [None, None, None]
    four = summarise([case(10.0 * n, 11.0 * n, 0.1 * n) for n in range(1, 5)])["3D"]
    assert four["dice_quartiles"] == pytest.approx([0.175, 0.325])
    assert four["dice_quartiles_from_5_to_50_ml"] == pytest.approx([0.175, 0.325])
    twelve = summarise([case(10.0 * n, 11.0 * n, 0.05 * n) for n in range(1, 13)])["3D"]
    low, middle, high = twelve["dice_quartiles_by_tertile"]
    assert (low, middle) == (pytest.approx([0.0875, 0.1625]), pytest.approx([0.2875, 0.3625]))
    assert high == pytest.approx([0.4875, 0.5625])


def test_loads_from_5_to_50_ml_are_told_apart():
    found = summarise(BY_HAND)["3D"]
    assert (found["n_from_5_ml"], found["n_from_5_to_50_ml"]) == (5, 3)
    assert found["dice_median_from_5_ml"] == pytest.approx(0.8)
    assert found["dice_median_from_5_to_50_ml"] == pytest.approx(0.7)
    # Of 10, -10 and 0 %.
    assert found["bias_percent_median_from_5_to_50_ml"] == pytest.approx(0.0)


def test_what_there_is_none_of_is_absent_and_not_zero():
    found = summarise([case(0.0, 0.0, None)])["3D"]
    assert found["dice_median"] is None
    assert found["truth_ml_by_tertile"] == [None, None, None]
    assert found["bias_percent_median_by_tertile"] == [None, None, None]
    assert found["healthy_false_ml_max"] == 0.0


def test_scans_that_were_missed_are_counted_beside_the_distance_that_they_do_not_have():
    missed = CaseResult("missed", "3D", 12.0, 0.0, 0.0, None, 0.0)
    healthy = CaseResult("healthy", "3D", 0.0, 0.0, None, None, None)
    found = summarise([*BY_HAND, missed, healthy])["3D"]
    assert (found["hausdorff95_mm_median"], found["without_distance_n"]) == (2.0, 1)


def test_3d_and_2d_are_never_pooled():
    found = summarise([case(10.0, 10.0, 0.9), case(10.0, 5.0, 0.5, "2D")])
    assert (found["3D"]["dice_median"], found["2D"]["dice_median"]) == (0.9, 0.5)
