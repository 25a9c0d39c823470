"""What a regular report is of: a week, a month, or a day that it was asked for on."""

from datetime import date

WEEKLY, MONTHLY, NEVER = "WEEKLY", "MONTHLY", "NEVER"


def period_of(rhythm: str, day: date) -> str:
    """Return the name of the period that a day lies in: ``2026-W09`` or ``2026-03``.

    Weeks are those of ISO 8601, which begin on a Monday; the first days of January may lie in the
    last week of the year before.

    Raises
    ------
    ValueError
        If a rhythm has no period.
    """
    if rhythm == WEEKLY:
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    if rhythm == MONTHLY:
        return f"{day:%Y-%m}"
    raise ValueError(f"The rhythm {rhythm!r} has no period.")


def day_period(day: date) -> str:
    """Return the name of a report that was asked for on a day."""
    return day.isoformat()
