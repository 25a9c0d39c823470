"""Read the numbers of a figure back, as a browser would."""

import base64
from typing import Any

import numpy as np


def numbers(array: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return a typed array as plotly or, where it came in steps, `charts.js` reads it."""
    steps = np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])
    return (steps / array["per"]).astype("f4") if "per" in array else steps


def codes(text: str) -> list[str]:
    """Return codes in full, each sent as what differs from the one before it."""
    found, before = [], ""
    for line in text.split("\n"):
        before = before[: int(line[0], 36)] + line[1:]
        found.append(before)
    return found
