"""Fixed effects of few patients: R's lmerTest and pbkrtest, exact cases, the model written out."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.stats.mixed import fit
from analytics.stats.mixed_summaries import intervals, yearly_change
from analytics.stats.mixed_tests import contrast_tests
from analytics.stats.small_samples import KENWARD_ROGER, SATTERTHWAITE
from tests.analytics.stats.test_mixed import sleep_study, trial, whole_matrix_criterion

METHODS = [SATTERTHWAITE, KENWARD_ROGER]
WORN_BY_A = [13.2, 8.2, 10.9, 14.3, 10.7, 6.6, 9.5, 10.8, 8.8, 13.3]
WORN_BY_B = [14.0, 8.8, 11.2, 14.2, 11.8, 6.4, 9.8, 11.3, 9.3, 13.6]
"""Wear of the shoes of ten boys, MASS::shoes as printed in the vignette of pbkrtest."""


def shoes(*left_out: int):
    """Return wear, a design of intercept and material, and the boys."""
    kept = np.setdiff1d(np.arange(20), left_out)
    wear = np.array(WORN_BY_A + WORN_BY_B)[kept]
    design = np.column_stack([np.ones(kept.size), kept >= 10])
    return wear, design, (kept % 10).tolist()


def test_the_sleep_study_equals_lmertest(test_data: Path):
    """contest1D of lmerTest 3.1-3 prints for the days: 10.46729, 1.54579, df 16.99998, t 6.771481,
    7.205955 to 13.72862, p 3.263824e-06; for the intercept df 16.99973, 237.0064 to 265.8038.

    Its numbers differ by what its search left; 17 is exact, for 18 subjects have equal days.
    """
    y, design, subjects = sleep_study(test_data)
    found = contrast_tests(fit(y, design, subjects, design), method=SATTERTHWAITE)
    assert found.degrees == pytest.approx([16.99973, 16.99998], abs=3e-4)
    assert found.t == pytest.approx([36.83809, 6.771481], rel=1e-5)
    assert found.p_values == pytest.approx([1.171558e-17, 3.263824e-06], rel=1e-3)
    assert found.ci_low == pytest.approx([237.0064, 7.205955], rel=1e-6)
    assert found.ci_high == pytest.approx([265.8038, 13.72862], rel=1e-6)


def test_unequal_pairs_equal_pbkrtest():
    """Without two of the twenty shoes, its vignette (version 0.5.3) prints of KRmodcomp F 5.9893,
    df 7.021904, p 0.04418, and of SATmodcomp F 6.00, df 7.010863, p 0.0441.
    """
    wear, design, boys = shoes(0, 11)
    found = contrast_tests(fit(wear, design, boys, design[:, :1]), [0, 1], KENWARD_ROGER)
    assert found.t[0] ** 2 == pytest.approx(5.9893, abs=5e-5)
    assert found.degrees[0] == pytest.approx(7.021904, abs=5e-7)
    assert found.p_values[0] == pytest.approx(0.04418, abs=5e-6)
    found = contrast_tests(fit(wear, design, boys, design[:, :1]), [0, 1], SATTERTHWAITE)
    assert found.t[0] ** 2 == pytest.approx(6.00, abs=5e-3)
    assert found.degrees[0] == pytest.approx(7.010863, abs=1e-6)
    assert found.p_values[0] == pytest.approx(0.0441, abs=5e-5)


@pytest.mark.parametrize("method", METHODS)
def test_complete_pairs_give_the_paired_t_test(method: str):
    """Exact: t -3.35 of 9 degrees of freedom, p 0.00854, as R's t.test prints."""
    wear, design, boys = shoes()
    found = contrast_tests(fit(wear, design, boys, design[:, :1]), [0, -1], method)
    expected = stats.ttest_rel(WORN_BY_A, WORN_BY_B)
    interval = expected.confidence_interval()
    assert found.t[0] == pytest.approx(expected.statistic, rel=1e-6)
    assert found.degrees[0] == pytest.approx(9, rel=1e-6)
    assert found.p_values[0] == pytest.approx(expected.pvalue, rel=1e-5)
    assert (found.ci_low[0], found.ci_high[0]) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("method", METHODS)
def test_two_arms_of_equal_visits_give_the_t_test_of_the_patients_means(method: str):
    """By hand: means 2, 4, 9 against 12, 15, 21, a patient each; 4 degrees of freedom."""
    means = np.array([2.0, 4, 9, 12, 15, 21])
    y = np.column_stack([means - 1, means + 1]).ravel()
    arm = np.repeat([0, 0, 0, 1, 1, 1], 2)
    x = np.column_stack([np.ones(12), arm])
    found = contrast_tests(fit(y, x, np.repeat(range(6), 2).tolist(), x[:, :1]), [0, 1], method)
    expected = stats.ttest_ind(means[3:], means[:3])
    assert found.degrees[0] == pytest.approx(4, rel=1e-6)
    assert found.t[0] == pytest.approx(expected.statistic, rel=1e-6)


@pytest.mark.parametrize("noise", [1, 0.1, 0.01])
@pytest.mark.parametrize("method", METHODS)
def test_patients_far_more_apart_than_their_scans_are_still_patients(method: str, noise: float):
    """The same means with scans so close that they part patients by up to some 300 times the noise:
    the t test of the means has 4 degrees of freedom, however close the scans.
    """
    means = np.array([2.0, 4, 9, 12, 15, 21])
    y = np.column_stack([means - noise, means + noise]).ravel()
    x = np.column_stack([np.ones(12), np.repeat([0, 1], 6)])
    model = fit(y, x, np.repeat(range(6), 2).tolist(), x[:, :1])
    found = contrast_tests(model, [0, 1], method)
    assert np.sqrt(model.variance[0][0, 0] / model.variance[1]) > 2 / noise
    assert found.degrees[0] == pytest.approx(4, rel=1e-4)
    assert found.t[0] == pytest.approx(stats.ttest_ind(means[3:], means[:3]).statistic, rel=1e-4)


def written_out(y, x, group, z, model):
    """Return Kenward and Roger's covariance, and their degrees of freedom of each column.

    With the covariance of all scans as one matrix, from the formulas of the paper.
    """
    same = np.equal.outer(group, group)
    q = z.shape[1]
    parts = []
    for row in range(q):
        for column in range(row + 1):
            one = np.outer(z[:, row], z[:, column])
            parts.append(same * (one if row == column else one + one.T))
    parts.append(np.eye(y.size))
    v = model.variance[1] * np.eye(y.size) + same * (z @ model.variance[0] @ z.T)
    inverse = np.linalg.inv(v)
    phi = np.linalg.inv(x.T @ inverse @ x)
    first = [-x.T @ inverse @ g @ inverse @ x for g in parts]
    count = range(len(parts))
    second = [
        [x.T @ inverse @ parts[i] @ inverse @ parts[j] @ inverse @ x for j in count] for i in count
    ]
    expected = np.array(
        [
            [
                np.trace(inverse @ parts[i] @ inverse @ parts[j])
                - 2 * np.trace(phi @ second[i][j])
                + np.trace(phi @ first[i] @ phi @ first[j])
                for j in count
            ]
            for i in count
        ]
    )  # fmt: skip
    w = 2 * np.linalg.inv(expected)
    lost = sum(w[i, j] * (second[i][j] - first[i] @ phi @ first[j]) for i in count for j in count)
    slopes = np.array([np.diag(phi @ p @ phi) for p in first])
    degrees = 2 * np.diag(phi) ** 2 / np.einsum("ia,ij,ja->a", slopes, w, slopes)
    return phi + 2 * phi @ lost @ phi, degrees


@pytest.mark.parametrize("columns", [1, 2])
def test_kenward_roger_equals_its_formulas_on_the_whole_matrix(columns: int):
    y, x, group = trial(12, patients=12)
    model = fit(y, x, group.tolist(), x[:, :columns])
    assert not model.singular
    covariance, degrees = written_out(y, x, group, x[:, :columns], model)
    found = contrast_tests(model, method=KENWARD_ROGER)
    assert found.standard_errors == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-6)
    assert found.degrees == pytest.approx(degrees, rel=1e-6)
    assert (found.standard_errors >= model.standard_errors).all()


@pytest.mark.parametrize("columns", [1, 2])
def test_satterthwaite_equals_differences_of_the_whole_criterion(columns: int):
    """By the covariances themselves, not their factor: the parameters make no difference."""
    y, x, group = trial(12, patients=12)
    z = x[:, :columns]
    model = fit(y, x, group.tolist(), z)
    where = np.tril_indices(columns)

    def unpacked(at):
        covariance = np.zeros((columns, columns))
        covariance[where] = at[:-1]
        return covariance + covariance.T - np.diag(np.diag(covariance)), at[-1]

    def of_effects(at):
        covariance, residual = unpacked(at)
        v = residual * np.eye(y.size) + np.equal.outer(group, group) * (z @ covariance @ z.T)
        return np.diag(np.linalg.inv(x.T @ np.linalg.solve(v, x)))

    best = np.append(model.variance[0][where], model.variance[1])
    steps = np.diag(3e-3 * np.abs(best))

    def differences(call):
        return np.array([(call(best + s) - call(best - s)) / (2 * s.sum()) for s in steps])

    def criterion(at):
        return whole_matrix_criterion(y, x, group, z, unpacked(at))

    hessian = np.array(
        [
            [
                (criterion(best + a + b) - criterion(best + a - b) - criterion(best - a + b)
                 + criterion(best - a - b)) / (4 * a.sum() * b.sum())
                for b in steps
            ]
            for a in steps
        ]
    )  # fmt: skip
    gradient = differences(of_effects)
    noise = np.einsum("ia,ij,ja->a", gradient, 2 * np.linalg.inv(hessian), gradient)
    expected = 2 * of_effects(best) ** 2 / noise
    assert contrast_tests(model, method=SATTERTHWAITE).degrees == pytest.approx(expected, rel=2e-3)


@given(st.integers(0, 2**20), st.floats(0.01, 100), st.floats(1, 400), st.sampled_from(METHODS))
@settings(max_examples=15)
def test_units_of_load_and_time_change_no_degree_of_freedom(seed, scale, per_year, method):
    y, x, group = trial(seed % 50, patients=20)
    other = x * [1, per_year, 1]
    plain, moved = (
        contrast_tests(fit(load, design, group.tolist(), design[:, :2]), method=method)
        for load, design in ((y, x), (scale * y + [7] * y.size, other))
    )
    assert moved.degrees == pytest.approx(plain.degrees, rel=1e-2)
    assert moved.t[1:] == pytest.approx(plain.t[1:], rel=1e-3)


def test_a_combination_is_tested_as_one():
    """The slope of one subtype is that of the other plus their difference."""
    y, x, group = trial(7, patients=30)
    both = np.column_stack([x, x[:, 1] * x[:, 2]])
    swapped = np.column_stack([x[:, 0], x[:, 1], 1 - x[:, 2], x[:, 1] * (1 - x[:, 2])])
    found = contrast_tests(fit(y, both, group.tolist(), x[:, :2]), [[0, 1, 0, 1]])
    other = contrast_tests(fit(y, swapped, group.tolist(), x[:, :2]), [[0, 1, 0, 0]])
    assert found.estimates == pytest.approx(other.estimates)
    assert found.degrees == pytest.approx(other.degrees, rel=1e-4)


def test_what_is_no_contrast_is_refused():
    model = fit(*shoes()[:2], shoes()[2], shoes()[1][:, :1])
    for wrong in ([1, 0, 0], [0, 0], [np.nan, 1]):
        with pytest.raises(ValueError, match="contrast"):
            contrast_tests(model, wrong)
    with pytest.raises(ValueError, match="method"):
        contrast_tests(model, method="between-within")
    with pytest.raises(ValueError, match="confidence"):
        contrast_tests(model, confidence=95)


@pytest.mark.parametrize("method", METHODS)
def test_only_restricted_likelihood_gives_tests_and_intervals(method: str):
    """Variances by ml are too small for few patients, and so would be every standard error."""
    wear, design, boys = shoes()
    model = fit(wear, design, boys, design[:, :1], "ml")
    with pytest.raises(ValueError, match="fitted by reml"):
        contrast_tests(model, method=method)
    with pytest.raises(ValueError, match="fitted by reml"):
        intervals(model)


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("patients", "most"), [(40, 0.965), (20, 0.965), (10, 0.965), (6, 0.98)])
def test_the_interval_of_the_yearly_change_covers_the_truth(patients: int, most: float):
    """8 mL per year in 2000 trials of patients with 1 to 6 visits; with six it is cautious."""
    covered = 0
    for seed in range(2000):
        y, x, group = trial(1000 + seed, patients=patients)
        found = yearly_change(12 * x[:, 1], y - 4 * x[:, 2], group.tolist())
        covered += found.ci_low <= 8 <= found.ci_high
    assert 0.935 <= covered / 2000 <= most, covered
