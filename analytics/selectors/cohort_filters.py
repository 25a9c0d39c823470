"""What part of the cohort is asked for, as the address of its pages says it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.selectors.columns import Columns, groups, patients_of_groups
from analytics.selectors.load_columns import Mask, Texts
from analytics.stats.progress import is_safe
from mldtrial.trial.models import AcqStratum, TreatmentKind
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.selectors.asked import known, offered_or_refused

NO_THERAPY, ANY_THERAPY = "NONE", "ANY"
THERAPIES = {
    NO_THERAPY: "before any documented therapy",
    ANY_THERAPY: "after a documented therapy",
    **{kind.value: f"after {kind.label}" for kind in TreatmentKind if kind != "OTHER"},
    TreatmentKind.OTHER.value: "after another documented therapy",
}
"""What a scan may be chosen by: which documented therapy, never the study's own, came before it."""
SHOWN_APART = {"stratum", "subtype"}
"""Filters whose groups stand beside one another in every table and figure."""
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
"""What the code of a site or an arm looks like; which there are, the cohort says."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What part of the cohort is asked for; empty means all, and all that is named must hold."""

    stratum: str = ""
    subtype: str = ""
    therapy: str = ""
    site: str = ""
    arm: str = ""

    @classmethod
    def of(cls, query: Any) -> "Filters":
        """Read filters from an address.

        Raises
        ------
        UnknownFilterError
            If a value is not known, or could be no code of a site or an arm.
        """

        def code(name: str) -> str:
            asked = str(query.get(name) or "")
            return known(query, name, (asked,) if CODE.fullmatch(asked) else ())

        return cls(
            known(query, "stratum", AcqStratum.values),
            known(query, "subtype", set(Subtype)),
            known(query, "therapy", THERAPIES),
            code("site"),
            code("arm"),
        )

    def among(self, sites: Collection[str], arms: Collection[str]) -> "Filters":
        """Return the filters, of a site and an arm that are there for a person.

        Raises
        ------
        UnknownFilterError
            If one is not: whether there is one out of reach is not told.
        """
        offered_or_refused("site", self.site, ("", *sites))
        offered_or_refused("arm", self.arm, ("", *arms))
        return self

    @property
    def asked(self) -> dict[str, str]:
        """What is asked for, by the name of its filter: the query of an address."""
        named = {one.name: str(getattr(self, one.name)) for one in fields(self)}
        return {name: value for name, value in named.items() if value}

    @property
    def strata(self) -> Sequence[str]:
        """The strata that there may be scans of."""
        return (self.stratum,) if self.stratum else AcqStratum.values

    def accepts(self, columns: Columns, arms: Texts) -> Mask:
        """Return which points, each of a patient of an arm, belong to the part asked for."""
        kept = np.ones(arms.size, bool)
        for asked, has in (
            (self.stratum, columns.stratum),
            (self.subtype, columns.subtype),
            (self.site, columns.site),
            (self.arm, arms),
        ):
            if asked:
                kept &= has == asked
        if not self.therapy:
            return kept
        is_accepted = [self._accepts_therapies(kinds) for kinds in columns.therapy_kinds]
        return kept & np.array(is_accepted, bool)[columns.therapies]

    def _accepts_therapies(self, therapies: Collection[str]) -> bool:
        if self.therapy == NO_THERAPY:
            return not therapies
        if self.therapy == ANY_THERAPY:
            return bool(therapies)
        return self.therapy in therapies

    def is_safe(self, columns: Columns, arms: Texts, smallest: int) -> bool:
        """Return whether every group that these filters tell apart has so many patients.

        Of the whole cohort, not of the part alone: who sees the whole and a part also sees the
        difference.
        """
        values: Mapping[str, NDArray[Any]] = {
            "stratum": columns.stratum,
            "subtype": columns.subtype,
            "therapy": columns.therapies,
            "site": columns.site,
            "arm": arms,
        }
        told_apart = set(self.asked)
        if told_apart - SHOWN_APART:
            # The page tells these apart in any part of the cohort.
            told_apart |= SHOWN_APART
        group = groups([values[name] for name in sorted(told_apart)], arms.size)
        return is_safe(patients_of_groups(group, columns.patient).values(), smallest)
