"""A calendar as RFC 5545 writes it: lines of at most 75 bytes, days without a clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

LINE_BYTES = 75
PRODUCT = "-//MLD trial platform//Visit windows//EN"


@dataclass(frozen=True, slots=True)
class Event:
    """An event of whole days, the last one included.

    Attributes
    ----------
    uid : str
        The same each time the calendar is read, so that a moved window moves its event.
    """

    uid: str
    summary: str
    first: date
    last: date


def calendar(events: Iterable[Event], *, name: str, stamp: datetime) -> str:
    """Return an iCalendar file.

    Parameters
    ----------
    stamp : datetime
        When it is written, in UTC.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escape(name)}",
    ]
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{escape(event.uid)}",
            f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{event.first:%Y%m%d}",
            # The end of a day without a clock is the day after it.
            f"DTEND;VALUE=DATE:{event.last + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{escape(event.summary)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{fold(line)}\r\n" for line in lines)


def escape(text: str) -> str:
    """Return a text value with what would end it escaped."""
    for character, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(character, written)
    return text.replace("\r", "")


def fold(line: str) -> str:
    """Break a line after at most 75 bytes, never inside a character.

    A continued line starts with a space, which counts.
    """
    folded: list[str] = []
    current, size = "", 0
    for character in line:
        length = len(character.encode())
        if size + length > LINE_BYTES:
            folded.append(current)
            current, size = " ", 1
        current += character
        size += length
    return "\r\n".join([*folded, current])
