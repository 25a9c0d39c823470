"""Do the intervals of the cohort page hold what they promise, in a trial of known truth?"""

from math import asin, pi

import numpy as np
import pytest

from analytics.stats.adjusted import stratified_spearman
from analytics.stats.correlation import repeated_measures, spearman

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

SIMULATIONS, RESAMPLES = 2000, 500
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
