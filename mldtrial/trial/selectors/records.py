"""Reading studies, sites, patients and visits, narrowed to what the person may see."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404

from mldtrial.trial import policies
from mldtrial.trial.models import (
    Disposition,
    Patient,
    Site,
    Study,
    Treatment,
    Visit,
)
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules.subtype import Derived, derive_with_basis


def studies(*, user: Any) -> QuerySet[Study]:
    """Return the studies a person takes part in."""
    return visible_to(user, Study.objects.all())


def study(code: str, *, user: Any) -> Study:
    """Return a study by its code.

    Raises
    ------
    Http404
        If there is none, or it is not this person's.
    """
    found = next((m.study for m in policies.held(user) if m.study.code == code), None)
    if found is None:
        raise Http404("No such study.")
    return found


def sites(of: Study, *, user: Any) -> QuerySet[Site]:
    """Return the sites of a study that a person may see."""
    return visible_to(user, Site.objects.filter(study=of))


def sites_for(action: str, of: Study, *, user: Any) -> QuerySet[Site]:
    """Return the sites of a study at which a person may do an action of site roles."""
    held = policies.memberships(user, of).filter(role__in=policies.ACTIONS[action])
    return sites(of, user=user).filter(pk__in=held.values("site"))


def patients(of: Study, *, user: Any) -> QuerySet[Patient]:
    """Return the patients of a study that a person may see, with their sites."""
    return visible_to(user, Patient.objects.filter(study=of)).select_related("site", "study")


PARTICIPATION_FILTERS = {
    "": Q(),
    "followed": Q(withdrawn_on__isnull=True),
    "ended": Q(withdrawn_on__isnull=False),
}


def patient_list(of: Study, *, user: Any, search: str = "", state: str = "") -> QuerySet[Patient]:
    """Return the patients a person may see with number and date of their visits.

    Parameters
    ----------
    search : str
        Part of a subject code, in any case; empty for all.
    state : str
        One of `PARTICIPATION_FILTERS`.
    """
    found = patients(of, user=user).filter(PARTICIPATION_FILTERS[state])
    if search:
        found = found.filter(subject_code__icontains=search.replace("\0", ""))
    return found.annotate(visit_count=Count("visits"), last_visit_on=Max("visits__date")).order_by(
        "subject_code"
    )


def patient(of: Study, patient_id: UUID, *, user: Any) -> Patient:
    """Return a patient of a study.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = patients(of, user=user).filter(pk=patient_id).first()
    if found is None:
        raise Http404("No such patient.")
    return found


def visit(of: Study, visit_id: UUID, *, user: Any) -> Visit:
    """Return a visit of a study.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = (
        visible_to(user, Visit.objects.filter(patient__study=of, pk=visit_id))
        .select_related("patient__site", "patient__study", "definition", "gmfc_mld", "elfc_mld")
        .first()
    )
    if found is None:
        raise Http404("No such visit.")
    return found


def subtype_of(patient: Patient, of: Study) -> Derived:
    """Return the subtype of a patient by the rules of the study, and what it rests on."""
    return subtype_of_facts(
        patient.onset_age_months, patient.sibling_onset_age_months, patient.genotype_class, of=of
    )


def subtype_of_facts(
    onset_age_months: int | None,
    sibling_onset_age_months: int | None,
    genotype_class: str,
    *,
    of: Study,
) -> Derived:
    """Return the same from what is known of a patient, without the record."""
    return derive_with_basis(
        onset_age_months=onset_age_months,
        sibling_onset_age_months=sibling_onset_age_months,
        genotype_class=genotype_class,
        rule=of.subtype_rule,
        presymptomatic_rule=of.presymptomatic_rule,
    )


def treatment(of: Study, treatment_id: UUID, *, user: Any) -> Treatment:
    """Return one documented therapy.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = (
        visible_to(user, Treatment.objects.filter(patient__study=of, pk=treatment_id))
        .select_related("patient__site", "patient__study")
        .first()
    )
    if found is None:
        raise Http404("No such treatment.")
    return found


def dispositions(of: Patient, *, user: Any) -> QuerySet[Disposition]:
    """Return the consents, withdrawals and ends of follow-up of a patient, in order."""
    return visible_to(user, Disposition.objects.filter(patient=of))


def disposition(of: Study, disposition_id: UUID, *, user: Any) -> Disposition:
    """Return one step of taking part.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = (
        visible_to(user, Disposition.objects.filter(patient__study=of, pk=disposition_id))
        .select_related("patient__site", "patient__study")
        .first()
    )
    if found is None:
        raise Http404("No such entry.")
    return found
