"""What is asked of the milestones of a cohort, as the address of the page says it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from analytics.selectors.clocks import PARAMETER as AGAINST
from analytics.selectors.cohort_filters import Filters
from mldtrial.trial.models import AcqStratum
from mldtrial.trial.selectors.asked import UnknownFilterError, known

AGE, ONSET, TREATMENT = "age", "onset", "treatment"
CLOCKS = (AGE, ONSET, TREATMENT)
SUBTYPE, THERAPY, KIND, ARM, TOGETHER = "subtype", "therapy", "kind", "arm", "together"
GROUPINGS = (SUBTYPE, THERAPY, KIND, ARM, TOGETHER)
LEVELS = range(1, 7)
LOSS_OF_WALKING = 3
LONGEST_MONTHS = 1200


@dataclass(frozen=True, slots=True)
class Question:
    """Which milestone, of whom, on which clock, and who is compared.

    Attributes
    ----------
    filters : Filters
        A patient belongs to the part by subtype, site and arm; a time at risk by what therapy
        had begun. Strata of scans play no part.
    level : int
        The milestone: this level of GMFC-MLD or a worse one.
    is_confirmed : bool
        It counts only if the next assessment is at the milestone too.
    from_months : int
        Only what happens after this time on the clock counts, among those free of it then.
    load_stratum : str
        Of the load at entry, where that is a covariate; else empty.
    """

    filters: Filters
    level: int = LOSS_OF_WALKING
    clock: str = AGE
    by: str = SUBTYPE
    is_confirmed: bool = False
    from_months: int = 0
    load_stratum: str = ""

    @classmethod
    def of(cls, query: Any) -> "Question":
        """Read a question from an address.

        Raises
        ------
        UnknownFilterError
            If it asks for what is not known.
        """
        levels = [str(level) for level in LEVELS]
        return cls(
            filters=replace(Filters.of(query), stratum=""),
            level=int(known(query, "level", levels, str(LOSS_OF_WALKING))),
            clock=known(query, AGAINST, CLOCKS, AGE),
            by=known(query, "by", GROUPINGS, SUBTYPE),
            is_confirmed=bool(known(query, "confirmed", ("1",))),
            from_months=_months(str(query.get("from") or "")),
            load_stratum=known(query, "load", AcqStratum.values),
        )

    @property
    def asked(self) -> dict[str, str]:
        """What differs from the page as it opens, by the name in an address."""
        of_itself = {
            "level": str(self.level) if self.level != LOSS_OF_WALKING else "",
            AGAINST: self.clock if self.clock != AGE else "",
            "by": self.by if self.by != SUBTYPE else "",
            "confirmed": "1" if self.is_confirmed else "",
            "from": str(self.from_months) if self.from_months else "",
            "load": self.load_stratum,
        }
        return {**self.filters.asked, **{key: value for key, value in of_itself.items() if value}}

    @property
    def tells_therapy(self) -> bool:
        """True where a time at risk is told by what therapy had begun."""
        return self.by in (THERAPY, KIND) or bool(self.filters.therapy)

    @property
    def tells_arm(self) -> bool:
        """True where patients are told apart by their arm."""
        return self.by == ARM or bool(self.filters.arm)

    @property
    def is_within_subtypes(self) -> bool:
        """True where patients are compared with those of their subtype only."""
        return self.by != SUBTYPE and not self.filters.subtype

    def among(self, sites: Collection[str], arms: Collection[str]) -> "Question":
        """Return the question, of a site and of arms that are there for a person.

        Raises
        ------
        UnknownFilterError
            If they are not.
        """
        if self.by == ARM and not arms:
            raise UnknownFilterError("by", ARM)
        return replace(self, filters=self.filters.among(sites, arms))


def _months(asked: str) -> int:
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= len(str(LONGEST_MONTHS))
    if asked and not is_number:
        raise UnknownFilterError("from", asked)
    return min(int(asked or "0"), LONGEST_MONTHS)
