"""Look for the same patient under another code."""

from typing import Any

from django.core.exceptions import ValidationError

from mldtrial.trial.models import Audience, Patient
from mldtrial.trial.rules.duplicates import Traits, may_be_one
from mldtrial.trial.services import queries

RULE = "DUPLICATE-PATIENT"


def traits_of(patient: Any) -> Traits:
    """Return what identifies a patient across records."""
    alleles = (patient.allele_1, patient.allele_2)
    return Traits(
        birth_month=patient.birth_month.replace(day=1),
        sex=patient.sex,
        onset_age_months=patient.onset_age_months,
        alleles=frozenset(allele.strip().lower() for allele in alleles if allele),
    )


def question_about(others: list[Patient]) -> str:
    """Return the question whether a patient is one of others, named with their sites."""
    names = ", ".join(sorted(f"{p.subject_code} (site {p.site.code})" for p in others)[:5])
    return (
        f"Birth month, sex and age at first symptom are those of {names}. "
        "Is this one patient with two records?"
    )


def alike_to(patient: Patient) -> list[Patient]:
    """Return the other patients of the study that may be the same person."""
    near = Patient.objects.filter(
        study=patient.study_id, birth_month=patient.birth_month, sex=patient.sex
    ).exclude(pk=patient.pk)
    traits = traits_of(patient)
    return [other for other in near.select_related("site") if may_be_one(traits, traits_of(other))]


def require_confirmed(patient: Patient, alike: list[Patient]) -> None:
    """Refuse a new patient who may be another one of the same site, until that is denied.

    Other sites' patients are not named, nor is it said that there are any.

    Raises
    ------
    ValidationError
        At the confirmation, with the codes of the own site.
    """
    codes = sorted(other.subject_code for other in alike if other.site_id == patient.site_id)
    if codes:
        raise ValidationError(
            {
                "is_another": f"{', '.join(codes[:5])} at this site has the same birth month, sex "
                "and age at first symptom. Confirm below that this is another patient."
            }
        )


def ask_data_manager(patient: Patient, alike: list[Patient]) -> None:
    """Open a query that no site sees where a new patient may be one of another site."""
    elsewhere = [other for other in alike if other.site_id != patient.site_id]
    if elsewhere:
        queries.open_query(
            patient=patient,
            visit=None,
            audience=Audience.IMAGING,
            rule=RULE,
            question=question_about(elsewhere),
        )
