"""Power: the table of Diggle and others, R's longpower, statsmodels, exact trials, properties."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.api import OLS
from statsmodels.stats.power import TTestIndPower

from analytics.stats import power
from analytics.stats.errors import NotEstimableError
from analytics.stats.mixed import fit
from analytics.stats.power import p_value, sample_size, simulated_power
from analytics.stats.power_closed import ANCOVA, SLOPES, closed_form_power, closed_form_size
from analytics.stats.trial_course import Course, Trial, simulated

PLAN = Course(
    yearly_change_ml={"juvenile": 8.0},
    shares={"juvenile": 1.0},
    level_sd_ml=10,
    yearly_change_sd_ml=4,
    correlation=0.2,
    noise_sd_ml=3,
    visits=(0, 0.5, 1, 1.5, 2),
)


def test_the_sizes_equal_the_table_of_diggle_and_others():
    """Page 29, as the tests of R's longpower have it: visits at 0, 2 and 5, difference 0.5, power
    0.8 at 5 % one-sided. The table takes the normal quantile, Student's needs a patient more.
    """
    table = {0.2: (313, 625, 938), 0.5: (196, 391, 586), 0.8: (79, 157, 235)}
    for rho, sizes in table.items():
        for variance, size in zip((100, 200, 300), sizes, strict=True):
            plan = replace(
                PLAN,
                level_sd_ml=(rho * variance) ** 0.5,
                yearly_change_sd_ml=0,
                noise_sd_ml=((1 - rho) * variance) ** 0.5,
                visits=(0, 2, 5),
            )
            powers = [closed_form_power(plan, 0.5, n, alpha=0.1) for n in (size - 1, size + 1)]
            assert powers[0] < 0.8 <= powers[1]


def test_the_size_with_own_slopes_equals_longpower():
    """Its example of ADAS-cog: variances 55, 24 and 10, correlation 0.8, visits each quarter to a
    year and a half, difference 1.5: 207.3101 an arm.
    """
    plan = replace(
        PLAN, level_sd_ml=55**0.5, yearly_change_sd_ml=24**0.5, correlation=0.8,
        noise_sd_ml=10**0.5, visits=tuple(np.arange(0, 1.75, 0.25)),
    )  # fmt: skip
    powers = [closed_form_power(plan, 1.5, n) for n in (207, 209)]
    assert powers[0] < 0.8 <= powers[1]


@pytest.mark.parametrize("n", [5, 20, 60])
def test_the_closed_form_equals_the_t_test_of_statsmodels(n: int):
    """Slopes of visits at 0, 0.5, ... 2: 16 mL2 between patients and 9 / 2.5 of noise."""
    expected = TTestIndPower().power(4 / np.sqrt(16 + 9 / 2.5), n, 0.05)
    assert closed_form_power(PLAN, 4, n) == pytest.approx(expected, rel=1e-9)
    assert closed_form_power(PLAN, -4, n) == pytest.approx(expected, rel=1e-9)


def _trials(count: int, plan: Course = PLAN) -> list[Trial]:
    """Return the trials of nine an arm that the seed 7 gives."""
    rng = np.random.default_rng([7, 9])
    return [simulated(plan, 4, 9, rng) for _ in range(count)]


@pytest.mark.parametrize(("spread", "compared"), [(4, 40), (0.5, 25)])
def test_complete_trials_find_what_the_t_test_of_the_patients_slopes_finds(spread, compared):
    """The same p-value in each of 40 trials but those in which a variance is estimated as zero:
    none where patients differ by 4 mL a year, and 15 at 0.5, where the p-value is larger.
    """
    same, found = 0, []
    plan = replace(PLAN, yearly_change_sd_ml=spread)
    for trial in _trials(40, plan):
        slopes = np.polyfit(PLAN.visits, trial.load.reshape(18, 5).T, 1)[0]
        expected = stats.ttest_ind(slopes[:9], slopes[9:]).pvalue
        found.append(p_value(trial))
        if _without_a_variance(trial):
            assert found[-1] > expected
        else:
            same += 1
            assert found[-1] == pytest.approx(expected, rel=1e-4)
    assert same == compared
    power_of = simulated_power(plan, 4, 9, n_trials=40, seed=7).power
    assert power_of == sum(p < 0.05 for p in found) / 40


def _without_a_variance(trial: Trial) -> bool:
    line = np.column_stack([np.ones(trial.load.size), trial.years])
    arms = np.column_stack([line, line * trial.arm[:, None]])
    return fit(trial.load, arms, trial.patient.tolist(), line).singular


def test_the_power_of_the_last_visit_agrees_with_its_closed_form():
    found = simulated_power(PLAN, 4, 20, ANCOVA, n_trials=1000)
    assert found.ci_low <= closed_form_power(PLAN, 4, 20, ANCOVA) <= found.ci_high
    assert found.ci_high - found.ci_low < 0.06
    assert found.n_failed == 0


def test_a_simulated_trial_has_the_moments_that_were_declared():
    """Levels, their correlation with the change, subtypes, drop-out and treatment."""
    plan = replace(
        PLAN,
        yearly_change_ml={"infantile": 20.0, "juvenile": 5.0},
        shares={"infantile": 0.25, "juvenile": 0.75},
        drop_out=0.2,
    )
    trial = simulated(plan, 3, 20000, np.random.default_rng(0))
    last = trial.years == 2
    assert last.sum() / 40000 == pytest.approx(0.8**2, abs=0.01)
    first = trial.years == 0
    assert first.sum() == 40000
    assert trial.load[first].std() == pytest.approx((10**2 + 3**2) ** 0.5, rel=0.02)
    juvenile = trial.subtype == 0
    assert juvenile[first].mean() == pytest.approx(0.75, abs=0.01)
    for treated, kind, change in ((0, True, 10), (1, True, 4), (0, False, 40), (1, False, 34)):
        group = last & (juvenile == kind) & (trial.arm == treated)
        assert trial.load[group].mean() == pytest.approx(change, abs=0.6)
    group = last & juvenile & (trial.arm == 0)
    spread = 10**2 + 2 * 2 * 0.2 * 10 * 4 + 4 * 4**2 + 3**2
    assert trial.load[group].std() == pytest.approx(spread**0.5, rel=0.03)


@given(st.integers(0, 2**20), st.integers(12, 40))
@settings(max_examples=10)
def test_the_same_seed_gives_the_same_power_and_drop_out_never_helps_much(seed: int, n: int):
    first = simulated_power(PLAN, 4, n, ANCOVA, n_trials=50, seed=seed)
    assert simulated_power(PLAN, 4, n, ANCOVA, n_trials=50, seed=seed) == first
    assert first.ci_low <= first.power <= first.ci_high
    left = simulated_power(replace(PLAN, drop_out=0.2), 4, n, ANCOVA, n_trials=50, seed=seed)
    assert left.power <= first.power + 0.3


@given(st.integers(0, 2**20), st.permutations(["infantile", "juvenile", "adult"]))
@settings(max_examples=5)
def test_what_subtypes_are_called_and_their_order_change_nothing(seed: int, names: list[str]):
    """Small trials, in which a subtype is often rare or missing."""

    def found(called: list[str], analysis: str):
        parts = list(zip(called, (0.7, 0.2, 0.1), (5.0, 20.0, 1.0), strict=True))
        plan = replace(
            PLAN,
            shares={name: share for name, share, _ in sorted(parts)},
            yearly_change_ml={name: change for name, _, change in parts},
            drop_out=0.1,
        )
        return simulated_power(plan, 4, 8, analysis, n_trials=20, seed=seed)

    for analysis in (SLOPES, ANCOVA):
        assert found(names, analysis) == found(["a", "b", "c"], analysis)


def test_the_commonest_subtype_of_a_trial_is_the_reference_of_the_others():
    """By hand: whatever subtype is missing, rare or common, the p-value is that of least squares
    with an indicator of each subtype there and no intercept.
    """
    rng = np.random.default_rng(3)
    arm = np.tile([0.0, 1.0], 8)
    for subtype in ([1] * 12 + [2] * 4, [0] * 3 + [2] * 13, [0, 1, 1, 2] * 4, [2] * 16):
        kind = np.array(subtype)
        levels = rng.normal(40, 10, 16) + 9 * kind
        loads = levels + 4 * arm + 6 * kind + rng.normal(0, 3, 16)
        trial = Trial(
            np.column_stack([levels, loads]).ravel(), np.tile([0.0, 2.0], 16),
            np.repeat(np.arange(16), 2), np.repeat(arm, 2), np.repeat(kind, 2), last=2.0,
        )  # fmt: skip
        x = np.column_stack([arm, levels, *(kind == k for k in sorted(set(subtype)))])
        peer = OLS(loads, x.astype(float)).fit()
        assert p_value(trial, ANCOVA) == pytest.approx(peer.pvalues[0])


def test_a_subtype_without_a_rate_of_its_own_is_pooled_with_the_reference():
    """Its only patient left after the first scan; the trial is analysed as if of one subtype."""
    whole = simulated(PLAN, 4, 10, np.random.default_rng(5))
    stays = (whole.patient != 3) | (whole.years == 0)
    arrays = (whole.load, whole.years, whole.patient, whole.arm, np.where(whole.patient == 3, 1, 0))
    load, years, patient, arm, subtype = (each[stays] for each in arrays)
    found = p_value(Trial(load, years, patient, arm, subtype, 2.0))
    one_kind = Trial(load, years, patient, arm, 0 * subtype, 2.0)
    assert found == pytest.approx(p_value(one_kind), rel=1e-9)
    assert p_value(Trial(*arrays, 2.0)) != pytest.approx(p_value(whole), rel=1e-3)


def test_a_trial_that_is_refused_counts_as_having_found_nothing(monkeypatch):
    """Of 40 trials the third and the seventh cannot be fitted; a third refusal is one too many."""
    whole = [p_value(trial) for trial in _trials(40)]
    kept = [p for place, p in enumerate(whole) if place not in (2, 6)]
    calls = iter(range(80))

    def sometimes(trial: Trial, analysis: str) -> float:
        if next(calls) in (2, 6, 42, 46, 79):
            raise NotEstimableError("Not this one.")
        return p_value(trial, analysis)

    monkeypatch.setattr(power, "p_value", sometimes)
    found = simulated_power(PLAN, 4, 9, n_trials=40, seed=7)
    assert (found.n_failed, found.n_trials) == (2, 40)
    assert found.power == sum(p < 0.05 for p in kept) / 40
    with pytest.raises(NotEstimableError, match=r"9 patients an arm.*Not this one"):
        simulated_power(PLAN, 4, 9, n_trials=40, seed=7)


def test_more_patients_and_larger_differences_have_more_power():
    powers = [closed_form_power(PLAN, 4, n) for n in range(4, 60)]
    assert (np.diff(powers) > 0).all()
    assert closed_form_power(PLAN, 5, 20) > closed_form_power(PLAN, 4, 20)
    assert closed_form_power(PLAN, 0, 20) == pytest.approx(0.05)


def test_the_search_finds_about_the_size_of_the_closed_form():
    found = sample_size(PLAN, 4, 0.8, ANCOVA, n_trials=200)
    assert found.ci_low <= 0.8 <= found.ci_high
    assert closed_form_power(PLAN, 4, found.n_per_arm, ANCOVA) == pytest.approx(0.8, abs=0.08)


def test_the_power_of_the_size_found_is_that_of_trials_which_did_not_choose_it():
    """With the seed it was chosen by, it reaches the power asked for whatever the truth."""
    for seed in (0, 4):
        found = sample_size(PLAN, 4, 0.8, ANCOVA, n_trials=100, seed=seed)
        size = found.n_per_arm
        assert found == simulated_power(PLAN, 4, size, ANCOVA, n_trials=100, seed=seed + 1)
        assert simulated_power(PLAN, 4, size, ANCOVA, n_trials=100, seed=seed).power >= 0.8


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_a_long_search_finds_the_size_of_the_closed_form_and_those_who_leave_on_top():
    found = sample_size(PLAN, 4, 0.8, ANCOVA, n_trials=4000)
    assert closed_form_power(PLAN, 4, found.n_per_arm, ANCOVA) == pytest.approx(0.8, abs=0.03)
    leaving = sample_size(replace(PLAN, drop_out=0.2), 4, 0.8, ANCOVA, n_trials=4000)
    assert leaving.n_per_arm == pytest.approx(found.n_per_arm / 0.64, rel=0.1)


def test_subtypes_and_drop_out_are_analysed_by_slopes():
    plan = replace(
        PLAN,
        yearly_change_ml={"infantile": 20.0, "juvenile": 5.0},
        shares={"infantile": 0.3, "juvenile": 0.7},
        drop_out=0.15,
    )
    found = simulated_power(plan, 12, 12, n_trials=20)
    assert (found.n_trials, found.n_failed) == (20, 0)
    assert found.power > 0.9


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_without_a_difference_the_trial_finds_one_in_twenty():
    """Ten an arm, two subtypes, 15 % a year leaving, 2000 trials of slopes: 5.8 %."""
    plan = replace(
        PLAN,
        yearly_change_ml={"infantile": 20.0, "juvenile": 5.0},
        shares={"infantile": 0.3, "juvenile": 0.7},
        drop_out=0.15,
    )
    found = simulated_power(plan, 0, 10, n_trials=2000)
    assert found.n_failed == 0
    assert 0.035 <= found.power <= 0.065, found


def test_a_difference_too_small_to_find_is_refused():
    with pytest.raises(NotEstimableError, match="5000"):
        sample_size(PLAN, 0.01, analysis=ANCOVA, n_trials=2)


def test_trials_that_cannot_be_analysed_have_no_power_but_a_reason():
    """Nobody stays for a second scan; a power of 0 % would look like a finding."""
    gone = replace(PLAN, drop_out=0.999999)
    for analysis, reason in ((ANCOVA, "last visit"), (SLOPES, "cannot tell 2 random effects")):
        with pytest.raises(NotEstimableError, match=f"Too many trials.*{reason}"):
            simulated_power(gone, 4, 10, analysis, n_trials=40)
        with pytest.raises(NotEstimableError, match="5000 patients an arm cannot be analysed"):
            sample_size(gone, 4, analysis=analysis, n_trials=2)


def test_a_size_whose_trials_cannot_be_analysed_is_not_enough():
    """Four in five leave each year: of a dozen patients too few see the last visit."""
    plan = replace(PLAN, drop_out=0.8)
    with pytest.raises(NotEstimableError, match="Too many trials"):
        simulated_power(plan, 20, 6, ANCOVA, n_trials=40)
    found = sample_size(plan, 20, 0.8, ANCOVA, n_trials=40)
    assert found.n_per_arm > 12


def test_the_last_visit_is_the_one_planned_even_if_nobody_came():
    whole = simulated(PLAN, 4, 10, np.random.default_rng(2))
    early = whole.years < 2
    arrays = (whole.load, whole.years, whole.patient, whole.arm, whole.subtype)
    trial = Trial(*(each[early] for each in arrays), last=2.0)
    with pytest.raises(NotEstimableError, match="last visit"):
        p_value(trial, ANCOVA)


def test_slopes_of_two_visits_are_refused_whichever_way_the_power_is_asked_for():
    """Their closed form would answer, though no such trial can be analysed."""
    plan = replace(PLAN, visits=(0, 2))
    for call in (simulated_power, closed_form_power):
        with pytest.raises(ValueError, match="three visits"):
            call(plan, 4, 20)
        call(plan, 4, 20, ANCOVA)
    with pytest.raises(ValueError, match="three visits"):
        sample_size(plan, 4)


@pytest.mark.parametrize(
    "change",
    [
        {"shares": {"infantile": 1.0}},
        {"shares": {"juvenile": 0.9}},
        {"noise_sd_ml": 0},
        {"correlation": 1.5},
        {"drop_out": 1.0},
        {"visits": (0.5, 1)},
        {"visits": (0, 1, 1)},
        {"visits": (0,)},
    ],
)
def test_a_course_that_cannot_be_is_refused(change):
    with pytest.raises(ValueError, match=r"subtype|sum to 1|noise|drop-out|two times or more"):
        replace(PLAN, **change)


def test_what_is_no_plan_is_refused():
    for call in (
        lambda: simulated_power(PLAN, 4, 10, "mmrm"),
        lambda: simulated_power(PLAN, 4, 3, SLOPES),
        lambda: closed_form_power(PLAN, 4, 10, alpha=5),
        lambda: sample_size(PLAN, 0),
        lambda: sample_size(PLAN, 4, 80),
    ):
        with pytest.raises(ValueError, match=r"analysis|needs|power"):
            call()


@pytest.mark.parametrize("analysis", [SLOPES, ANCOVA])
def test_many_subtypes_leave_the_search_a_degree_of_freedom_to_begin_with(analysis: str):
    """Eight subtypes take seven of the degrees that two arms of four patients have."""
    kinds = [f"kind {number}" for number in range(8)]
    plan = replace(
        PLAN, yearly_change_ml=dict.fromkeys(kinds, 8.0), shares=dict.fromkeys(kinds, 1 / 8)
    )
    size = closed_form_size(plan, 8, 0.8, analysis)
    assert closed_form_power(plan, 8, size, analysis) >= 0.8
    found = sample_size(plan, 8, 0.8, ANCOVA, n_trials=60, seed=3)
    assert found.n_per_arm == pytest.approx(size, abs=8)


def test_the_closed_form_size_is_the_smallest_that_does_and_grows_with_drop_out():
    for difference in (1.5, 2.5, 4):
        size = closed_form_size(PLAN, difference)
        powers = [closed_form_power(PLAN, difference, n) for n in (size - 1, size)]
        assert powers[0] < 0.8 <= powers[1]
    assert closed_form_size(replace(PLAN, drop_out=0.19), 4) == int(np.ceil(size / 0.81))
    with pytest.raises(NotEstimableError, match="5000 patients an arm"):
        closed_form_size(PLAN, 0.01)
