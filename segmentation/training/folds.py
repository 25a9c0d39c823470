"""Deal patients into folds and hold some out: by patient, never by visit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST_PATIENTS = 2
"""Of a training: one to learn from, one to watch it by."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient of a data set.

    Attributes
    ----------
    key : str
        Any name that no other patient has.
    strata : frozenset of str
        Of the scans: ``3D``, ``2D`` or both.
    load_ml : float
        Mean over the scans, in mL.
    """

    key: str
    strata: frozenset[str]
    load_ml: float


@dataclass(frozen=True, slots=True)
class Dealt:
    """Where each patient is: held out, or in one fold."""

    held_out: tuple[str, ...]
    folds: tuple[tuple[str, ...], ...]


def deal(subjects: Sequence[Subject], *, folds: int, held_out_share: float, seed: int) -> Dealt:
    """Deal patients into folds of equal size, alike in strata and loads as far as possible.

    Patients are put in order of their strata and then of their loads. Neighbours are alike: of
    each run of neighbours one is held out, and each further run is dealt out over the folds, in an
    order that the seed draws. The same patients and seed give the same folds.

    Parameters
    ----------
    folds : int
        How many; fewer where there are fewer patients.
    held_out_share : float
        Share of the patients that no training sees, 0 to 0.5. Above 0 it is one at least.

    Raises
    ------
    ValueError
        If a key is there twice, a number is out of range, or fewer than two patients are left to
        train on.
    """
    if len({subject.key for subject in subjects}) < len(subjects):
        raise ValueError("A patient is there twice.")
    if folds < FEWEST_PATIENTS or not 0 <= held_out_share <= 0.5:
        raise ValueError("Expected 2 folds or more, and a share of 0 to 0.5 to hold out.")
    ordered = sorted(subjects, key=lambda s: (sorted(s.strata), s.load_ml, s.key))
    rng = np.random.default_rng(seed)
    count = _held_out_count(len(ordered), held_out_share)
    if len(ordered) - count < FEWEST_PATIENTS:
        raise ValueError(
            f"Expected {FEWEST_PATIENTS + count} patients or more, {count} of them held out; found "
            f"{len(ordered)}."
        )
    apart = {int(rng.choice(part)) for part in np.array_split(np.arange(len(ordered)), count or 1)}
    apart = apart if count else set()
    left = [subject.key for index, subject in enumerate(ordered) if index not in apart]
    number = min(folds, len(left))
    hands: list[list[str]] = [[] for _ in range(number)]
    for start in range(0, len(left), number):
        run = left[start : start + number]
        for key, hand in zip(run, rng.permutation(number), strict=False):
            hands[hand].append(key)
    return Dealt(
        tuple(sorted(ordered[index].key for index in apart)),
        # The largest first: of unequal folds the first one watches the training best.
        tuple(tuple(sorted(hand)) for hand in sorted(hands, key=len, reverse=True)),
    )


def _held_out_count(patients: int, share: float) -> int:
    return max(1, round(patients * share)) if share > 0 else 0


def splits(dealt: Dealt, cases: dict[str, str]) -> list[dict[str, list[str]]]:
    """Return the folds as nnU-Net reads them from ``splits_final.json``.

    Parameters
    ----------
    cases : dict of str to str
        The patient of each case that there is.
    """
    found = []
    for fold in dealt.folds:
        watched = sorted(case for case, patient in cases.items() if patient in fold)
        others = {key for other in dealt.folds if other != fold for key in other}
        learnt = sorted(case for case, patient in cases.items() if patient in others)
        found.append({"train": learnt, "val": watched})
    return found
