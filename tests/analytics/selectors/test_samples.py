"""What is kept is found by the numbers alone, and by no others."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.selectors import samples
from analytics.selectors.samples import Sample, computed

LOADS, SCORES = np.array([5.0, 7.0, 9.0, 4.0, 8.0]), np.array([1.0, 2.0, 3.0, 0.0, 2.0])
PATIENTS, SUBTYPES = np.array([7, 7, 3, 5, 5]), np.array([2, 2, 1, 1, 1])


def sample() -> Sample:
    return Sample.of(LOADS, SCORES, PATIENTS, SUBTYPES)


def test_the_key_knows_no_identity_of_a_patient():
    other = Sample.of(LOADS, SCORES, np.array([1, 1, 9, 4, 4]), np.array([0, 0, 5, 5, 5]))
    assert other.key == sample().key


@given(
    column=st.sampled_from([0, 1, "patients", "subtypes"]),
    row=st.integers(0, 4),
    step=st.integers(1, 3),
)
def test_one_other_number_is_another_key(column: str | int, row: int, step: int):
    measures = [one.copy() for one in sample().measures]
    if isinstance(column, int):
        measures[column][row] += step
        other = replace(sample(), measures=tuple(measures))
    else:
        changed = getattr(sample(), column).copy()
        changed[row] += step
        other = replace(sample(), **{column: changed})
    assert other.key != sample().key


@pytest.mark.parametrize(
    "others",
    [
        Sample.of(LOADS, SCORES, PATIENTS),
        Sample.of(LOADS[::-1], SCORES[::-1], PATIENTS[::-1], SUBTYPES[::-1]),
        Sample.of(SCORES, LOADS, PATIENTS, SUBTYPES),
        Sample.of(LOADS[:4], SCORES[:4], PATIENTS[:4], SUBTYPES[:4]),
        replace(sample(), method="another"),
    ],
)
def test_another_method_order_or_part_is_another_key(others: Sample):
    assert others.key != sample().key


@pytest.mark.parametrize("name", ["SEED", "RESAMPLES"])
def test_another_bootstrap_is_another_key(name: str, monkeypatch: pytest.MonkeyPatch):
    first = sample().key
    monkeypatch.setattr(samples, name, 5)
    assert sample().key != first


def test_where_most_resamples_are_constant_there_is_a_reason_and_no_interval():
    # A resample of three tells something where it holds the second and the third: 12 of 27 do.
    found = computed(Sample.of(np.array([1.0, 1, 2]), np.array([1.0, 2, 1]), np.array([0, 1, 2])))
    assert (found.low, found.high) == (None, None)
    assert "resamples" in found.reason
