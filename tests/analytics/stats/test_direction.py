import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.direction import Directed, Opposition, opposition

UP, DOWN = Directed(0.5, 0.2, 0.7), Directed(-0.5, -0.7, -0.2)
MAYBE_UP, MAYBE_DOWN = Directed(0.1, -0.2, 0.4), Directed(-0.1, -0.4, 0.2)


@pytest.mark.parametrize(
    ("pooled", "by_subtype", "within", "expected"),
    [
        (UP, UP, MAYBE_UP, None),
        (DOWN, UP, UP, Opposition("pooled", ("by subtype", "within"), True)),
        (DOWN, MAYBE_UP, UP, Opposition("pooled", ("within",), True)),
        (UP, UP, DOWN, Opposition("pooled", ("within",), True)),
        (MAYBE_UP, UP, DOWN, Opposition("by subtype", ("within",), True)),
        (MAYBE_DOWN, MAYBE_UP, MAYBE_DOWN, Opposition("pooled", ("by subtype",), False)),
        (DOWN, MAYBE_UP, DOWN, Opposition("pooled", ("by subtype",), False)),
        (Directed(0.0, -0.1, 0.1), UP, MAYBE_UP, None),
    ],
)
def test_which_estimates_point_opposite_ways(pooled, by_subtype, within, expected):
    found = opposition({"pooled": pooled, "by subtype": by_subtype, "within": within})
    assert found == expected


def test_one_estimate_opposes_none():
    assert opposition({"pooled": UP}) is None
    assert opposition({}) is None


@given(st.lists(st.sampled_from([UP, DOWN, MAYBE_UP, MAYBE_DOWN]), max_size=4))
def test_turning_every_sign_changes_nothing(estimates):
    named = {str(number): one for number, one in enumerate(estimates)}
    turned = {n: Directed(-e.value, -e.ci_high, -e.ci_low) for n, e in named.items()}
    assert opposition(turned) == opposition(named)
    signs = {one.value > 0 for one in estimates}
    assert (opposition(named) is None) == (len(signs) < 2)
