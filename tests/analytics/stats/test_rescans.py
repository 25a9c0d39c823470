"""Which scans repeat one another, by hand on a few of one patient."""

from analytics.stats.rescans import Change, Scan, Session, Situation, sessions

ALIKE_3D = Situation(Change.NONE, "3D")
CHANGED_3D = Situation(Change.ACQUISITION, "3D")
APART = Situation(Change.STRATUM, "")


def scan(day: int, value: float, *, scanner: str = "A", stratum: str = "3D", **more) -> Scan:
    given = {"key": f"{day}-{value}", "subject": "p", "images": frozenset({value}), **more}
    return Scan(day=day, value=value, acq_stratum=stratum, acquisition=(scanner, stratum), **given)


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
        CHANGED_3D: [Session("p", (10.0, 12.0))],
        # Each scan counts once in a situation: the first of the two 3D scans is taken.
        APART: [Session("p", (10.0, 15.0))],
    }


def test_the_order_in_which_scans_come_changes_nothing():
    scans = [scan(day, float(day + 10), scanner="AB"[day % 2]) for day in range(6)]
    assert sessions(scans[::-1]) == sessions(scans)
