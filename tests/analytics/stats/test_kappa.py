"""Weighted kappa: printed values, statsmodels, resampling by rows, and what may not change it."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from analytics.stats.errors import NotEstimableError
from analytics.stats.kappa import weighted_kappa

# SAS/STAT User's Guide, PROC FREQ, "Agreement Study": two dermatologists, 88 patients.
SKIN = np.array([[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]])
RATINGS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 5)), min_size=4, max_size=25
)


def pairs_of(table):
    rows = [(i, j) for (i, j), count in np.ndenumerate(table) for _ in range(count)]
    return np.array(rows).T


def naive(first, second, power: int) -> float:
    """By all pairs of a rating of one with a rating of the other."""
    if not (np.ptp(first) and np.ptp(second)):
        return np.nan
    chance = (np.abs(first[:, None] - second[None, :]) ** power).mean()
    return 1 - (np.abs(first - second) ** power).mean() / chance


def test_the_dermatologists_of_sas():
    found = weighted_kappa(*pairs_of(SKIN), "linear")
    assert round(found.kappa, 4) == 0.5082
    assert (round(found.ci_low, 4), round(found.ci_high, 4)) == (0.3798, 0.6366)


def test_three_pairs_by_hand():
    """Levels 0 1 2 against 0 2 2: 1 level apart in 3 pairs, 9 levels in the 9 of chance."""
    found = weighted_kappa([0, 1, 2], [0, 2, 2], "linear")
    assert (found.observed, found.by_chance) == pytest.approx((1 / 3, 9 / 9))
    assert found.kappa == pytest.approx(2 / 3)
    # Squared: 1 in 3 pairs, and 0+4+4 + 1+1+1 + 4+0+0 in 9.
    assert weighted_kappa([0, 1, 2], [0, 2, 2]).kappa == pytest.approx(1 - (1 / 3) / (15 / 9))


@given(RATINGS, st.sampled_from(["linear", "quadratic"]))
@settings(max_examples=30)
def test_kappa_and_its_interval_are_those_of_statsmodels(rows, weights: str):
    first, second, _ = np.array(rows).T
    try:
        found = weighted_kappa(first, second, weights)
    except NotEstimableError:
        assume(False)
    table = np.zeros((7, 7))
    np.add.at(table, (first, second), 1)
    expected = cohens_kappa(table, wt=weights)
    assert found.kappa == pytest.approx(expected.kappa, abs=1e-12)
    # The root of a variance that is nothing but rounding is no smaller than 1e-8.
    assert found.ci_low == pytest.approx(expected.kappa_low, abs=1e-6)
    assert found.ci_high == pytest.approx(expected.kappa_upp, abs=1e-6)


@given(RATINGS, st.integers(0, 2**20), st.sampled_from([("linear", 1), ("quadratic", 2)]))
@settings(max_examples=30)
def test_fast_and_naive_bootstrap_on_the_same_patients_are_equal(rows, seed: int, kind):
    first, second, subjects = np.array(rows).T
    names = list(dict.fromkeys(subjects))
    assume(len(names) >= 3 and len(set(first) | set(second)) > 1)
    try:
        found = weighted_kappa(first, second, kind[0], subjects.tolist(), n_resamples=30, seed=seed)
    except NotEstimableError:
        assume(False)
    drawn = np.random.default_rng(seed).integers(0, len(names), size=(30, len(names)))
    kept = [np.concatenate([np.flatnonzero(subjects == names[p]) for p in ps]) for ps in drawn]
    expected = np.nanquantile([naive(first[k], second[k], kind[1]) for k in kept], [0.025, 0.975])
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(expected), abs=1e-12)


@given(RATINGS, st.integers(-3, 3))
def test_raters_may_be_exchanged_and_levels_shifted_or_turned(rows, shift: int):
    first, second, _ = np.array(rows).T
    try:
        found = weighted_kappa(first, second)
    except NotEstimableError:
        assume(False)
    for again in (weighted_kappa(second, first), weighted_kappa(shift - first, shift - second)):
        assert again.kappa == pytest.approx(found.kappa, abs=1e-12)
        assert again.ci_low == pytest.approx(found.ci_low, abs=1e-6)
    assert found.kappa <= 1


def test_patients_who_come_once_have_a_bca_interval_around_kappa():
    first, second = pairs_of(SKIN)
    found = weighted_kappa(first, second, "linear", list(range(88)), interval="bca")
    assert (found.ci_low, found.ci_high) == pytest.approx((0.37, 0.63), abs=0.03)
    assert found.n_subjects == 88


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([2, 2, 2], [2, 2, 2], "one level to all"),
        ([2, 2, 2], [1, 2, 3], "one level to all"),
        ([1, 2, 3], [1, 2, 3], "no standard error"),
        ([1, 2], [1, 2], "At least 3 pairs"),
        ([1, 2, 2.5], [1, 2, 3], "whole number"),
        ([1, 2, float("nan")], [1, 2, 3], "whole number"),
    ],
)
def test_ratings_that_allow_no_kappa_are_refused(first, second, words: str):
    with pytest.raises(NotEstimableError, match=words):
        weighted_kappa(first, second)


def test_a_wrong_call_is_refused():
    with pytest.raises(ValueError, match="linear or quadratic"):
        weighted_kappa([1, 2, 3], [1, 2, 3], "cubic")
    with pytest.raises(ValueError, match="equal length"):
        weighted_kappa([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="needs the patient"):
        weighted_kappa([1, 2, 3], [1, 3, 2], interval="bca")
