"""Groups compared in the time to a milestone: against statsmodels, and where nothing is told."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff

from analytics.stats.episodes import Episode, n_at_risk
from analytics.stats.errors import NotEstimableError
from analytics.stats.milestone_groups import LOAD, curves, difference, hazards


def cohort(n: int = 60, *, seed: int = 3) -> list[Episode]:
    rng = np.random.default_rng(seed)
    found = []
    for patient in range(n):
        group, load_ml = "ab"[patient % 2], float(rng.uniform(5, 120))
        entry = float(rng.integers(0, 20))
        event_at = entry + rng.exponential(30 if group == "a" else 15) * np.exp(-load_ml / 200) + 1
        end = min(event_at, entry + rng.uniform(5, 60))
        found.append(Episode(patient, group, "", entry, end, bool(end == event_at), load_ml))
    return found


def test_the_log_rank_test_is_that_of_statsmodels():
    found = cohort()
    ours = difference(found)
    end, event, entry, group = (
        np.array([getattr(one, name) for one in found])
        for name in ("end", "event", "entry", "group")
    )
    theirs, p_value = survdiff(end, event, group, entry=entry)
    assert ours.statistic == pytest.approx(theirs, rel=1e-9)
    assert ours.p_value == pytest.approx(p_value, rel=1e-9)
    assert p_value == pytest.approx(float(stats.chi2.sf(theirs, 1)))


def test_the_hazard_ratios_of_group_and_load_are_those_of_statsmodels():
    found = cohort()
    ours = hazards(found, "a", with_load=True)
    design = np.array([[one.group == "b", one.load_ml / 10] for one in found], dtype=float)
    theirs = PHReg(
        np.array([one.end for one in found]),
        design,
        status=np.array([one.event for one in found], dtype=int),
        entry=np.array([one.entry for one in found]),
        ties="efron",
    ).fit()
    assert [one.name for one in ours.ratios] == ["b", LOAD]
    assert [one.ratio for one in ours.ratios] == pytest.approx(np.exp(theirs.params), rel=1e-5)
    low, high = np.exp(theirs.conf_int()).T
    assert [one.ci_low for one in ours.ratios] == pytest.approx(low, rel=1e-4)
    assert [one.ci_high for one in ours.ratios] == pytest.approx(high, rel=1e-4)
    assert (ours.reference, ours.n, ours.n_events) == ("a", 60, sum(one.event for one in found))
    assert ours.overall_changes is not None
    assert ours.overall_changes[1] == 2


def test_a_curve_by_hand_with_a_late_entry():
    """At 4, one of two at risk; at 6, one of two, for the third entered at 5: 1/2, then 1/4."""
    own = [
        Episode(1, "a", "", 0, 4, True),
        Episode(2, "a", "", 0, 6, True),
        Episode(3, "a", "", 5, 9, False),
    ]
    (found,) = curves(own, ["a", "b"])
    assert found.found is not None
    assert found.found.survival.tolist() == [0.5, 0.25]
    assert (found.n, found.n_events) == (3, 2)


@pytest.mark.parametrize(
    ("own", "why"),
    [
        ([Episode(1, "a", "", 0, 4, False)], "no patient of this group reached it"),
        (
            [Episode(1, "a", "", 0, 4, True), Episode(2, "a", "", 5, 9, True)],
            "everybody at risk at 4 had the event then",
        ),
    ],
)
def test_a_curve_that_the_data_do_not_allow_says_why(own, why: str):
    (found,) = curves(own, ["a"])
    assert found.found is None
    assert found.reason.startswith(why)


def test_a_patient_of_two_times_at_risk_in_two_groups_counts_once():
    """Twenty patients, of whom ten are treated at 5: their later time is that of the treated."""
    found = []
    for patient in range(20):
        if patient % 2:
            found.append(Episode(patient, "before", "", 0, 5, False))
            found.append(Episode(patient, "after", "", 5, 10 + patient, True))
        else:
            found.append(Episode(patient, "before", "", 0, 6 + patient / 2, True))
    ours = hazards(found, "before", with_load=False)
    assert (ours.n, ours.n_events) == (20, 20)
    assert [one.n for one in curves(found, ["before", "after"])] == [20, 10]
    assert ours.ratios[0].ratio < 1


@pytest.mark.parametrize(("events", "needed"), [(4, 5), (9, 10)])
def test_with_few_events_nothing_is_tested(events: int, needed: int):
    groups = "ab" if needed == 5 else "abc"
    found = [Episode(i, groups[i % len(groups)], "", 0, 5 + i, i < events) for i in range(20)]
    for test in (difference, lambda own: hazards(own, "a", with_load=False)):
        with pytest.raises(NotEstimableError, match=f"{events} events are too few: {needed} are"):
            test(found)


def test_nobody_at_risk_and_one_group_alone_are_not_compared():
    with pytest.raises(NotEstimableError, match="Nobody is at risk"):
        difference([])
    with pytest.raises(NotEstimableError, match="two groups"):
        hazards(cohort()[::2], "a", with_load=False)


def test_within_strata_a_difference_between_the_strata_is_none():
    """Each stratum has one hazard; mixed, the group of the fast stratum looks worse."""
    rng = np.random.default_rng(1)
    found = []
    for patient in range(200):
        fast = patient % 2
        group = "b" if rng.random() < (0.8 if fast else 0.2) else "a"
        end = float(rng.exponential(10 if fast else 60)) + 0.01
        found.append(Episode(patient, group, "LI" if fast else "LJ", 0, end, True))
    pooled = [Episode(e.patient, e.group, "", e.entry, e.end, e.event) for e in found]
    assert difference(pooled).p_value < 1e-6
    assert difference(found).p_value > 0.05


def test_events_while_one_group_alone_is_at_risk_do_not_count():
    """Four events of one stratum with nobody treated, and that of the only one treated."""
    found = [Episode(n, "untreated", "LI", 0, 5 + n, True) for n in range(4)]
    found.append(Episode(10, "treated", "LJ", 0, 5, True))
    found += [Episode(20 + n, "untreated", "LJ", 0, 30, False) for n in range(22)]
    for test in (difference, lambda own: hazards(own, "untreated", with_load=False)):
        with pytest.raises(NotEstimableError, match=r"1 event is too few: 5 .* 4 more do not"):
            test(found)
    apart = [Episode(n, "ab"[n // 10], "", n // 10 * 50, n // 10 * 50 + 9, n % 2 == 0)
             for n in range(20)]  # fmt: skip
    with pytest.raises(NotEstimableError, match="never at risk together"):
        difference(apart)


def test_for_the_load_an_event_of_a_patient_alone_does_not_count():
    found = [Episode(n, "a", "", 10 * n, 10 * n + 9, True, 5.0 + n) for n in range(8)]
    with pytest.raises(
        NotEstimableError, match=r"0 events .* 8 more do not count, for one patient"
    ):
        hazards(found, "a", with_load=True)


def test_who_is_at_risk_is_counted_after_the_entry_and_up_to_the_end():
    own = [Episode(1, "a", "", 0, 4, True), Episode(2, "a", "", 4, 9, True)]
    assert n_at_risk(own, np.array([0, 4, 4.5, 9, 9.5])).tolist() == [0, 1, 1, 1, 0]
