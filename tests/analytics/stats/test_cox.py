"""Cox regression: R's survival, Stata, closed forms of its authors, statsmodels, properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg

from analytics.stats import cox_steps
from analytics.stats.cox import fit
from analytics.stats.cox_checks import proportional_hazards
from analytics.stats.errors import NotEstimableError, TooFewClustersError
from analytics.stats.follow_up import follow_up
from tests.analytics.stats.test_survival import (
    MAINTAINED,
    MERCAPTOPURINE,
    NOT_MAINTAINED,
    PLACEBO,
    both,
    cohort,
)

START = [1, 2, 5, 2, 1, 7, 3, 4, 8, 8]
STOP = [2, 3, 6, 7, 8, 9, 9, 9, 14, 17]
EVENT = [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]
X = [1, 0, 0, 1, 0, 1, 1, 1, 0, 0]
"""The second example of Therneau and Grambsch 2000, Modeling Survival Data, appendix E."""


def test_the_remission_data_equal_r_and_stata():
    """coxph, Efron: -1.5721 (0.4124), hazard ratio 0.2076, likelihood ratio 16.35; stcox, Breslow:
    hazard ratio 0.2210887 (0.0990706 to 0.4933877), log likelihoods -93.98505 and -86.379622.

    statsmodels gives -1.572125148829067 (0.41239671770945563), log likelihoods -93.18426999684775
    and -85.00842457737163.
    """
    end, event, group = both(PLACEBO, MERCAPTOPURINE)
    assert (event.sum(), end.sum()) == (30, 541)
    found = fit(end, event, group)
    assert found.coefficients == pytest.approx([-1.572125148829067], abs=1e-9)
    assert found.standard_errors == pytest.approx([0.41239671770945563], abs=1e-9)
    assert found.hazard_ratios == pytest.approx([0.2076], abs=5e-5)
    assert found.log_likelihood == pytest.approx((-93.18426999684775, -85.00842457737163))
    assert found.likelihood_ratio[0] == pytest.approx(16.35, abs=5e-3)
    stata = fit(end, event, group, ties="breslow")
    assert stata.hazard_ratios == pytest.approx([0.2210887], abs=5e-8)
    interval = [stata.ci_low[0], stata.ci_high[0]]
    assert interval == pytest.approx([0.0990706, 0.4933877], abs=1e-6)
    assert stata.log_likelihood == pytest.approx((-93.98505, -86.379622), abs=1e-5)


def test_the_leukaemia_data_equal_r():
    """coxph: Efron 0.9155 (0.5119), z 1.788, p 0.0737, likelihood ratio 3.38 (0.06581); Breslow
    0.904 (0.512), 3.3 (0.0694).
    """
    found = fit(*both(MAINTAINED, NOT_MAINTAINED))
    assert found.coefficients == pytest.approx([0.9155], abs=5e-5)
    assert found.standard_errors == pytest.approx([0.5119], abs=5e-5)
    assert (found.z[0], found.p_values[0]) == pytest.approx((1.788, 0.0737), abs=5e-4)
    assert found.likelihood_ratio == pytest.approx((3.38, 0.06581), abs=5e-3)
    breslow = fit(*both(MAINTAINED, NOT_MAINTAINED), ties="breslow")
    assert breslow.coefficients == pytest.approx([0.904], abs=5e-4)
    assert breslow.likelihood_ratio[1] == pytest.approx(0.0694, abs=5e-5)


def test_delayed_entry_equals_the_closed_form_of_its_authors():
    """With r the hazard ratio, the log likelihood and information of the book; and what R prints of
    it (tests/book4.Rout.save): Schoenfeld's residuals, and the residuals that make it robust.
    """
    found = fit(STOP, EVENT, X, START, clusters=range(10))
    b = found.coefficients[0]
    r = np.exp(b)
    logs = np.log([r + 1, r + 2, 3 * r + 2, 3 * r + 2, 3 * r + 1, 3 * r + 1, 2 * r + 2])
    assert found.log_likelihood[1] == pytest.approx(4 * b - logs.sum(), abs=1e-12)
    information = r * (
        1 / (r + 1) ** 2
        + 2 / (r + 2) ** 2
        + 12 / (3 * r + 2) ** 2
        + 6 / (3 * r + 1) ** 2
        + 4 / (2 * r + 2) ** 2
    )
    assert found.model_covariance == pytest.approx(np.array([[1 / information]]))
    assert b == pytest.approx(2 * -0.0105526, abs=1e-7)
    printed = [0.5052761, -0.3286599, -0.5949242, 0.2539781, -0.7460219, 0.4551759, 0.4551759]
    ours = found.step_scores[:, 0]
    assert ours[:5] == pytest.approx(printed[:5], abs=1e-6)
    assert ours[5:].sum() == pytest.approx(sum(printed[5:]), abs=1e-6)
    score = [0.2553039, -0.2183386, -0.4744295, -0.1101520, 0.1137126, 0.2491954, 0.1057078,
             -0.4119611, 0.2454808, 0.2454808]  # fmt: skip
    robust = (np.array(score) ** 2).sum() / information**2
    # R leaves out what few clusters lack: one in ten here.
    assert found.covariance / (10 / 9) == pytest.approx(np.array([[robust]]), rel=1e-5)


def test_proportionality_equals_the_closed_form_of_its_authors():
    """tests/zph.R of R's survival: events at 1, 6, 6 and 9, with the logarithm of time.

    The score test of a coefficient that changes with time, of sums over the events.
    """
    end, event, x = [9, 1, 1, 6, 6, 8], [1, 1, 0, 1, 1, 0], [0, 1, 1, 1, 0, 0]
    for ties, r, third in (
        ("breslow", (3 + np.sqrt(33)) / 2, 3),
        ("efron", 2 * np.sqrt(23 / 3) * np.cos(np.arccos(45 / 23 * np.sqrt(3 / 23)) / 3), 5),
    ):
        model = fit(end, event, x, ties=ties)
        assert model.hazard_ratios == pytest.approx([r])
        u = np.array([1 / (r + 1), 3 / (r + 3), -r / (r + third), 0])
        information = np.array(
            [r / (r + 1) ** 2, 3 * r / (r + 3) ** 2, third * r / (r + third) ** 2, 0]
        )
        for scale, times in (("log", np.log([1, 6, 6, 9])), ("identity", np.array([1, 6, 6, 9]))):
            g = times - times.mean()
            score = [u.sum(), (g * u).sum()]
            middle = (g * information).sum()
            matrix = [[information.sum(), middle], [middle, (g**2 * information).sum()]]
            expected = score @ np.linalg.solve(matrix, score)
            found = proportional_hazards(model, scale)
            assert found.statistics == pytest.approx([expected])
            assert found.overall[0] == pytest.approx(expected)


def test_two_patients_and_three_by_hand():
    """r / (1 + r) rises for ever with r; a third patient, first and without x, ends that."""
    with pytest.raises(NotEstimableError, match="monotone"):
        fit([1, 2], [1, 1], [1, 0])
    # Of (0; 1, 0), (1; 0): log likelihood b - log(r + 2) - log(r + 1) has its top at r = sqrt(2).
    found = fit([1, 2, 3], [1, 1, 1], [0, 1, 0])
    assert found.hazard_ratios == pytest.approx([np.sqrt(2)])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_delayed_entries_ties_and_strata_equal_statsmodels(seed: int, ties: str):
    entry, end, event, x = cohort(seed)
    design = np.column_stack([x, np.arange(x.size) % 2, x**2])
    strata = np.arange(x.size) % 4 // 2
    found = fit(end, event, design, entry, strata=strata.tolist(), ties=ties)
    # Half a day on, for the peer counts who enters at the time of an event as at risk.
    peer = PHReg(end, design, status=event, entry=entry + 0.5, strata=strata, ties=ties).fit()
    assert found.coefficients == pytest.approx(peer.params, abs=1e-6)
    assert found.log_likelihood[1] == pytest.approx(peer.llf, abs=1e-9)
    assert found.standard_errors == pytest.approx(peer.bse, rel=1e-6)


def test_the_information_is_the_curvature_of_the_likelihood():
    """Efron's ties: differences of the log likelihood, written out."""
    entry, end, event, x = cohort(4)
    found = fit(end, event, x, entry)
    low, here, high = (
        log_likelihood(found.coefficients[0] + step, entry, end, event, x)
        for step in (-1e-3, 0, 1e-3)
    )
    assert here == pytest.approx(found.log_likelihood[1])
    assert (2 * here - low - high) / 1e-6 == pytest.approx(
        1 / found.standard_errors[0] ** 2, rel=1e-5
    )


def log_likelihood(b, entry, end, event, x) -> float:
    total = 0.0
    for time in np.unique(end[event]):
        tied = event & (end == time)
        risk = np.exp(b * x[(entry < time) & (end >= time)]).sum()
        own = np.exp(b * x[tied])
        total += b * x[tied].sum()
        total -= sum(np.log(risk - k / own.size * own.sum()) for k in range(own.size))
    return total


@given(st.integers(0, 2**20), st.floats(0.01, 100), st.floats(-100, 100))
@settings(max_examples=20)
def test_units_origin_and_order_change_no_hazard_ratio_of_one_deviation(seed, scale, shift):
    entry, end, event, x = cohort(seed % 100, 40)
    order = np.random.default_rng(seed).permutation(x.size)
    plain = fit(end, event, x, entry)
    moved = fit(2 * end[order] + 1, event[order], scale * x[order] + shift, 2 * entry[order] + 1)
    assert scale * moved.coefficients[0] == pytest.approx(plain.coefficients[0], rel=1e-6, abs=1e-9)
    assert moved.log_likelihood[1] == pytest.approx(plain.log_likelihood[1])
    checks = [proportional_hazards(model).statistics for model in (plain, moved)]
    assert checks[0] == pytest.approx(checks[1], rel=1e-6, abs=1e-9)


def test_each_row_twice_in_one_cluster_is_as_good_as_once():
    """Robust standard errors do not take copies for evidence (ties by Breslow, as they tie)."""
    entry, end, event, x = cohort(5, 80)
    names = list(range(80))
    once = fit(end, event, x, entry, clusters=names, ties="breslow")
    copied = [np.concatenate([each, each]) for each in (end, event, x, entry)]
    twice = fit(*copied, clusters=names + names, ties="breslow")
    assert twice.coefficients == pytest.approx(once.coefficients)
    assert twice.standard_errors == pytest.approx(once.standard_errors)


def test_few_clusters_are_tested_by_student_and_fewer_than_ten_not_at_all():
    """Sixty patients of twelve sites: t of 11 degrees of freedom, Hotelling's F of 2 and 10."""
    entry, end, event, x = cohort(6)
    sites = [place % 12 for place in range(60)]
    found = fit(end, event, x, entry, clusters=sites)
    ratio = found.coefficients / found.standard_errors
    assert found.n_clusters == 12
    assert found.p_values == pytest.approx(2 * stats.t.sf(np.abs(ratio), 11))
    half = stats.t.isf(0.025, 11) * found.standard_errors
    assert np.log(found.ci_high) == pytest.approx(found.coefficients + half)
    assert found.wald[1] == pytest.approx(found.p_values[0])
    both_of = fit(end, event, np.column_stack([x, x**2]), entry, clusters=sites)
    assert both_of.wald[1] == pytest.approx(stats.f.sf(both_of.wald[0] * 10 / (2 * 11), 2, 10))
    plain = fit(end, event, x, entry)
    assert plain.n_clusters is None
    assert found.likelihood_ratio == plain.likelihood_ratio
    with pytest.raises(TooFewClustersError, match=r"need 10 clusters.*found 9"):
        fit(end, event, x, entry, clusters=[place % 9 for place in range(60)])


def test_a_hazard_ratio_that_changes_is_seen_and_one_that_does_not_is_not():
    """A treatment that stops to work at 3: its hazard ratio is 0.1 before and 3 after."""
    rng = np.random.default_rng(0)
    treated = np.arange(400) % 2
    first = rng.exponential(np.where(treated, 10, 1) * 3)
    late = 3 + rng.exponential(np.where(treated, 1, 3))
    end = np.where(first < 3, first, late)
    assert proportional_hazards(fit(end, np.ones(400), treated)).p_values[0] < 1e-6
    same = rng.exponential(np.where(treated, 2, 1))
    found = proportional_hazards(fit(same, np.ones(400), treated))
    assert found.p_values[0] > 0.05
    assert found.residuals.mean() == pytest.approx(np.log(0.5), abs=0.3)


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_the_interval_of_the_hazard_ratio_covers_the_truth():
    """2000 trials of some 90 patients with delayed entry, and a coefficient of 0.5."""
    covered = 0
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        x, entry = rng.normal(size=120), rng.uniform(0, 4, 120)
        event_at = rng.exponential(8 * np.exp(-0.5 * x))
        seen = event_at > entry
        end = np.minimum(event_at, entry + 6)
        found = fit(end[seen], (event_at <= entry + 6)[seen], x[seen], entry[seen])
        covered += np.log(found.ci_low[0]) <= 0.5 <= np.log(found.ci_high[0])
    assert 0.935 <= covered / 2000 <= 0.965, covered


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"event": [0] * 6}, "None of 6"),
        ({"covariates": [1.0] * 6}, "same for every patient"),
        ({"covariates": [1.0, 2, np.nan, 4, 5, 6]}, "finite"),
        ({"covariates": np.column_stack([range(6), range(6)])}, "follows from the others"),
        ({"covariates": [1, 1, 1, 0, 0, 0]}, "monotone"),
        ({"strata": list("abcdef")}, "who are ever compared"),
        ({"clusters": ["a"] * 6}, "need 10 clusters"),
        ({"covariates": [2e-6, 1e-6, 4e-6, 3e-6, 6e-6, 1e-6]}, "larger units"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_its_reason(change, said: str):
    asked = {"end": range(1, 7), "event": [1] * 6, "covariates": [2, 1, 4, 3, 6, 1]}
    with pytest.raises(NotEstimableError, match=said):
        fit(**{**asked, **change})


def test_a_patient_far_from_all_others_ends_no_search():
    """Who leaves before the first event counts for nothing, however far from the others."""
    _, end, event, x = cohort(8)
    others = fit(end[1:], event[1:], x[1:])
    x[0], event[0], end[0] = 1e4, False, 0.5
    assert fit(end, event, x).coefficients == pytest.approx(others.coefficients, rel=1e-6)


def test_events_at_one_time_tell_nothing_of_change():
    with pytest.raises(NotEstimableError, match="one time"):
        proportional_hazards(fit([1, 1, 2, 2], [1, 1, 0, 0], [1, 0, 1, 0]))


def test_what_does_not_fit_together_is_refused():
    for change in ({"ties": "exact"}, {"covariates": [1, 2]}, {"confidence": 95}):
        asked = {"end": [1, 2, 3], "event": [1, 1, 1], "covariates": [0, 1, 0]}
        with pytest.raises(ValueError, match=r"Ties|Expected|confidence"):
            fit(**{**asked, **change})
    with pytest.raises(ValueError, match="scale"):
        proportional_hazards(fit([1, 2, 3], [1, 1, 1], [0, 1, 0]), "km")


def test_events_are_taken_in_blocks_to_the_same_numbers(monkeypatch):
    rng = np.random.default_rng(5)
    n = 120
    entry = rng.integers(0, 10, n)
    end = entry + rng.integers(1, 30, n)
    event, x = rng.random(n) < 0.7, rng.normal(size=(n, 2))
    asked = (end, event, x, entry, (np.arange(n) % 3).tolist(), (np.arange(n) // 5).tolist())
    whole = fit(*asked)
    monkeypatch.setattr(cox_steps, "BLOCK_CELLS", 200)
    layers = np.arange(n) % 3
    steps = cox_steps.Steps.of(follow_up(end, event, entry), layers, efron=True)
    sizes = [block.weights.size for block in steps.blocks()]
    assert len(sizes) > 10
    assert max(sizes) <= 200
    parts = fit(*asked)
    for name in ("coefficients", "covariance", "model_covariance", "step_scores", "step_times"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-9, abs=1e-12)
