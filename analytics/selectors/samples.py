"""What an interval is computed from, and the hash that names it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from analytics.stats import adjusted, correlation
from analytics.stats.errors import NotEstimableError
from analytics.stats.resampling import numbered

SEED = 20260101
RESAMPLES = 2000
SPEARMAN, STRATIFIED = "spearman-2", "stratified-spearman-2"
"""Methods with their version: another version is another key, never the number of this one."""

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval; None where `reason` says why there is none."""

    low: float | None
    high: float | None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Sample:
    """The exact numbers that an interval rests on.

    Attributes
    ----------
    loads, scores : ndarray of float, shape (n,)
        In the order of the points, which decides what a seed draws.
    patients, subtypes : ndarray of int, shape (n,)
        Numbers in order of appearance, no identity; no subtypes where they are not told apart.
    """

    method: str
    loads: Array
    scores: Array
    patients: Codes
    subtypes: Codes | None = None

    @classmethod
    def of(
        cls, loads: Array, scores: Array, patients: Codes, subtypes: Codes | None = None
    ) -> "Sample":
        """Return the sample of the rank correlation, within subtypes where they are given."""
        n = loads.size
        named = numbered(patients, n)[0]
        if subtypes is None:
            return cls(SPEARMAN, loads, scores, named)
        return cls(STRATIFIED, loads, scores, named, numbered(subtypes, n)[0])

    @cached_property
    def key(self) -> str:
        """The sha256 of method, library, seed, resamples and numbers."""
        # The stream of random numbers belongs to the version of its library.
        how = f"{self.method} numpy-{np.__version__} {SEED} {RESAMPLES} {self.loads.size}"
        found = hashlib.sha256(how.encode())
        for numbers in (self.loads, self.scores):
            found.update(numbers.astype("<f8").tobytes())
        for codes in (self.patients, self.subtypes):
            found.update(b"" if codes is None else codes.astype("<i8").tobytes())
        return found.hexdigest()

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sample) and self.key == other.key

    def value(self) -> float:
        """Return the correlation alone, at once.

        Raises
        ------
        NotEstimableError
            As `correlation.spearman` and `adjusted.stratified_spearman`.
        """
        if self.subtypes is None:
            return correlation.spearman_rho(self.loads, self.scores)
        return adjusted.stratified_rho(self.loads, self.scores, self.subtypes)


@lru_cache(maxsize=256)
def computed(sample: Sample) -> Interval:
    """Return the interval of a sample by resampling its patients; kept by its numbers."""
    try:
        if sample.subtypes is None:
            found = correlation.spearman(
                sample.loads, sample.scores, sample.patients, n_resamples=RESAMPLES, seed=SEED
            )
        else:
            found = adjusted.stratified_spearman(
                sample.loads, sample.scores, sample.subtypes, sample.patients,
                n_resamples=RESAMPLES, seed=SEED,
            )  # fmt: skip
    except NotEstimableError as error:
        return Interval(None, None, str(error))
    return Interval(found.ci_low, found.ci_high)
