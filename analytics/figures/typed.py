"""Arrays as plotly takes them with the fewest bytes."""

import base64
from collections.abc import Sequence

import numpy as np

SMALL = 255
"""The largest number of one byte."""


def typed(values: Sequence[float]) -> dict[str, str]:
    """Return an array as plotly's typed form: one byte for levels, four for other numbers.

    A gap is NaN, which takes four bytes as well.
    """
    data = np.asarray(values, dtype=float)
    is_small = bool(((data == np.round(data)) & (data >= 0) & (data <= SMALL)).all())
    kind = "u1" if is_small else "f4"
    packed = data.astype("u1" if is_small else "<f4").tobytes()
    return {"dtype": kind, "bdata": base64.b64encode(packed).decode()}
