"""Reading what was declared not done."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mldtrial.trial.models import NotDone, Patient, Sequence, Study, Visit
from mldtrial.trial.policies import visible_to
from mldtrial.trial.selectors.owing import ASKED_SEQUENCES, scans_there


def not_done_of(patient: Patient, *, user: Any) -> QuerySet[NotDone]:
    """Return the current declarations of a patient, with their visits."""
    found = visible_to(user, NotDone.objects.filter(patient=patient, is_current=True))
    return found.select_related("definition", "visit", "declared_by")


def not_done(of: Study, not_done_id: UUID, *, user: Any) -> NotDone:
    """Return a current declaration of a study.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = visible_to(
        user, NotDone.objects.filter(patient__study=of, pk=not_done_id, is_current=True)
    )
    declared = found.select_related(
        "patient__study", "patient__site", "definition", "visit"
    ).first()
    if declared is None:
        raise Http404("No such declaration.")
    return declared


def undeclared_sequences(visit: Visit) -> list[str]:
    """Return the sequences of a visit that are neither there nor declared not done."""
    there = set(scans_there().filter(visit=visit).values_list("sequence", flat=True))
    declared = set(visit.not_done.filter(is_current=True).values_list("sequence", flat=True))
    asked = (*ASKED_SEQUENCES, Sequence.FLAIR)
    return [name for name in asked if name not in there | declared]
