"""Ordered levels: R's ordinal and MASS, statsmodels, by hand, what must not change the answer."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.linalg import sqrtm
from statsmodels.api import Logit
from statsmodels.miscmodels.ordinal_model import OrderedModel

from analytics.stats.errors import NotEstimableError
from analytics.stats.ordinal import fit
from analytics.stats.ordinal_checks import proportionality
from tests.support.wine import BITTERNESS, JUDGES, WINE

TENANTS = [
    21, 21, 28, 34, 22, 36, 10, 11, 36, 61, 23, 17, 43, 35, 40, 26, 18, 54,
    13, 9, 10, 8, 8, 12, 6, 7, 9, 18, 6, 7, 15, 13, 13, 7, 5, 11,
    14, 19, 37, 17, 23, 40, 3, 5, 23, 78, 46, 43, 48, 45, 86, 15, 25, 62,
    20, 23, 20, 10, 22, 24, 7, 10, 21, 57, 23, 13, 31, 21, 13, 5, 6, 13,
]  # fmt: skip
"""By contact, type of housing, influence and satisfaction (MASS::housing)."""


def housing():
    """Return the satisfaction of 1,681 tenants and influence, type and contact as columns."""
    cells = np.array(list(product(range(2), range(4), range(3), range(3))))
    rows = np.repeat(cells, TENANTS, axis=0)
    contact, kind, influence, satisfaction = rows.T
    dummies = [influence == 1, influence == 2, kind == 1, kind == 2, kind == 3, contact == 1]
    return satisfaction, np.column_stack(dummies).astype(float)


def courses(seed: int, patients: int = 40, scans: int = 3, shift: float = 1.0):
    """Return levels 0 to 3, a load, and patients who differ among themselves."""
    rng = np.random.default_rng(seed)
    who = np.repeat(range(patients), scans)
    load = rng.normal(size=patients)[who] + rng.normal(0, 0.5, who.size)
    # Logistic by itself, so that the odds are proportional; patients' scans are alike.
    shared = 0.8 * rng.normal(size=patients)[who] + 0.6 * rng.normal(size=who.size)
    own = stats.logistic.ppf(stats.norm.cdf(shared))
    return np.digitize(shift * load + own, [-1.0, 0.5, 2.0]), load, who.tolist()


def test_the_bitterness_of_wine_equals_clm():
    """clm(rating ~ temp + contact): 2.5031020 (0.5286801) and 1.5277977 (0.4766226), p 2.1946e-06
    and 0.0013484, thresholds -1.3443834, 1.2508088, 3.4668869, 5.0064042, log likelihood
    -86.49192337, as quoted of ordinal 2023.12.
    """
    found = fit(BITTERNESS, WINE)
    assert found.coefficients == pytest.approx([2.5031020, 1.5277977], abs=1e-7)
    assert found.standard_errors == pytest.approx([0.5286801, 0.4766226], abs=1e-7)
    assert found.p_values == pytest.approx([2.1946e-06, 0.0013484], rel=1e-4)
    assert found.thresholds == pytest.approx([-1.3443834, 1.2508088, 3.4668869, 5.0064042])
    assert found.log_likelihood[1] == pytest.approx(-86.49192337, abs=1e-8)
    assert (found.levels, found.n, found.n_patients) == ([1, 2, 3, 4, 5], 72, None)


def test_the_satisfaction_of_tenants_equals_clm_and_polr():
    """Of polr: 0.5663937 (0.1046528), 1.2888191 (0.1271561), -0.5723501 (0.1192380), -0.3661866
    (0.1551733), -1.0910149 (0.1514860), 0.3602841 (0.0955358); thresholds -0.4961353 and
    0.6907083; deviance 3479.149, without covariates twice 1824.43881052.
    """
    found = fit(*housing())
    coefficients = [0.5663937, 1.2888191, -0.5723501, -0.3661866, -1.0910149, 0.3602841]
    errors = [0.1046528, 0.1271561, 0.1192380, 0.1551733, 0.1514860, 0.0955358]
    assert found.coefficients == pytest.approx(coefficients, abs=1e-6)
    assert found.standard_errors == pytest.approx(errors, abs=1e-7)
    assert found.thresholds == pytest.approx([-0.4961353, 0.6907083], abs=1e-6)
    assert found.threshold_errors == pytest.approx([0.1248472, 0.1254719], abs=1e-7)
    assert found.log_likelihood == pytest.approx((-1824.43881052, -3479.149 / 2), abs=5e-4)
    assert (found.ci_low[0], found.ci_high[0]) == pytest.approx((1.4351624, 2.1630287), abs=1e-6)


def test_two_levels_and_a_yes_or_no_by_hand():
    """3 of 10 against 6 of 10 above: the log odds ratio, and one over each cell as its variance."""
    levels = [1] * 3 + [0] * 7 + [1] * 6 + [0] * 4
    found = fit(levels, [0] * 10 + [1] * 10)
    assert found.coefficients == pytest.approx([np.log(6 * 7 / (4 * 3))])
    assert found.standard_errors == pytest.approx([np.sqrt(1 / 3 + 1 / 7 + 1 / 6 + 1 / 4)])
    assert found.thresholds == pytest.approx([np.log(7 / 3)])


def by_definition(levels, x, at, who):
    """Return both corrected variances of the coefficients, with derivatives by differences."""
    cuts = at.size - x.shape[1]

    def chances(at):
        below = 1 / (1 + np.exp(x @ at[cuts:] - at[:cuts, None]))
        return np.diff(np.vstack([np.zeros(len(x)), below, np.ones(len(x))]), axis=0)

    def slopes(of):
        steps = 1e-5 * np.eye(at.size)
        return np.array([(of(at + step) - of(at - step)) / 2e-5 for step in steps])

    def scores(at):
        rows = np.log(chances(at)[levels, range(len(x))])
        return np.array([rows[who == g].sum() for g in range(who.max() + 1)])

    own = slopes(scores).T
    moved = slopes(chances)
    rows = np.einsum("qjn,rjn,jn->nqr", moved, moved, 1 / chances(at))
    informations = np.array([rows[who == g].sum(axis=0) for g in range(who.max() + 1)])
    bread = -np.linalg.inv(slopes(lambda at: slopes_of(chances, levels, at)))
    all_of = informations.sum(axis=0)
    found = []
    for root in (True, False):
        left = [np.eye(at.size) - one @ np.linalg.inv(all_of) for one in informations]
        mended = [
            np.linalg.solve(sqrtm(one) if root else one, score)
            for one, score in zip(left, own, strict=True)
        ]
        found.append(np.diag(bread @ np.array(mended).T @ np.array(mended) @ bread)[cuts:])
    return np.array(found)


def slopes_of(chances, levels, at):
    """Return the derivative of the log likelihood."""
    steps = 1e-5 * np.eye(at.size)
    likelihood = [
        [np.log(chances(at + sign * step)[levels, range(levels.size)]).sum() for sign in (1, -1)]
        for step in steps
    ]
    return np.array([(up - down) / 2e-5 for up, down in likelihood])


@pytest.mark.parametrize("seed", [1, 2])
def test_errors_over_few_patients_are_the_mean_of_two_corrections_by_their_definition(seed: int):
    levels, load, patients = courses(seed, patients=12)
    x = np.column_stack([load, load**2])
    found = fit(levels, x, patients)
    peer = OrderedModel(levels, x, distr="logit").fit(method="bfgs", disp=0, gtol=1e-9)
    assert found.coefficients == pytest.approx(peer.params[:2], abs=1e-5)
    at = np.concatenate([found.thresholds, found.coefficients])
    expected = np.sqrt(by_definition(levels, x, at, np.array(patients))).mean(axis=0)
    assert found.standard_errors == pytest.approx(expected, rel=1e-4)
    t = np.abs(found.coefficients / found.standard_errors)
    assert found.p_values == pytest.approx(2 * stats.t.sf(t, 12 - 2 - 1))


def test_the_errors_of_many_patients_are_those_of_statsmodels():
    """Its own correction multiplies the variance by G / (G - 1) and (n - 1) / (n - parameters)."""
    levels, load, patients = courses(1, patients=400)
    x = np.column_stack([load, load**2])
    peer = OrderedModel(levels, x, distr="logit").fit(
        method="bfgs", disp=0, gtol=1e-9, cov_type="cluster", cov_kwds={"groups": patients}
    )
    assert fit(levels, x, patients).standard_errors == pytest.approx(peer.bse[:2], rel=0.02)


@given(st.integers(0, 2**20), st.floats(0.01, 100), st.floats(-100, 100))
@settings(max_examples=15)
def test_units_names_of_levels_and_order_change_no_odds(seed: int, scale: float, shift: float):
    levels, load, patients = courses(seed % 50)
    order = np.random.default_rng(seed).permutation(levels.size)
    plain = fit(levels, load, patients)
    moved = fit(
        2 * levels[order] ** 2 + 1,
        scale * load[order] + shift,
        [f"P{patients[i]}" for i in order],
    )
    assert scale * moved.coefficients == pytest.approx(plain.coefficients, rel=1e-6)
    assert scale * moved.standard_errors == pytest.approx(plain.standard_errors, rel=1e-6)
    assert moved.log_likelihood[1] == pytest.approx(plain.log_likelihood[1])
    turned = fit(-levels, load, patients)
    assert turned.coefficients == pytest.approx(-plain.coefficients)
    assert turned.thresholds == pytest.approx(-plain.thresholds[::-1])


def test_each_scan_twice_is_no_more_evidence():
    levels, load, patients = courses(3)
    once = fit(levels, load, patients)
    twice = fit(np.r_[levels, levels], np.r_[load, load], patients + patients)
    assert twice.standard_errors == pytest.approx(once.standard_errors)


def test_brants_test_by_hand():
    """Two groups of ten at three levels: 5, 3, 2 against 2, 5, 3.

    The log odds ratios of the cuts are 2.079 and 0.539 apart by logs of counts; their covariance
    in a group of n with shares P and Q at or below the cuts is 1 / (n (1 - P) Q).
    """
    levels = [0] * 5 + [1] * 3 + [2] * 2 + [0] * 2 + [1] * 5 + [2] * 3
    found = proportionality(levels, [0] * 10 + [1] * 10)
    slopes = [np.log(8 * 5 / (2 * 5)), np.log(3 * 8 / (7 * 2))]
    assert found.by_cut[:, 0] == pytest.approx(slopes)
    variance = 0.0
    for p, q in ((0.5, 0.8), (0.2, 0.7)):
        variance += 1 / (10 * p * (1 - p)) + 1 / (10 * q * (1 - q)) - 2 / (10 * (1 - p) * q)
    expected = (slopes[0] - slopes[1]) ** 2 / variance
    assert found.statistics == pytest.approx([expected])
    assert found.overall == pytest.approx((expected, 1, stats.chi2.sf(expected, 1)))


def test_the_cuts_are_those_of_logistic_models_of_statsmodels():
    satisfaction, design = housing()
    found = proportionality(satisfaction, design)
    x = np.column_stack([np.ones(len(design)), design])
    for cut in range(2):
        peer = Logit((satisfaction > cut).astype(float), x).fit(disp=0, tol=1e-12)
        assert found.by_cut[cut] == pytest.approx(peer.params[1:], abs=1e-6)
    assert found.overall[1] == 6


def test_odds_that_change_along_the_scale_are_seen_and_patients_count_once():
    rng = np.random.default_rng(1)
    load = rng.normal(size=600)
    steep, flat = rng.random(600) < 1 / (1 + np.exp(-2 * load)), rng.random(600) < 0.5
    levels = steep.astype(int) + (steep & flat)
    who = list(range(600))
    alone = proportionality(levels, load, who)
    assert alone.p_values[0] < 1e-6
    three = proportionality(np.tile(levels, 3), np.tile(load, 3), who * 3)
    assert three.statistics == pytest.approx(alone.statistics)
    assert proportionality(np.tile(levels, 3), np.tile(load, 3)).statistics[0] == pytest.approx(
        3 * proportionality(levels, load).statistics[0]
    )


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_the_odds_ratio_over_patients_covers_the_truth_and_the_test_keeps_its_level():
    """2000 trials of 40 patients with three scans, and a log odds ratio of 1: 95.6 % of the
    intervals hold it, and the test of proportional odds, which are true, rejects in 6.6 %.

    By chance alone either may be off by 1.5 %. The test rejects too often, since a covariance over
    40 patients is on average too small; over 200 patients it rejects in 5.2 % of 600 trials.
    """
    covered = rejected = 0
    for seed in range(2000):
        levels, load, patients = courses(seed)
        found = fit(levels, load, patients)
        covered += np.log(found.ci_low[0]) <= 1 <= np.log(found.ci_high[0])
        rejected += proportionality(levels, load, patients).p_values[0] < 0.05
    assert 0.935 <= covered / 2000 <= 0.965, covered
    assert 0.055 <= rejected / 2000 <= 0.075, rejected


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: fit([1, 1, 1], [1, 2, 3]), "one level"),
        (lambda: fit([1, 2, np.nan], [1, 2, 3]), "missing"),
        (lambda: fit([1, 2, 3], [1, 1, 1]), "same in every row"),
        (lambda: fit([1, 2, 3], [[1, 2], [2, 4], [3, 6]]), "follows from the others"),
        (lambda: fit([0, 0, 1, 1], [1, 2, 3, 4]), "without fail"),
        (lambda: fit([0, 1, 0, 1], [1e-6, 2e-6, 4e-6, 3e-6]), "larger units"),
        (lambda: fit([0, 1, 0, 1], [1, 2, 4, 3], ["a", "a", "b", "b"]), "too few"),
        (lambda: proportionality([0, 1, 0, 1], [1, 2, 4, 3]), "one odds ratio only"),
        (lambda: proportionality(BITTERNESS, WINE, JUDGES), "without fail"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_its_reason(call, said: str):
    with pytest.raises(NotEstimableError, match=said):
        call()


def test_what_does_not_fit_together_is_refused():
    for call in (
        lambda: fit([1, 2], [1, 2, 3]),
        lambda: fit([1, 2, 1], [1, 2, 3], ["a"]),
        lambda: fit([1, 2, 1], [1, 2, 3], confidence=95),
    ):
        with pytest.raises(ValueError, match=r"needs|Expected|confidence"):
            call()
