"""Four estimates of one relation: what each rests on, and when they oppose each other."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analytics.selectors import correlations, estimates
from analytics.selectors.cohort import CohortPoint
from analytics.selectors.columns import Columns
from analytics.selectors.estimates import BY_SUBTYPE, MIXED, POOLED, WITHIN
from analytics.stats import mixed, mixed_tests
from analytics.stats.adjusted import stratified_spearman
from analytics.stats.correlation import repeated_measures, spearman
from analytics.stats.direction import Opposition

RELATION = correlations.RELATIONS["load-gmfc"]


def point(patient, load_ml, level, *, stratum="3D", subtype="LI"):
    return CohortPoint(patient, f"P{patient}", "V", 50.0, stratum, subtype, load_ml, level, 0, None)


def simpson(per_subtype=6):
    """Low loads and high levels of late-infantile patients, the reverse of juvenile ones.

    In every patient but the first the level rises by one from the first scan to the second.
    """
    found = []
    for number in range(2 * per_subtype):
        is_juvenile = number >= per_subtype
        for visit in range(2):
            level = (0 if is_juvenile else 4) + visit + number % 2
            load = (100 if is_juvenile else 20) + 10 * visit + 7 * (number % per_subtype)
            subtype = "EJ" if is_juvenile else "LI"
            found.append(point(number, float(load), level, subtype=subtype))
    return [found[0], replace(found[1], gmfc_level=6), *found[2:]]


def of_3d(points, smallest_group=1):
    (found,) = estimates.side_by_side(Columns.of(points), RELATION, smallest_group=smallest_group)
    assert found.stratum == "3D"
    return found


def test_each_estimate_is_that_of_its_function():
    points = simpson()
    loads = [p.load_ml for p in points]
    levels = [p.gmfc_level for p in points]
    patients = [str(p.patient_id) for p in points]
    found = of_3d(points).estimates
    options = {"n_resamples": correlations.RESAMPLES, "seed": correlations.SEED}
    pooled = spearman(loads, levels, patients, **options)
    stratified = stratified_spearman(
        loads, levels, [p.subtype for p in points], patients, **options
    )
    within = repeated_measures(patients, loads, levels)
    ones = np.ones((len(points), 1))
    model = mixed.fit(loads, np.column_stack([ones, levels]), patients, ones)
    tested = mixed_tests.contrast_tests(model, [0, 1])
    for name, value, low, high in (
        (POOLED, pooled.rho, pooled.ci_low, pooled.ci_high),
        (BY_SUBTYPE, stratified.rho, stratified.ci_low, stratified.ci_high),
        (WITHIN, within.r, within.ci_low, within.ci_high),
        (MIXED, tested.estimates[0], tested.ci_low[0], tested.ci_high[0]),
    ):
        one = found[name]
        assert (one.value, one.ci_low, one.ci_high) == (value, low, high), name
        assert (one.n, one.n_patients, one.reason) == (24, 12, "")


def test_where_subtypes_reverse_the_relation_the_estimates_oppose():
    """In every subtype and patient the level rises with the load; over all it falls."""
    found = of_3d(simpson())
    assert found.estimates[POOLED].ci_high < 0
    assert found.estimates[BY_SUBTYPE].ci_low > 0
    assert found.estimates[WITHIN].ci_low > 0
    assert found.opposition == Opposition(POOLED, (BY_SUBTYPE, WITHIN), True)


def test_the_mixed_model_is_in_ml_for_each_step_and_is_not_weighed_against_the_others():
    """By hand: balanced patients of one mean differ by nothing, so the slope is that within."""
    points = [
        point(n // 2, 30.0 + 12.0 * (n % 2) + (n // 2) % 3 * (-1) ** n, n % 2) for n in range(12)
    ]
    found = of_3d(points)
    # Of each pair: 12 less twice 0, 1, 2, 0, 1, 2.
    assert found.estimates[MIXED].value == pytest.approx(10.0)
    assert set(estimates.OPPOSABLE) == {POOLED, BY_SUBTYPE, WITHIN}
    opposed = of_3d(simpson())
    # Patients differ by far more than the scans of one, so that these decide.
    assert opposed.estimates[MIXED].value == pytest.approx(8.5, abs=0.1)
    assert MIXED not in opposed.opposition.others


def test_patients_whose_scans_tell_it_have_a_slope_of_their_own_in_the_mixed_model():
    """By hand: at equal levels the mean slope is that of the patients', with their t interval."""
    slopes = [4.0, 12.0, 7.0, 9.0, 1.0, 15.0]
    noise = [1.0, -1.0, -1.0, 1.0]
    points = [
        point(n, 20.0 + 9 * n + slope * level + noise[level] * (1 + n % 3), level)
        for n, slope in enumerate(slopes)
        for level in range(4)
    ]
    found = of_3d(points).estimates[MIXED]
    half = stats.t.isf(0.025, 5) * stats.sem(slopes)
    assert (found.random, found.why_no_slopes) == ("level and slope", "")
    assert found.value == pytest.approx(8.0)
    assert (found.ci_low, found.ci_high) == pytest.approx((8 - half, 8 + half), rel=1e-4)
    alone = of_3d(simpson()).estimates[MIXED]
    assert alone.random == "level"
    assert "cannot tell 2 random effects of each patient" in alone.why_no_slopes


def test_estimates_of_one_sign_oppose_nothing():
    points = [point(n // 2, float(n), n // 2 + (n * 5) % 3) for n in range(16)]
    found = of_3d(points)
    assert all(one.value > 0 for one in found.estimates.values())
    assert found.opposition is None


@pytest.mark.parametrize("subtype", ["UNDETERMINED", "LJ"])
def test_a_patient_of_no_subtype_or_alone_in_one_is_not_in_the_estimate(subtype: str):
    points = [*simpson(), point(90, 50.0, 3, subtype=subtype), point(90, 51.0, 4, subtype=subtype)]
    found = of_3d(points).estimates
    assert (found[POOLED].n, found[BY_SUBTYPE].n) == (26, 24)


def test_within_patients_rests_on_those_with_two_scans():
    points = [*simpson(), point(90, 50.0, 3), point(91, 51.0, 4)]
    found = of_3d(points).estimates
    assert (found[WITHIN].n, found[WITHIN].n_patients) == (24, 12)
    assert (found[POOLED].n, found[POOLED].n_patients) == (26, 14)


def test_3d_and_2d_are_estimated_apart():
    points = [*simpson(), *(replace(p, acq_stratum="2D") for p in simpson()[:8])]
    found = estimates.side_by_side(Columns.of(points), RELATION, smallest_group=1)
    assert [(one.stratum, one.estimates[POOLED].n) for one in found] == [("3D", 24), ("2D", 8)]


@pytest.mark.parametrize(
    ("points", "reasons"),
    [
        (
            [point(n, float(n), None) for n in range(4)],
            ["no scan with this score"] * 4,
        ),
        (
            [point(n, float(n), 3 * n % 7) for n in range(6)],
            ["", "", *["no patient has two scans or more"] * 2],
        ),
        (
            [*(point(0, float(n), n ^ 1) for n in range(4)), point(1, 5.0, 5), point(2, 6.0, 4)],
            [*["fewer than 5 patients"] * 2, "fewer than 3 patients", ""],
        ),
        (
            [
                point(n, float(n), 2 * n % 3, subtype=kind)
                for n, kind in enumerate(["LI", "EJ", "LJ"])
            ],
            [
                "fewer than 5 patients",
                "no subtype has two patients or more",
                *["no patient has two scans or more"] * 2,
            ],
        ),
        (
            [point(n // 2, float(n), 3) for n in range(10)],
            ["all scores are equal"] * 4,
        ),
        (
            [point(n // 2, float(n), [1, 0, 3, 2, 5, 4][n // 2]) for n in range(12)],
            ["", "", "a measure does not vary within any patient", ""],
        ),
    ],
)
def test_what_is_not_estimable_says_why(points, reasons: list[str]):
    found = of_3d(points)
    assert [one.reason for one in found.estimates.values()] == reasons
    assert [one.value is None for one in found.estimates.values()] == [bool(r) for r in reasons]


def test_who_sees_no_small_group_sees_none_in_an_estimate():
    """Four patients a subtype: the pooled estimate stands, and what rests on the four does not."""
    points = simpson(per_subtype=4)
    found = of_3d(points, smallest_group=5).estimates
    assert found[POOLED].n_patients == 8
    assert (found[BY_SUBTYPE].n, found[BY_SUBTYPE].n_patients) == (0, 0)
    assert found[BY_SUBTYPE].value is None
    few_repeat = [p for n, p in enumerate(points) if p.patient_id < 3 or n % 2]
    hidden = of_3d(few_repeat, smallest_group=5).estimates[WITHIN]
    assert (hidden.n, hidden.n_patients, hidden.value) == (0, 0, None)
    assert hidden.reason == "fewer than 5 patients, not shown"


def test_fewer_patients_than_may_be_shown_are_not_counted_either():
    found = of_3d(simpson(per_subtype=4)[:8], smallest_group=5).estimates
    assert {(one.n, one.n_patients, one.value) for one in found.values()} == {(0, 0, None)}
