"""Repeated measures: R's nlme, exact cases, our own mixed models, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.stats import mixed, mixed_tests, mmrm
from analytics.stats.arms_by_visit import compare_arms
from analytics.stats.errors import NotEstimableError
from analytics.stats.small_samples import KENWARD_ROGER, SATTERTHWAITE
from analytics.stats.visit_covariances import (
    AUTOREGRESSIVE,
    CHAIN,
    SYMMETRIC,
    TOEPLITZ,
    UNSTRUCTURED,
    covariance,
    derivatives,
    parameters,
)

METHODS = [KENWARD_ROGER, SATTERTHWAITE]
GIRLS = [
    [21, 20, 21.5, 23], [21, 21.5, 24, 25.5], [20.5, 24, 24.5, 26], [23.5, 24.5, 25, 26.5],
    [21.5, 23, 22.5, 23.5], [20, 21, 21, 22.5], [21.5, 22.5, 23, 25], [23, 23, 23.5, 24],
    [20, 21, 22, 21.5], [16.5, 19, 19, 19.5], [24.5, 25, 28, 28],
]  # fmt: skip
BOYS = [
    [26, 25, 29, 31], [21.5, 22.5, 23, 26.5], [23, 22.5, 24, 27.5], [25.5, 27.5, 26.5, 27],
    [20, 23.5, 22.5, 26], [24.5, 25.5, 27, 28.5], [22, 22, 24.5, 26.5], [24, 21.5, 24.5, 25.5],
    [23, 20.5, 31, 26], [27.5, 28, 31, 31.5], [23, 23, 23.5, 25], [21.5, 23.5, 24, 28],
    [17, 24.5, 26, 29.5], [22.5, 25.5, 25.5, 26], [23, 24.5, 26, 30], [22, 21.5, 23.5, 25],
]  # fmt: skip
"""Distances in the skull, mm, at 8, 10, 12 and 14 years (Potthoff and Roy 1964, as the manual of
SAS prints them)."""
AGES = [8, 10, 12, 14]


def growth():
    """Return distances, a line in age for each sex, children and ages."""
    table = np.array(GIRLS + BOYS)
    sex, age = np.repeat([1] * 11 + [0] * 16, 4), np.tile(AGES, 27) - 11
    design = np.column_stack([np.ones(108), sex, age, sex * age])
    return table.ravel(), design, np.repeat(range(27), 4).tolist(), (age + 11).tolist()


def trial(seed: int, patients: int = 40, visits: int = 4, missing: float = 0.15):
    """Return changes, patients, visits, arms and baselines; patients drop out for good."""
    rng = np.random.default_rng(seed)
    lags = np.abs(np.subtract.outer(range(visits), range(visits)))
    matrix = 0.7**lags * np.outer(np.arange(2, visits + 2), np.arange(2, visits + 2))
    arm = np.arange(patients) % 2
    baseline = rng.normal(40, 10, patients)
    table = rng.multivariate_normal(np.zeros(visits), matrix, patients)
    table += np.arange(visits) * (2 - arm[:, None]) + 0.1 * baseline[:, None]
    stays = np.cumsum(rng.random((patients, visits)) < missing, axis=1) == 0
    stays[:4] = True
    stays[:, 0] = True
    who, when = np.nonzero(stays)
    return table[stays], who.tolist(), when.tolist(), arm[who].tolist(), baseline[who]


def test_the_growth_data_equal_nlme():
    """gls with corSymm and varIdent: log likelihood -212.2734; F of sex at 11 years 9.4030752449
    (tests of nlme; its search stops a little early); with corCompSymm alone -216.8786.
    """
    found = mmrm.fit(*growth(), AGES)
    assert (found.structure, found.passed_over) == (UNSTRUCTURED, {})
    assert found.criterion == pytest.approx(2 * 212.2734, abs=2e-4)
    f = (found.coefficients[1] / found.standard_errors[1]) ** 2
    assert f == pytest.approx(9.4030752449, rel=2e-5)
    assert (found.n, found.n_patients) == (108, 27)
    assert mmrm.fit(*growth(), AGES, [SYMMETRIC]).criterion == pytest.approx(2 * 216.8786, abs=2e-4)


@pytest.mark.parametrize("method", METHODS)
def test_complete_visits_and_free_means_give_the_t_test_of_each_visit(method: str):
    """Exact: the mean difference at a visit, with Student's t of 25 degrees of freedom; the
    covariance is the pooled one within the sexes; the change between visits is a t test of changes.
    """
    values, _, children, ages = growth()
    own = np.equal.outer(ages, AGES)
    girl = np.array(children)[:, None] < 11
    cells = np.column_stack([own & girl, own & ~girl]).astype(float)
    model = mmrm.fit(values, cells, children, ages, AGES)
    pooled = (10 * np.cov(np.array(GIRLS).T) + 15 * np.cov(np.array(BOYS).T)) / 25
    assert model.visit_covariance == pytest.approx(pooled, rel=1e-5)
    contrasts = np.column_stack([-np.eye(4), np.eye(4)])
    change = np.array([1, 0, 0, -1, -1, 0, 0, 1])
    found = mmrm.contrast_tests(model, np.vstack([contrasts, change]), method)
    expected = [stats.ttest_ind(np.array(BOYS)[:, v], np.array(GIRLS)[:, v]) for v in range(4)] + [
        stats.ttest_ind(np.diff(np.array(BOYS)[:, ::3]), np.diff(np.array(GIRLS)[:, ::3]))
    ]
    assert found.degrees == pytest.approx([25] * 5, rel=1e-4)
    assert found.t == pytest.approx([float(np.squeeze(e.statistic)) for e in expected], rel=1e-5)
    assert found.p_values == pytest.approx(
        [float(np.squeeze(e.pvalue)) for e in expected], rel=1e-3
    )


@pytest.mark.parametrize("method", METHODS)
def test_compound_symmetry_equals_the_mixed_model_with_a_level_for_each_patient(method: str):
    values, who, when, arms, baseline = trial(1)
    design = np.column_stack([np.ones(len(values)), when, arms, baseline])
    visits = mmrm.fit(values, design, who, when, range(4), [SYMMETRIC])
    level = mixed.fit(values, design, who, design[:, :1])
    assert not level.singular
    assert visits.criterion == pytest.approx(level.criterion, abs=1e-6)
    assert visits.coefficients == pytest.approx(level.coefficients, rel=1e-4)
    assert visits.visit_covariance[0, 1] == pytest.approx(level.variance[0][0, 0], rel=1e-4)
    ours = mmrm.contrast_tests(visits, method=method)
    theirs = mixed_tests.contrast_tests(level, method=method)
    assert ours.standard_errors == pytest.approx(theirs.standard_errors, rel=1e-4)
    assert ours.degrees == pytest.approx(theirs.degrees, rel=1e-3)


@pytest.mark.parametrize("structure", CHAIN)
def test_no_covariance_near_by_is_better_and_the_criterion_is_that_of_the_whole_matrix(structure):
    values, who, when, arms, _ = trial(2)
    design = np.column_stack([np.ones(len(values)), when, arms])
    found = mmrm.fit(values, design, who, when, range(4), [structure])

    def criterion(matrix):
        same = np.equal.outer(who, who)
        v = same * matrix[np.ix_(when, when)]
        inverse = np.linalg.inv(v)
        information = design.T @ inverse @ design
        left = values - design @ np.linalg.solve(information, design.T @ inverse @ values)
        logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
        return logs + left @ inverse @ left + (len(values) - 3) * np.log(2 * np.pi)

    assert found.criterion == pytest.approx(criterion(found.visit_covariance), abs=1e-7)
    rng = np.random.default_rng(0)
    size = found.parts.size
    for _ in range(10):
        theta = found.parts.theta + rng.normal(0, 0.05, found.parts.theta.size)
        assert criterion(size**2 * covariance(structure, theta, 4)) > found.criterion


@pytest.mark.parametrize("structure", CHAIN)
@given(st.integers(0, 2**20))
@settings(max_examples=10)
def test_every_number_makes_a_covariance_and_its_derivative(structure: str, seed: int):
    theta = np.random.default_rng(seed).normal(0, 1, parameters(structure, 5))
    matrix = covariance(structure, theta, 5)
    assert np.linalg.eigvalsh(matrix).min() > 0
    moved = derivatives(structure, theta, 5)
    for place in range(theta.size):
        step = np.zeros(theta.size)
        step[place] = 1e-6
        ahead, behind = (covariance(structure, theta + s * step, 5) for s in (1, -1))
        assert moved[place] == pytest.approx((ahead - behind) / 2e-6, rel=1e-4, abs=1e-7)
    if structure in (TOEPLITZ, AUTOREGRESSIVE):
        deviations = np.sqrt(np.diag(matrix))
        correlation = matrix / np.outer(deviations, deviations)
        assert np.diag(correlation, 1) == pytest.approx([correlation[0, 1]] * 4)


@given(st.integers(0, 2**20), st.floats(0.01, 100))
@settings(max_examples=8)
def test_order_and_unit_change_only_what_has_a_unit(seed: int, scale: float):
    values, who, when, arms, _ = trial(seed % 30)
    design = np.column_stack([np.ones(len(values)), when, arms])
    order = np.random.default_rng(seed).permutation(len(values))
    plain = mmrm.fit(values, design, who, when, range(4))
    moved = mmrm.fit(
        scale * values[order],
        design[order],
        [f"P{who[i]}" for i in order],
        [when[i] for i in order],
        range(4),
    )
    assert moved.structure == plain.structure
    assert moved.coefficients == pytest.approx(scale * plain.coefficients, rel=1e-4)
    assert moved.visit_covariance == pytest.approx(scale**2 * plain.visit_covariance, rel=1e-4)
    degrees = [mmrm.contrast_tests(model).degrees for model in (plain, moved)]
    assert degrees[0] == pytest.approx(degrees[1], rel=1e-3)


def test_a_covariance_that_the_visits_do_not_tell_is_passed_over_and_said_so():
    """Nobody came to both the first and the last visit: their correlation has no evidence."""
    values, who, when, arms, _ = trial(3, missing=0)
    half = [i for i in range(len(values)) if (when[i] == 3) <= (who[i] % 4 > 1)]
    kept = [i for i in half if not (when[i] == 0 and who[i] % 4 > 1)]
    design = np.column_stack([np.ones(len(kept)), np.array(when)[kept], np.array(arms)[kept]])
    found = mmrm.fit(
        values[kept], design, [who[i] for i in kept], [when[i] for i in kept], range(4)
    )
    assert found.structure != UNSTRUCTURED
    assert "do not tell every" in found.passed_over[UNSTRUCTURED]


def test_arms_are_compared_at_each_visit_at_the_mean_baseline():
    values, who, when, arms, baseline = trial(4)
    names = ["placebo" if a else "treated" for a in arms]
    found = compare_arms(values, who, when, names, range(4), "placebo", baseline)
    assert [(d.arm, d.visit) for d in found.differences] == [("treated", v) for v in range(4)]
    assert found.patients_of == {"placebo": 20, "treated": 20}
    means = {(m.arm, m.visit): m for m in found.means}
    for difference in found.differences:
        treated, placebo = (means[arm, difference.visit] for arm in ("treated", "placebo"))
        assert difference.estimate == pytest.approx(treated.estimate - placebo.estimate)
        assert difference.n == treated.n + placebo.n
        assert difference.ci_low < difference.estimate < difference.ci_high
        assert (difference.p_value is None) == (min(treated.n, placebo.n) < 10)
    shifted = compare_arms(values, who, when, names, range(4), "placebo", baseline + 100)
    assert shifted.means[0].estimate == pytest.approx(found.means[0].estimate)
    other = compare_arms(values, who, when, names, range(4), "treated", baseline)
    assert other.differences[2].estimate == pytest.approx(-found.differences[2].estimate)


def test_fewer_than_ten_patients_of_an_arm_make_no_claim():
    values, who, when, arms, _ = trial(5, patients=18, missing=0)
    found = compare_arms(values, who, when, arms, range(4), 0)
    assert [d.p_value for d in found.differences] == [None] * 4
    assert all(np.isfinite(d.ci_low) for d in found.differences)


def test_fewer_than_ten_patients_of_an_arm_at_a_visit_make_no_claim_there():
    """Twelve an arm, of whom three of one arm miss the last visit."""
    table = trial(5, patients=24, missing=0)
    missed = [p in (0, 2, 4) and v == 3 for p, v in zip(table[1], table[2], strict=True)]
    kept = [place for place, gone in enumerate(missed) if not gone]
    who, when, arms = ([each[i] for i in kept] for each in table[1:4])
    found = compare_arms(table[0][kept], who, when, arms, range(4), 0)
    assert [d.n for d in found.differences] == [24, 24, 24, 21]
    assert [d.p_value is None for d in found.differences] == [False, False, False, True]
    assert np.isfinite(found.differences[3].ci_low)


def test_one_arm_has_means_and_nothing_to_compare():
    values, who, when, _, _ = trial(6)
    found = compare_arms(values, who, when, ["all"] * len(who), range(4), "all")
    assert len(found.means) == 4
    assert found.differences == []


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_the_interval_of_the_last_visit_covers_the_truth():
    """2000 trials of two arms of ten with drop-out; the arms part by 3 mL at the last visit."""
    covered = 0
    for seed in range(2000):
        values, who, when, arms, baseline = trial(seed, patients=20)
        last = compare_arms(values, who, when, arms, range(4), 1, baseline).differences[-1]
        covered += last.ci_low <= 3 <= last.ci_high
    assert 0.935 <= covered / 2000 <= 0.965, covered


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"values": [1.0, np.nan, 3, 4, 5, 6]}, "finite"),
        ({"patients": list("aaaaaa"), "visits": [0, 1, 2, 3, 4, 5], "planned": range(6)}, "two"),
        ({"planned": [0, 1, 2]}, "Nobody came"),
        ({"fixed": np.ones((6, 2))}, "fixed column"),
        ({"values": [7.0] * 6}, "no variance"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_its_reason(change, said: str):
    asked = {
        "values": [1.0, 3, 4, 6, 10, 12],
        "fixed": np.ones((6, 1)),
        "patients": list("aabbcc"),
        "visits": [0, 1] * 3,
        "planned": [0, 1],
    }
    with pytest.raises(NotEstimableError, match=said):
        mmrm.fit(**{**asked, **change})


def test_a_baseline_or_covariate_that_changes_within_a_patient_is_refused():
    """Such as the value at the visit in place of that at baseline; a mean would hide it."""
    values, who, when, arms, baseline = trial(7)
    for wrong in ({"baseline": values}, {"covariates": np.column_stack([baseline, when])}):
        with pytest.raises(ValueError, match="changes within a patient"):
            compare_arms(values, who, when, arms, range(4), 0, **wrong)


def test_what_does_not_fit_together_is_refused():
    values, who, when, arms, _ = trial(7)
    design = np.ones((len(values), 1))
    for call in (
        lambda: mmrm.fit(values, design, who, when, range(3)),
        lambda: mmrm.fit(values, design, [0] * len(who), when, range(4)),
        lambda: mmrm.fit(values, design[:-1], who, when, range(4)),
        lambda: compare_arms(values, who, when, arms, range(4), "placebo"),
        lambda: compare_arms(values, who, when, when, range(4), 0),
        lambda: compare_arms(values, who, when, arms, range(4), 0, baseline=[1.0]),
        lambda: mmrm.contrast_tests(mmrm.fit(values, design, who, when, range(4)), method="z"),
    ):
        with pytest.raises(ValueError, match=r"planned|two|needs|method|reference"):
            call()
    kept = [i for i in range(len(who)) if when[i] < 3 or arms[i] == 0]
    of_kept = ([each[i] for i in kept] for each in (who, when, arms))
    with pytest.raises(NotEstimableError, match="no value at visit 3"):
        compare_arms(values[kept], *of_kept, range(4), 0)
