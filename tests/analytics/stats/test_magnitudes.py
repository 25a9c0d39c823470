"""Numbers of any size end in finite numbers or in a named reason, never in a warning."""

import dataclasses
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.stats.agreement import bland_altman
from analytics.stats.change import (
    annualised_change,
    reliable_change_index,
    smallest_detectable_change_percent,
)
from analytics.stats.correlation import repeated_measures
from analytics.stats.errors import NotEstimableError
from analytics.stats.mean_change import mean_change
from analytics.stats.reliability import repeatability, smallest_detectable_change
from analytics.stats.trend import isotonic_residual, theil_sen

WHO = ["a", "a", "a", "b", "b", "c", "c", "c"]
ESTIMATORS = {
    "bland_altman": lambda x, _: bland_altman(x),
    "bland_altman of patients": lambda x, _: bland_altman(x, WHO),
    "mean_change": lambda x, _: mean_change(x),
    "smallest_detectable_change": lambda x, y: smallest_detectable_change(np.stack([x, y], 1)),
    "smallest_detectable_change_percent": lambda x, y: smallest_detectable_change_percent(
        np.abs(np.stack([x, y], 1))
    ),
    "isotonic_residual": isotonic_residual,
    "theil_sen": theil_sen,
    "repeated_measures": lambda x, y: repeated_measures(WHO, x, y),
    "reliable_change_index": lambda x, y: reliable_change_index(x[0], x[1], abs(y[0])),
    "annualised_change": lambda x, y: annualised_change(x[0], x[1], abs(y[0])),
    "repeatability": lambda x, y: repeatability(np.abs(np.stack([x, y], 1))),
}


def numbers_of(found):
    if dataclasses.is_dataclass(found):
        found = [getattr(found, field.name) for field in dataclasses.fields(found)]
    if isinstance(found, (list, tuple)):
        return [number for one in found for number in numbers_of(one)]
    return [found] if isinstance(found, (int, float)) else []


@pytest.mark.parametrize("name", ESTIMATORS)
@given(
    st.integers(0, 2**20),
    st.integers(-300, 300),
    st.integers(-300, 300),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_of_every_size_a_number_or_a_reason(name, seed, first_power, second_power, is_mixed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=8) * 10.0**first_power
    y = rng.normal(size=8) * 10.0**second_power
    if is_mixed:
        x[1], y[2] = rng.normal(size=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = ESTIMATORS[name](x, y)
        except NotEstimableError:
            return
    assert np.isfinite(numbers_of(found)).all()


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("size", [1e160, 1e-170])
def test_a_number_whose_square_is_none_is_named(name, size):
    x = np.array([1.0, 2.0, 4.0, 3.0, 5.0, 7.0, 6.0, 9.0]) * size
    with pytest.raises(NotEstimableError, match="too large or too small to be a measurement"):
        ESTIMATORS[name](x, x[::-1])
