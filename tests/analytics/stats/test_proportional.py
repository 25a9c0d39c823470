"""Proportional bias and ratios: by hand, against statsmodels, by property and by simulation."""

import csv
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.stats.agreement import bland_altman
from analytics.stats.errors import NotEstimableError
from analytics.stats.proportional import log_ratio_bland_altman, proportional_bias

PAIRS = st.lists(
    st.tuples(st.integers(1, 200), st.integers(1, 200), st.integers(0, 4)), min_size=5, max_size=15
)


def hc2(difference, mean):
    """Least squares with the errors HC2, by statsmodels."""
    return sm.OLS(difference, sm.add_constant(mean)).fit(cov_type="HC2", use_t=True)


def test_the_fat_in_milk_of_bland_and_altman_1999(test_data: Path):
    """Stat Methods Med Res 8:135, section 3.2: difference = 0.079 - 0.0283 of the mean.

    About that line the differences have a standard deviation of 0.08033 g/100 mL there. The slope
    is that of all pairs; its interval is our own, by patient.
    """
    with (test_data / "stats/methcomp_milk.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    trig, gerber = (
        np.array([float(row["y"]) for row in rows if row["meth"] == method])
        for method in ("Trig", "Gerber")
    )
    found = proportional_bias(trig, gerber, [str(n) for n in range(len(trig))])
    assert (len(trig), found.n, found.n_subjects) == (45, 45, 45)
    assert (round(found.intercept, 3), round(found.slope, 4)) == (0.079, -0.0283)
    left = trig - gerber - found.intercept - found.slope * (trig + gerber) / 2
    assert round(float(np.sqrt(left @ left / (45 - 2))), 5) == 0.08033


def test_the_slope_and_error_of_single_pairs_are_those_of_statsmodels(test_data: Path):
    """Bland and Altman 1986, the first readings of both peak flow meters."""
    with (test_data / "stats/bland_altman_1986_pefr.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    one, other = (np.array([float(row[name]) for row in rows]) for name in ("wright1", "mini1"))
    found = proportional_bias(one, other)
    expected = hc2(one - other, (one + other) / 2)
    assert (found.intercept, found.slope) == pytest.approx(tuple(expected.params), rel=1e-9)
    assert found.standard_error == pytest.approx(expected.bse[1], rel=1e-9)
    assert (found.n, found.n_subjects) == (17, 17)
    line = stats.linregress((one + other) / 2, one - other)
    assert found.slope == pytest.approx(line.slope, rel=1e-9)


def test_three_patients_by_hand():
    """Means -1 0 1, differences 0 1 0: no slope, residuals -1/3 2/3 -1/3, leverages 5/6 1/3 5/6."""
    mean, difference = np.array([-1.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    found = proportional_bias(mean + difference / 2, mean - difference / 2)
    assert found.slope == pytest.approx(0, abs=1e-12)
    assert found.intercept == pytest.approx(1 / 3)
    assert found.standard_error == pytest.approx(np.sqrt(2 * (1 / 9) / (1 / 6) / 4))
    assert found.p_value == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(-9, 9)), min_size=4, max_size=8))
@settings(max_examples=30)
def test_as_many_equal_pairs_of_each_patient_are_one_pair_of_each(rows):
    """Repeating every pair thrice adds no information, and the robust error adds none."""
    mean, difference = np.array(rows, float).T
    one, other = mean + difference / 2, mean - difference / 2
    try:
        once = proportional_bias(one, other)
    except NotEstimableError:
        assume(False)
    again = proportional_bias(
        *(np.repeat(v, 3) for v in (one, other)), np.repeat(range(len(rows)), 3)
    )
    assert again.slope == pytest.approx(once.slope, abs=1e-9)
    assert again.standard_error == pytest.approx(once.standard_error, rel=1e-6, abs=1e-9)
    assert again.df == pytest.approx(once.df, rel=1e-6)
    assert again.n_subjects == once.n_subjects


@given(PAIRS, st.floats(0.1, 20), st.floats(-50, 50).map(lambda by: round(by, 9)))
@settings(max_examples=30)
def test_units_and_constant_offsets_change_no_slope(rows, scale: float, shift: float):
    one, other, subjects = np.array(rows, float).T
    try:
        found = proportional_bias(one, other, subjects.tolist())
    except NotEstimableError:
        assume(False)
    again = proportional_bias(scale * one + shift, scale * other, subjects.tolist())
    assert again.slope == pytest.approx(found.slope, abs=1e-7)
    assert again.ci_low == pytest.approx(found.ci_low, rel=1e-5, abs=1e-6)
    turned = proportional_bias(other, one, subjects.tolist())
    assert (turned.ci_low, turned.ci_high) == pytest.approx(
        (-found.ci_high, -found.ci_low), rel=1e-6, abs=1e-8
    )


def test_the_interval_holds_the_true_slope_as_often_as_it_says():
    """Twelve patients of one to four scans whose deviations grow with their loads."""
    rng = np.random.default_rng(7)
    subjects = np.repeat(np.arange(12), [1, 2, 3, 4] * 3)
    held = 0
    for _ in range(400):
        level = rng.uniform(20, 150, 12)
        mean = level[subjects] + rng.normal(0, 5, subjects.size)
        shared = (rng.normal(0, 0.05, 12) * level)[subjects]
        difference = 0.1 * mean + shared + rng.normal(0, 2, subjects.size)
        found = proportional_bias(mean + difference / 2, mean - difference / 2, subjects.tolist())
        held += found.ci_low <= 0.1 <= found.ci_high
    # An exact binomial interval of 95 % in 400 is 371 to 388.
    assert 369 <= held <= 391


def test_a_ratio_by_hand():
    """Ratios 1.1, 1.1, 0.9: the geometric mean, and 1.96 standard deviations of the logs."""
    found = log_ratio_bland_altman([110, 22, 90], [100, 20, 100])
    logs = [log(1.1), log(1.1), log(0.9)]
    middle = sum(logs) / 3
    sd = np.std(logs, ddof=1)
    assert found.bias == pytest.approx(100 * (exp(middle) - 1))
    assert found.upper_limit == pytest.approx(100 * (exp(middle + 1.96 * sd) - 1))


@given(PAIRS, st.floats(0.01, 100), st.floats(0.5, 2))
@settings(max_examples=40)
def test_a_ratio_is_free_of_units_and_a_factor_multiplies_it(rows, unit: float, factor: float):
    one, other, subjects = np.array(rows, float).T
    assume(len(set(subjects)) >= 2)
    found = log_ratio_bland_altman(one, other, subjects.tolist())
    again = log_ratio_bland_altman(unit * one, unit * other, subjects.tolist())
    assert again.lower_limit == pytest.approx(found.lower_limit, rel=1e-6, abs=1e-4)
    more = log_ratio_bland_altman(factor * one, other, subjects.tolist())
    assert 1 + more.bias / 100 == pytest.approx(factor * (1 + found.bias / 100), rel=1e-9)
    logs = bland_altman(np.log(one / other), subjects.tolist())
    assert np.log1p(np.array(found.upper_ci) / 100) == pytest.approx(logs.upper_ci, abs=1e-9)
    assert (found.n, found.n_subjects) == (logs.n, logs.n_subjects)


def test_a_load_of_nothing_has_no_ratio_and_the_error_says_of_how_many():
    with pytest.raises(NotEstimableError, match="2 of 4 pairs"):
        log_ratio_bland_altman([1, 0, 3, 4], [1, 2, -3, 4])


@pytest.mark.parametrize(
    ("first", "second", "subjects", "words"),
    [
        ([1, 2], [1, 3], None, "At least 3 patients"),
        ([1, 2, 3, 4], [1, 3, 3, 5], list("aabb"), "At least 3 patients"),
        ([1, 2, 3], [3, 2, 1], None, "All means"),
        ([2, 4, 6, 8], [1, 2, 3, 4], None, "lie on a line"),
        ([11, 12, 9, 21, 24], [9, 8, 11, 19, 20], list("abcdd"), "alone decides"),
        ([1, 2, float("nan")], [1, 2, 3], None, "not a finite number"),
    ],
)
def test_what_the_data_do_not_allow_is_said(first, second, subjects, words: str):
    with pytest.raises(NotEstimableError, match=words):
        proportional_bias(first, second, subjects)


def test_a_wrong_call_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        proportional_bias([1, 2, 3], [1, 2, 4], confidence=95)
    with pytest.raises(ValueError, match="equal length"):
        log_ratio_bland_altman([1, 2, 3], [1, 2])


@given(seed=st.integers(0, 50), patients=st.integers(4, 9))
@settings(max_examples=20)
def test_error_and_degrees_of_freedom_are_those_of_the_matrices_they_are_defined_by(
    seed: int, patients: int
):
    """Bell and McCaffrey: of all residuals and patients at once, as the paper writes them."""
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(patients), rng.integers(0, patients, 20)])
    one = rng.gamma(2, 10, codes.size)
    other = one * 1.1 + rng.normal(0, 4, codes.size)
    found = proportional_bias(one, other, codes.tolist())
    design = np.column_stack([np.ones(codes.size), (one + other) / 2])
    inverse = np.linalg.inv(design.T @ design)
    maker = np.eye(codes.size) - design @ inverse @ design.T
    columns = []
    for patient in range(patients):
        rows = codes == patient
        values, vectors = np.linalg.eigh(maker[np.ix_(rows, rows)])
        root = vectors / np.sqrt(values) @ vectors.T
        columns.append(maker[:, rows] @ root @ design[rows] @ inverse[:, 1])
    products = np.array(columns) @ np.array(columns).T
    assert found.df == pytest.approx(np.trace(products) ** 2 / (products**2).sum(), rel=1e-8)
    left = maker @ (one - other)
    # The residuals are maker times the differences, and maker times itself is maker.
    pulls = []
    for patient in range(patients):
        rows = codes == patient
        values, vectors = np.linalg.eigh(maker[np.ix_(rows, rows)])
        root = vectors / np.sqrt(values) @ vectors.T
        pulls.append(left[rows] @ root @ design[rows] @ inverse[:, 1])
    assert found.standard_error == pytest.approx(np.sqrt(np.sum(np.square(pulls))), rel=1e-8)
