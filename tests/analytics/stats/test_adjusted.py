"""Partial and stratified rank correlation: published numbers, plain recomputation, properties."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.stats.adjusted import partial_spearman, stratified_rho, stratified_spearman
from analytics.stats.correlation import spearman
from analytics.stats.errors import NotEstimableError

ROWS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(0, 4), st.integers(0, 6)),
    min_size=8,
    max_size=24,
)
"""x, y, what is held fixed, and the patient."""


def naive_partial(x, y, fixed) -> float:
    """By residuals of least squares on mid-ranks."""
    ranks = [stats.rankdata(values) for values in (x, y)]
    design = np.column_stack([np.ones(len(x)), *(stats.rankdata(c) for c in np.atleast_2d(fixed))])
    left = [r - design @ np.linalg.lstsq(design, r, rcond=None)[0] for r in ranks]
    return np.nan if min(np.var(r) for r in left) < 1e-8 else stats.pearsonr(*left).statistic


def naive_stratified(x, y, strata) -> float:
    """By counting, in each stratum, who lies below and who above."""
    scores = []
    for values in (x, y):
        score = np.empty(len(values))
        for row in range(len(values)):
            peers = values[strata == strata[row]]
            score[row] = (peers < values[row]).mean() - (peers > values[row]).mean()
        scores.append(score)
    if min(np.abs(s).max() for s in scores) == 0:
        return np.nan
    a, b = scores
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def test_partial_equals_ppcor_in_r(test_data: Path):
    """Data set partial_corr of pingouin; R package ppcor, as pingouin's own tests state it."""
    with (test_data / "stats/pingouin/partial_corr.csv").open(newline="") as handle:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(handle)]
    fixed = [[row[name] for name in ("cv1", "cv2", "cv3")] for row in rows]
    found = partial_spearman([row["x"] for row in rows], [row["y"] for row in rows], fixed)
    assert found.rho == pytest.approx(0.5209208, abs=5e-8)
    assert found.p_value == pytest.approx(0.005336187, abs=5e-10)
    assert found.ci_low < found.rho < found.ci_high


def test_partial_with_one_covariate_by_hand():
    """Rank correlations xy 0.8, xz 0.2, yz 0.4; (0.8 - 0.08) / sqrt(0.96 x 0.84)."""
    x, y, z = [1, 2, 3, 4], [2, 1, 3, 4], [3, 2, 1, 4]
    rhos = [stats.spearmanr(*pair).statistic for pair in ((x, y), (x, z), (y, z))]
    assert rhos == pytest.approx([0.8, 0.2, 0.4])
    found = partial_spearman([*x, *x], [*y, *y], [*z, *z])
    assert found.rho == pytest.approx((0.8 - 0.08) / np.sqrt(0.96 * 0.84))


def test_stratified_by_hand():
    """Scores -2/3 0 2/3 against 0 -2/3 2/3, and -1/2 1/2 twice: (4/9 + 1/2) / (8/9 + 1/2)."""
    found = stratified_spearman([1, 2, 3, 8, 9], [5, 4, 6, 0, 1], list("aaabb"))
    assert found.rho == pytest.approx((4 / 9 + 1 / 2) / (8 / 9 + 1 / 2))
    assert (found.n, found.n_subjects) == (5, 5)


def test_what_is_pooled_reverses_and_what_is_stratified_does_not():
    """Two subtypes: in each the load rises with the score; the one of high scores has low loads."""
    load = [60, 70, 80, 90, 10, 20, 30, 40]
    score = [0, 1, 2, 3, 4, 5, 6, 7]
    kind = list("aaaabbbb")
    assert spearman(load, score).rho < 0
    subjects = list(range(8))
    assert stratified_rho(load, score, kind) == pytest.approx(1)
    # Within the subtypes the order is perfect, which no interval goes with.
    with pytest.raises(NotEstimableError, match="same value"):
        partial_spearman(load, score, [k == "a" for k in kind], subjects)
    with pytest.raises(NotEstimableError, match="same value"):
        stratified_spearman(load, score, kind, subjects)


def test_patients_are_those_of_the_rows_whatever_holds_them():
    """A table's column is asked for by labels, which need not be places."""

    class Labelled(dict):
        def __iter__(self):
            return iter(self.values())

    load, score = [1, 2, 3, 4, 9, 7, 8, 5], [2, 1, 3, 5, 8, 9, 7, 4]
    patients = [0, 0, 1, 1, 2, 2, 3, 3]
    turned = Labelled(zip(reversed(range(8)), patients, strict=True))
    expected = stratified_spearman(load, score, list("aaaabbbb"), patients, n_resamples=100)
    found = stratified_spearman(load, score, list("aaaabbbb"), turned, n_resamples=100)
    assert found == expected


def test_rows_alone_in_their_stratum_are_left_out():
    with_single = stratified_spearman([1, 2, 3, 9, 7], [1, 3, 2, 9, 8], ["a", "a", "a", "b", "a"])
    without = stratified_spearman([1, 2, 3, 7], [1, 3, 2, 8], ["a"] * 4)
    assert with_single == without


@given(ROWS, st.integers(0, 2**20), st.sampled_from(["partial", "stratified"]))
@settings(max_examples=40)
def test_fast_and_naive_bootstrap_on_the_same_patients_are_equal(rows, seed: int, kind: str):
    x, y, fixed, subjects = np.array(rows, float).T
    estimate: Callable[..., object] = partial_spearman
    naive: Callable[..., float] = naive_partial
    if kind == "stratified":
        fixed = fixed % 2
        assume(1 not in np.bincount(fixed.astype(int)))
        estimate, naive = stratified_spearman, naive_stratified
    names = list(dict.fromkeys(subjects))
    assume(len(names) >= 3)
    try:
        found = estimate(x, y, list(fixed), list(subjects), n_resamples=30, seed=seed)
    except NotEstimableError:
        assume(False)
    drawn = np.random.default_rng(seed).integers(0, len(names), size=(30, len(names)))
    expected = []
    for patients in drawn:
        kept = np.concatenate([np.flatnonzero(subjects == names[p]) for p in patients])
        if np.ptp(x[kept]) and np.ptp(y[kept]):
            expected.append(naive(x[kept], y[kept], fixed[kept]))
    low, high = np.nanquantile(expected, [0.025, 0.975])
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=1e-12)
    assert found.rho == pytest.approx(naive(x, y, fixed), abs=1e-12)


@given(ROWS)
def test_one_stratum_is_spearman(rows):
    x, y, _, subjects = (list(column) for column in zip(*rows, strict=True))
    try:
        plain = spearman(x, y, subjects, n_resamples=50)
    except NotEstimableError:
        assume(False)
    found = stratified_spearman(x, y, ["one"] * len(x), subjects, n_resamples=50)
    assert (found.rho, found.ci_low) == pytest.approx((plain.rho, plain.ci_low), abs=1e-12)
    assert found.p_value == pytest.approx(plain.p_value, abs=1e-9)


@given(ROWS, st.permutations(range(5)))
def test_strata_may_be_shifted_apart_and_measures_be_bent(rows, shifts):
    x, y, strata, subjects = np.array(rows, float).T
    try:
        found = stratified_spearman(x, y, strata.tolist(), subjects.tolist(), n_resamples=20)
    except NotEstimableError:
        assume(False)
    moved = np.exp(x) + 1000 * np.array(shifts)[strata.astype(int)]
    again = stratified_spearman(moved, y, strata.tolist(), subjects.tolist(), n_resamples=20)
    assert again == found
    assert -1 <= found.ci_low <= found.ci_high <= 1


@pytest.mark.parametrize(
    ("fixed", "words"),
    [
        ([1, 1, 1, 1, 1, 1], "covariate are equal"),
        ([[1, 2], [2, 4], [3, 6], [4, 8], [5, 9], [6, 12]], "follows from the others"),
        ([1, 2, float("nan"), 4, 5, 6], "not a finite number"),
        ([1, 2, 3, 4, 5, 6], "explain a measure wholly"),
        (np.eye(6)[:, :4] + 1, "too few"),
    ],
)
def test_covariates_that_allow_no_estimate_are_refused(fixed, words: str):
    with pytest.raises(NotEstimableError, match=words):
        partial_spearman([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5], fixed)


@pytest.mark.parametrize(
    ("strata", "words"),
    [
        ("abcdef", "No stratum has two"),
        ("aabcde", "At least 3 pairs"),
        (["a", "a", "b", "b", "c", "c"], "within any stratum"),
    ],
)
def test_strata_that_allow_no_estimate_are_refused(strata, words: str):
    with pytest.raises(NotEstimableError, match=words):
        stratified_spearman([1, 1, 2, 2, 3, 3], [2, 1, 4, 3, 6, 5], list(strata))


def test_a_wrong_call_is_refused():
    with pytest.raises(ValueError, match="rows of covariates"):
        partial_spearman([1, 2, 3], [1, 3, 2], [1, 2])
    with pytest.raises(ValueError, match="Expected 3 subjects"):
        stratified_spearman([1, 2, 3], [1, 3, 2], ["a"] * 3, ["x"])
    with pytest.raises(ValueError, match="needs the patient"):
        stratified_spearman([1, 2, 3, 4], [1, 3, 2, 4], ["a"] * 4, interval="bca")
