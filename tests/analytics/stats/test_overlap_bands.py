"""Figures of two masks by size of the load: by hand, and for any numbers."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.overlap_bands import THIRDS, MaskPair, cut_points, overlap_bands


def pair(reference_ml: float, dice: float | None) -> MaskPair:
    return MaskPair(reference_ml, dice, None if dice is None else 10 * (1 - dice), dice)


def test_thirds_hold_as_many_scans_and_name_their_loads():
    pairs = [pair(float(n), n / 10) for n in (9, 1, 8, 2, 7, 3, 6, 4, 5)]
    everything, *thirds = overlap_bands(pairs)
    assert (everything.name, everything.n) == ("all", 9)
    assert [(t.name, t.n, t.low_ml, t.high_ml) for t in thirds] == [
        ("lowest third", 3, 1.0, 3.0),
        ("middle third", 3, 4.0, 6.0),
        ("highest third", 3, 7.0, 9.0),
    ]
    assert [t.dice.median for t in thirds if t.dice] == [0.2, 0.5, 0.8]
    assert everything.dice is not None
    assert (everything.dice.low, everything.dice.high) == (0.3, 0.7)


def test_thirds_are_cut_at_quantiles_of_the_reference_load():
    """Nine loads, 1 to 9: a third and two thirds of the way lie 3 2/3 and 6 1/3."""
    loads = [float(n) for n in range(1, 10)]
    low, high = cut_points(loads)
    assert (low, high) == (pytest.approx(11 / 3), pytest.approx(19 / 3))
    assert cut_points(loads[:8]) is None


def test_equal_loads_are_never_parted_and_an_empty_third_is_left_out():
    bands = overlap_bands([pair(5.0, 0.5)] * 9 + [pair(7.0, 0.9)])
    assert [(band.name, band.n) for band in bands] == [
        ("all", 10),
        ("lowest third", 9),
        ("highest third", 1),
    ]
    assert bands[0].dice.is_box
    assert not bands[2].dice.is_box


def test_few_scans_are_not_cut_into_thirds():
    assert [band.name for band in overlap_bands([pair(1.0, 0.5)] * 8)] == ["all"]
    assert overlap_bands([]) == []


def test_a_figure_that_is_not_defined_is_left_out_and_counted_as_missing():
    (found,) = overlap_bands([pair(0.0, None), pair(4.0, 0.6), pair(2.0, 0.8)])
    assert found.n == 3
    assert found.dice is not None
    assert (found.dice.median, found.dice.n) == (0.7, 2)
    (empty,) = overlap_bands([pair(0.0, None)])
    assert (empty.dice, empty.hausdorff95_mm, empty.surface_dice) == (None, None, None)


@given(
    st.lists(st.tuples(st.floats(0, 300), st.floats(0, 1)), min_size=9, max_size=60),
    st.randoms(),
)
def test_every_scan_is_in_one_third_and_their_order_does_not_matter(values, random):
    pairs = [pair(*one) for one in values]
    bands = overlap_bands(pairs)
    assert {band.name for band in bands} <= {"all", *THIRDS}
    members = [index for band in bands[1:] for index in band.members]
    assert sorted(members) == list(range(len(pairs)))
    assert all(a.high_ml < b.low_ml for a, b in pairwise(bands[1:]))
    low, high = cut_points([one[0] for one in values])
    for band in bands[1:]:
        bounds = dict(zip(THIRDS, [(0, low), (low, high), (high, 300)], strict=True))[band.name]
        assert bounds[0] <= band.low_ml <= band.high_ml <= bounds[1]
    assert bands[0].dice is not None
    assert bands[0].dice.median == np.median([one[1] for one in values])
    random.shuffle(pairs)
    again = overlap_bands(pairs)
    assert [(b.name, b.n, b.dice) for b in again] == [(b.name, b.n, b.dice) for b in bands]
