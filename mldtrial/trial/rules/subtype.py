"""The subtype of MLD, derived from the age at first symptom by a named rule."""

from enum import StrEnum


class Subtype(StrEnum):
    """Clinical form by age at first symptom."""

    LATE_INFANTILE = "LI"
    EARLY_JUVENILE = "EJ"
    LATE_JUVENILE = "LJ"
    ADULT = "ADULT"
    UNDETERMINED = "UNDETERMINED"


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
