"""The number of an unscheduled visit: a decimal between its neighbours (CDISC VISITNUM)."""

from collections.abc import Collection
from decimal import ROUND_FLOOR, Decimal

STEPS = (Decimal("0.1"), Decimal("0.01"))


def unscheduled_number(
    *, before: Decimal | None, after: Decimal | None, taken: Collection[Decimal]
) -> Decimal:
    """Return the number of an unscheduled visit: 3.1 after visit 3, then 3.2.

    Parameters
    ----------
    before, after : Decimal or None
        Numbers of the visits just before and just after it in time; None where there is none.
    taken : collection of Decimal
        The numbers that the patient's visits have already.

    Raises
    ------
    ValueError
        If no number with two decimals is left between the neighbours.
    """
    low = before or Decimal(0)
    ceiling = low.to_integral_value(ROUND_FLOOR) + 1
    if after is not None and low < after < ceiling:
        ceiling = after
    for step in STEPS:
        number = low + step
        while number < ceiling:
            if number not in taken:
                return number
            number += step
    raise ValueError(f"No visit number is left between {low} and {ceiling}.")
