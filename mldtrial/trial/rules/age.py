"""Ages, from a birth month: counted from the middle of that month."""

from datetime import date

import numpy as np
from numpy.typing import NDArray

DAYS_PER_MONTH = 365.25 / 12
MID_MONTH_DAY = 15


def age_months(birth_month: date, on: date) -> float:
    """Return the age in months on a day, counted from the middle of the birth month.

    Parameters
    ----------
    birth_month : date
        Any day of the month of birth.
    on : date
        The day of interest; in the month of birth itself the age is not below zero.

    Returns
    -------
    float
        Months of 30.4375 days (365.25 / 12).
    """
    born = birth_month.replace(day=MID_MONTH_DAY)
    return max((on - born).days, 0) / DAYS_PER_MONTH


def ages_months(
    birth_months: NDArray[np.datetime64], on: NDArray[np.datetime64]
) -> NDArray[np.float64]:
    """Return the ages of many, each as `age_months` has it.

    Parameters
    ----------
    birth_months, on : ndarray of datetime64[D], shape (n,)
    """
    born = birth_months.astype("datetime64[M]").astype("datetime64[D]") + (MID_MONTH_DAY - 1)
    days = np.maximum((on - born).astype(np.int64), 0)
    return np.asarray(days / DAYS_PER_MONTH, np.float64)
