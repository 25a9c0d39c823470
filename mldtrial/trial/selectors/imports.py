"""Reading the imports of a study."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mldtrial.trial.models import ImportBatch, Study
from mldtrial.trial.policies import visible_to


def import_batches(of: Study, *, user: Any) -> QuerySet[ImportBatch]:
    """Return the imports of a study that a person may see, newest first."""
    found = visible_to(user, ImportBatch.objects.filter(study=of))
    return found.select_related("received_by", "applied_by", "study")


def import_batch(of: Study, batch_id: UUID, *, user: Any) -> ImportBatch:
    """Return one import.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = import_batches(of, user=user).filter(pk=batch_id).first()
    if found is None:
        raise Http404("No such import.")
    return found
