"""Change scores: printed vectors, the longer way round, and what may not change them."""

from datetime import date
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.change import (
    annualised_change,
    detectable_change_percent,
    reliable_change_index,
    smallest_detectable_change_percent,
)
from analytics.stats.errors import NotEstimableError
from analytics.stats.reliability import DETECTABLE, repeatability, smallest_detectable_change

LOADS = st.floats(0.5, 300)


def test_a_reliable_change_of_known_size():
    assert reliable_change_index(80, 92, 2) == pytest.approx(4.242641, abs=1e-6)


def test_the_example_of_jacobson_and_truax_1991():
    """Standard deviation 10, reliability 0.80, from 47.5 to 32.5: -2.37."""
    assert round(reliable_change_index(47.5, 32.5, 10 * sqrt(1 - 0.80)), 2) == -2.37


@given(LOADS, LOADS)
def test_the_index_is_beyond_noise_where_the_change_is_beyond_the_detectable_one(a, b):
    pairs = [[10 + d, 10] for d in (2, -1, 3, 0, -2)]
    index = reliable_change_index(a, b, repeatability(pairs).sd_within)
    share = (b - a) / smallest_detectable_change(pairs)
    assert index / 1.96 == pytest.approx(share, abs=1e-9)
    assert reliable_change_index(b, a, 1.3) == -reliable_change_index(a, b, 1.3)


def test_a_year_that_is_a_leap_year():
    days = (date(2024, 3, 15) - date(2023, 3, 15)).days
    assert days == 366
    assert annualised_change(100, 120, days) == pytest.approx(19.9590, abs=5e-5)


@given(LOADS, LOADS, st.floats(1, 4000))
def test_a_change_per_year_undone_is_the_change(a, b, days: float):
    yearly = annualised_change(a, b, days)
    assert a + yearly * days / 365.25 == pytest.approx(b, abs=1e-9)


@pytest.mark.parametrize(("log_sd", "percent"), [(0.03, 8.6650), (0.06, 18.0809)])
def test_the_detectable_percentages_of_the_rounded_factor(log_sd: float, percent: float):
    assert detectable_change_percent(log_sd, factor=2.77) == pytest.approx(percent, abs=5e-5)


def test_the_detectable_percentage_of_pairs_by_hand():
    """Ratios 1.1 and 1: the standard deviation within is ln 1.1 / 2."""
    found = smallest_detectable_change_percent([[110, 100], [40, 40]])
    assert found == pytest.approx(100 * (exp(DETECTABLE * log(1.1) / 2) - 1))


@given(st.lists(st.tuples(LOADS, LOADS), min_size=1, max_size=8), st.floats(0.01, 50))
def test_neither_the_unit_nor_the_order_within_a_pair_changes_a_percentage(pairs, scale: float):
    found = smallest_detectable_change_percent(pairs)
    turned = smallest_detectable_change_percent([[scale * b, scale * a] for a, b in pairs])
    assert turned == pytest.approx(found, rel=1e-9, abs=1e-9)
    assert found >= 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: reliable_change_index(1, 2, 0), "above 0"),
        (lambda: reliable_change_index(1, float("nan"), 1), "must be finite"),
        (lambda: annualised_change(1, 2, 0), "0 days"),
        (lambda: annualised_change(1, 2, -30), "-30 days"),
        (lambda: annualised_change(1, float("inf"), 30), "must be finite"),
        (lambda: detectable_change_percent(-0.1), "not below 0"),
        (lambda: smallest_detectable_change_percent([]), "Pairs"),
        (lambda: smallest_detectable_change_percent([[1, float("nan")]]), "must be numbers"),
        (lambda: smallest_detectable_change_percent([[1, 0], [2, 3]]), "1 of 2 pairs"),
    ],
)
def test_what_has_no_change_is_an_error_and_no_number(call, words: str):
    with pytest.raises(NotEstimableError, match=words):
        call()


@pytest.mark.parametrize(("log_sd", "factor"), [(0.1, float("nan")), (0.1, -1.0), (400.0, 2.77)])
def test_a_change_that_no_number_holds_is_an_error(log_sd: float, factor: float):
    with pytest.raises(NotEstimableError):
        detectable_change_percent(log_sd, factor)
