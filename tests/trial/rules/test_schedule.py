from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mldtrial.trial.rules.schedule import DOSE, Anchor, Anchors, Standing, Step, plan

ENROLLED = date(2024, 1, 1)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def step(number: str, target: int, anchor=Anchor.ENROLMENT, before=14, after=14, **changes) -> Step:
    return Step(uuid4(), Decimal(number), anchor, target, before, after, **changes)


def days_of(steps, anchors=None, took_place=None, not_done=()):
    anchors = anchors or Anchors(ENROLLED, {})
    planned = plan(steps, anchors, took_place=took_place or {}, not_done=not_done)
    return [entry.due for entry in planned]


def test_a_visit_lies_its_days_after_enrolment():
    # By hand: 2024 is a leap year, so day 183 after 1 January is 2 July.
    entry = plan([step("2", 183, before=14, after=30)], Anchors(ENROLLED, {}), took_place={})[0]
    assert (entry.due, entry.opens, entry.closes) == (
        date(2024, 7, 2),
        date(2024, 6, 18),
        date(2024, 8, 1),
    )


def test_a_visit_counts_from_the_first_study_dose():
    steps = [step("1", 30, Anchor.TREATMENT)]
    assert days_of(steps, Anchors(ENROLLED, {DOSE: date(2024, 2, 1)})) == [date(2024, 3, 2)]


def test_a_visit_counts_from_the_therapy_that_the_study_names_and_from_no_other():
    steps = [step("1", 30, Anchor.TREATMENT, therapy="HSCT")]
    treated = {"HSCT": date(2024, 2, 1), DOSE: date(2023, 1, 1), "ERT": date(2022, 1, 1)}
    assert days_of(steps, Anchors(ENROLLED, treated)) == [date(2024, 3, 2)]
    assert days_of(steps, Anchors(ENROLLED, {DOSE: date(2023, 1, 1)})) == [None]


def test_a_visit_counts_from_the_day_of_the_previous_one_not_from_its_target():
    first, second = step("1", 0), step("2", 90, Anchor.PREVIOUS_VISIT)
    assert days_of([second, first]) == [date(2024, 1, 1), date(2024, 3, 31)]
    late = {first.key: date(2024, 1, 10)}
    assert days_of([first, second], took_place=late) == [date(2024, 1, 1), date(2024, 4, 9)]


def test_after_a_visit_not_done_the_next_counts_from_where_that_one_was_due():
    first, second = step("1", 100), step("2", 100, Anchor.PREVIOUS_VISIT)
    without = days_of([first, second])
    assert days_of([first, second], not_done={first.key}) == without
    assert without[1] == ENROLLED + timedelta(days=200)


def test_nothing_is_due_before_enrolment():
    steps = [step("1", 0), step("2", 90, Anchor.PREVIOUS_VISIT)]
    planned = plan(steps, Anchors(None, {}), took_place={})
    assert [entry.due for entry in planned] == [None, None]
    assert {entry.standing(date(2030, 1, 1)) for entry in planned} == {Standing.WAITING}


@pytest.mark.parametrize(
    ("today", "standing"),
    [
        (date(2023, 12, 17), Standing.UPCOMING),
        (date(2023, 12, 18), Standing.DUE),
        (date(2024, 1, 15), Standing.DUE),
        (date(2024, 1, 16), Standing.OVERDUE),
    ],
)
def test_both_ends_of_a_window_belong_to_it(today, standing):
    entry = plan([step("1", 0)], Anchors(ENROLLED, {}), took_place={})[0]
    assert entry.standing(today) == standing


def test_what_took_place_or_was_declared_not_done_is_never_overdue():
    first, second = step("1", 0), step("2", 30)
    planned = plan(
        [first, second],
        Anchors(ENROLLED, {}),
        took_place={first.key: date(2024, 6, 1)},
        not_done={second.key},
    )
    long_after = date(2030, 1, 1)
    assert [e.standing(long_after) for e in planned] == [Standing.DONE, Standing.NOT_DONE]


def test_a_retired_visit_is_planned_for_nobody_but_stays_where_it_took_place():
    retired = step("1", 0, is_retired=True)
    assert days_of([retired]) == []
    assert days_of([retired], took_place={retired.key: ENROLLED}) == [ENROLLED]


ANCHORS = st.sampled_from(list(Anchor))
STEPS = st.lists(
    st.tuples(ANCHORS, st.integers(0, 2000), st.integers(0, 90), st.integers(0, 90)),
    min_size=1,
    max_size=8,
)
DATES = st.dates(date(1990, 1, 1), date(2060, 1, 1))


def schedule_of(drawn) -> list[Step]:
    return [
        Step(UUID(int=n), Decimal(n), anchor, target, before, after)
        for n, (anchor, target, before, after) in enumerate(drawn)
    ]


@UNHURRIED
@given(STEPS, DATES, DATES)
def test_every_window_is_ordered_around_its_day(drawn, enrolled, dosed):
    steps = schedule_of(drawn)
    for entry in plan(steps, Anchors(enrolled, {DOSE: dosed}), took_place={}):
        if entry.due is not None:
            assert entry.opens <= entry.due <= entry.closes


@UNHURRIED
@given(STEPS, DATES, DATES, st.integers(-1000, 1000))
def test_moving_the_anchors_moves_everything_by_as_much(drawn, enrolled, dosed, days):
    steps, by = schedule_of(drawn), timedelta(days=days)
    here = plan(steps, Anchors(enrolled, {DOSE: dosed}), took_place={})
    there = plan(steps, Anchors(enrolled + by, {DOSE: dosed + by}), took_place={})
    for one, other in zip(here, there, strict=True):
        if one.due is None:
            assert other.due is None
        else:
            assert (other.due, other.opens, other.closes) == (
                one.due + by,
                one.opens + by,
                one.closes + by,
            )
