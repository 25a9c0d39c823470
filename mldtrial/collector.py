"""How often a server looks for what nobody needs any more."""

import gc

YOUNG, MIDDLE, OLD = 50_000, 20, 20
"""New containers before a look; looks at the young before one at the next generation."""


def keep_loaded() -> None:
    """Take what is loaded out of the collector's looks: it lives as long as the process.

    A page of many rows makes objects by the ten thousand, and each full look at half a million
    that stay would cost it a fifth of a second (decision 0042).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
