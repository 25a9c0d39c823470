"""Reading the trial's records, always narrowed to what the person may see."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mldtrial.trial.models import Patient, Query, Site, Study, Visit
from mldtrial.trial.policies import visible_to


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
    found = studies(user=user).filter(code=code).first()
    if found is None:
        raise Http404("No such study.")
    return found


def sites(of: Study, *, user: Any) -> QuerySet[Site]:
    """Return the sites of a study that a person may see."""
    return visible_to(user, Site.objects.filter(study=of))


def patients(of: Study, *, user: Any) -> QuerySet[Patient]:
    """Return the patients of a study that a person may see, with their sites."""
    return visible_to(user, Patient.objects.filter(study=of)).select_related("site", "study")


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
        .select_related("patient__site", "patient__study", "definition", "gmfc_mld")
        .first()
    )
    if found is None:
        raise Http404("No such visit.")
    return found


def queries(of: Study, *, user: Any) -> QuerySet[Query]:
    """Return the queries of a study that a person may see, newest first."""
    return visible_to(user, Query.objects.filter(study=of)).select_related("patient__site", "visit")
