"""What an interval is computed from, and the hash that names it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from analytics.stats import adjusted, correlation
from analytics.stats.errors import NotEstimableError
from analytics.stats.ranked import Interval, Ranked
from analytics.stats.resampling import numbered

SEED = 20260101
RESAMPLES = 2000
SPEARMAN, STRATIFIED = "spearman-2", "stratified-spearman-2"
DIFFERENCE = "spearman-difference-1"
"""Methods with their version: another version is another key, never the number of this one."""

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Sample:
    """The exact numbers that an interval rests on.

    Attributes
    ----------
    measures : tuple of ndarray of float, shape (n,)
        Two that are correlated, or one with two whose correlations with it are compared; in the
        order of the points, which decides what a seed draws.
    patients, subtypes : ndarray of int, shape (n,)
        Numbers in order of appearance, no identity; no subtypes where they are not told apart.
    """

    method: str
    measures: tuple[Array, ...]
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
            return cls(SPEARMAN, (loads, scores), named)
        return cls(STRATIFIED, (loads, scores), named, numbered(subtypes, n)[0])

    @classmethod
    def of_ranked(cls, found: Ranked) -> "Sample":
        """Return the sample of a correlation of two measures, or of the difference of two."""
        method = SPEARMAN if len(found.measures) == 2 else DIFFERENCE
        named = numbered(found.subjects, found.measures[0].size)[0]
        return cls(method, found.measures, named)

    @property
    def n(self) -> int:
        """How many rows there are."""
        return self.measures[0].size

    @property
    def rows_to_rank(self) -> int:
        """How many rows a resample ranks: each once for every correlation."""
        return self.n * (len(self.measures) - 1)

    @cached_property
    def key(self) -> str:
        """The sha256 of method, library, seed, resamples and numbers."""
        # The stream of random numbers belongs to the version of its library.
        how = f"{self.method} numpy-{np.__version__} {SEED} {RESAMPLES} {self.n}"
        found = hashlib.sha256(how.encode())
        for numbers in self.measures:
            found.update(numbers.astype("<f8").tobytes())
        for codes in (self.patients, self.subtypes):
            found.update(b"" if codes is None else codes.astype("<i8").tobytes())
        return found.hexdigest()

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sample) and self.key == other.key

    def value(self) -> float:
        """Return the correlation of two measures alone, at once.

        Raises
        ------
        NotEstimableError
            As `correlation.spearman` and `adjusted.stratified_spearman`.
        """
        loads, scores = self.measures
        if self.subtypes is None:
            return correlation.spearman_rho(loads, scores)
        return adjusted.stratified_rho(loads, scores, self.subtypes)


@lru_cache(maxsize=256)
def computed(sample: Sample) -> Interval:
    """Return the interval of a sample by resampling its patients; kept by its numbers."""
    if sample.subtypes is None:
        return Ranked(sample.measures, sample.patients).interval(RESAMPLES, SEED)
    loads, scores = sample.measures
    try:
        found = adjusted.stratified_spearman(
            loads, scores, sample.subtypes, sample.patients, n_resamples=RESAMPLES, seed=SEED
        )
    except NotEstimableError as error:
        return Interval(None, None, str(error))
    return Interval(found.ci_low, found.ci_high)
