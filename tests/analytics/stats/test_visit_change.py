"""Change since baseline by visit: which groups and visits the model holds, and its numbers."""

import pickle

import numpy as np
import pytest
from scipy import stats

from analytics.stats.arms_by_visit import compare_arms
from analytics.stats.errors import NotEstimableError
from analytics.stats.mmrm import contrast_tests
from analytics.stats.visit_change import VisitValue, visit_change

VISITS = [(0.0, "M00"), (1.0, "M06"), (2.0, "M12"), (3.0, "M24")]


def values(sizes: dict[str, int], *, seed: int = 5, strata: str = "") -> list[VisitValue]:
    """Patients of groups with a load at every visit, rising by ten a visit, twenty in group b."""
    rng = np.random.default_rng(seed)
    found, number = [], 0
    for group, size in sizes.items():
        for _ in range(size):
            number += 1
            stratum = strata[number % len(strata)] if strata else ""
            level = rng.normal(60, 15)
            for place, visit in enumerate(VISITS):
                load = level + place * (20 if group == "b" else 10) + rng.normal(0, 3)
                found.append(VisitValue(number, group, visit, float(load), stratum))
    return found


def without(found, *gone):
    """Leave out values by patient and name of the visit."""
    return [one for one in found if (one.patient, one.visit[1]) not in gone]


def test_means_are_those_of_the_declared_model_on_the_same_arrays():
    found = values({"a": 12, "b": 11})
    ours = visit_change(found, VISITS[0], ["a", "b"], is_randomised=True)
    first = {one.patient: one.value for one in found if one.visit == VISITS[0]}
    rows = [one for one in found if one.visit != VISITS[0]]
    theirs = compare_arms(
        [one.value - first[one.patient] for one in rows],
        [one.patient for one in rows],
        [one.visit for one in rows],
        [one.group for one in rows],
        VISITS[1:],
        "a",
        baseline=[first[one.patient] for one in rows],
    )
    assert ours.found.means == theirs.means
    assert ours.found.differences == theirs.differences
    assert (ours.groups_left_out, ours.visits_left_out, ours.n_without_baseline) == ([], [], 0)
    assert ours.found.differences[-1].estimate == pytest.approx(30, abs=4)


def test_groups_stand_as_given_behind_the_one_of_most_patients():
    ours = visit_change(values({"b": 7, "c": 9, "a": 6, "d": 8}), VISITS[0], ["d", "b", "c", "a"])
    assert list(dict.fromkeys(one.arm for one in ours.found.means)) == ["c", "d", "b", "a"]
    assert list(dict.fromkeys(one.arm for one in ours.found.differences)) == ["d", "b", "a"]


def subtypes_that_stand_still() -> list[VisitValue]:
    """Forty patients around 40 mL and forty around 100 mL, of whom nobody changes."""
    rng = np.random.default_rng(7)
    found = []
    for number in range(80):
        group = "LJ" if number % 2 else "LI"
        level = rng.normal(100 if group == "LJ" else 40, 10)
        found += [
            VisitValue(number, group, visit, float(level + rng.normal(0, 8))) for visit in VISITS
        ]
    return found


def test_of_subtypes_a_mean_is_the_mean_of_the_changes_that_were_seen():
    """Of complete visits exactly, whatever the slope: columns centred within a group add nothing.

    At one load for both, the patients of the one are those of unusually low first loads and of the
    other of unusually high ones, who come back to their own level: a change that nobody had.
    """
    found = subtypes_that_stand_still()
    ours = visit_change(found, VISITS[0], ["LI", "LJ"])
    first = {one.patient: one.value for one in found if one.visit == VISITS[0]}
    for one in ours.found.means:
        seen = [
            value.value - first[value.patient]
            for value in found
            if (value.group, value.visit) == (one.arm, one.visit)
        ]
        assert one.estimate == pytest.approx(np.mean(seen), abs=1e-6)
    assert all(one.ci_low < 0 < one.ci_high for one in ours.found.differences)
    as_if_dealt_out = visit_change(found, VISITS[0], ["LI", "LJ"], is_randomised=True)
    assert all(one.p_value < 0.05 for one in as_if_dealt_out.found.differences)


def test_with_baselines_all_alike_a_mean_is_the_mean_of_the_changes_with_students_interval():
    """By hand: nobody differs at baseline but by a change of sign, which the means do not feel."""
    rng = np.random.default_rng(2)
    changes = rng.normal(10, 4, (8, 2)) * [1, 2]
    baselines = np.repeat([50.0, 52.0], 4)
    found = [
        VisitValue(i, "a", visit, float(load))
        for i in range(8)
        for visit, load in zip(
            VISITS[:3], [baselines[i], *(baselines[i] + changes[i])], strict=True
        )
    ]
    ours = visit_change(found, VISITS[0], ["a"])
    for place, one in enumerate(ours.found.means):
        # One slope on two baselines is the mean of two groups of four: pooled variance of 6.
        halves = changes[:4, place], changes[4:, place]
        spread = sum(float(half.var(ddof=1)) for half in halves) / 2
        error = np.sqrt(spread / 8)
        assert one.estimate == pytest.approx(changes[:, place].mean(), rel=1e-6)
        assert one.degrees == pytest.approx(6, rel=1e-3)
        assert one.ci_high - one.estimate == pytest.approx(stats.t.isf(0.025, 6) * error, rel=1e-3)


def test_a_group_of_few_patients_is_left_out_before_it_takes_the_visits_along():
    found = without(values({"a": 8, "c": 4}), (9, "M24"), (10, "M24"), (11, "M24"), (12, "M24"))
    ours = visit_change(found, VISITS[0], ["a", "c"])
    assert (ours.groups_left_out, ours.visits_left_out) == (["c"], [])
    assert {one.arm for one in ours.found.means} == {"a"}


def test_a_visit_to_which_hardly_anybody_of_a_group_came_is_left_out():
    gone = [(number, "M24") for number in range(10, 17)]
    ours = visit_change(without(values({"a": 9, "b": 8}), *gone), VISITS[0], ["a", "b"])
    assert ours.visits_left_out == ["M24"]
    assert {one.visit for one in ours.found.means} == set(VISITS[1:3])


def test_who_has_no_load_at_baseline_does_not_count_and_is_told():
    ours = visit_change(without(values({"a": 9}), (1, "M00"), (2, "M00")), VISITS[0], ["a"])
    assert (ours.n_without_baseline, ours.found.model.n_patients) == (2, 7)


def test_strata_have_a_column_each_but_the_commonest():
    ours = visit_change(values({"a": 12, "b": 12}, strata="xxy"), VISITS[0], ["a", "b"])
    assert ours.adjusted_for == ["x", "y"]
    # A mean for each of two groups at three visits, a slope each visit, and one stratum.
    assert ours.found.model.coefficients.size == 6 + 3 + 1


def test_a_model_that_is_kept_holds_no_row_of_a_patient():
    """With what was searched in, these 60 patients would take fifty kilobytes."""
    ours = visit_change(values({"a": 30, "b": 30}), VISITS[0], ["a", "b"])
    assert ours.found.model.n_patients == 60
    assert len(pickle.dumps(ours)) < 10_000
    with pytest.raises(ValueError, match="without its parts"):
        contrast_tests(ours.found.model)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (values({"a": 4}), "No group has 5 patients"),
        ([one for one in values({"a": 9}) if one.visit[1] in ("M00", "M06")], "found 1"),
        ([], "No group"),
    ],
)
def test_what_is_too_little_says_so(found, why: str):
    with pytest.raises(NotEstimableError, match=why):
        visit_change(found, VISITS[0], ["a"])


def test_of_arms_the_first_by_name_is_the_reference_whichever_is_larger():
    """With each enrolment the largest arm may be another one, and the sign with it."""
    for sizes in ({"a": 9, "b": 12}, {"a": 12, "b": 9}):
        ours = visit_change(values(sizes), VISITS[0], ["a", "b"], is_randomised=True)
        assert ours.found.reference == "a"


def test_visits_before_the_baseline_are_named():
    ours = visit_change(values({"a": 12}), VISITS[1], ["a"])
    assert ours.visits_left_out == [VISITS[0][1]]
