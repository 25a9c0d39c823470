"""Two correlations with one criterion: published numbers, bounds and symmetries, resampling."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from analytics.stats.bootstrap import expanded_shares
from analytics.stats.correlation import compare_dependent, spearman, spearman_difference
from analytics.stats.errors import NotEstimableError

TESTS = ("williams1959", "steiger1980", "meng1992", "hittner2003")


@pytest.mark.parametrize(
    ("correlations", "n", "statistics", "interval"),
    [
        # The manual of R's cocor 1.1-4; t, Steiger, Meng, Hittner, and Zou's interval.
        ((0.2, 0.5, 0.1), 315, (-4.4950, -4.4152, -4.3899, -4.4077), (-0.4307, -0.1675)),
        ((0.48, 0.28, 0.7), 73, (2.4664, 2.3812, 2.3698, 2.3773), (0.0366, 0.3699)),
    ],
)
def test_the_numbers_of_cocor(
    correlations: tuple[float, float, float],
    n: int,
    statistics: tuple[float, ...],
    interval: tuple[float, float],
):
    found = [compare_dependent(*correlations, n, method) for method in TESTS]
    assert [one.statistic for one in found] == pytest.approx(statistics, abs=5e-5)
    zou = compare_dependent(*correlations, n, "zou2007")
    assert (zou.ci_low, zou.ci_high) == pytest.approx(interval, abs=5e-5)
    assert (zou.statistic, zou.p_value) == (None, None)
    assert all((one.ci_low, one.ci_high) == (None, None) for one in found)
    assert [one.z_ci_low is None for one in (*found, zou)] == [True, True, False, True, True]


@pytest.mark.parametrize(("method", "p_value"), [("williams1959", 0.0161), ("meng1992", 0.0178)])
def test_p_values_of_cocor(method: str, p_value: float):
    assert compare_dependent(0.48, 0.28, 0.7, 73, method).p_value == pytest.approx(
        p_value, abs=5e-5
    )


@pytest.mark.parametrize(
    ("method", "correlations", "n", "statistic", "digits"),
    [
        # Silver, Hittner and May 2006, program depcor.
        ("steiger1980", (0.3, 0.4, 0.5), 100, -1.0718, 4),
        # Meng, Rosenthal and Rubin 1992, page 173.
        ("meng1992", (0.63, -0.03, -0.19), 15, 1.68, 2),
    ],
)
def test_worked_examples(
    method: str, correlations: tuple[float, float, float], n: int, statistic: float, digits: int
):
    found = compare_dependent(*correlations, n, method).statistic
    assert round(found or 0, digits) == statistic


def test_the_interval_of_meng_1992():
    """Page 173: of z1 - z2, -0.129 to 1.671 as printed, 1.672 as computed."""
    found = compare_dependent(0.63, -0.03, -0.19, 15, "meng1992")
    assert (round(found.z_ci_low or 0, 3), round(found.z_ci_high or 0, 3)) == (-0.129, 1.672)


@given(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6), st.floats(0.01, 0.99))
def test_the_interval_of_meng_leaves_zero_out_where_its_test_rejects(
    first: float, second: float, level: float
):
    found = compare_dependent(first, second, 0.2, 40, "meng1992", confidence=level)
    assume(abs((found.p_value or 0) - (1 - level)) > 1e-9)
    holds_zero = (found.z_ci_low or 0) <= 0 <= (found.z_ci_high or 0)
    assert holds_zero == ((found.p_value or 0) > 1 - level)


def test_the_interval_of_zou_2007():
    found = compare_dependent(0.396, 0.179, 0.088, 66, "zou2007")
    assert (round(found.ci_low or 0, 3), round(found.ci_high or 0, 3)) == (-0.093, 0.517)


@pytest.mark.parametrize("method", [*TESTS, "zou2007"])
def test_correlations_that_no_data_can_have_are_refused(method: str):
    with pytest.raises(NotEstimableError, match=r"-0\.14974"):
        compare_dependent(0.83, 0.29, 0.9, 57, method)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(NotEstimableError, match="perfect"):
        compare_dependent(1.0, 0.5, 0.5, 50, "meng1992")
    with pytest.raises(NotEstimableError, match="4 rows"):
        compare_dependent(0.5, 0.4, 0.5, 3, "meng1992")
    with pytest.raises(ValueError, match="between -1 and 1"):
        compare_dependent(1.2, 0.4, 0.5, 30, "meng1992")
    with pytest.raises(ValueError, match="between -1 and 1"):
        compare_dependent(float("nan"), 0.4, 0.5, 30, "meng1992")
    with pytest.raises(ValueError, match="williams1959"):
        compare_dependent(0.5, 0.4, 0.5, 30, "unknown")


def test_correlations_that_a_formula_does_not_reach_are_named():
    with pytest.raises(NotEstimableError, match="no variance"):
        compare_dependent(-0.984, 0.0573, 0.0018, 50, "hittner2003")
    with pytest.raises(NotEstimableError, match="no variance"):
        compare_dependent(0.5, -0.5, 0.5, 50, "williams1959")


correlation = st.floats(-0.95, 0.95)


@given(first=correlation, second=correlation, between=correlation, n=st.integers(10, 500))
def test_to_exchange_the_two_changes_the_sign_alone(
    first: float, second: float, between: float, n: int
):
    squares = first**2 + second**2 + between**2
    assume(1 - squares + 2 * first * second * between > 1e-6)
    for method in TESTS:
        try:
            one = compare_dependent(first, second, between, n, method)
        except NotEstimableError:
            with pytest.raises(NotEstimableError):
                compare_dependent(second, first, between, n, method)
            continue
        other = compare_dependent(second, first, between, n, method)
        assert one.statistic == pytest.approx(-(other.statistic or 0), abs=1e-9)
        assert one.p_value == pytest.approx(other.p_value, abs=1e-9)
        assert 0 <= (one.p_value or 0) <= 1
    zou = compare_dependent(first, second, between, n, "zou2007")
    turned = compare_dependent(second, first, between, n, "zou2007")
    assert zou.ci_low == pytest.approx(-(turned.ci_high or 0), abs=1e-9)
    assert (zou.ci_low or 0) <= first - second <= (zou.ci_high or 0)


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[int]]:
    rng = np.random.default_rng(seed)
    subjects = np.repeat(np.arange(12), rng.integers(1, 5, size=12))
    level = rng.integers(0, 7, size=subjects.size).astype(float)
    near, far = (level + rng.normal(scale=s, size=level.size) for s in (0.5, 4.0))
    return level, near, far, subjects.tolist()


def test_the_difference_of_each_resample_is_that_of_the_repeated_rows():
    level, near, far, subjects = drawn(2)
    found = spearman_difference(level, near, far, subjects, n_resamples=200, seed=3)
    rows = {s: np.flatnonzero(np.array(subjects) == s) for s in range(12)}
    naive = []
    for patients in np.random.default_rng(3).integers(0, 12, size=(200, 12)):
        index = np.concatenate([rows[patient] for patient in patients])
        naive.append(
            stats.spearmanr(level[index], near[index]).statistic
            - stats.spearmanr(level[index], far[index]).statistic
        )
    low, high = np.quantile(naive, expanded_shares(12))
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=1e-12)
    options = {"n_resamples": 200, "seed": 3, "interval": "percentile"}
    plain = spearman_difference(level, near, far, subjects, **options)
    low, high = np.percentile(naive, [2.5, 97.5])
    assert (plain.ci_low, plain.ci_high) == pytest.approx((low, high), abs=1e-12)
    assert found.difference == pytest.approx(
        spearman(level, near).rho - spearman(level, far).rho, abs=1e-12
    )
    assert (found.n, found.n_subjects) == (len(subjects), 12)


def test_a_measure_does_not_differ_from_itself():
    level, near, _, subjects = drawn(4)
    with pytest.raises(NotEstimableError, match="same value"):
        spearman_difference(level, near, near, subjects, n_resamples=100)


def test_correlations_whose_matrix_is_singular_are_possible():
    """Of two measures and their sum, all three correlations are exact and the determinant is 0."""
    for seed in range(50):
        one, other = np.random.default_rng(seed).normal(size=(2, 20))
        table = np.corrcoef([one, other, one + other])
        found = compare_dependent(table[0, 1], table[0, 2], table[1, 2], 20, "steiger1980")
        assert np.isfinite(found.statistic)
    with pytest.raises(NotEstimableError, match="rows are needed"):
        compare_dependent(0.5, 0.4, 0.3, float("nan"), "steiger1980")
