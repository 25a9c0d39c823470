"""Whether two records may be of one and the same patient."""

from dataclasses import dataclass
from datetime import date

ONSET_WITHIN_MONTHS = 1


@dataclass(frozen=True, slots=True)
class Traits:
    """What two records of one patient have in common."""

    birth_month: date
    sex: str
    onset_age_months: int | None
    alleles: frozenset[str]


def may_be_one(one: Traits, other: Traits) -> bool:
    """Return whether two records may be of one patient.

    Birth month and sex are equal and the ages at first symptom differ by one month at most;
    alleles count where both records have them. Without a first symptom nothing is said:
    birth month and sex alone fit too many.
    """
    if (one.birth_month, one.sex) != (other.birth_month, other.sex):
        return False
    if one.onset_age_months is None or other.onset_age_months is None:
        return False
    if abs(one.onset_age_months - other.onset_age_months) > ONSET_WITHIN_MONTHS:
        return False
    return not one.alleles or not other.alleles or one.alleles == other.alleles
