"""Reliability: published values, an independent definition, and what must not change a result."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analytics.stats.errors import NotEstimableError
from analytics.stats.reliability import (
    DETECTABLE,
    icc,
    repeatability,
    smallest_detectable_change,
)

SHROUT_FLEISS_1979 = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]
"""Table 2 of Psychol Bull 86:420: six targets, four judges."""
TABLES = arrays(
    float,
    st.tuples(st.integers(3, 8), st.integers(2, 5)),
    elements=st.floats(-50, 50).map(lambda value: round(value, 3)),
)


def test_the_published_coefficients_are_met():
    found = {name: round(one["value"], 2) for name, one in icc(SHROUT_FLEISS_1979).items()}
    assert found == {
        "ICC1": 0.17, "ICC2": 0.29, "ICC3": 0.71, "ICC1k": 0.44, "ICC2k": 0.62, "ICC3k": 0.91,
    }  # fmt: skip


def test_values_and_intervals_are_those_of_psych_in_r(test_data: Path):
    """The intervals of psych 2.2.9 (R 4.2.2), read from the reference numbers of the tests."""
    folder = test_data / "stats"
    expected = json.loads((folder / "reference_R.json").read_text())["icc_shrout_fleiss"]
    with (folder / "shrout_fleiss_1979.csv").open(newline="") as handle:
        table = [[float(value) for value in row.values()] for row in csv.DictReader(handle)]
    found = icc(table)
    for name, reference in expected.items():
        assert found[name]["value"] == pytest.approx(reference["icc"], abs=1e-9)
        assert found[name]["ci_low"] == pytest.approx(reference["lower"], abs=1e-6)
        assert found[name]["ci_high"] == pytest.approx(reference["upper"], abs=1e-6)


def test_two_raters_of_three_subjects_by_hand():
    """Ratings 1 2, 3 5, 5 8: mean squares of subjects 12.5, raters 6, error 0.5, within 7/3."""
    found = icc([[1, 2], [3, 5], [5, 8]])
    assert found["ICC1"]["value"] == pytest.approx((12.5 - 7 / 3) / (12.5 + 7 / 3))
    assert found["ICC2"]["value"] == pytest.approx(12 / (12.5 + 0.5 + 2 * 5.5 / 3))
    assert found["ICC3"]["value"] == pytest.approx(12 / 13)


@given(TABLES, st.floats(0.1, 10), st.floats(-20, 20).map(lambda by: round(by, 9)))
@settings(max_examples=60, deadline=None)
def test_unit_and_zero_point_change_no_coefficient(table, scale: float, shift: float):
    try:
        found = icc(table)
    except NotEstimableError:
        assume(False)
    again = icc(scale * table + shift)
    for name, one in found.items():
        # The approximate interval of agreement means nothing below 0.
        if "2" not in name or one["value"] > 0:
            assert one["ci_low"] - 1e-9 <= one["value"] <= one["ci_high"] + 1e-9
        assert again[name]["value"] == pytest.approx(one["value"], abs=1e-6)


@given(TABLES)
@settings(max_examples=60, deadline=None)
def test_the_order_of_subjects_and_raters_changes_nothing(table):
    try:
        found = icc(table)
    except NotEstimableError:
        assume(False)
    turned = icc(table[::-1, ::-1])
    assert all(turned[n]["value"] == pytest.approx(found[n]["value"], abs=1e-9) for n in found)


@pytest.mark.parametrize(
    "table",
    [
        [1.0, 2.0],
        [[1.0, 2.0]],
        [[1.0], [2.0]],
        [[1.0, np.nan], [2.0, 3.0]],
        [[1.0, np.inf], [2.0, 3.0]],
        [[2.0, 2.0], [2.0, 2.0]],
        [[0.1, 0.1], [0.7, 0.7], [1.3, 1.3]],
        [[0.1, 0.4], [0.1, 0.4], [0.1, 0.4]],
    ],
)
def test_a_table_that_allows_no_coefficient_is_refused(table):
    with pytest.raises(NotEstimableError):
        icc(table)


def test_the_detectable_change_of_known_differences():
    """The vector of the field's reference: differences 2, -1, 3, 0, -2."""
    pairs = [[10 + d, 10] for d in (2, -1, 3, 0, -2)]
    assert smallest_detectable_change(pairs) == pytest.approx(3.718839, abs=1e-6)
    assert repeatability(pairs).sd_within == pytest.approx(1.341641, abs=1e-6)


@pytest.mark.parametrize("pairs", [[], [[1.0]], [[1.0, 2.0, 3.0]], [[1.0, np.nan]]])
def test_what_is_no_pair_of_numbers_has_no_detectable_change(pairs):
    with pytest.raises(NotEstimableError):
        smallest_detectable_change(pairs)


def test_bland_and_altman_s_peak_flow_meters_repeat_as_published(test_data: Path):
    """The paper of 1986 prints twice the SD of the differences: 43.2 and 56.4 l/min."""
    folder = test_data / "stats"
    reference = json.loads((folder / "reference_R.json").read_text())
    with (folder / "bland_altman_1986_pefr.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    for meter, name in (("Wright", "wright"), ("Mini", "mini")):
        columns = [column for column in rows[0] if column.lower().startswith(name)]
        pairs = [[float(row[column]) for column in columns] for row in rows]
        expected = reference[f"ba1986_{name}_repeatability"]["within_sd"]
        assert repeatability(pairs).sd_within == pytest.approx(expected, abs=1e-9), meter


def test_the_coefficient_of_variation_by_hand():
    """Two scans of one head, 100 and 110 mL: log difference ln 1.1, SD within ln 1.1 / sqrt 2."""
    found = repeatability([[100, 110], [50]])
    assert found.cv_percent == pytest.approx(100 * (1.1 ** (1 / np.sqrt(2)) - 1))
    assert (found.n_subjects, found.df) == (1, 1)


def test_a_load_of_nothing_has_no_coefficient_of_variation():
    found = repeatability([[0.0, 1.0], [20.0, 21.0]])
    assert found.cv_percent is None
    assert found.cv_ci_percent is None
    assert found.sd_within == pytest.approx(np.sqrt(0.5))


@given(
    st.lists(st.lists(st.floats(1, 200), min_size=2, max_size=4), min_size=1, max_size=6),
    st.floats(0.1, 10),
)
@settings(max_examples=60, deadline=None)
def test_the_unit_changes_the_sd_in_proportion_and_the_variation_not_at_all(series, scale: float):
    found = repeatability(series)
    again = repeatability([[scale * value for value in values] for values in series])
    assert again.sd_within == pytest.approx(scale * found.sd_within, abs=1e-6)
    assert again.cv_percent == pytest.approx(found.cv_percent, abs=1e-4)
    assert found.sd_ci[0] <= found.sd_within <= found.sd_ci[1]
    assert found.smallest_detectable_change == DETECTABLE * found.sd_within


@pytest.mark.parametrize("series", [[], [[1.0]], [[1.0, np.nan]], [[np.inf, 1.0]]])
def test_nothing_measured_twice_says_nothing_of_repeatability(series):
    with pytest.raises(NotEstimableError):
        repeatability(series)


def test_the_interval_of_the_sd_covers_as_often_as_it_says():
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(600):
        truths = rng.uniform(20, 150, size=12)
        low, high = repeatability(truths[:, None] + rng.normal(0, 2, size=(12, 2))).sd_ci
        held += low <= 2 <= high
    assert 0.93 <= held / 600 <= 0.97


@pytest.mark.parametrize("confidence", [0.0, 1.0, 1.5, float("nan")])
def test_a_confidence_is_a_share(confidence: float):
    with pytest.raises(ValueError, match="between 0 and 1"):
        icc([[1, 2], [3, 5], [6, 6]], confidence)
    with pytest.raises(ValueError, match="between 0 and 1"):
        repeatability([[1, 2], [3, 5]], confidence)
