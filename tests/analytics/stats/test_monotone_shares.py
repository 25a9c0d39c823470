"""How monotone a study is: by hand and against the review of single series."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.errors import NotEstimableError
from analytics.stats.monotone_shares import Courses, StudyMonotonicity, study_monotonicity
from analytics.stats.monotonicity import Point, find_reversals, pair_tolerance

SERIES = st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=5), min_size=1, max_size=6)


def five_ml(_earlier: object, _later: object) -> float:
    return 5.0


def shares_of(
    series: Sequence[Sequence[Point]], same: tuple[float, float] = (5.0, 0.0)
) -> StudyMonotonicity:
    """Return the shares of series given point by point, 5 mL being noise."""
    rows = [(subject, one) for subject, given in enumerate(series) for one in given]
    acquisitions, models = (
        sorted({getattr(one, name) for _, one in rows}) for name in ("acquisition", "model")
    )
    courses = Courses(
        subject=np.array([subject for subject, _ in rows], np.intp),
        time=np.array([one.time for _, one in rows], float),
        value=np.array([one.value for _, one in rows], float),
        acquisition=np.array([acquisitions.index(one.acquisition) for _, one in rows], np.intp),
        model=np.array([models.index(one.model) for _, one in rows], np.intp),
        after_treatment=np.array([one.after_treatment for _, one in rows], bool),
    )
    return study_monotonicity(courses, same=same, changed=(10.0, 0.0))


def points(values, **changes: object) -> list[Point]:
    return [Point(6.0 * index, value, **changes) for index, value in enumerate(values)]


def test_by_hand():
    """Six pairs: three do not fall, two fall by 3 and 5 mL within noise, one by 6 mL beyond it."""
    found = shares_of([points([40, 55, 52, 70, 70]), points([10, 4]), points([7]), points([9, 4])])
    assert (found.n_subjects, found.n_pairs, found.n_pairs_after_treatment) == (3, 6, 0)
    assert found.share_not_falling == pytest.approx(3 / 6)
    assert found.share_within_noise == pytest.approx(5 / 6)
    assert found.share_subjects_not_falling == 0
    assert found.share_subjects_within_noise == pytest.approx(2 / 3)
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
    assert shares_of([[before, *after]]).n_pairs_after_treatment == 2


def test_what_never_changes_is_monotone_and_has_no_trend():
    found = shares_of([points([5, 5, 5, 5])])
    assert (found.share_not_falling, found.trend, found.median_drawdown) == (1, None, 0)
    assert found.median_isotonic_residual is None


@given(SERIES)
def test_the_shares_agree_with_the_review_of_each_pair(series):
    found = shares_of([points(values) for values in series])
    pairs = [points(values[i : i + 2]) for values in series for i in range(len(values) - 1)]
    beyond = sum(bool(find_reversals(pair, five_ml)) for pair in pairs)
    falling = sum(bool(find_reversals(pair, lambda _a, _b: 0.0)) for pair in pairs)
    assert found.n_pairs == len(pairs)
    assert found.share_within_noise == pytest.approx(1 - beyond / len(pairs))
    assert found.share_not_falling == pytest.approx(1 - falling / len(pairs))
    assert found.share_not_falling <= found.share_within_noise
    assert shares_of([points(v) for v in series[::-1]]) == found


def test_a_slow_decline_in_small_steps_is_within_noise_by_step_and_not_by_patient():
    found = shares_of([points([20, 17, 14]), points([3, 3, 9])])
    assert found.share_within_noise == 1
    assert (found.share_subjects_not_falling, found.share_subjects_within_noise) == (0.5, 0.5)


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 600), st.sampled_from("AB"), st.booleans()),
            min_size=2,
            max_size=7,
        ),
        min_size=1,
        max_size=6,
    ),
    st.tuples(st.integers(0, 9), st.sampled_from((0.0, 0.08, 0.3))),
)
def test_the_shares_of_patients_agree_with_the_review_of_each_series(given_series, same):
    series = [
        [
            Point(6.0 * index, value / 10, acquisition=scanner, after_treatment=is_treated)
            for index, (value, scanner, is_treated) in enumerate(values)
        ]
        for values in given_series
    ]
    found = shares_of(series, same)
    noise = pair_tolerance(same=same, changed=(10.0, 0.0))
    not_reversed, not_falling = (
        sum(not find_reversals(one, tolerance) for one in series) / len(series)
        for tolerance in (noise, lambda _a, _b: 0.0)
    )
    assert found.share_subjects_within_noise == pytest.approx(not_reversed)
    assert found.share_subjects_not_falling == pytest.approx(not_falling)


def test_nobody_with_two_scans_is_no_share():
    with pytest.raises(NotEstimableError):
        shares_of([points([1]), []])


def test_two_method_versions_are_never_mixed():
    with pytest.raises(ValueError, match="method versions"):
        shares_of([[Point(0, 1, model="a"), Point(1, 2, model="b")]])


def test_a_tolerance_below_zero_is_refused():
    with pytest.raises(ValueError, match="Tolerances"):
        shares_of([points([1, 2])], (-1.0, 0.0))


def test_another_scanner_makes_a_fall_of_ten_noise():
    fall = [Point(0, 20, acquisition="A"), Point(6, 11, acquisition="B")]
    assert shares_of([fall]).share_within_noise == 1
    assert shares_of([[fall[0], Point(6, 11, acquisition="A")]]).share_within_noise == 0


@pytest.mark.parametrize(
    ("second", "words"), [(Point(-1, 5), "before its predecessor"), (Point(1, np.nan), "finite")]
)
def test_a_series_out_of_order_or_without_a_number_is_refused(second, words):
    with pytest.raises(ValueError, match=words):
        shares_of([[Point(0, 1), second]])


def test_the_rows_of_a_patient_follow_each_other():
    once = np.zeros(3, np.intp)
    courses = Courses(np.array([0, 1, 0]), once + 0.0, once + 1.0, once, once, once > 0)
    with pytest.raises(ValueError, match="follow each other"):
        study_monotonicity(courses, same=(5, 0), changed=(5, 0))
