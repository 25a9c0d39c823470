"""Read the numbers of a figure back, as a browser would."""

import base64
from typing import Any

import numpy as np


def numbers(array: dict[str, str]) -> np.ndarray[Any, Any]:
    """Return a typed array of plotly."""
    return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])
