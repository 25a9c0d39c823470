"""The change per year: against the t test of patients' own slopes, and what it falls back to."""

import numpy as np
import pytest
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.yearly_change import LEVEL, LEVEL_AND_RATE, Timed, yearly_change

YEARS = (0.0, 0.5, 1.0, 2.0)


def values(n: int, rate: float, group: str = "a", *, seed: int = 1, years=YEARS) -> list[Timed]:
    rng = np.random.default_rng(seed)
    found = []
    for patient in range(n):
        level, own = rng.normal(50, 20), rng.normal(rate, 6)
        found += [
            Timed((group, patient), group, t, float(level + own * t + rng.normal(0, 2)))
            for t in years
        ]
    return found


def slopes(found: list[Timed]) -> np.ndarray:
    """The least-squares slope of each patient, by hand."""
    table = np.array([one.value for one in found]).reshape(-1, len(YEARS))
    centred = np.array(YEARS) - np.mean(YEARS)
    return table @ centred / (centred**2).sum()


def test_of_complete_visits_the_rate_is_the_mean_of_the_patients_own_slopes():
    """Exact where nothing is missing: Student's interval of n - 1 degrees of freedom."""
    found = values(9, 25)
    (rate,) = yearly_change(found, ["a"]).rates
    own = slopes(found)
    interval = stats.t.interval(0.95, 8, own.mean(), stats.sem(own))
    assert (rate.n, rate.n_patients) == (36, 9)
    assert rate.estimate == pytest.approx(own.mean(), rel=1e-8)
    assert rate.degrees == pytest.approx(8, rel=1e-4)
    assert (rate.ci_low, rate.ci_high) == pytest.approx(interval, rel=1e-4)


def test_the_difference_of_two_groups_is_the_t_test_of_their_slopes():
    """Of 10 and 10 patients that differ alike: 18 degrees of freedom, pooled."""
    a, b = values(10, 25), values(10, 5, "b", seed=2)
    found = yearly_change([*a, *b], ["a", "b"])
    (difference,) = found.differences
    by_hand = stats.ttest_ind(slopes(b), slopes(a))
    assert (found.reference, difference.group) == ("a", "b")
    assert difference.estimate == pytest.approx(slopes(b).mean() - slopes(a).mean(), rel=1e-8)
    assert difference.estimate / difference.standard_error == pytest.approx(
        float(by_hand.statistic), rel=1e-5
    )
    assert difference.p_value == pytest.approx(float(by_hand.pvalue), rel=1e-3)


def test_the_components_are_those_that_were_drawn():
    found = yearly_change(values(400, 25), ["a"])
    assert found.random == LEVEL_AND_RATE
    assert found.components is not None
    assert found.components.level_sd == pytest.approx(20, rel=0.1)
    assert found.components.rate_sd == pytest.approx(6, rel=0.1)
    assert found.components.noise_sd == pytest.approx(2, rel=0.1)


def test_a_singular_model_tells_no_deviations_to_plan_on():
    """Everybody changes alike, so that a rate of their own is noise and its correlation is one."""
    found = next(
        fitted for seed in range(20) if (fitted := yearly_change(alike(seed), ["a"])).is_singular
    )
    assert (found.random, found.components) == (LEVEL_AND_RATE, None)


def alike(seed: int) -> list[Timed]:
    rng = np.random.default_rng(seed)
    levels = rng.normal(50, 20, 12)
    return [
        Timed(patient, "a", t, float(levels[patient] + 10 * t + rng.normal(0, 4)))
        for patient in range(12)
        for t in (0.0, 1.0, 2.0)
    ]


def test_where_rates_cannot_be_told_apart_levels_alone_vary_and_that_is_said():
    """Two scans each: as many as there are levels and rates, so nothing is left for noise."""
    found = yearly_change(values(6, 25, years=(0.0, 1.0)), ["a"])
    assert (found.random, found.components) == (LEVEL, None)
    assert "cannot tell 2 random effects" in found.why_not_rates


def test_a_group_of_few_patients_is_left_out_and_few_patients_have_no_p_value():
    found = yearly_change(
        [*values(9, 25), *values(9, 5, "b", seed=2), *values(2, 5, "c", seed=3)], ["a", "b", "c"]
    )
    assert found.groups_left_out == ["c"]
    assert found.differences[0].p_value is None


def test_patients_of_one_scan_alone_tell_no_rate():
    with pytest.raises(NotEstimableError, match="3 patients with two scans or more"):
        yearly_change([one for one in values(9, 25) if one.years == 0], ["a"])


def test_of_arms_the_first_is_the_reference_though_another_one_is_larger():
    rows = [*values(6, 25), *values(9, 20, "b")]
    assert yearly_change(rows, ["a", "b"]).reference == "b"
    assert yearly_change(rows, ["a", "b"], is_by_arm=True).reference == "a"
