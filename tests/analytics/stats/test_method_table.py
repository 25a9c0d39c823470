"""The table of the reference study: by hand, with what is missing, and when nothing can be told."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.stats.agreement import bland_altman
from analytics.stats.correlation import spearman, spearman_difference
from analytics.stats.method_table import (
    Figure,
    PairedScan,
    TableRow,
    method_table,
    planned_table,
    with_intervals,
)
from analytics.stats.ranked import Interval


def scan(
    subject: str, order: float, test_ml: float | None, reference_ml: float | None, **more: object
) -> PairedScan:
    given = {"acq_stratum": "3D", "dice": None, "gmfc_level": None, "severity_total": None}
    return PairedScan(
        subject=subject,
        order=order,
        test_ml=test_ml,
        reference_ml=reference_ml,
        **{**given, **more},  # type: ignore[arg-type]
    )


def cohort() -> list[PairedScan]:
    rng = np.random.default_rng(1)
    found = []
    for number in range(24):
        level = int(rng.integers(0, 7))
        for visit in range(3):
            truth = 15.0 * level + 8 * visit + float(rng.uniform(0, 10))
            found.append(
                scan(
                    f"P{number}",
                    visit,
                    truth + float(rng.normal(0, 3)),
                    truth + float(rng.normal(5, 25)),
                    acq_stratum="3D" if number < 12 else "2D",
                    dice=float(rng.uniform(0.6, 0.9)),
                    gmfc_level=level,
                    severity_total=4 * level + visit,
                    truth_ml=truth,
                    test_dice=0.9,
                    reference_dice=0.7,
                )
            )
    return found


def row(rows: list[TableRow], quantity: str) -> TableRow:
    (found,) = [one for one in rows if one.quantity == quantity]
    return found


def test_by_hand():
    rows = method_table(
        [
            scan("A", 0, 10, 8, dice=0.8),
            scan("A", 1, 12, 9, dice=0.9),
            scan("B", 0, 5, 5, dice=0.4),
            scan("B", 1, 4, 6, dice=None),
            scan("C", 0, None, 7),
            scan("C", 1, 3, 2, dice=0.7, acq_stratum="2D"),
        ]
    )
    assert row(rows, "Test scans").found == (Figure(5, None, None, 5), Figure(1, None, None, 1))
    assert row(rows, "Their patients").found[0].value == 3
    assert row(rows, "Scans that both methods measured").found[0].value == 4
    assert row(rows, "Dice of the two masks, median").found[0] == Figure(
        0.8, pytest.approx(0.6), pytest.approx(0.85), 3
    )
    # Differences 2, 3, 0, -2 of two patients: 0.75 mL.
    assert row(rows, "Test load less reference load").found[0].value == 0.75
    assert row(rows, "Next scans of a patient: test load not lower").found[0] == Figure(
        50, None, None, 2
    )
    assert row(rows, "Next scans of a patient: reference load not lower").found[0].value == 100


def test_the_published_numbers_stand_beside():
    published = {one.quantity: one.published for one in method_table([])}
    assert published["Test scans"] == (73, 57)
    assert published["Dice of the two masks, median"] == (0.82, 0.75)
    assert published["Test load with GMFC-MLD"] == (0.38, 0.56)
    assert published["Test load with MRI severity score"] == (0.48, 0.83)
    assert published["Reference load with MRI severity score"] == (0.28, 0.29)
    # The abstract calls the bias minimal and gives no number, nor one of the other method.
    assert published["Test load less reference load"] == (None, None)
    assert published["Reference load with GMFC-MLD"] == (None, None)


def test_each_figure_is_that_of_its_own_function():
    scans = cohort()
    rows = method_table(scans, n_resamples=200, seed=4)
    for index, stratum in enumerate(("3D", "2D")):
        here = [one for one in scans if one.acq_stratum == stratum]
        subjects = [one.subject for one in here]
        gmfc = [one.gmfc_level for one in here]
        test, reference = ([getattr(one, n) for one in here] for n in ("test_ml", "reference_ml"))
        rho = spearman(gmfc, test, subjects, 200, 4)
        assert row(rows, "Test load with GMFC-MLD").found[index] == Figure(
            rho.rho, rho.ci_low, rho.ci_high, 36, p_value=rho.p_value
        )
        difference = spearman_difference(gmfc, test, reference, subjects, 200, 4)
        assert row(rows, "With GMFC-MLD: test less reference").found[index] == Figure(
            difference.difference, difference.ci_low, difference.ci_high, 36
        )
        bias = bland_altman(np.subtract(test, reference), subjects=subjects)
        assert row(rows, "Test load less reference load").found[index] == Figure(
            bias.bias, bias.lower_limit, bias.upper_limit, 36
        )


def test_rows_about_the_truth_stand_only_where_it_is_known():
    assert not [one for one in method_table([scan("A", 0, 1, 1)]) if "truth" in one.quantity]
    rows = method_table(cohort(), n_resamples=100)
    assert row(rows, "Dice of the test mask with the truth, median").found[0].value == 0.9
    assert abs(row(rows, "Test load less true load").found[0].value or 99) < 2


def test_what_cannot_be_estimated_says_why_and_is_no_number():
    for one in method_table([scan("A", 0, 1, 1, gmfc_level=2)]):
        for figure in one.found:
            assert (figure.value is None) == bool(figure.reason)


def test_falls_beyond_the_tolerance_by_hand():
    """The default tolerance: 5 mL or 8 %, 10 mL or 17 % where the acquisition has changed."""
    scans = [
        scan("A", 0, 20, 20),
        scan("A", 1, 14, 14, acquisition="other scanner"),
        scan("A", 2, 8, 20, acquisition="other scanner"),
        scan("B", 1, 10, 30),
        scan("B", 0, 14, 36),
    ]
    rows = method_table(scans, n_resamples=20)
    name = "Next scans of a patient: {} load lower by more than the tolerance"
    test, reference = (row(rows, name.format(which)).found[0] for which in ("test", "reference"))
    # Test: 20 to 14 on another scanner is within 10 mL, 14 to 8 beyond 5 mL, 14 to 10 within.
    assert (test.value, test.n) == (pytest.approx(100 / 3), 3)
    # Reference: 36 to 30 is beyond 5 mL, the others do not fall or were scanned otherwise.
    assert (reference.value, reference.n) == (pytest.approx(100 / 3), 3)
    wide = method_table(scans, n_resamples=20, tolerance=lambda *_: 6.0)
    assert row(wide, name.format("test")).found[0].value == 0


def test_elfc_is_a_third_score_where_any_scan_has_a_level():
    group = [replace(one, elfc_level=float(index % 5)) for index, one in enumerate(cohort())]
    rows = method_table(group, n_resamples=100, seed=2)
    mine = [one for one in group if one.acq_stratum == "3D"]
    loads = [one.test_ml for one in mine]
    levels = [one.elfc_level for one in mine]
    expected = spearman(levels, loads, [one.subject for one in mine], 100, 2)
    found = row(rows, "Test load with ELFC-MLD").found[0]
    assert (found.value, found.low, found.high) == (expected.rho, expected.ci_low, expected.ci_high)
    assert row(rows, "With ELFC-MLD: test less reference").published == (None, None)
    assert not [one for one in method_table(cohort(), n_resamples=20) if "ELFC" in one.quantity]


def test_every_value_is_there_before_any_interval_is_resampled():
    scans = cohort()
    values = [
        [one.value for one in row.found] for row in method_table(scans, n_resamples=50, seed=2)
    ]
    planned = planned_table(scans)
    assert [[one.value for one in row.found] for row in planned] == values
    waiting = [row for row in planned if row.is_pending]
    assert {row.unit for row in waiting} == {"rho"}
    assert len(waiting) == 8  # two scores by two methods with their difference, and the truth
    assert all(one.low is None for row in waiting for one in row.found)
    assert not any(row.is_pending for row in method_table(scans, n_resamples=50))


def test_p_stands_where_the_study_gives_one_and_takes_scans_as_independent_as_it_does():
    """0.38 of 73 scans and 0.56 of 57 are below 0.001 by Student's t of independent scans alone."""
    for rho, n, is_below in ((0.38, 73, True), (0.56, 57, True), (0.38, 33, False)):
        t = rho * ((n - 2) / (1 - rho**2)) ** 0.5
        assert (2 * stats.t.sf(t, n - 2) < 0.001) == is_below
    rows = method_table(cohort(), n_resamples=50)
    with_p = [one for one in rows if any(figure.p_value is not None for figure in one.found)]
    assert [(one.quantity, one.published_p) for one in with_p] == [
        ("Test load with GMFC-MLD", "< 0.001")
    ]
    here = [one for one in cohort() if one.acq_stratum == "3D"]
    rho, n = with_p[0].found[0].value, len(here)
    t = rho * ((n - 2) / (1 - rho**2)) ** 0.5
    assert with_p[0].found[0].p_value == pytest.approx(2 * stats.t.sf(t, n - 2))


@pytest.mark.parametrize(("p", "words"), [(0.0009, "p < 0.001"), (0.0444, "p = 0.044"), (None, "")])
def test_p_is_written_as_everywhere(p, words):
    assert Figure(0.4, 0.1, 0.6, 73, p_value=p).p_words == words


@pytest.mark.parametrize("n_patients", [4, 5])
def test_of_fewer_than_five_patients_no_rank_correlation_is_shown_nor_waited_for(n_patients: int):
    """Their intervals would hold the truth in less than 95 %; Dice and limits stay."""
    scans = [one for one in cohort() if int(one.subject[1:]) < n_patients]
    (planned,) = [r for r in planned_table(scans) if r.quantity == "Test load with GMFC-MLD"]
    assert planned.is_pending == (n_patients == 5)
    rows = method_table(scans, n_resamples=50)
    of_ranks = [one for one in rows if one.unit == "rho"]
    assert len(of_ranks) == 8
    for one in of_ranks:
        found = one.found[0]
        is_absent = (found.value, found.low, found.high) == (None, None, None)
        assert is_absent == (n_patients == 4)
        assert found.reason == ("Not estimable: fewer than 5 patients." if is_absent else "")
    assert row(rows, "Dice of the two masks, median").found[0].value is not None
    assert row(rows, "Test load with GMFC-MLD").published == (0.38, 0.56)


def test_what_no_interval_exists_of_is_no_figure_either():
    rows = planned_table(cohort())
    absent = with_intervals(rows, lambda _: Interval(None, None, "most resamples are constant"))
    told = row(absent, "Test load with GMFC-MLD").found[0]
    assert told == Figure(None, None, None, 0, "most resamples are constant")
    assert with_intervals(rows, lambda _: None) == rows


@settings(max_examples=8)
@given(shift=st.floats(-50, 50).map(lambda by: round(by, 9)), seed=st.integers(0, 5))
def test_a_constant_added_to_the_test_loads_moves_the_bias_alone(shift: float, seed: int):
    scans = cohort()
    moved = [
        scan(
            one.subject,
            one.order,
            (one.test_ml or 0) + shift,
            one.reference_ml,
            acq_stratum=one.acq_stratum,
            gmfc_level=one.gmfc_level,
        )
        for one in scans
    ]
    before, after = (method_table(group, n_resamples=50, seed=seed) for group in (scans, moved))
    name = "Test load less reference load"
    assert row(after, name).found[0].value == pytest.approx(
        (row(before, name).found[0].value or 0) + shift, abs=1e-9
    )
    same = "Next scans of a patient: reference load not lower"
    assert row(after, same) == row(before, same)
