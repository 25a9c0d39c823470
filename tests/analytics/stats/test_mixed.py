"""Mixed models: lme4 in R, statsmodels, plain recomputation, what must not change the answer."""

import csv
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM

from analytics.stats import mixed
from analytics.stats.errors import NotEstimableError
from analytics.stats.mixed import fit
from analytics.stats.mixed_designs import merge, profile

STEPS = np.array([0.0, 1, 2, 3, 1, 2])


def sleep_study(folder: Path):
    """Return reaction times, the design of intercept and days, and the subjects."""
    with (folder / "stats/lme4_sleepstudy.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    days = np.array([float(row["Days"]) for row in rows])
    design = np.column_stack([np.ones(days.size), days])
    return np.array([float(r["Reaction"]) for r in rows]), design, [r["Subject"] for r in rows]


def trial(seed: int, *, patients: int = 40, spread=((100.0, 5.0), (5.0, 9.0))):
    """Return loads, a design of intercept, years and subtype, and patients with 1 to 6 visits."""
    rng = np.random.default_rng(seed)
    visits = rng.integers(1, 7, patients)
    visits[:2] = 6
    group = np.repeat(np.arange(patients), visits)
    years = np.concatenate([np.arange(n) * 0.5 for n in visits]) + rng.normal(0, 0.05, group.size)
    own = rng.multivariate_normal([0, 0], spread, patients)
    subtype = rng.integers(0, 2, patients)[group]
    load = 30 + 8 * years + 4 * subtype + own[group, 0] + own[group, 1] * years
    load = load + rng.normal(0, 3, group.size)
    return load, np.column_stack([np.ones(group.size), years, subtype]), group


@pytest.mark.parametrize(
    ("reference", "method", "columns"),
    [
        ("lme4_sleepstudy_REML", "reml", 2),
        ("lme4_sleepstudy_ML", "ml", 2),
        ("lme4_sleepstudy_randint_REML", "reml", 1),
    ],
)
def test_the_sleep_study_equals_lme4_in_r(test_data: Path, reference, method, columns):
    """lme4 1.1-31 of R 4.2.2; its own search stops within 1e-4 of the best variances."""
    expected = json.loads((test_data / "stats/reference_R.json").read_text())[reference]
    y, design, subjects = sleep_study(test_data)
    found = fit(y, design, subjects, design[:, :columns], method)
    assert found.coefficients == pytest.approx(list(expected["fixef"].values()), rel=1e-9)
    assert found.standard_errors == pytest.approx(list(expected["se"].values()), rel=3e-5)
    assert found.criterion == pytest.approx(expected["reml_crit"], rel=1e-9)
    assert found.criterion < expected["reml_crit"] + 1e-8, "no worse than theirs"
    ours = [*np.diag(found.variance[0]), *found.variance[0][1:, 0], found.variance[1]]
    assert ours == pytest.approx(list(expected["varcomp"].values()), rel=1e-4)
    assert (found.n, found.n_groups, found.singular) == (180, 18, False)


def test_the_sleep_study_equals_what_is_printed_of_it(test_data: Path):
    """Bates and others 2015: 251.405 (6.825), 10.467 (1.546), criterion 1743.6."""
    y, design, subjects = sleep_study(test_data)
    found = fit(y, design, subjects, design)
    assert np.round(found.coefficients, 3).tolist() == [251.405, 10.467]
    assert np.round(found.standard_errors, 3).tolist() == [6.825, 1.546]
    assert round(found.criterion, 1) == 1743.6


def test_equal_visits_by_hand():
    """A random intercept and equal visits: the variances are those of a one-way table.

    Means 2, 5, 11 of two scans each, squares within 2 + 2 + 2 over 3; squares between 84 over 2.
    """
    y = [1.0, 3, 4, 6, 10, 12]
    ones = np.ones((6, 1))
    found = fit(y, ones, list("aabbcc"), ones)
    assert found.coefficients == pytest.approx([6])
    assert found.variance[1] == pytest.approx(2)
    assert found.variance[0] == pytest.approx(np.array([[(42 - 2) / 2]]))
    assert found.standard_errors == pytest.approx([(42 / 6) ** 0.5])


def information(x, group, z, variance):
    """X' V^-1 X with the covariance of each patient's scans written out."""
    covariance, residual = variance
    total = np.zeros((x.shape[1], x.shape[1]))
    for one in np.unique(group):
        rows = group == one
        v = residual * np.eye(rows.sum()) + z[rows] @ covariance @ z[rows].T
        total += x[rows].T @ np.linalg.solve(v, x[rows])
    return total


@pytest.mark.parametrize(
    ("seed", "patients", "columns", "method"),
    [
        (1, 40, 1, "reml"),
        (1, 40, 1, "ml"),
        (2, 40, 2, "reml"),
        (2, 40, 2, "ml"),
        (2, 600, 2, "reml"),
    ],
)
def test_random_trials_equal_statsmodels(seed, patients, columns, method):
    """Its standard errors also count what is not known of the variances, little with many."""
    y, design, group = trial(seed, patients=patients)
    found = fit(y, design, group.tolist(), design[:, :columns], method)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = MixedLM(y, design, group, design[:, :columns]).fit(
            reml=method == "reml", method=["bfgs", "powell"]
        )
    assert found.coefficients == pytest.approx(peer.fe_params, rel=1e-5)
    assert found.criterion == pytest.approx(-2 * peer.llf, abs=1e-4)
    assert found.criterion <= -2 * peer.llf + 1e-6
    assert found.variance[1] == pytest.approx(peer.scale, rel=1e-3)
    theirs = information(design, group, design[:, :columns], (peer.cov_re, peer.scale))
    assert found.standard_errors == pytest.approx(np.sqrt(np.diag(np.linalg.inv(theirs))), rel=1e-4)
    if patients == 600:
        assert found.standard_errors == pytest.approx(peer.bse_fe, rel=1e-3)


def whole_matrix_criterion(y, x, group, z, variance) -> float:
    """-2 log restricted likelihood with the covariance of all scans written out."""
    covariance, residual = variance
    same = np.equal.outer(group, group)
    v = residual * np.eye(y.size) + same * (z @ covariance @ z.T)
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    left = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    return float(logs + left @ inverse @ left + (y.size - x.shape[1]) * np.log(2 * np.pi))


@pytest.mark.parametrize("columns", [1, 2])
def test_the_criterion_is_that_of_the_whole_matrix_and_no_variance_near_by_is_better(columns):
    y, x, group = trial(3, patients=15)
    z = x[:, :columns]
    found = fit(y, x, group.tolist(), z)
    assert found.criterion == pytest.approx(whole_matrix_criterion(y, x, group, z, found.variance))
    rng = np.random.default_rng(0)
    for _ in range(20):
        turn = np.eye(columns) + rng.normal(0, 0.05, (columns, columns))
        near = turn @ found.variance[0] @ turn.T, found.variance[1] * (1 + rng.normal(0, 0.05))
        assert whole_matrix_criterion(y, x, group, z, near) > found.criterion


@pytest.mark.parametrize("reml", [True, False])
def test_the_gradient_is_that_of_small_steps(reml: bool):
    y, x, group = trial(4, patients=12)
    designs = merge((y - y.mean()) / y.std(), x, group, x[:, :2])
    lower = np.array([[1.2, 0], [0.3, 0.7]])
    exact = 2 * profile(designs, lower, reml=reml).slope @ lower
    for place in ((0, 0), (1, 0), (1, 1)):
        step = np.zeros((2, 2))
        step[place] = 1e-6
        ahead, behind = (profile(designs, lower + s * step, reml=reml) for s in (1, -1))
        assert exact[place] == pytest.approx((ahead.objective - behind.objective) / 2e-6, rel=1e-5)


def test_patients_of_equal_visits_are_one_design():
    years = np.tile([0.0, 0.5, 1.0], 30)
    design = np.column_stack([np.ones(90), years])
    group = np.repeat(np.arange(30), 3)
    y = np.random.default_rng(0).normal(size=90)
    merged = merge(y, design, group, design)
    assert merged.counts.tolist() == [30]
    assert merged.zyy[..., 0] == pytest.approx(
        sum(np.outer(design[:3].T @ part, design[:3].T @ part) for part in y.reshape(30, 3))
    )


@given(st.integers(0, 2**20), st.floats(0.01, 100), st.floats(-1e3, 1e3), st.sampled_from([1, 2]))
@settings(max_examples=15)
def test_order_scale_and_shift_change_only_what_has_a_unit(seed, scale, shift, columns):
    y, x, group = trial(seed % 50, patients=20)
    order = np.random.default_rng(seed).permutation(y.size)
    plain = fit(y, x, group.tolist(), x[:, :columns])
    moved = fit(
        (scale * y + shift)[order], x[order], [f"P{g}" for g in group[order]], x[order, :columns]
    )
    assert moved.coefficients == pytest.approx(
        scale * plain.coefficients + [shift, 0, 0], rel=1e-5, abs=1e-5 * scale
    )
    assert moved.standard_errors == pytest.approx(scale * plain.standard_errors, rel=1e-4)
    assert moved.variance[1] == pytest.approx(scale**2 * plain.variance[1], rel=1e-4)
    expected = plain.criterion + 2 * (y.size - 3) * np.log(scale)
    assert moved.criterion == pytest.approx(expected, abs=1e-5)
    assert moved.singular == plain.singular


@given(st.integers(0, 2**20), st.floats(1, 400), st.floats(-3000, 3000))
@settings(max_examples=15)
@example(seed=0, scale=1.0, shift=1896.0)
def test_days_or_years_and_where_they_begin_change_no_slope(seed, scale, shift):
    y, x, group = trial(seed % 50, patients=20)
    other = x.copy()
    other[:, 1] = scale * x[:, 1] + shift
    plain, moved = (fit(y, each, group.tolist(), each[:, :2]) for each in (x, other))
    assert scale * moved.coefficients[1] == pytest.approx(plain.coefficients[1], rel=1e-4)
    assert scale * moved.standard_errors[1] == pytest.approx(plain.standard_errors[1], rel=1e-3)


def test_patients_who_differ_in_nothing_make_a_singular_fit_equal_to_least_squares():
    """Every patient has the same mean, so that no variance between them is left."""
    y = [1.0, 3, 3, 1, 2.5, 1.5, 0.5, 3.5]
    ones = np.ones((8, 1))
    found = fit(y, ones, list("aabbccdd"), ones)
    assert found.singular
    assert found.variance[0] == pytest.approx(0, abs=1e-8)
    assert found.variance[1] == pytest.approx(np.var(y, ddof=1))
    assert found.standard_errors == pytest.approx([stats.sem(y)])


def test_intercepts_that_decide_the_slopes_are_flagged_as_singular():
    y, x, group = trial(5, spread=((100.0, 20.0), (20.0, 4.0)))
    assert fit(y, x, group.tolist(), x[:, :2]).singular
    assert not fit(*trial(5)[:2], trial(5)[2].tolist(), trial(5)[1][:, :2]).singular


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"y": [1.0, np.nan, 3, 4, 5, 6]}, "finite"),
        ({"groups": list("aaaaaa")}, "two patients"),
        ({"groups": list("abcdef")}, "cannot tell"),
        ({"fixed": np.ones((6, 2))}, "fixed column"),
        ({"fixed": np.column_stack([np.ones(6), np.zeros(6)])}, "fixed column"),
        ({"random": np.zeros((6, 1))}, "random column"),
        ({"y": [7.0] * 6}, "no variance"),
        ({"y": [5.0, 5, 8, 8, 20, 20]}, "no noise"),
        ({"fixed": np.repeat(np.eye(3), 2, axis=0)}, "every patient from the others"),
        (
            {
                "fixed": np.repeat(np.eye(3), 2, axis=0) * STEPS[:, None],
                "random": STEPS[:, None],
            },
            "every patient from the others",
        ),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_its_reason(change, said):
    asked = {
        "y": [1.0, 3, 4, 6, 10, 12],
        "fixed": np.ones((6, 1)),
        "groups": list("aabbcc"),
        "random": np.ones((6, 1)),
    }
    with pytest.raises(NotEstimableError, match=said):
        fit(**{**asked, **change})


def test_exact_lines_leave_no_noise_to_measure_a_slope_by():
    """Every patient rises by 2 a year to the last digit; a search ended at 1.93 with an error."""
    years = np.tile([0.0, 1, 2], 6)
    load = np.repeat([3.0, 9, 22, 40, 77, 101], 3) + 2 * years
    design = np.column_stack([np.ones(18), years])
    with pytest.raises(NotEstimableError, match="no noise is left"):
        fit(load, design, np.repeat(np.arange(6), 3), design)


@pytest.mark.parametrize(("seed", "patients"), [(356, 4), (392, 5), (451, 5)])
def test_of_few_patients_the_best_of_several_minima_is_taken(monkeypatch, seed, patients):
    y, x, group = trial(seed, patients=patients)
    best = fit(y, x[:, :2], group.tolist(), x[:, :2])
    monkeypatch.setattr(mixed, "GRID", (1.0,))
    first = fit(y, x[:, :2], group.tolist(), x[:, :2])
    assert best.criterion < first.criterion - 0.1


def reversed_by_patients(seed: int, patients: int, noise: float):
    """Return loads, scores and patients: over all the load falls with the score, in each it rises.

    In each patient by 10 mL for a step of the score.
    """
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(patients), 2)
    visit, is_low = np.tile([0, 1], patients), group % 2 == 0
    score = np.where(is_low, 4, 0) + visit * (1 + (group == 0)) + group % 3
    load = (
        np.where(is_low, 20, 100)
        + 10 * visit
        + 7 * (group % 6)
        + rng.normal(0, noise, 2 * patients)
    )
    return load, np.column_stack([np.ones(group.size), score]), group


@pytest.mark.parametrize("patients", [12, 100])
def test_patients_who_differ_by_far_more_than_their_scans_do_not_turn_the_slope(patients: int):
    """The criterion has two minima: -15 mL a step in a worse one, about 9 in the better one."""
    y, x, group = reversed_by_patients(0, patients, noise=1.0)
    found = fit(y, x, group.tolist(), x[:, :1])
    assert found.coefficients[1] == pytest.approx(9.5, abs=1)


@given(st.integers(0, 2**20), st.integers(4, 30), st.floats(0.05, 30))
@settings(max_examples=25)
def test_no_variance_of_a_fine_scan_has_a_better_criterion(seed, patients, noise):
    y, x, group = reversed_by_patients(seed, patients, noise)
    found = fit(y, x, group.tolist(), x[:, :1])
    parts = found.parts
    here = profile(parts.designs, parts.lower, reml=True).objective
    for size in np.geomspace(1e-3, 1e3, 200):
        there = profile(parts.designs, np.array([[size]]), reml=True).objective
        assert here <= there + 1e-9


def of_several_onsets(seed: int):
    """Return loads and ages of 49 patients whose loads all rise, the later the onset the slower.

    By 0.5 to 4 mL a month; ages reach from 2 to 26 years, scans lie half a year apart.
    """
    rng = np.random.default_rng(seed)
    load, age, group = [], [], []
    for patient in range(49):
        onset, slope = ((22, 4.0), (52, 2.0), (110, 1.0), (240, 0.5))[rng.integers(4)]
        first = onset * rng.uniform(0.85, 1.3)
        slope *= 1 + rng.normal(0, 0.25)
        begins = 15 + abs(rng.normal(0, 14))
        for visit in range(rng.integers(1, 6)):
            age.append(first + 6 * visit + rng.normal(0, 0.3))
            load.append(begins + slope * 6 * visit + rng.normal(0, 4))
            group.append(patient)
    return np.array(load), np.column_stack([np.ones(len(age)), age]), group


@pytest.mark.parametrize("seed", range(12))
def test_loads_that_rise_in_every_patient_do_not_fall_with_age_over_all(seed: int):
    """The only valley of the grid led to a slope of about -0.1 mL a month in seven of the twelve.

    Its criterion was 30 to 144 worse. The mean of the four true slopes is 1.9.
    """
    y, x, group = of_several_onsets(seed)
    assert fit(y, x, group, x).coefficients[1] == pytest.approx(1.7, abs=0.4)


@pytest.mark.parametrize("change", [{"groups": list("aabb")}, {"y": [1.0, 2]}, {"method": "gee"}])
def test_what_does_not_fit_together_is_refused(change):
    asked = {
        "y": [1.0, 3, 4, 6, 10, 12],
        "fixed": np.ones((6, 1)),
        "groups": list("aabbcc"),
        "random": np.ones((6, 1)),
    }
    with pytest.raises(ValueError, match=r"needs|method"):
        fit(**{**asked, **change})
