"""The size of a trial while somebody waits: closed form and simulation tell of one another."""

from dataclasses import replace

import pytest

from analytics.stats.planned_size import LARGEST, TRIALS, planned_size
from analytics.stats.power_closed import ANCOVA, SLOPES, closed_form_size
from analytics.stats.trial_course import Course

PLAN = Course({"all": 0.0}, {"all": 1.0}, 10, 4, 0.2, 3, (0, 0.5, 1, 1.5, 2))


def test_without_drop_out_the_simulation_finds_what_the_closed_form_says():
    found = planned_size(PLAN, 4, 0.8, ANCOVA, 0.05, 1)
    assert found.n_per_arm == closed_form_size(PLAN, 4, 0.8, ANCOVA)
    assert found.simulated is not None
    assert found.simulated.n_trials == TRIALS[False]
    assert found.simulated.ci_low < found.without_drop_out < found.simulated.ci_high


def test_one_seed_finds_one_power_and_the_mean_of_the_rates_changes_nothing():
    """The difference alone is tested: of all patients alike the mean change drops out."""
    first = planned_size(PLAN, 8, 0.8, ANCOVA, 0.05, 7)
    assert planned_size(PLAN, 8, 0.8, ANCOVA, 0.05, 7) == first
    rising = replace(PLAN, yearly_change_ml={"all": 25.0})
    assert planned_size(rising, 8, 0.8, ANCOVA, 0.05, 7).simulated == first.simulated


def test_a_size_that_would_take_long_is_not_simulated_and_says_so():
    found = planned_size(PLAN, 0.6, 0.8, SLOPES, 0.05, 1)
    assert found.n_per_arm > LARGEST
    assert found.simulated is None
    assert "command alone" in found.why_not


def test_what_no_size_does_is_no_size():
    with pytest.raises(ValueError, match="More than 5000 patients an arm are needed"):
        planned_size(PLAN, 0.001, 0.8, SLOPES, 0.05, 1)
