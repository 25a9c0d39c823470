"""Arrays as plotly takes them with the fewest bytes."""

import base64
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

STEPS = (1.0, 2.0, 365.25 / 12)
"""Whole numbers, half points, and ages, which are days in months of 30.4375 days."""
SHARED_AT_MOST = 35
"""Characters that a code may share with the one before it: what one figure of base 36 tells."""
FIGURES = "0123456789abcdefghijklmnopqrstuvwxyz"


def typed(values: ArrayLike) -> dict[str, Any]:
    """Return an array as plotly's typed form, in the smallest kind that holds every value.

    What are whole numbers of a step that is not 1 is sent as these with ``per``, how many steps
    make one: `charts.js` divides again, to the very same numbers. Others take four bytes.
    """
    data = np.asarray(values, dtype=float)
    for per in STEPS:
        # The first number of an array nearly always tells that it is in no such steps.
        if _may_be_in_steps(data, per) and (steps := _in_steps(data, per)) is not None:
            kind = "u1" if (steps < 2**8).all() else "u2"
            found = _packed(steps, kind)
            return found if per == 1 else {**found, "per": per}
    return _packed(data, "f4")


def _may_be_in_steps(data: Array, per: float) -> bool:
    if not data.size:
        return True
    first = float(data.flat[0])
    return isfinite(first) and round(first * per) / per == first


def _in_steps(data: Array, per: float) -> Array | None:
    """Return how many steps each number is; None where one is not exactly so, or takes too many."""
    steps: Array = np.round(data * per)
    is_one = (steps / per == data).all() and ((steps >= 0) & (steps < 2**16)).all()
    return steps if is_one else None


def _packed(data: np.ndarray[Any, Any], kind: str) -> dict[str, Any]:
    packed = data.astype(np.dtype(kind).newbyteorder("<")).tobytes()
    return {"dtype": kind, "bdata": base64.b64encode(packed).decode()}


def shared(codes: NDArray[np.str_]) -> str:
    """Return codes as lines: how many characters each shares with the one before, and its rest.

    Codes in order take a third of their length: A-098, A-099 and A-100 are 0A-098, 49 and 2100.
    """
    table = codes.view(np.uint32).reshape(codes.size, -1)
    differs = np.ones((codes.size - 1, table.shape[1] + 1), bool)
    differs[:, :-1] = table[1:] != table[:-1]
    alike = differs.argmax(axis=1)  # the first place that is not alike, or the end
    same = [0, *np.minimum(alike, SHARED_AT_MOST).tolist()]
    return "\n".join([FIGURES[n] + code[n:] for n, code in zip(same, codes.tolist(), strict=True)])
