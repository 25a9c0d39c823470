"""Which scans repeat one another, by hand on a few of one patient."""

from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.stats.rescans import Change, Scan, Session, Situation, sessions

ALIKE_3D = Situation(Change.NONE, "3D")
CHANGED_3D = Situation(Change.ACQUISITION, "3D")
APART = Situation(Change.STRATUM, "")


def scan(day: int, value: float, *, scanner: str = "A", stratum: str = "3D", **more) -> Scan:
    facts = {"subject": "p", "images": frozenset({str(value)}), **more}
    return Scan(day=day, value=value, acq_stratum=stratum, acquisition=(scanner, stratum), **facts)


def test_scans_of_one_week_are_one_session_and_the_next_one_begins_after_it():
    found = sessions([scan(0, 10.0), scan(7, 11.0), scan(8, 12.0), scan(15, 13.0)])
    assert found == {ALIKE_3D: [Session("p", (10.0, 11.0)), Session("p", (12.0, 13.0))]}


def test_scans_of_two_patients_are_no_repeats():
    assert sessions([scan(0, 10.0), scan(0, 11.0, subject="q")]) == {}


def test_loads_of_one_image_are_no_repeats():
    shared = frozenset({"one T2w"})
    first, second = scan(0, 10.0, images=shared), scan(1, 11.0, images=shared | {"other T1w"})
    assert sessions([first, second]) == {}
    assert sessions([first, second, scan(2, 12.0)]) == {ALIKE_3D: [Session("p", (10.0, 12.0))]}


def test_a_changed_scanner_and_a_changed_stratum_are_situations_of_their_own():
    found = sessions([scan(0, 10.0), scan(1, 12.0, scanner="B"), scan(2, 15.0, stratum="2D")])
    assert found == {
        CHANGED_3D: [Session("p", (10.0, 12.0), ("acquisition",))],
        # Each scan counts once in a situation: the first of the two 3D scans is taken.
        APART: [Session("p", (10.0, 15.0), ("acquisition",))],
    }


def test_the_order_in_which_scans_come_changes_nothing():
    scans = [scan(day, float(day + 10), scanner="AB"[day % 2]) for day in range(6)]
    assert sessions(scans[::-1]) == sessions(scans)


@pytest.mark.parametrize("scanners", ["AAA", "ABC"])
def test_of_scans_that_share_images_the_most_repeat_each_other_whatever_they_are_called(scanners):
    """T1w 1 with T2w 1, T1w 2 with T2w 1, T1w 2 with T2w 2: the first and the last share none."""
    situation = ALIKE_3D if scanners == "AAA" else CHANGED_3D
    for one, two, three, four in permutations("abcd"):
        made_from = [{one, two}, {three, two}, {three, four}]
        scans = [
            scan(0, 10.0 + n, images=frozenset(images), scanner=scanner)
            for n, (images, scanner) in enumerate(zip(made_from, scanners, strict=True))
        ]
        ((session,),) = {tuple(sessions(order)[situation]) for order in permutations(scans)}
        assert set(session.values) == {10.0, 12.0}


@given(st.lists(st.frozensets(st.sampled_from("abcdef"), max_size=2), max_size=8))
@settings(max_examples=150, deadline=None)
def test_no_set_of_scans_without_shared_images_is_larger_than_the_one_taken(made_from):
    scans = [scan(0, float(n), images=images) for n, images in enumerate(made_from)]
    largest = max(
        len(some)
        for size in range(len(scans) + 1)
        for some in combinations(made_from, size)
        if sum(map(len, some)) == len(frozenset().union(*some))
    )
    found = sessions(scans)
    taken = [made_from[int(value)] for one in found.get(ALIKE_3D, []) for value in one.values]
    assert len(taken) == (largest if largest > 1 else 0)
    assert sum(map(len, taken)) == len(frozenset().union(*taken))


def test_many_scans_of_few_images_are_told_apart_at_once():
    pairs = [frozenset({f"T1w {n}", f"T2w {m}"}) for n in range(7) for m in range(7)]
    found = sessions([scan(0, float(n), images=both) for n, both in enumerate(pairs)])
    (session,) = found[ALIKE_3D]
    assert len(session.values) == 7


def test_a_scan_that_is_like_two_others_joins_one_of_them_and_what_changed_is_told():
    def changed(one: tuple[str, str], other: tuple[str, str]) -> tuple[str, ...]:
        return ("scanner",) if {one[0], other[0]} == {"A", "B"} else ()

    three = [scan(0, 10.0), scan(1, 11.0, scanner="?"), scan(2, 15.0, scanner="B")]
    found = sessions(three, changed=changed)
    assert found[ALIKE_3D] == [Session("p", (10.0, 11.0))]
    assert found[CHANGED_3D] == [Session("p", (10.0, 15.0), ("scanner",))]


def unlike_by_a_tenth(one: float, other: float) -> tuple[str, ...]:
    return ("repetition time",) if max(one, other) > 1.1 * min(one, other) else ()


def repeating(day: int, value: float, repetition_time: float) -> Scan:
    return Scan("p", day, value, "3D", repetition_time, frozenset({str(value)}))


def test_a_scan_of_years_before_takes_no_rescan_away():
    """540 ms is like 500 and like 560 ms, which are not like each other."""
    pair = [repeating(800, 50.0, 540), repeating(801, 52.0, 560)]
    expected = {ALIKE_3D: [Session("p", (50.0, 52.0))]}
    assert sessions(pair, changed=unlike_by_a_tenth) == expected
    old = repeating(0, 40.0, 500)
    assert sessions([old, *pair], changed=unlike_by_a_tenth) == expected


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from([500, 540, 560, 600])), max_size=9),
    st.sampled_from([500, 540, 560, 600]),
    st.sampled_from([-400, -8, 38, 400]),
)
@settings(max_examples=150, deadline=None)
def test_a_scan_far_away_in_time_changes_no_rescan(made, repetition_time: int, day: int):
    scans = [repeating(on, float(n), time) for n, (on, time) in enumerate(made)]
    far = repeating(day, 99.0, repetition_time)
    with_far = sessions([far, *scans], changed=unlike_by_a_tenth)
    assert with_far == sessions(scans, changed=unlike_by_a_tenth)
