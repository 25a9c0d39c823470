"""From dated levels of GMFC-MLD to a time, and what the gaps between visits leave open."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.stats.milestones import (
    NEVER_AT_RISK,
    PLACES,
    REACHED_BEFORE,
    Milestone,
    milestone,
)
from analytics.stats.survival import kaplan_meier

BIRTH = date(2020, 1, 1)


def dated(*levels: tuple[int, int]):
    return [(BIRTH + timedelta(days=day), level) for day, level in levels]


def test_a_milestone_lies_between_two_visits_and_the_first_visit_is_the_entry():
    found = milestone(dated((500, 1), (600, 2), (700, 4), (800, 5)), 3, BIRTH)
    assert found == Milestone(500.0, True, 601.0, 700.0, False)
    assert [found.end(place) for place in ("earliest", "middle", "latest")] == [601, 650.5, 700]


def test_who_never_reaches_it_is_censored_at_the_last_visit():
    assert milestone(dated((800, 2), (500, 1)), 3, BIRTH) == Milestone(
        500.0, False, 800.0, 800.0, False
    )


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (((500, 3), (600, 4)), REACHED_BEFORE),
        (((500, 3), (600, 1), (700, 3)), REACHED_BEFORE),
        (((500, 1),), NEVER_AT_RISK),
        ((), NEVER_AT_RISK),
    ],
)
def test_who_was_not_watched_before_the_milestone_is_not_counted(levels, expected: str):
    assert milestone(dated(*levels), 3, BIRTH) == expected


def test_a_milestone_is_confirmed_by_the_next_visit():
    course = dated((500, 1), (600, 3), (700, 2), (800, 3), (900, 5))
    assert milestone(course, 3, BIRTH) == Milestone(500.0, True, 501.0, 600.0, True)
    assert milestone(course, 3, BIRTH, confirmed=True) == Milestone(500.0, True, 701, 800.0, False)


def test_what_nothing_confirms_neither_counts_nor_adds_time():
    course = dated((500, 1), (600, 2), (700, 3))
    assert milestone(course, 3, BIRTH, confirmed=True) == Milestone(500, False, 600, 600, False)
    assert milestone(course[1:], 3, BIRTH, confirmed=True) == NEVER_AT_RISK


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (((500, 3), (600, 1), (700, 3), (800, 4)), Milestone(600.0, True, 601.0, 700.0, False)),
        (((500, 3), (600, 1), (700, 2)), Milestone(600.0, False, 700.0, 700.0, False)),
        (((500, 3), (600, 1), (700, 3)), NEVER_AT_RISK),
        (((500, 3), (600, 1)), NEVER_AT_RISK),
        (((500, 3),), NEVER_AT_RISK),
        (((500, 3), (600, 4), (700, 1)), REACHED_BEFORE),
    ],
)
def test_a_first_visit_that_the_next_takes_back_excludes_nobody(levels, expected):
    """By the definition that is declared, from the first visit below the milestone on."""
    assert milestone(dated(*levels), 3, BIRTH, confirmed=True) == expected
    assert milestone(dated(*levels), 3, BIRTH) == REACHED_BEFORE


def test_a_visit_taken_back_before_the_clock_starts_excludes_nobody():
    course = dated((500, 3), (600, 1), (700, 3), (800, 3))
    onset = BIRTH + timedelta(days=550)
    assert milestone(course, 3, onset, confirmed=True) == Milestone(50.0, True, 51, 150, False)
    onset = BIRTH + timedelta(days=650)
    assert milestone(course, 3, onset, confirmed=True) == Milestone(0.0, True, 1, 50, False)


def test_a_clock_that_starts_between_visits_watches_from_its_start():
    """Onset after the first visit: on day 0 the patient is already watched."""
    onset = BIRTH + timedelta(days=550)
    course = dated((500, 0), (600, 1), (700, 3))
    assert milestone(course, 3, onset) == Milestone(0, True, 51, 150, False)
    assert milestone(course, 1, onset) == Milestone(0, True, 1, 50, False)
    assert milestone(course, 1, BIRTH + timedelta(days=650)) == REACHED_BEFORE
    assert milestone(course, 4, BIRTH + timedelta(days=650)) == Milestone(0, False, 50, 50, False)
    assert milestone(course, 4, BIRTH + timedelta(days=700)) == NEVER_AT_RISK


def test_three_curves_show_what_the_gaps_leave_open():
    """Visits at 100 and some 501 days: the median lies anywhere from 101 to 501."""
    courses = {n: dated((100, 1), (500 + n, 3)) for n in range(3)}
    found = [milestone(course, 3, BIRTH) for course in courses.values()]
    medians = [
        kaplan_meier(
            [one.end(place) for one in found], [True] * 3, [one.entry for one in found]
        ).median
        for place in PLACES
    ]
    assert medians == [101, 301, 501]


@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=8),
    st.integers(1, 6),
    st.booleans(),
    st.integers(-300, 300),
)
@settings(max_examples=100)
def test_every_time_has_its_order_whatever_the_course(levels, level, confirmed, start):
    course = dated(*((start + 90 * n, value) for n, value in enumerate(levels)))
    found = milestone(course, level, BIRTH, confirmed=confirmed)
    assert found == milestone(course[::-1], level, BIRTH, confirmed=confirmed)
    if isinstance(found, str):
        return
    assert 0 <= found.entry < found.earliest <= found.latest
    assert found.event or found.earliest == found.latest
    if confirmed and found.event:
        plain = milestone(course, level, BIRTH)
        if isinstance(plain, Milestone):
            assert plain.entry == found.entry
            assert plain.latest <= found.latest
        else:
            assert plain == REACHED_BEFORE
    harder = milestone(course, min(level + 1, 6), BIRTH, confirmed=confirmed)
    if isinstance(harder, Milestone) and found.event and harder.event:
        assert harder.latest >= found.latest


@pytest.mark.parametrize(
    ("levels", "level", "said"),
    [
        (((500, 7), (600, 1)), 3, "0 to 6"),
        (((500, 1), (600, 1)), 0, "from 1 to 6"),
        (((500, 1), (500, 2)), 3, "one day"),
    ],
)
def test_what_is_no_course_is_refused(levels, level: int, said: str):
    with pytest.raises(ValueError, match=said):
        milestone(dated(*levels), level, BIRTH)


def test_a_day_that_is_none_of_the_three_is_refused():
    with pytest.raises(ValueError, match="place"):
        milestone(dated((500, 1), (600, 5)), 3, BIRTH).end("left")
