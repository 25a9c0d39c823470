"""How monotone a study is: by hand and against the review of single series."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.errors import NotEstimableError
from analytics.stats.monotone_shares import study_monotonicity
from analytics.stats.monotonicity import Point, find_reversals

SERIES = st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=5), min_size=1, max_size=6)


def five_ml(_earlier: object, _later: object) -> float:
    return 5.0


def points(values, **changes: object) -> list[Point]:
    return [Point(6.0 * index, value, **changes) for index, value in enumerate(values)]


def test_by_hand():
    """Six pairs: three do not fall, two fall by 3 and 5 mL within noise, one by 6 mL beyond it."""
    found = study_monotonicity(
        [points([40, 55, 52, 70, 70]), points([10, 4]), points([7]), points([9, 4])], five_ml
    )
    assert (found.n_subjects, found.n_pairs, found.n_pairs_after_treatment) == (3, 6, 0)
    assert found.share_not_falling == pytest.approx(3 / 6)
    assert found.share_within_noise == pytest.approx(5 / 6)
    assert found.median_drawdown == 5
    assert found.median_isotonic_residual == pytest.approx(1)
    assert found.trend is not None
    assert found.trend.s == 7 - 1 - 1
    assert found.trend.n == 9


def test_pairs_after_treatment_are_counted_as_such():
    before, after = (
        Point(0, 10),
        [Point(6, 8, after_treatment=True), Point(9, 9, after_treatment=True)],
    )
    assert study_monotonicity([[before, *after]], five_ml).n_pairs_after_treatment == 2


def test_what_never_changes_is_monotone_and_has_no_trend():
    found = study_monotonicity([points([5, 5, 5, 5])], five_ml)
    assert (found.share_not_falling, found.trend, found.median_drawdown) == (1, None, 0)
    assert found.median_isotonic_residual is None


@given(SERIES)
def test_the_shares_agree_with_the_review_of_each_pair(series):
    found = study_monotonicity([points(values) for values in series], five_ml)
    pairs = [points(values[i : i + 2]) for values in series for i in range(len(values) - 1)]
    beyond = sum(bool(find_reversals(pair, five_ml)) for pair in pairs)
    falling = sum(bool(find_reversals(pair, lambda _a, _b: 0.0)) for pair in pairs)
    assert found.n_pairs == len(pairs)
    assert found.share_within_noise == pytest.approx(1 - beyond / len(pairs))
    assert found.share_not_falling == pytest.approx(1 - falling / len(pairs))
    assert found.share_not_falling <= found.share_within_noise
    assert study_monotonicity([points(v) for v in series[::-1]], five_ml) == found


def test_nobody_with_two_scans_is_no_share():
    with pytest.raises(NotEstimableError):
        study_monotonicity([points([1]), []], five_ml)


def test_two_method_versions_are_never_mixed():
    with pytest.raises(ValueError, match="method versions"):
        study_monotonicity([[Point(0, 1, model="a"), Point(1, 2, model="b")]], five_ml)


def test_a_tolerance_below_zero_is_refused():
    with pytest.raises(ValueError, match="tolerance"):
        study_monotonicity([points([1, 2])], lambda _a, _b: -1.0)
