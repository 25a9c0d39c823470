from decimal import Decimal

import pytest

from mldtrial.trial.rules.visit_number import unscheduled_number


def number(before, after, *taken) -> str:
    given = None if before is None else Decimal(before)
    later = None if after is None else Decimal(after)
    found = unscheduled_number(before=given, after=later, taken={Decimal(t) for t in taken})
    return str(found.normalize())


@pytest.mark.parametrize(
    ("before", "after", "taken", "expected"),
    [
        ("3", "4", ("3", "4"), "3.1"),
        ("3.1", "4", ("3", "3.1", "4"), "3.2"),
        ("3", "3.1", ("3", "3.1"), "3.01"),
        ("3.9", "4", ("3", "3.9", "4"), "3.91"),
        (None, "1", ("1",), "0.1"),
        ("3", None, ("3", "3.1"), "3.2"),
        # Visit 2 took place after visit 3: the number follows the visit before it.
        ("3", "2", ("2", "3"), "3.1"),
    ],
)
def test_an_unscheduled_visit_is_numbered_after_the_visit_before_it(before, after, taken, expected):
    assert number(before, after, *taken) == expected


def test_a_full_gap_is_refused():
    taken = [str(Decimal(n) / 100) for n in range(300, 400)]
    with pytest.raises(ValueError, match="No visit number is left"):
        number("3", "4", *taken)
