"""The scans of a figure, given one by one."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from analytics.figures.marks import LABELLED_UP_TO, Marks


class Mark(NamedTuple):
    """One scan of a figure."""

    load_ml: float
    score: float
    stratum: str = "3D"
    subtype: str = "adult"
    subject: str = "A"
    link: tuple[str, str] = ("", "")


def marks_of(given: Iterable[Mark]) -> Marks:
    """Return scans as the columns that figures are made of."""
    kept = list(given)
    codes = sorted({mark.subject for mark in kept})
    subtypes = list(dict.fromkeys(mark.subtype for mark in kept))
    return Marks(
        load_ml=np.array([mark.load_ml for mark in kept], float),
        score=np.array([mark.score for mark in kept], float),
        stratum=np.array([mark.stratum for mark in kept], str),
        subtype=np.array([subtypes.index(mark.subtype) for mark in kept], np.intp),
        subtypes=subtypes,
        subject=np.array([codes.index(mark.subject) for mark in kept], np.intp),
        subject_codes=np.array(codes, str),
        links=[mark.link for mark in kept] if len(kept) <= LABELLED_UP_TO else (),
    )
