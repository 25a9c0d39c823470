"""BCa intervals against SciPy's on independent rows, and what may not change them."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.stats.bootstrap import BCA, cluster_interval, corrected_shares, expanded_shares
from analytics.stats.correlation import spearman, spearman_difference
from analytics.stats.errors import NotEstimableError
from analytics.stats.resampling import numbered


def of_weights(weights):
    """A skewed statistic of one measure: the mean of squares."""
    values = np.arange(8.0) ** 2
    return (weights * values).sum(axis=1) / weights.sum(axis=1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bca_of_independent_rows_is_that_of_scipy(seed: int):
    """One row a patient, and the same indices by the same generator."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 7, size=25).astype(float)
    y = x + rng.normal(0, 3, size=25)
    found = spearman(x, y, list(range(25)), n_resamples=500, seed=seed, interval="bca")
    expected = stats.bootstrap(
        (x, y),
        lambda a, b: stats.spearmanr(a, b).statistic,
        paired=True,
        vectorized=False,
        n_resamples=500,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(expected), abs=1e-9)
    plain = spearman(x, y, list(range(25)), n_resamples=500, seed=seed)
    assert (plain.ci_low, plain.ci_high) != (found.ci_low, found.ci_high)


def test_a_statistic_of_one_measure_is_that_of_scipy():
    low, high = cluster_interval(of_weights, np.arange(8), 8, n_resamples=999, seed=4, interval=BCA)
    expected = stats.bootstrap(
        (np.arange(8.0) ** 2,), np.mean, method="BCa", n_resamples=999,
        rng=np.random.default_rng(4),
    ).confidence_interval  # fmt: skip
    assert (low, high) == pytest.approx(tuple(expected), abs=1e-9)


def test_no_bias_and_no_skewness_leave_the_percentiles():
    resampled = np.linspace(-1, 1, 101)
    found = corrected_shares(0.0, resampled, np.array([-1.0, 0.0, 1.0]))
    assert found == pytest.approx((0.025, 0.975), abs=1e-12)


def test_shares_by_hand():
    """Bias 0; the pulls 1/2 1/2 -1: acceleration -3/4 / (6 x 1.5^1.5) = -0.0680."""
    low, high = corrected_shares(0.0, np.linspace(-1, 1, 101), np.array([0.0, 0.0, 1.5]))
    acceleration = -0.75 / (6 * 1.5**1.5)
    z = stats.norm.ppf(0.975)
    assert low == pytest.approx(stats.norm.cdf(-z / (1 + acceleration * z)))
    assert high == pytest.approx(stats.norm.cdf(z / (1 - acceleration * z)))


@given(st.integers(0, 1000), st.floats(0.5, 4))
@settings(max_examples=15)
def test_a_bent_measure_and_other_names_change_no_interval(seed: int, power: float):
    rng = np.random.default_rng(seed)
    subjects = np.repeat(np.arange(8), rng.integers(1, 4, size=8))
    x = rng.uniform(1, 9, size=subjects.size)
    y = x + rng.normal(0, 3, size=subjects.size)
    try:
        found = spearman(x, y, subjects.tolist(), n_resamples=100, seed=seed, interval="bca")
    except NotEstimableError:
        assume(False)
    named = [f"P{number}" for number in subjects]
    assert spearman(x**power, y, named, n_resamples=100, seed=seed, interval="bca") == found


def test_the_expanded_percentile_reaches_farther_with_few_patients_alone():
    # t(11) has 2.2010 at 97.5 %; times the root of 12/11 that is 2.2988, beyond which a normal
    # has 1.076 %.
    low, high = expanded_shares(12)
    assert (low, high) == pytest.approx((0.01076, 1 - 0.01076), abs=1e-5)
    assert expanded_shares(10**6)[0] == pytest.approx(0.025, abs=1e-5)
    with pytest.raises(NotEstimableError, match="One patient"):
        expanded_shares(1)


def test_a_difference_has_a_bca_interval_that_mirrors():
    rng = np.random.default_rng(3)
    subjects = np.repeat(np.arange(12), 2).tolist()
    common = rng.normal(size=24)
    one, other = common + rng.normal(size=24), common + rng.normal(0, 2, size=24)
    found = spearman_difference(common, one, other, subjects, interval="bca")
    mirrored = spearman_difference(common, other, one, subjects, interval="bca")
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (-mirrored.ci_high, -mirrored.ci_low), abs=1e-12
    )


@pytest.mark.parametrize(
    ("whole", "resampled", "without", "words"),
    [
        (0.0, [1.0, 2.0], [0.1, 0.2], "one side"),
        (0.0, [-1.0, 1.0], [0.5, 0.5], "No patient changes"),
        (0.0, [-1.0, 1.0], [0.5, np.nan], "Without one of the patients"),
    ],
)
def test_a_correction_that_does_not_exist_is_an_error(whole, resampled, without, words: str):
    with pytest.raises(NotEstimableError, match=words):
        corrected_shares(whole, np.array(resampled), np.array(without))


def test_a_wrong_call_is_refused():
    with pytest.raises(ValueError, match="percentile, expanded or bca"):
        spearman([1, 2, 3, 4], [1, 3, 2, 4], list("abcd"), interval="basic")
    with pytest.raises(ValueError, match="two resamples"):
        spearman([1, 2, 3, 4], [1, 3, 2, 4], list("abcd"), n_resamples=1)
    with pytest.raises(ValueError, match="needs the patient"):
        spearman([1, 2, 3, 4], [1, 3, 2, 4], interval="bca")


@given(st.lists(st.integers(0, 9)))
def test_numbers_of_an_array_are_those_of_a_list(given_subjects):
    array = np.array(given_subjects, np.intp)
    (of_array, count), (of_list, expected) = (
        numbered(subjects, len(given_subjects)) for subjects in (array, given_subjects)
    )
    assert (of_array.tolist(), count) == (of_list.tolist(), expected)
