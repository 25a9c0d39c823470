"""Bias and limits of agreement: by hand, against published values, and by what must hold."""

import csv
import json
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.agreement import LIMIT, Component, bland_altman, limit_intervals
from analytics.stats.errors import NotEstimableError

BY_HAND = ([1, 2, 3, 0, 1, -2, 0, 1, 1], list("AAABBCCCC"))
# Bland and Altman 1986, peak expiratory flow: first Wright reading minus first mini reading, L/min.
PEFR = [
    -18, -35, -4, 6, -24, -43, 49, 62, -8, -12, -15, 30, 7, 1, -81, 73, -24,
]  # fmt: skip
# Zou 2013, replicates x and y of four subjects while the truth stays.
ZOU_X = ([7.83, 7.42, 7.89, 7.12, 7.88], [6.16, 7.26, 6.71, 6.54],
         [4.75, 5.24, 4.86, 4.78, 6.05, 5.42], [4.21, 3.61, 3.72, 3.87, 3.92])  # fmt: skip
ZOU_Y = ([6.57, 5.62, 6.90, 6.57], [4.06, 4.29, 4.26],
         [4.71, 5.50, 5.08, 5.02, 6.01, 5.67], [4.14, 4.20, 4.61, 4.68, 5.04])  # fmt: skip

series = st.lists(st.floats(-1e3, 1e3).map(lambda value: round(value, 9)), min_size=2, max_size=12)


def test_three_patients_by_hand():
    found = bland_altman(*BY_HAND)
    assert found.bias == pytest.approx(7 / 9)
    # MSB 3.527778, MSW 1.416667, m0 2.888889
    assert found.sd_within == pytest.approx(sqrt(1.4166667), abs=1e-6)
    assert found.sd_between == pytest.approx(sqrt((3.5277778 - 1.4166667) / 2.8888889), abs=1e-6)
    assert found.sd_total == pytest.approx(1.465413, abs=1e-6)
    assert (found.lower_limit, found.upper_limit) == pytest.approx((-2.0944, 3.6500), abs=1e-4)
    assert (found.n, found.n_subjects) == (9, 3)


def test_the_limits_of_repeated_pairs_are_wider_than_those_that_take_them_for_patients():
    naive = bland_altman(BY_HAND[0])
    assert naive.sd_total == pytest.approx(1.3944, abs=1e-4)
    assert bland_altman(*BY_HAND).sd_total > naive.sd_total
    assert naive.sd_within is None
    assert naive.sd_between is None


def test_the_peak_flow_of_bland_and_altman_1986():
    found = bland_altman(PEFR)
    assert found.bias == pytest.approx(-2.1, abs=0.05)  # as printed
    assert found.sd_total == pytest.approx(38.8, abs=0.05)
    # R 4.2.2
    assert found.lower_limit == pytest.approx(-78.0973016111)
    assert found.upper_limit == pytest.approx(73.8620074934)
    assert found.bias_ci == pytest.approx((-22.0488376966, 17.813543579))


def test_the_methods_of_giavarina_2015(test_data: Path):
    """Biochem Med 25:141, as the R package blandr has them: bias -27.2, limits -95.4 and 41.1."""
    with (test_data / "stats/giavarina_2015.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    found = bland_altman([float(row["Method.A"]) - float(row["Method.B"]) for row in rows])
    printed = [round(one, 1) for one in (found.bias, found.lower_limit, found.upper_limit)]
    assert printed == [-27.2, -95.4, 41.1]
    expected = json.loads((test_data / "stats/reference_R.json").read_text())["giavarina2015"]
    assert (found.n, found.bias) == (expected["n"], pytest.approx(expected["bias"], rel=1e-11))
    assert found.sd_total == pytest.approx(expected["sd"], rel=1e-11)
    limits = (found.lower_limit, found.upper_limit)
    assert limits == pytest.approx((expected["loa_lower"], expected["loa_upper"]), rel=1e-11)
    assert found.bias_ci == pytest.approx(tuple(expected["bias_ci"]), rel=1e-11)


def test_the_intervals_of_zou_2013():
    """His replicates are not paired: the parts of the variance are made here as he makes them."""
    x, y = ([np.array(v) for v in replicates] for replicates in (ZOU_X, ZOU_Y))
    means = np.array([a.mean() - b.mean() for a, b in zip(x, y, strict=True)])
    parts = [Component(float(means.var(ddof=1)), len(means) - 1)]
    for replicates in (x, y):
        counts = np.array([len(v) for v in replicates])
        df = int(counts.sum() - len(counts))
        within = sum(((v - v.mean()) ** 2).sum() for v in replicates) / df
        parts.append(Component(float(within * (1 - (1 / counts).mean())), df))
    sd = sqrt(sum(part.variance for part in parts))
    bias = float(means.mean())
    lower, upper = limit_intervals(
        bias, bias_variance=parts[0].variance / 4, sd=sd, parts=parts, confidence=0.95
    )
    # He prints a mean of 0.7125; the means of his table make it 0.7152.
    assert bias == pytest.approx(0.7125, abs=0.003)
    assert (bias - LIMIT * sd, *lower) == pytest.approx((-2.23, -9.76, -0.48), abs=0.01)
    assert (bias + LIMIT * sd, *upper) == pytest.approx((3.66, 1.91, 11.20), abs=0.01)


@given(series)
def test_patients_who_come_once_are_the_same_with_and_without_their_names(values: list[float]):
    assert bland_altman(values, list(range(len(values)))) == bland_altman(values)


@given(series, st.floats(-100, 100).map(lambda by: round(by, 9)), st.integers(2, 4))
def test_a_shift_moves_the_bias_and_nothing_else(values: list[float], shift: float, patients: int):
    subjects = [index % patients for index in range(len(values))]
    before, after = (bland_altman(np.array(values) + by, subjects) for by in (0.0, shift))
    assert after.bias - before.bias == pytest.approx(shift, abs=1e-6)
    # A variance of zero is its own rounding error: compare what is left of it, not its root.
    assert after.sd_total == pytest.approx(before.sd_total, rel=1e-6, abs=1e-4)


@given(series)
def test_exchanged_methods_mirror_the_limits(values: list[float]):
    one, other = bland_altman(values), bland_altman([-value for value in values])
    assert one.lower_limit == pytest.approx(-other.upper_limit)
    assert one.lower_ci == pytest.approx((-other.upper_ci[1], -other.upper_ci[0]))


def test_the_intervals_of_the_limits_hold_what_they_promise():
    """Twelve patients of one to four scans; 95 % of 400 intervals hold the true limit."""
    rng = np.random.default_rng(11)
    counts = [1, 2, 3, 4] * 3
    subjects = np.repeat(np.arange(12), counts)
    truth = 1.0 + LIMIT * sqrt(2.0**2 + 1.5**2)
    held = 0
    for _ in range(400):
        drawn = 1.0 + rng.normal(0, 2.0, 12)[subjects] + rng.normal(0, 1.5, subjects.size)
        low, high = bland_altman(drawn, list(subjects)).upper_ci
        held += low <= truth <= high
    # An exact binomial interval of 95 % in 400 is 371 to 388; MOVER errs on the wide side.
    assert 371 <= held <= 395


@pytest.mark.parametrize(
    ("values", "subjects", "words"),
    [([], None, "At least 2 pairs"), ([1.0], None, "At least 2 pairs"),
     ([1.0, float("nan")], None, "not a finite number"),
     ([1.0, 2.0], ["a", "a"], "At least 2 patients")],
)  # fmt: skip
def test_what_the_data_do_not_allow_is_said(values, subjects, words):
    with pytest.raises(NotEstimableError, match=words):
        bland_altman(values, subjects)


@pytest.mark.parametrize(
    ("values", "subjects", "confidence", "words"),
    [([1.0, 2.0], ["a"], 0.95, "2 subjects"), ([[1.0], [2.0]], None, 0.95, "one row"),
     ([1.0, 2.0], None, 1.0, "between 0 and 1")],
)  # fmt: skip
def test_a_wrong_call_is_refused(values, subjects, confidence, words):
    with pytest.raises(ValueError, match=words):
        bland_altman(values, subjects, confidence)


def test_equal_differences_have_limits_of_no_width():
    found = bland_altman([0.0, 0.0, 0.0], ["a", "a", "b"])
    assert (found.bias, found.lower_limit, found.upper_limit, found.sd_total) == (0, 0, 0, 0)
