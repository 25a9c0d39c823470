"""What a value must pass to stay in an image, and what it becomes, attribute by attribute."""

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from segmentation.imaging.dicom.procedure import Procedure
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity

LONGEST_NUMBER = 16
DAYS_PER_MONTH = 30.4375
OLDEST_YEARS = 89

Rule = Callable[[Any], Any]
"""Returns what a value becomes, None where it may not stay."""


def parse_date(value: str) -> date | None:
    """Return a DICOM date, or None where the text is none."""
    try:
        return datetime.strptime(value.strip(), "%Y%m%d").date()  # noqa: DTZ007 - a day only
    except ValueError:
        return None


def rules_by_tag(
    rules: Procedure, key: DeidentificationKey, identity: TrialIdentity
) -> dict[int, Rule]:
    """Return what each attribute that may stay must pass."""

    def shifted(value: Any) -> str | None:
        day = parse_date(str(value))
        return None if day is None else f"{day + key.shift(identity.subject_code):%Y%m%d}"

    kinds: list[tuple[frozenset[int], Rule]] = [
        (rules.uids, lambda value: key.uid(str(value))),
        (rules.dates, shifted),
        (rules.numbers, number),
        (rules.pseudonyms, lambda value: key.device(str(value))),
        (rules.ages, coarse_age),
    ]
    found = {tag: rule for tags, rule in kinds for tag in tags}
    found |= {tag: _matching(rules, tag) for tag in rules.patterns}
    return found | {tag: _within(*limits) for tag, limits in rules.ranges.items()}


def coarse_age(value: Any) -> str | None:
    """Return a DICOM age in whole months or years, or None where it is none or above 89 years.

    Days and weeks become months: beside the date of a visit they would be a date of birth.
    """
    text = str(value).strip()
    number, unit = text[:3], text[3:]
    if not (number.isascii() and number.isdecimal() and len(number) == 3):
        return None
    days = {"D": int(number), "W": 7 * int(number)}.get(unit)
    if days is not None:
        return f"{int(days / DAYS_PER_MONTH):03d}M"
    oldest = {"M": 12 * OLDEST_YEARS, "Y": OLDEST_YEARS}.get(unit, -1)
    return text if int(number) <= oldest else None


def number(value: Any) -> Any:
    """Return a finite number of few digits as it is; None for anything else."""
    if isinstance(value, (str, bytes)) or len(str(value)) > 2 * LONGEST_NUMBER:
        return None
    try:
        return value if math.isfinite(float(value)) else None
    except (TypeError, ValueError, OverflowError):
        return None


def _matching(rules: Procedure, tag: int) -> Rule:
    return lambda value: str(value) if rules.patterns[tag].fullmatch(str(value).strip()) else None


def _within(low: float, high: float) -> Rule:
    def rule(value: Any) -> Any:
        found = number(value)
        return found if found is not None and low <= float(found) <= high else None

    return rule
