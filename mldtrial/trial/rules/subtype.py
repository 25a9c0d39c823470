"""The subtype of MLD, derived from onset, affected sibling or genotype by named rules."""

from dataclasses import dataclass
from enum import StrEnum


class Subtype(StrEnum):
    """Clinical form by age at first symptom."""

    LATE_INFANTILE = "LI"
    EARLY_JUVENILE = "EJ"
    LATE_JUVENILE = "LJ"
    JUVENILE = "JUVENILE"
    """Juvenile, early or late not known: a genotype does not tell them apart."""
    ADULT = "ADULT"
    UNDETERMINED = "UNDETERMINED"


SUBTYPE_NAMES = {
    Subtype.LATE_INFANTILE: "late infantile",
    Subtype.EARLY_JUVENILE: "early juvenile",
    Subtype.LATE_JUVENILE: "late juvenile",
    Subtype.JUVENILE: "juvenile",
    Subtype.ADULT: "adult",
    Subtype.UNDETERMINED: "not determined",
}
"""What people call them."""


LATE_INFANTILE_UP_TO_MONTHS = 30
ADULT_FROM_MONTHS = 192
JUVENILE_BOUNDARY_MONTHS = {"MLD-SUBTYPE-EJ6": 72, "MLD-SUBTYPE-EJ7": 84}
"""Sources disagree at one boundary: Kehrer cohort and NICE HST18 against the OTL-200 label."""


def derive_subtype(onset_age_months: int | None, rule: str) -> Subtype:
    """Return the subtype for an age at first symptom.

    Parameters
    ----------
    onset_age_months : int or None
        Age at first symptom, in months; None for a presymptomatic patient.
    rule : str
        ``MLD-SUBTYPE-EJ6`` or ``MLD-SUBTYPE-EJ7``.

    Raises
    ------
    ValueError
        If the rule is unknown or the age is negative.
    """
    if rule not in JUVENILE_BOUNDARY_MONTHS:
        raise ValueError(f"Unknown subtype rule {rule!r}.")
    if onset_age_months is None:
        return Subtype.UNDETERMINED
    if onset_age_months < 0:
        raise ValueError(f"Onset age must not be negative, got {onset_age_months} months.")
    if onset_age_months <= LATE_INFANTILE_UP_TO_MONTHS:
        return Subtype.LATE_INFANTILE
    if onset_age_months < JUVENILE_BOUNDARY_MONTHS[rule]:
        return Subtype.EARLY_JUVENILE
    if onset_age_months < ADULT_FROM_MONTHS:
        return Subtype.LATE_JUVENILE
    return Subtype.ADULT


class Basis(StrEnum):
    """What a subtype was derived from."""

    ONSET = "ONSET"
    SIBLING = "SIBLING"
    GENOTYPE = "GENOTYPE"
    NONE = "NONE"


class GenotypeClass(StrEnum):
    """The two alleles by their residual activity: 0 has none, R has some (NICE HST18)."""

    NULL_NULL = "0/0"
    NULL_RESIDUAL = "0/R"
    RESIDUAL_RESIDUAL = "R/R"
    UNKNOWN = "UNKNOWN"


SUBTYPE_OF_GENOTYPE = {
    GenotypeClass.NULL_NULL: Subtype.LATE_INFANTILE,
    GenotypeClass.NULL_RESIDUAL: Subtype.JUVENILE,
}
"""R/R is milder or adult and less often juvenile: nothing is derived from it (NICE HST18)."""

WITH_SIBLING_AND_GENOTYPE = "MLD-PRESYMPTOMATIC-1"
"""An affected sibling's onset first, then the genotype, as in the OTL-200 trials (NCT03392987)."""
NEVER_BEFORE_ONSET = "MLD-PRESYMPTOMATIC-0"
"""No subtype before the first symptom."""
PRESYMPTOMATIC_RULES = (WITH_SIBLING_AND_GENOTYPE, NEVER_BEFORE_ONSET)


@dataclass(frozen=True, slots=True)
class Derived:
    """A subtype with what it was derived from."""

    subtype: Subtype
    basis: Basis


def derive_with_basis(
    *,
    onset_age_months: int | None,
    sibling_onset_age_months: int | None,
    genotype_class: str,
    rule: str,
    presymptomatic_rule: str,
) -> Derived:
    """Return the subtype of a patient, symptomatic or not, and its basis.

    The patient's own onset decides where there is one. Before it, the presymptomatic rule
    says whether an affected sibling's onset, or failing that the genotype, speaks for it.

    Raises
    ------
    ValueError
        If a rule is unknown or an age is negative.
    """
    if presymptomatic_rule not in PRESYMPTOMATIC_RULES:
        raise ValueError(f"Unknown presymptomatic rule {presymptomatic_rule!r}.")
    own = derive_subtype(onset_age_months, rule)
    if onset_age_months is not None:
        return Derived(own, Basis.ONSET)
    if presymptomatic_rule == NEVER_BEFORE_ONSET:
        return Derived(Subtype.UNDETERMINED, Basis.NONE)
    if sibling_onset_age_months is not None:
        return Derived(derive_subtype(sibling_onset_age_months, rule), Basis.SIBLING)
    by_genotype = SUBTYPE_OF_GENOTYPE.get(GenotypeClass(genotype_class))
    if by_genotype is None:
        return Derived(Subtype.UNDETERMINED, Basis.NONE)
    return Derived(by_genotype, Basis.GENOTYPE)
