"""Trends: vectors by hand, plain recomputation, scipy, properties."""

from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.trend import (
    isotonic_residual,
    isotonic_residuals,
    mann_kendall,
    max_drawdown,
    max_drawdowns,
    page,
    stratified_mann_kendall,
    theil_sen,
)

LOADS = [40.0, 55.0, 52.0, 70.0, 70.0]
MONTHS = [0.0, 6.0, 12.0, 18.0, 24.0]
SERIES = st.lists(st.integers(0, 9), min_size=4, max_size=12).filter(lambda v: len(set(v)) > 1)
DISTINCT = st.lists(st.integers(-500, 500), min_size=5, max_size=14, unique=True)


def test_mann_kendall_by_hand():
    """Nine pairs, eight of which rise and one falls; one tie of two takes 18 of 300 from 18 Var."""
    found = mann_kendall(LOADS)
    assert (found.s, found.n) == (7, 5)
    assert found.var_s == pytest.approx(282 / 18)
    assert found.z == pytest.approx(6 / (282 / 18) ** 0.5)
    assert found.p_value == pytest.approx(0.12955, abs=5e-6)


def test_theil_sen_by_hand():
    found = theil_sen(MONTHS, LOADS)
    assert found.slope == pytest.approx(1.25)
    assert (found.ci_low, found.ci_high) == pytest.approx((-0.5, 3))


def test_the_line_of_theil_sen_by_hand():
    """Slopes 10, 4 and -2, of which 4 is the middle one; it leaves 10, 16 and 10."""
    found = theil_sen([0, 1, 2], [10, 20, 18])
    assert (found.slope, found.intercept) == (4, 10)
    assert [found.at(time) for time in (0, 1, 2)] == [10, 14, 18]


def test_drawdown_and_what_no_rising_course_explains_by_hand():
    """55 and 52 share 53.5: 4.5 of 655.2."""
    assert max_drawdown(LOADS) == 3
    assert isotonic_residual(MONTHS, LOADS) == pytest.approx(4.5 / 655.2)


def test_page_by_hand():
    """Five patients of four visits that all rise: 5 x 30; mean 125, variance 41.6667."""
    found = page([[1, 2, 3, 4]] * 5)
    assert found.l == 150
    assert found.z == pytest.approx(25 / 41.666667**0.5, rel=1e-7)


@given(st.lists(SERIES, min_size=1, max_size=5))
def test_strata_add_up(series):
    whole = stratified_mann_kendall(series)
    parts = [mann_kendall(one) for one in series]
    assert whole.s == sum(part.s for part in parts)
    assert whole.var_s == pytest.approx(sum(part.var_s for part in parts))
    if len(parts) == 1:
        assert whole == parts[0]


@pytest.mark.parametrize(
    "series", [[1, 2, 3, 4], [1, 1, 2, 3, 3], [5, 2, 2, 2, 9], [4, 3, 2, 1, 1]]
)
def test_the_variance_is_that_over_every_order(series):
    scores = [mann_kendall(order).s for order in permutations(series)]
    assert mann_kendall(series).var_s == pytest.approx(np.mean(np.square(scores)))
    assert np.mean(scores) == pytest.approx(0)


@pytest.mark.parametrize("sizes", [(4,), (5,), (6,), (2, 2), (2, 3), (3, 3), (2, 2, 2), (4, 2)])
def test_no_p_value_is_smaller_than_its_exact_one_at_the_steepest_rise(sizes):
    """Every order of every patient is set against all others."""
    strata = [list(range(size)) for size in sizes]
    steepest = stratified_mann_kendall(strata)
    orders = [list(permutations(one)) for one in strata]
    scores = Counter(stratified_mann_kendall(each).s for each in product(*orders))
    exact = (scores[steepest.s] + scores[-steepest.s]) / sum(scores.values())
    assert exact - 1e-12 <= steepest.p_value
    if sum(sizes) < 5:
        assert steepest.p_value < 1.1 * exact


@given(DISTINCT)
def test_mann_kendall_equals_scipy_kendall(values):
    n = len(values)
    found = mann_kendall(values)
    tau = stats.kendalltau(range(n), values).statistic
    assert found.s == round(tau * n * (n - 1) / 2)
    # scipy's asymptotic test has no continuity correction.
    plain = stats.kendalltau(range(n), values, method="asymptotic").pvalue
    assert 2 * stats.norm.sf(abs(found.s) / found.var_s**0.5) == pytest.approx(plain)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20)), min_size=6, max_size=15))
def test_theil_sen_equals_scipy(rows):
    times, values = zip(*rows, strict=True)
    assume(len(set(times)) > 1)
    assume(len(set(values)) > 2)
    found, peer = theil_sen(times, values), stats.theilslopes(values, times, method="joint")
    assert found.slope == pytest.approx(peer.slope)
    assert found.intercept == pytest.approx(peer.intercept)
    assume(found.ci_low is not None)
    assert (found.ci_low, found.ci_high) == pytest.approx((peer.low_slope, peer.high_slope))


@given(st.integers(2, 6), st.integers(3, 6), st.integers(0, 2**20))
def test_page_equals_scipy(n: int, k: int, seed: int):
    matrix = np.random.default_rng(seed).integers(0, 6, (n, k))
    assume((matrix != matrix[:, :1]).any())
    found, peer = page(matrix), stats.page_trend_test(matrix, method="asymptotic")
    assert found.l == pytest.approx(peer.statistic)
    orders = np.prod([len(set(permutations(row))) for row in matrix.tolist()])
    assert found.p_value == pytest.approx(max(peer.pvalue, 1 / orders))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=2, max_size=10))
def test_the_isotonic_residual_equals_the_min_max_formula(rows):
    """The fit at a time: the highest, over starts before it, of the lowest mean up to any end."""
    times, values = map(np.array, zip(*rows, strict=True))
    assume(np.ptp(times) > 0)
    assume(np.ptp(values) > 0)
    each = np.unique(times)
    fit = np.array([
        max(
            min(values[(times >= a) & (times <= b)].mean() for b in each[each >= t])
            for a in each[each <= t]
        )
        for t in times
    ])  # fmt: skip
    expected = ((values - fit) ** 2).sum() / ((values - values.mean()) ** 2).sum()
    assert isotonic_residual(times, values) == pytest.approx(expected, abs=1e-12)


@given(SERIES, st.integers(1, 9), st.integers(-50, 50))
@settings(max_examples=50)
def test_scale_and_shift_change_only_what_has_a_unit(values, scale: int, shift: int):
    moved = [scale * value + shift for value in values]
    times = range(len(values))
    assert mann_kendall(moved) == mann_kendall(values)
    found, before = theil_sen(times, moved), theil_sen(times, values)
    assert found.slope == pytest.approx(scale * before.slope)
    assert found.at(times[0]) == pytest.approx(scale * before.at(times[0]) + shift)
    assert max_drawdown(moved) == scale * max_drawdown(values)
    assert isotonic_residual(times, moved) == pytest.approx(
        isotonic_residual(times, values), abs=1e-9
    )


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 99)), min_size=3, max_size=14))
def test_as_many_values_lie_above_the_line_as_below(rows):
    times, values = map(np.array, zip(*rows, strict=True))
    assume(np.ptp(times) > 0)
    assume(np.ptp(values) > 0)
    line = theil_sen(times, values)
    left = values - line.at(times)
    assert (left > 1e-9).sum() <= len(rows) / 2
    assert (left < -1e-9).sum() <= len(rows) / 2
    # Years since birth or since a treatment: the same line.
    later = theil_sen(times - 17.5, values)
    assert later.at(times - 17.5) == pytest.approx(line.at(times), abs=1e-9)


def test_lines_of_the_slopes_in_the_interval_are_no_band_of_the_mean():
    """Six scans over four years: the slope is held, its lines miss the middle (decision 0058)."""
    rng = np.random.default_rng(58)
    held = {"slope": 0, "middle": 0}
    for _ in range(500):
        times = np.sort(rng.uniform(0, 4, 6))
        values = 20 + 10 * times + rng.normal(0, 3, 6)
        found = theil_sen(times, values)
        slopes = np.linspace(found.ci_low, found.ci_high, 40)
        intercepts = np.median(values - slopes[:, None] * times, axis=1)
        there = intercepts + slopes * times.mean()
        held["slope"] += found.ci_low <= 10 <= found.ci_high
        held["middle"] += there.min() <= 20 + 10 * times.mean() <= there.max()
    assert held["slope"] >= 475
    assert held["middle"] < 375


@given(SERIES)
def test_a_series_turned_over_has_the_opposite_trend(values):
    found, turned = mann_kendall(values), mann_kendall(values[::-1])
    assert (turned.s, turned.z, turned.p_value) == (-found.s, -found.z, found.p_value)
    assert 0 < found.p_value <= 1


@given(SERIES)
def test_what_never_falls_has_nothing_left(values):
    rising = sorted(values)
    assert max_drawdown(rising) == 0
    assert isotonic_residual(range(len(rising)), rising) == pytest.approx(0, abs=1e-12)
    assert isotonic_residual(range(len(rising)), rising[::-1]) == pytest.approx(1)


def test_four_values_have_a_slope_and_no_interval_of_95_percent():
    found = theil_sen([0, 1, 2, 3], [1, 3, 4, 8])
    assert found.slope == pytest.approx(2.166667, abs=1e-6)
    assert (found.ci_low, found.ci_high) == (None, None)


def test_patients_with_one_scan_change_nothing():
    assert stratified_mann_kendall([[1, 2], [5], [3, 4, 9], []]) == stratified_mann_kendall(
        [[1, 2], [3, 4, 9]]
    )


@pytest.mark.parametrize("values", [[], [1], [1, 2], [1, 2, 3], [4] * 6, [1, 2, np.nan, 4, 5]])
def test_one_short_or_constant_or_broken_series_is_not_tested(values):
    with pytest.raises(NotEstimableError):
        mann_kendall(values)


@pytest.mark.parametrize("strata", [[], [[1], [2], [3], [4]], [[1, 2, 3]], [[2, 2], [3, 3]]])
def test_strata_that_say_nothing_are_not_tested(strata):
    with pytest.raises(NotEstimableError):
        stratified_mann_kendall(strata)


@pytest.mark.parametrize(
    ("times", "values"),
    [
        ([0, 1], [1, 2]),
        ([1, 1, 1], [1, 2, 3]),
        ([0, 1, 2], [5, 5, 5]),
        ([0, 1, np.inf], [1, 2, 3]),
    ],
)
def test_a_slope_without_a_basis_is_refused(times, values):
    with pytest.raises(NotEstimableError):
        theil_sen(times, values)


def test_times_without_values_are_refused():
    with pytest.raises(ValueError, match="3 times and 2 values"):
        theil_sen([0, 1, 2], [1, 2])


@pytest.mark.parametrize(
    "matrix", [[1, 2, 3], [[1, 2, 3]], [[1, 2], [1, 2]], [[1, 2, np.nan], [1, 2, 3]], [[1] * 3] * 4]
)
def test_page_without_complete_visits_is_refused(matrix):
    with pytest.raises(NotEstimableError):
        page(matrix)


@pytest.mark.parametrize("values", [[], [1], [1, np.inf]])
def test_a_drawdown_without_two_values_is_refused(values):
    with pytest.raises(NotEstimableError):
        max_drawdown(values)
    with pytest.raises(NotEstimableError):
        isotonic_residual(range(len(values)), values)


def test_ties_that_outweigh_the_variance_leave_a_slope_without_an_interval():
    found = theil_sen([0] * 8 + [1] * 2, [0.0] * 8 + [1.0] * 2)
    assert (found.slope, found.ci_low, found.ci_high) == (1.0, None, None)


def to_nine_places(load_ml: float) -> float:
    """Return a load that somebody could measure; what is nearly nothing is refused by name."""
    return round(load_ml, 9)


@given(
    st.integers(2, 7).flatmap(
        lambda n: st.lists(
            st.lists(st.floats(0, 300).map(to_nine_places), min_size=n, max_size=n),
            min_size=1,
            max_size=5,
        )
    )
)
def test_many_series_at_once_are_what_each_is_by_itself(rows):
    times = list(range(len(rows[0])))
    together = isotonic_residuals(np.array(rows))
    for row, found, fall in zip(rows, together, max_drawdowns(np.array(rows)), strict=True):
        assert fall == max_drawdown(row)
        if np.ptp(row) == 0:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(isotonic_residual(times, row), abs=1e-9)
