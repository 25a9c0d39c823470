"""Curves and log-rank test: R's survival, Stata, statsmodels, by hand, what changes nothing."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from analytics.stats.errors import NotEstimableError
from analytics.stats.follow_up import number_at_risk
from analytics.stats.survival import kaplan_meier, log_rank

MAINTAINED = ([9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161], [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0])
NOT_MAINTAINED = (
    [5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45],
    [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1],
)
"""Weeks of remission in acute myelogenous leukaemia, and relapse (Miller 1981; R's `aml`)."""
PLACEBO = ([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [1] * 21)
MERCAPTOPURINE = (
    [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
    [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
)
"""Weeks of remission (Freireich and others 1963); 30 relapses in 541 weeks."""


def both(first, second):
    """Return ends, events and groups 0 and 1."""
    group = [0] * len(first[0]) + [1] * len(second[0])
    return np.array(first[0] + second[0], float), np.array(first[1] + second[1]), group


def cohort(seed: int, n: int = 60, tied: bool = True):
    """Return entry, end and event of patients who enter late, and a covariate."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    entry = rng.uniform(0, 4, n)
    until = entry + rng.exponential(np.exp(-0.5 * x) * 8)
    event = rng.random(n) < 0.7
    if tied:
        entry, until = np.floor(entry), np.ceil(until)
    return entry, until, event, x


def late_cohort(seed: int, n: int = 60):
    """Return entry, end and event of patients some of whom enter after events of others.

    Ends lie half a unit off entries, for peers differ in who is at risk at a time of entry. One
    patient enters after the event of another, and four are watched from 0 to long after, so that no
    curve ends before all have entered.
    """
    entry, end, event, _ = cohort(seed, n)
    end = end + 0.5
    entry[:6], end[:6], event[:6] = [0, 0, 0, 0, 0, 3], [12, 14, 16, 18, 1.5, 9.5], True
    return entry, end, event


def test_the_curve_of_the_leukaemia_data_equals_r():
    """survfit of survival, tests/doaml.Rout.save, with R's interval by the logarithm."""
    found = kaplan_meier(*MAINTAINED, interval="log")
    assert found.times.tolist() == [9, 13, 18, 23, 31, 34, 48]
    assert found.at_risk.tolist() == [11, 10, 8, 7, 5, 4, 2]
    assert np.round(found.survival, 3).tolist() == [0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184]
    errors = [0.0867, 0.1163, 0.1397, 0.1526, 0.1642, 0.1627, 0.1535]
    low = [0.7541, 0.6192, 0.4884, 0.3769, 0.2549, 0.1549, 0.0359]
    assert found.standard_errors == pytest.approx(errors, abs=5e-5)
    assert found.ci_low == pytest.approx(low, abs=5e-5)
    assert found.ci_high == pytest.approx([1, 1, 1, 0.999, 0.946, 0.875, 0.944], abs=5e-4)
    assert (found.median, found.median_low, found.median_high) == (31, 18, None)
    other = kaplan_meier(*NOT_MAINTAINED, interval="log")
    assert (other.median, other.median_low, other.median_high) == (23, 8, None)
    assert other.survival[-1] == 0
    assert np.isnan([other.standard_errors[-1], other.ci_low[-1], other.ci_high[-1]]).all()
    assert (other.n, other.n_events) == (12, 11)


def test_the_log_log_interval_equals_stata():
    """sts list of the placebo group (G. Rodriguez, Princeton): 0.9048 (0.0641) 0.6700 to 0.9753 at
    one week, 0.8095 (0.0857) 0.5689 to 0.9239 at two.
    """
    found = kaplan_meier(*PLACEBO)
    assert found.survival[:2] == pytest.approx([0.9048, 0.8095], abs=5e-5)
    assert found.standard_errors[:2] == pytest.approx([0.0641, 0.0857], abs=5e-5)
    assert found.ci_low[:2] == pytest.approx([0.6700, 0.5689], abs=5e-5)
    assert found.ci_high[:2] == pytest.approx([0.9753, 0.9239], abs=5e-5)


def test_delayed_entry_by_hand():
    """Who enters at 2 is not at risk at 1: 1/2 at 1; three at risk at 3: 2/3; two at 5: 1/2."""
    found = kaplan_meier([1, 3, 5, 6], [1, 1, 1, 0], entry=[0, 0, 2, 2])
    assert found.at_risk.tolist() == [2, 3, 2]
    assert found.survival == pytest.approx([1 / 2, 1 / 3, 1 / 6])
    relative = 1 / (2 * 1) + 1 / (3 * 2) + 1 / (2 * 1)
    assert found.standard_errors[-1] == pytest.approx(relative**0.5 / 6)


def test_a_curve_after_a_time_counts_those_watched_later():
    """Of five one has the event at 1, one leaves at 2, and one enters at 3 only."""
    found = kaplan_meier([1, 2, 4, 5, 6], [1, 0, 1, 1, 0], entry=[0, 0, 0, 3, 0], after=2)
    assert (found.n, found.n_events, found.at_risk.tolist()) == (3, 2, [3, 2])
    assert kaplan_meier([1, 2, 4, 5, 6], [1, 0, 1, 1, 0]).n == 5


def test_a_curve_of_exactly_one_half_has_its_median_midway():
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).median == 2.5
    assert kaplan_meier([1, 2, 3], [1, 1, 1]).median == 2
    assert kaplan_meier([1, 2, 3, 4], [1, 0, 0, 0]).median is None


def test_who_is_at_risk_below_the_curve():
    assert number_at_risk([1, 3, 5, 6], [0, 1, 2, 3, 7]).tolist() == [4, 4, 3, 3, 0]
    late = number_at_risk([1, 3, 5, 6], [0, 1, 2, 3, 7], entry=[0, 0, 2, 2])
    assert late.tolist() == [2, 2, 1, 3, 0]


@pytest.mark.parametrize("seed", range(5))
def test_delayed_entries_equal_statsmodels(seed: int):
    """Some enter after events of others; without their entries the curve is another."""
    entry, end, event = late_cohort(seed)
    found = kaplan_meier(end, event, entry)
    peer = SurvfuncRight(end, event.astype(int), entry=entry)
    assert kaplan_meier(end, event).at_risk[0] > found.at_risk[0]
    assert found.times.tolist() == peer.surv_times.tolist()
    assert found.at_risk.tolist() == peer.n_risk.tolist()
    assert found.survival == pytest.approx(peer.surv_prob, rel=1e-12)
    last = None if found.survival[-1] > 0 else -1
    assert found.standard_errors[:last] == pytest.approx(peer.surv_prob_se[:last], rel=1e-12)


@given(st.integers(0, 2**20), st.floats(0.1, 100))
@settings(max_examples=25)
def test_order_and_unit_of_time_change_no_curve(seed: int, scale: float):
    entry, end, event = late_cohort(seed, 20)
    order = np.random.default_rng(seed).permutation(end.size)
    plain = kaplan_meier(end, event, entry)
    moved = kaplan_meier(scale * end[order], event[order], scale * entry[order])
    assert moved.survival == pytest.approx(plain.survival)
    assert moved.times == pytest.approx(scale * plain.times)
    assert (np.diff(plain.survival) < 0).all()
    shown = ~np.isnan(plain.ci_low)
    assert (plain.ci_low[shown] <= plain.survival[shown]).all()
    assert (plain.ci_high[shown] >= plain.survival[shown]).all()
    assert (plain.ci_low[shown] >= 0).all()


@given(st.lists(st.integers(1, 9), min_size=2, max_size=30))
@settings(max_examples=25)
def test_without_censoring_the_curve_is_the_share_beyond(times: list[int]):
    found = kaplan_meier(times, [1] * len(times))
    assert found.survival == pytest.approx([np.mean(np.array(times) > t) for t in found.times])


def test_the_log_rank_of_the_leukaemia_data_equals_r():
    """survdiff: 7 and 11 observed, 10.69 and 7.31 expected, 3.40 (p 0.0653)."""
    end, event, group = both(MAINTAINED, NOT_MAINTAINED)
    found = log_rank(end, event, group)
    assert found.observed.tolist() == [7, 11]
    assert found.expected == pytest.approx([10.69, 7.31], abs=5e-3)
    assert found.statistic == pytest.approx(3.40, abs=5e-3)
    assert found.p_value == pytest.approx(0.0653, abs=5e-5)
    assert found.df == 1


def test_the_log_rank_by_hand():
    """At 1 one of 2 + 2 goes, at 2 one of 1 + 2, at 3 one of 1 + 1."""
    found = log_rank([1, 3, 2, 4], [1, 1, 1, 0], list("aabb"))
    expected = 2 / 4 + 1 / 3 + 1 / 2
    variance = 1 / 4 + 2 / 9 + 1 / 4
    assert found.expected == pytest.approx([expected, 3 - expected])
    assert found.statistic == pytest.approx((2 - expected) ** 2 / variance)


@pytest.mark.parametrize("seed", range(3))
def test_three_groups_and_strata_equal_statsmodels(seed: int):
    _, end, event, _ = cohort(seed)
    group = np.arange(end.size) % 3
    strata = (np.arange(end.size) // 3) % 2
    found = log_rank(end, event, group.tolist())
    assert (found.statistic, found.p_value) == pytest.approx(survdiff(end, event, group))
    assert found.df == 2
    layered = log_rank(end, event, group.tolist(), strata=strata.tolist())
    assert (layered.statistic, layered.p_value) == pytest.approx(
        survdiff(end, event, group, strata=strata)
    )
    assert layered.p_value == pytest.approx(stats.chi2.sf(layered.statistic, 2))


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_the_log_rank_with_delayed_entry_is_a_sum_over_draws_without_replacement(seed, layers):
    """At each event time the events are drawn from those at risk: mean and variance by
    scipy's hypergeometric distribution, summed over times and strata.
    """
    entry, end, event = late_cohort(seed)
    first = np.arange(end.size) % 2 == 0
    strata = np.arange(end.size) // 2 % layers
    total = variance = 0.0
    for stratum in range(layers):
        own = strata == stratum
        for time in np.unique(end[event & own]):
            at_risk = own & (entry < time) & (time <= end)
            now = at_risk & event & (end == time)
            counts = np.arange(now.sum() + 1)
            chance = stats.hypergeom.pmf(counts, at_risk.sum(), (at_risk & first).sum(), now.sum())
            total += (now & first).sum() - chance @ counts
            variance += chance @ counts**2 - (chance @ counts) ** 2
    arguments = (end, event, first.tolist())
    found = log_rank(*arguments, entry, strata.tolist())
    assert found.observed[0] - found.expected[0] == pytest.approx(total)
    assert found.statistic == pytest.approx(total**2 / variance)
    plain = log_rank(*arguments, strata=strata.tolist())
    assert plain.statistic != pytest.approx(found.statistic, rel=1e-3)


@given(st.integers(0, 2**20), st.integers(2, 4), st.integers(1, 3), st.booleans())
@settings(max_examples=25)
def test_the_log_rank_by_counts_is_the_sum_over_those_at_risk_at_each_time(
    seed: int, groups: int, layers: int, tied: bool
):
    """By who is at risk at each time, one time after another, as the formula is written."""
    entry, end, event, _ = cohort(seed, tied=tied)
    group, strata = np.arange(60) % groups, np.arange(60) // groups % layers
    expected, covariance = np.zeros(groups), np.zeros((groups, groups))
    for stratum in range(layers):
        own = strata == stratum
        for time in np.unique(end[event & own]):
            at_risk = own & (entry < time) & (end >= time)
            total, now = at_risk.sum(), (own & event & (end == time)).sum()
            share = np.bincount(group[at_risk], minlength=groups) / total
            expected += now * share
            spread = now * (total - now) / max(total - 1, 1)
            covariance += spread * (np.diag(share) - np.outer(share, share))
    found = log_rank(end, event, group.tolist(), entry, strata.tolist())
    # The first is the first to appear, as in log_rank: 0, 1, ...
    assert found.groups == list(range(groups))
    assert found.expected == pytest.approx(expected, rel=1e-12)
    off = (found.observed - expected)[:-1]
    assert found.statistic == pytest.approx(
        off @ np.linalg.solve(covariance[:-1, :-1], off), rel=1e-9, abs=1e-12
    )


def test_the_log_rank_of_ten_thousand_patients_takes_memory_for_them_alone():
    rng = np.random.default_rng(1)
    end, event = rng.exponential(size=10_000), rng.random(10_000) < 0.7
    group = (np.arange(10_000) % 2).tolist()
    tracemalloc.start()
    log_rank(end, event, group)
    kaplan_meier(end, event)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6


@given(st.integers(0, 2**20))
@settings(max_examples=25)
def test_all_that_is_observed_is_expected_and_only_the_order_of_times_counts(seed: int):
    entry, end, event = late_cohort(seed, 20)
    group = ["a", "b"] * 10
    found = log_rank(end, event, group, entry)
    assert found.expected.sum() == pytest.approx(found.observed.sum())
    other = log_rank(np.exp(end / 20), event, group, np.exp(entry / 20))
    assert other.statistic == pytest.approx(found.statistic)
    doubled = log_rank(end, event, ["b" if g == "a" else "a" for g in group], entry)
    assert doubled.statistic == pytest.approx(found.statistic)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: kaplan_meier([1, 2], [0, 0]), "None of 2 patients"),
        (lambda: kaplan_meier([1, np.nan], [1, 0]), "finite"),
        (lambda: kaplan_meier([1, 2], [1, 0], entry=[0, 2]), "no later than they entered"),
        (lambda: kaplan_meier([1, 9], [1, 1], entry=[0, 2]), "curve would be zero"),
        (lambda: kaplan_meier([1, 9], [1, 0], after=2), "Nobody had the event after 2"),
        (lambda: log_rank([1, 2], [1, 1], ["a", "a"]), "two groups"),
        (lambda: log_rank([1, 4], [1, 1], ["a", "b"], entry=[0, 2]), "nothing compares"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_its_reason(call, said: str):
    with pytest.raises(NotEstimableError, match=said):
        call()


def test_what_does_not_fit_together_is_refused():
    for call in (
        lambda: kaplan_meier([1, 2], [1]),
        lambda: kaplan_meier([1, 2], [1, 2]),
        lambda: kaplan_meier([1, 2], [1, 0], confidence=95),
        lambda: kaplan_meier([1, 2], [1, 0], interval="plain"),
        lambda: log_rank([1, 2], [1, 0], ["a"]),
    ):
        with pytest.raises(ValueError, match=r"needs|false|confidence|interval|Expected"):
            call()
