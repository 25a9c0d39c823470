"""The mean slope of patients who differ in it: by hand, statsmodels, levels alone."""

import warnings

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM

from analytics.stats.errors import NotEstimableError
from analytics.stats.mixed import fit
from analytics.stats.mixed_tests import contrast_tests
from analytics.stats.own_slopes import mean_slope


def trial(seed: int, *, patients: int = 30, scans: int = 4, slope_sd: float = 6.0):
    """Return loads, steps and patients; each comes at the same steps."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(patients), scans)
    steps = np.tile(np.arange(scans, dtype=float), patients)
    loads = 20 + rng.normal(8, slope_sd, patients)[who] * steps + rng.normal(0, 15, patients)[who]
    return loads + rng.normal(0, 4, who.size), steps, who.tolist()


def test_of_patients_at_equal_steps_it_is_the_t_interval_of_their_own_slopes():
    loads, steps, patients = trial(1)
    found = mean_slope(loads, steps, patients)
    own = [
        np.polyfit(steps[:4], loads[4 * patient : 4 * patient + 4], 1)[0] for patient in range(30)
    ]
    low, high = stats.t.interval(0.95, 29, np.mean(own), stats.sem(own))
    assert found.has_slopes
    assert found.tested.degrees[0] == pytest.approx(29, rel=1e-4)
    assert found.tested.estimates[0] == pytest.approx(np.mean(own), rel=1e-9)
    assert (found.tested.ci_low[0], found.tested.ci_high[0]) == pytest.approx((low, high), rel=1e-4)


def test_levels_alone_would_say_more_than_the_scans_do():
    loads, steps, patients = trial(1)
    level = np.ones((steps.size, 1))
    alone = contrast_tests(fit(loads, np.column_stack([level, steps]), patients, level), [0, 1])
    found = mean_slope(loads, steps, patients).tested
    assert found.standard_errors[0] > 1.5 * alone.standard_errors[0]


def test_it_equals_statsmodels():
    rng = np.random.default_rng(4)
    loads, steps, patients = trial(4, patients=400)
    kept = rng.random(loads.size) < 0.8
    loads, steps, who = loads[kept], steps[kept], np.array(patients)[kept]
    design = np.column_stack([np.ones_like(steps), steps])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = MixedLM(loads, design, who, design).fit(reml=True, method=["bfgs", "powell"])
    found = mean_slope(loads, steps, who.tolist())
    assert found.has_slopes
    assert found.tested.estimates[0] == pytest.approx(peer.fe_params[1], rel=1e-5)
    assert found.tested.standard_errors[0] == pytest.approx(peer.bse_fe[1], rel=5e-3)


def test_two_scans_each_tell_levels_alone_and_that_is_said():
    loads, steps, patients = trial(2, scans=2)
    found = mean_slope(loads, steps, patients)
    assert not found.has_slopes
    assert "cannot tell 2 random effects" in found.why_no_slopes
    assert found.model.variance[0].shape == (1, 1)


def test_slopes_that_leave_no_two_degrees_of_freedom_are_left_out_and_that_is_said():
    """An interval of billions of mL is a number that says nothing."""

    def few(seed: int):
        rng = np.random.default_rng(seed)
        who = np.repeat(np.arange(6), [4, 3, 3, 1, 1, 1])
        steps = rng.integers(0, 4, 6)[who] + np.concatenate(
            [np.arange(n) for n in (4, 3, 3)] + [[0] * 3]
        )
        return 20 + 8.0 * steps + rng.normal(0, 15, 6)[who] + rng.normal(0, 8, who.size), steps, who

    tries = [mean_slope(loads, steps, who.tolist()) for loads, steps, who in map(few, range(60))]
    assert all(found.tested.degrees[0] >= 2 for found in tries)
    left_out = [found for found in tries if not found.has_slopes]
    assert left_out
    assert {found.why_no_slopes for found in left_out} == {
        "The scans hardly tell the slopes of patients apart: fewer than 2 degrees of freedom are "
        "left."
    }


def test_what_levels_alone_cannot_tell_either_is_not_estimable():
    with pytest.raises(NotEstimableError, match="two patients"):
        mean_slope([1.0, 2.0, 4.0], [0.0, 1.0, 2.0], [1, 1, 1])
