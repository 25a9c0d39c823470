"""Correlations against published numbers, against SciPy, and by property."""

import csv
import json
from math import atanh
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.stats.correlation import (
    bonett_wright,
    kendall_tau_b,
    repeated_measures,
    spearman,
)
from analytics.stats.errors import NotEstimableError

GMFC = [0, 1, 1, 2, 4, 6]
LOAD_ML = [10, 30, 25, 25, 90, 80]


def test_by_hand_with_ties():
    assert spearman(GMFC, LOAD_ML).rho == pytest.approx(0.808824, abs=1e-6)
    assert kendall_tau_b(GMFC, LOAD_ML) == pytest.approx(0.642857, abs=1e-6)


@pytest.mark.parametrize(
    ("rho", "n", "low", "high"),
    # Recomputed from Bonett and Wright 2000 for the correlations of the reference study.
    [(0.38, 73, 0.1562, 0.5667), (0.56, 57, 0.3328, 0.7258), (0.83, 57, 0.7059, 0.9047)],
)
def test_the_interval_for_independent_rows(rho: float, n: int, low: float, high: float):
    assert bonett_wright(rho, n) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("data", "columns", "reference"),
    [
        # Bland and Altman 1995, BMJ 310:446, as the R package rmcorr has them.
        ("rmcorr_bland1995", ("Subject", "pH", "PaCO2"), "rmcorr_bland1995_pH_PaCO2"),
        # Gilden and others 2010, Acta Psychol 133:90, likewise.
        ("rmcorr_gilden2010", ("sub", "rt", "acc"), "rmcorr_gilden2010_rt_acc"),
    ],
)
def test_within_patient_correlation_equals_rmcorr(
    test_data: Path, data: str, columns: tuple[str, str, str], reference: str
):
    """The twelve digits of R 4.2.2; its interval takes 1.959964 for the quantile of the normal."""
    expected = json.loads((test_data / "stats/reference_R.json").read_text())[reference]
    with (test_data / f"stats/{data}.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    subject, x, y = ([row[name] for row in rows] for name in columns)
    found = repeated_measures(subject, [float(v) for v in x], [float(v) for v in y])
    assert found.df == expected["df"]
    assert found.r == pytest.approx(expected["r"], rel=1e-11)
    assert found.p_value == pytest.approx(expected["p"], rel=1e-10)
    half = (atanh(found.ci_high) - atanh(found.ci_low)) / 2
    wider = (half / stats.norm.ppf(0.975) * 1.959964) * np.array([-1, 1])
    assert np.tanh(atanh(found.r) + wider) == pytest.approx(expected["ci95"], rel=1e-11)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        # The mean of three times 0.1 is not 0.1 in binary.
        ([0.1, 0.1, 0.1, 0.7, 0.7, 0.7, 1.3, 1.3, 1.3], "does not vary within"),
        ([0.1, 0.2, 0.4, 0.9, 1.0, 1.2, 2.1, 2.2, 2.4], "perfect"),
    ],
)
def test_rounding_is_no_variation_within_patients(x: list[float], words: str):
    y = [1, 2, 4, 1, 2, 4, 1, 2, 4]
    with pytest.raises(NotEstimableError, match=words):
        repeated_measures(list("aaabbbccc"), x, y)


def test_every_resample_equals_scipy_on_the_repeated_rows():
    rng = np.random.default_rng(5)
    subjects = np.repeat(np.arange(9), rng.integers(1, 5, size=9))
    x = rng.integers(0, 6, size=subjects.size).astype(float)
    y = x + rng.normal(size=subjects.size)
    found = spearman(x, y, subjects=subjects.tolist(), n_resamples=200, seed=3)
    drawn = np.random.default_rng(3).integers(0, 9, size=(200, 9))
    expected = []
    for patients in drawn:
        rows = np.concatenate([np.flatnonzero(subjects == patient) for patient in patients])
        if np.ptp(x[rows]) and np.ptp(y[rows]):
            expected.append(stats.spearmanr(x[rows], y[rows]).statistic)
    low, high = np.percentile(expected, [2.5, 97.5])
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=1e-12)


def test_the_same_seed_gives_the_same_interval():
    subjects = [0, 0, 1, 2, 3, 4]
    assert spearman(GMFC, LOAD_ML, subjects) == spearman(GMFC, LOAD_ML, subjects)


@pytest.mark.parametrize(
    ("x", "y"),
    [([1, 1, 1], [1, 2, 3]), ([1, 2], [1, 2]), ([1, float("nan"), 3], [1, 2, 3])],
    ids=["constant", "too few", "not a number"],
)
def test_what_cannot_be_estimated_is_an_error_and_no_number(x: list[float], y: list[float]):
    with pytest.raises(NotEstimableError):
        spearman(x, y)


@pytest.mark.parametrize("n", range(4, 60))
def test_a_perfect_correlation_has_no_interval_of_independent_rows(n: int):
    with pytest.raises(NotEstimableError, match="No interval exists"):
        spearman(range(n), range(n))


def test_a_perfect_order_of_three_patients_is_no_certainty():
    with pytest.raises(NotEstimableError, match="same value"):
        spearman([10, 40, 90], [0, 2, 5], subjects=[0, 1, 2])
    found = spearman([10, 40, 90, 80], [0, 2, 5, 6], subjects=[0, 1, 2, 3])
    assert found.ci_low < found.rho < found.ci_high


@pytest.mark.parametrize(
    "subjects", ["AAAAABC", "AAAAABB"], ids=["of one patient", "of two patients"]
)
def test_within_patients_needs_three_who_came_again(subjects: str):
    with pytest.raises(NotEstimableError, match=r"patients"):
        repeated_measures(list(subjects), [1, 2, 3, 4, 5, 3, 1], [2, 1, 4, 3, 6, 0, 2])


def test_two_patients_are_too_few():
    with pytest.raises(NotEstimableError, match="3 patients"):
        spearman(GMFC, LOAD_ML, subjects=[0, 0, 0, 1, 1, 1])


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 200)), min_size=4, max_size=30))
@settings(max_examples=50)
def test_it_equals_scipy(pairs: list[tuple[int, int]]):
    x, y = (list(column) for column in zip(*pairs, strict=True))
    if len(set(x)) == 1 or len(set(y)) == 1 or len(set(pairs)) < 4:
        return
    expected = stats.spearmanr(x, y).statistic
    if abs(expected) >= 1 - 1e-12:
        return
    assert spearman(x, y).rho == pytest.approx(expected, abs=1e-12)
