"""Numbers so large or small that their squares are none: no measurement, and no estimate."""

import numpy as np
from numpy.typing import ArrayLike

from analytics.stats.errors import NotEstimableError

SMALLEST, LARGEST = 1e-75, 1e75
"""Fourth powers of numbers between these are numbers too, as intervals of variances need them."""


def refuse_extremes(*measures: ArrayLike) -> None:
    """Let measures of finite numbers pass of which the largest has a square, and zeros.

    Raises
    ------
    NotEstimableError
        If a measure is so far from one, or so near to zero, that its sum of squares would be
        infinite or lost.
    """
    for measure in measures:
        largest = np.abs(np.asarray(measure, dtype=np.float64)).max(initial=0.0)
        if largest > 0 and not SMALLEST <= largest <= LARGEST:
            raise NotEstimableError("A number is too large or too small to be a measurement.")
