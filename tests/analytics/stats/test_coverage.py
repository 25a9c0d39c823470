"""Do the intervals of the cohort page hold what they promise, in a trial of known truth?"""

from collections import Counter
from math import asin, log, pi

import numpy as np
import pytest

from analytics.stats.adjusted import stratified_spearman
from analytics.stats.correlation import repeated_measures, spearman, spearman_difference
from analytics.stats.errors import NotEstimableError
from analytics.stats.own_slopes import mean_slope
from analytics.stats.survival import kaplan_meier

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

SIMULATIONS, RESAMPLES = 2000, 500
UNEQUAL = 1000
"""Simulations of a model whose search takes longer."""
R = 0.5
RHO = 6 / pi * asin(R / 2)
"""Spearman's rho of normal measures that correlate by R."""
SHIFTS = np.array([[0.0, 4.0], [2.0, 2.0], [4.0, 0.0]])
"""Of load and score by subtype: subtypes of high loads have low scores."""


def trial(rng: np.random.Generator, n_patients: int, n_scans: int):
    """Return loads, scores, subtypes and patients of one simulated trial."""
    counts = np.ones(n_patients, int)
    np.add.at(counts, rng.integers(0, n_patients, n_scans - n_patients), 1)
    patients = np.repeat(np.arange(n_patients), counts)
    covariance = np.array([[1, R], [R, 1]])
    own = rng.multivariate_normal([0, 0], 0.6 * covariance, n_patients)[patients]
    values = own + rng.multivariate_normal([0, 0], 0.4 * covariance, n_scans)
    subtypes = patients % len(SHIFTS)
    values += SHIFTS[subtypes]
    return values[:, 0], values[:, 1], subtypes.tolist(), patients.tolist()


def test_intervals_cover_the_truth_and_only_the_pooled_estimate_misleads():
    rng = np.random.default_rng(2026)
    held = {"percentile": 0, "bca": 0, "within": 0}
    reversed_ones = 0
    for seed in range(SIMULATIONS):
        load, score, subtypes, patients = trial(rng, 49, 130)
        options = {"n_resamples": RESAMPLES, "seed": seed}
        for kind in ("percentile", "bca"):
            found = stratified_spearman(load, score, subtypes, patients, interval=kind, **options)
            held[kind] += found.ci_low <= RHO <= found.ci_high
        within = repeated_measures(patients, load, score)
        held["within"] += within.ci_low <= R <= within.ci_high
        reversed_ones += spearman(load, score, patients, **options).ci_high < 0
    share = {name: 100 * count / SIMULATIONS for name, count in held.items()}
    assert 93.5 <= share["percentile"] <= 96.5, share
    assert 93.5 <= share["within"] <= 96.5, share
    # Too narrow where patients have unequal numbers of scans: why the percentile is the default.
    assert 90 <= share["bca"] < share["percentile"], share
    # Load and score rise together in every subtype and patient; over all scans they seem to part.
    assert reversed_ones >= 0.99 * SIMULATIONS


@pytest.mark.timeout(1800)
def test_intervals_cover_the_truth_in_a_trial_of_two_thousand_patients():
    rng = np.random.default_rng(2027)
    held = {"percentile": 0, "within": 0}
    reversed_ones = 0
    for seed in range(SIMULATIONS):
        load, score, subtypes, patients = trial(rng, 2000, 5300)
        options = {"n_resamples": RESAMPLES, "seed": seed}
        found = stratified_spearman(load, score, subtypes, patients, **options)
        held["percentile"] += found.ci_low <= RHO <= found.ci_high
        within = repeated_measures(patients, load, score)
        held["within"] += within.ci_low <= R <= within.ci_high
        if seed % 10 == 0:
            reversed_ones += spearman(load, score, patients, **options).ci_high < 0
    share = {name: 100 * count / SIMULATIONS for name, count in held.items()}
    assert all(93.5 <= found <= 96.5 for found in share.values()), share
    assert reversed_ones == SIMULATIONS // 10


FAR = 0.2
NEAR_FAR = np.array([[1, R, FAR], [R, 1, 0.4], [FAR, 0.4, 1]])
"""Correlations of a criterion, a near measure and a far one."""


@pytest.mark.parametrize(("n_patients", "n_scans"), [(20, 53), (49, 130)])
def test_over_all_scans_of_unlike_numbers_a_patient(n_patients: int, n_scans: int):
    """With 20 and 49 patients Spearman's interval holds the truth in 95.4 and 95.5 % of trials.

    That of a difference of two, the expanded percentile, does in 95.1 and 93.7 %; the plain one in
    93.3 and 93.0 %, which is why it is not the default.
    """
    rng = np.random.default_rng(2028)
    difference = RHO - 6 / pi * asin(FAR / 2)
    held = {"one": 0, "difference": 0}
    for seed in range(SIMULATIONS):
        counts = np.ones(n_patients, int)
        np.add.at(counts, rng.integers(0, n_patients, n_scans - n_patients), 1)
        patients = np.repeat(np.arange(n_patients), counts)
        own = rng.multivariate_normal(np.zeros(3), 0.6 * NEAR_FAR, n_patients)[patients]
        values = own + rng.multivariate_normal(np.zeros(3), 0.4 * NEAR_FAR, n_scans)
        options = {"subjects": patients.tolist(), "n_resamples": RESAMPLES, "seed": seed}
        found = spearman(values[:, 0], values[:, 1], **options)
        held["one"] += found.ci_low <= RHO <= found.ci_high
        between = spearman_difference(*values.T, **options)
        held["difference"] += between.ci_low <= difference <= between.ci_high
    share = {name: 100 * count / SIMULATIONS for name, count in held.items()}
    assert all(93.5 <= found <= 96.5 for found in share.values()), share


@pytest.mark.parametrize("n_patients", [20, 60])
def test_the_band_of_a_survival_curve_at_a_time(n_patients: int):
    """Where the true share is 0.8, 0.5 and 0.25: 97.0, 96.9 and 96.3 % of the trials of 20 patients
    that have a band there hold it, and 93.8, 96.2 and 95.2 % of those of 60.
    """
    rng = np.random.default_rng(2029)
    shares = (0.8, 0.5, 0.25)
    held, there = Counter(), Counter()
    for _ in range(SIMULATIONS):
        event, left = rng.exponential(1, n_patients), rng.uniform(0.5, 3, n_patients)
        found = kaplan_meier(np.minimum(event, left), event <= left)
        for share in shares:
            last = np.searchsorted(found.times, -log(share), side="right") - 1
            if last >= 0 and np.isfinite(found.ci_low[last]):
                there[share] += 1
                held[share] += found.ci_low[last] <= share <= found.ci_high[last]
    for share in shares:
        assert there[share] >= 0.98 * SIMULATIONS
        assert 93 <= 100 * held[share] / there[share] <= 98, (share, held, there)


@pytest.mark.parametrize("slope_sd", [0, 3, 6])
@pytest.mark.parametrize(("n_patients", "n_scans"), [(12, 30), (49, 130)])
def test_the_load_for_each_step_of_patients_whose_slopes_differ(
    n_patients: int, n_scans: int, slope_sd: int
):
    """By Kenward and Roger, of patients with levels and slopes of their own; the mean slope is 8.

    Where slopes have a standard deviation of 0, 3 and 6 the intervals of 49 patients hold the truth
    in 98.5, 95.7 and 94.5 % of the trials, those of 12 patients in 99.5, 97.8 and 96.9 %: cautious
    where slopes hardly differ. With levels alone it is 94, 83 and 68 %, and 96, 89 and 80 %.
    """
    rng = np.random.default_rng(2030)
    held = 0
    for _ in range(UNEQUAL):
        counts = np.ones(n_patients, int)
        np.add.at(counts, rng.integers(0, n_patients, n_scans - n_patients), 1)
        patients = np.repeat(np.arange(n_patients), counts)
        visits = np.concatenate([np.arange(count) for count in counts])
        steps = rng.integers(0, 4, n_patients)[patients] + visits
        slopes = rng.normal(8, slope_sd, n_patients)[patients]
        own = rng.normal(0, 15, n_patients)[patients]
        loads = 20.0 + slopes * steps + own + rng.normal(0, 8, n_scans)
        found = mean_slope(loads, steps, patients.tolist()).tested
        held += found.ci_low[0] <= 8 <= found.ci_high[0]
    assert 93 <= 100 * held / UNEQUAL <= (96.5 if slope_sd == 6 and n_patients > 12 else 100), held


FEW_PATIENTS = {
    3: (89.7, 88.5, 85.4, 79.4),
    4: (91.6, 91.8, 89.5, 90.9),
    5: (92.3, 92.3, 92.9, 94.9),
}
"""Percent of the trials whose interval holds the truth: over all scans, then within two groups,
each with 0.6 and 0.9 of the variance between patients."""


@pytest.mark.parametrize("n_patients", FEW_PATIENTS)
def test_of_three_or_four_patients_resampling_holds_less_than_it_says(n_patients: int):
    """Three scans each, seven levels of a score that has nothing to do with the load.

    It is what the cohort page says beside its intervals.
    """
    subjects = np.repeat(np.arange(n_patients), 3)
    groups = (subjects % 2).tolist()
    found = []
    for is_within in (False, True):
        for between in (0.6, 0.9):
            rng = np.random.default_rng(7)
            held = there = 0
            for seed in range(UNEQUAL):
                own = rng.normal(size=(n_patients, 2))[subjects] * between**0.5
                load, score = (own + rng.normal(size=own.shape) * (1 - between) ** 0.5).T
                level = np.clip(np.round(score * 1.5 + 3), 0, 6)
                options = {"n_resamples": RESAMPLES, "seed": seed}
                try:
                    interval = (
                        stratified_spearman(load, level, groups, subjects.tolist(), **options)
                        if is_within
                        else spearman(load, level, subjects.tolist(), **options)
                    )
                except NotEstimableError:
                    continue
                there += 1
                held += interval.ci_low <= 0 <= interval.ci_high
            assert there >= 0.95 * UNEQUAL
            found.append(100 * held / there)
    assert found == pytest.approx(FEW_PATIENTS[n_patients], abs=0.5)
