"""The scans of a figure of the cohort, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.figures.typed import shared, typed

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]
LABELLED_UP_TO = 1500
"""Scans whose labels a chart carries; above, they would outweigh the numbers five times."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Scans, those of a patient behind each other.

    Attributes
    ----------
    load_ml, score : ndarray of float, shape (n,)
        The score is an age where a figure is against time.
    stratum : ndarray of str, shape (n,)
    subtype, subject : ndarray of int, shape (n,)
        The place of each scan's subtype in `subtypes`, and of its patient in `subject_codes`.
    subject_codes : ndarray of str
        In order, so that the places of patients are in the order of their codes.
    links : sequence of (address, label)
        Of each scan; empty where there are more than `LABELLED_UP_TO`.
    """

    load_ml: NDArray[np.float64]
    score: NDArray[np.float64]
    stratum: NDArray[np.str_]
    subtype: Rows
    subtypes: Sequence[str]
    subject: Rows
    subject_codes: NDArray[np.str_]
    links: Sequence[tuple[str, str]] = ()

    @property
    def size(self) -> int:
        """How many scans there are."""
        return self.load_ml.size

    @property
    def is_labelled(self) -> bool:
        """Whether each scan says whose it is."""
        return self.size <= LABELLED_UP_TO

    def rows(self, here: Mask) -> Rows:
        """Return the rows of some scans; of many, by the code of the patient.

        Codes in order take few bytes. Scans of one patient stay in their order.
        """
        found = np.flatnonzero(here)
        if self.is_labelled:
            return found
        # Numbers of two bytes are sorted by their digits, five times as fast.
        places = self.subject[found].astype(np.min_scalar_type(len(self.subject_codes)))
        by_code: Rows = found[np.argsort(places, kind="stable")]
        return by_code

    def linked(self, rows: Rows) -> list[list[str]]:
        """Return address and label of some scans."""
        return [list(self.links[row]) for row in rows]

    def whose(self, rows: Rows) -> dict[str, Any]:
        """Return whose many scans are: the patients' codes, and how many scans each has."""
        subject = self.subject[rows]
        begins = begins_of(subject)
        return {
            "subjects": shared(self.subject_codes[subject[begins]]),
            "marks": typed(np.diff(np.append(begins, subject.size))),
        }


def in_order(codes: Sequence[str]) -> tuple[NDArray[np.str_], Rows]:
    """Return codes of patients in order, and the new place of each."""
    given = np.array(codes, str)
    order = np.argsort(given)
    place = np.empty(given.size, np.intp)
    place[order] = np.arange(given.size)
    return given[order], place


def begins_of(subject: Rows) -> Rows:
    """Return where the scans of each patient begin."""
    if not subject.size:
        return subject
    return np.flatnonzero(np.concatenate(([True], subject[1:] != subject[:-1])))
