"""Reading the environment: what is unset and what is empty are the same."""

import os


def given(name: str, default: str = "") -> str:
    """Return a variable of the environment, or the default where it is unset or empty.

    A container engine passes an empty text for whatever its operator left out.
    """
    return os.environ.get(name) or default
