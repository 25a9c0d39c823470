"""What a mixed model says: published numbers, exact special cases, coverage of a known truth."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.mixed import fit
from analytics.stats.mixed_summaries import (
    explained_variance,
    intervals,
    likelihood_ratio,
    yearly_change,
)
from tests.analytics.stats.test_mixed import sleep_study, trial


def test_the_interval_is_that_of_the_patients_own_slopes_when_visits_are_equal(test_data: Path):
    """With equal visits the mean of the slopes of 18 subjects, and its t interval."""
    y, design, subjects = sleep_study(test_data)
    slopes = [np.polyfit(range(10), part, 1)[0] for part in y.reshape(18, 10)]
    low, high = intervals(fit(y, design, subjects, design))[1]
    expected = stats.t.interval(0.95, 17, np.mean(slopes), stats.sem(slopes))
    assert (low, high) == pytest.approx(expected, rel=1e-6)


def test_degrees_of_freedom_count_what_never_changes_within_a_patient():
    """Forty patients; the intercept and the subtype are the same at all of a patient's visits."""
    y, x, group = trial(1)
    assert fit(y, x, group.tolist(), x[:, :1]).degrees.tolist() == [38] * 3


def test_as_many_fixed_columns_as_patients_leave_no_interval():
    """Two patients, an intercept and their subtype."""
    x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    years = np.tile([0.0, 1, 2], 2)[:, None]
    model = fit([1.0, 2, 4, 3, 5, 9], x, list("aaabbb"), years)
    with pytest.raises(NotEstimableError, match="too few patients"):
        intervals(model)


def test_the_likelihood_ratio_equals_that_of_lme4(test_data: Path):
    """Random intercept and slope of the sleep study against the intercept alone, by ML."""
    expected = json.loads((test_data / "stats/reference_R.json").read_text())
    y, design, subjects = sleep_study(test_data)
    larger = fit(y, design, subjects, design, "ml")
    smaller = fit(y, design[:, :1], subjects, design, "ml")
    found = likelihood_ratio(smaller, larger)
    assert larger.criterion == pytest.approx(expected["lme4_sleepstudy_ML"]["reml_crit"], rel=1e-9)
    assert found.df == 1
    assert found.statistic == pytest.approx(smaller.criterion - larger.criterion)
    assert found.p_value == pytest.approx(stats.chi2.sf(found.statistic, 1))
    assert likelihood_ratio(fit(y, design, subjects, design[:, :1], "ml"), larger).df == 2
    assert (
        likelihood_ratio(smaller, fit(y[::-1], design[::-1], subjects[::-1], design[::-1], "ml")).df
        == 1
    )


def test_only_nested_ml_fits_of_one_data_set_are_compared():
    y, x, group = trial(1)
    groups = group.tolist()
    small, large = (fit(y, x[:, :p], groups, x[:, :1], "ml") for p in (2, 3))
    with pytest.raises(ValueError, match="no special case"):
        likelihood_ratio(large, small)
    with pytest.raises(ValueError, match="fitted by ml"):
        likelihood_ratio(small, fit(y, x, groups, x[:, :1]))
    with pytest.raises(ValueError, match="different data"):
        likelihood_ratio(small, fit(y + 1, x, groups, x[:, :1], "ml"))


def test_the_explained_variance_follows_from_the_variances_of_lme4(test_data: Path):
    """Marginal and conditional R2 by the formula, from what R printed and the days 0 to 9."""
    known = json.loads((test_data / "stats/reference_R.json").read_text())["lme4_sleepstudy_REML"]
    intercept, slope, both, residual = known["varcomp"].values()
    days = np.tile(np.arange(10), 18)
    fixed = np.var(known["fixef"]["Days"] * days, ddof=1)
    random = np.mean(intercept + 2 * both * days + slope * days**2)
    y, design, subjects = sleep_study(test_data)
    found = explained_variance(fit(y, design, subjects, design))
    total = fixed + random + residual
    assert found.marginal == pytest.approx(fixed / total, rel=1e-5)
    assert found.conditional == pytest.approx((fixed + random) / total, rel=1e-5)


def test_the_yearly_change_of_the_sleep_study_with_days_as_years(test_data: Path):
    y, design, subjects = sleep_study(test_data)
    found = yearly_change(12 * design[:, 1], y, subjects)
    assert found.slope == pytest.approx(10.4672859596, rel=1e-9)
    assert (found.n, found.n_subjects, found.singular) == (180, 18, False)
    half = stats.t.isf(0.025, 17) * 1.54578964391
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (found.slope - half, found.slope + half), rel=1e-6
    )


@pytest.mark.parametrize("months", [[], [0, np.nan, 6, 12], [3, 3, 3, 3]])
def test_times_that_say_nothing_are_refused(months):
    with pytest.raises(NotEstimableError):
        yearly_change(months, np.arange(len(months)), list("abab")[: len(months)])
