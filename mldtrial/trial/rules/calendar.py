"""Which day it is at a site, and whether a visit lies in its window."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def today_in(time_zone: str) -> date:
    """Return today's date where the site is: it may be a day ahead of the server.

    Raises
    ------
    ValueError
        If the time zone is unknown.
    """
    if time_zone == "UTC":
        return datetime.now(UTC).date()
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"Unknown time zone {time_zone!r}; expected one like Europe/Berlin."
        ) from (error)
    return datetime.now(zone).date()


def window(first_visit: date, target_day: int, before: int, after: int) -> tuple[date, date]:
    """Return the first and the last day of a planned visit.

    Parameters
    ----------
    first_visit : date
        The day from which the schedule counts.
    target_day, before, after : int
        Days after the first visit, and the days allowed on either side of it.
    """
    target = first_visit + timedelta(days=target_day)
    return target - timedelta(days=before), target + timedelta(days=after)


def days_outside(day: date, opens: date, closes: date) -> int:
    """Return how many days a visit is early (negative) or late; 0 inside its window."""
    if day < opens:
        return (day - opens).days
    return max((day - closes).days, 0)
