"""Whether a subject code looks like a person: initials, a name or a birth date."""

import re
from datetime import date

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def person_in(code: str) -> str | None:
    """Return what gives a person away in a code that nobody knows yet; None where nothing does.

    Codes of a study hold a running number; a code of letters alone is initials or a name, and
    eight digits that are a day may be a birth date.
    """
    if not CODE.fullmatch(code):
        return "letters, digits, hyphen and underscore, at most 32; never a name"
    if not re.search(r"\d", code):
        return "initials or a name? A subject code holds a number"
    if any(_is_day(digits) for digits in re.findall(r"(?<!\d)\d{8}(?!\d)", code)):
        return "a birth date? A subject code holds no date"
    if re.search(r"(19|20)\d\d[-_](0[1-9]|1[0-2])([-_]|$)", code):
        return "a birth date? A subject code holds no date"
    return None


def _is_day(digits: str) -> bool:
    year_first = (digits[:4], digits[4:6], digits[6:])
    day_first = (digits[4:], digits[2:4], digits[:2])
    month_first = (digits[4:], digits[:2], digits[2:4])
    return any(_makes_a_day(*parts) for parts in (year_first, day_first, month_first))


def _makes_a_day(year: str, month: str, day: str) -> bool:
    try:
        return 1900 <= date(int(year), int(month), int(day)).year <= 2099
    except ValueError:
        return False
