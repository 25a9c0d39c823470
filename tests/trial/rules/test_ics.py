from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mldtrial.trial.rules.ics import Event, calendar, escape, fold

STAMP = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def test_a_window_is_an_event_of_whole_days_that_ends_on_the_day_after():
    event = Event("p.d@mldtrial", "Study visit A-001", date(2026, 3, 1), date(2026, 3, 31))
    text = calendar([event], name="Study visits", stamp=STAMP)
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert "DTSTART;VALUE=DATE:20260301\r\n" in text
    assert "DTEND;VALUE=DATE:20260401\r\n" in text
    assert "DTSTAMP:20260301T123000Z\r\n" in text
    assert "UID:p.d@mldtrial\r\n" in text
    assert text.endswith("END:VEVENT\r\nEND:VCALENDAR\r\n")


def test_an_empty_calendar_is_still_one():
    assert "VEVENT" not in calendar([], name="Study visits", stamp=STAMP)


def test_what_would_end_a_value_is_escaped():
    assert escape("a,b;c\\d\ne") == "a\\,b\\;c\\\\d\\ne"


def test_a_long_line_goes_on_after_a_space():
    folded = fold("SUMMARY:" + "x" * 100)
    assert folded == "SUMMARY:" + "x" * 67 + "\r\n " + "x" * 33


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=("Cs",))))
def test_no_line_is_longer_than_75_bytes_and_unfolding_gives_it_back(line):
    folded = fold(line)
    assert all(len(part.encode()) <= 75 for part in folded.split("\r\n"))
    assert folded.replace("\r\n ", "") == line
