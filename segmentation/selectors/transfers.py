"""Files that are on their way, each for its sender alone."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import Http404

from mldtrial.trial.models import Visit
from segmentation.models import Transfer, TransferState
from segmentation.policies import visible_to


def transfer(transfer_id: UUID, *, user: Any) -> Transfer:
    """Return a transfer in whatever state, for its sender.

    Raises
    ------
    Http404
        If there is none of this person.
    """
    found = visible_to(user, Transfer.objects.filter(pk=transfer_id)).first()
    if found is None:
        raise Http404("No such transfer.")
    return found


def unfinished_transfers(visit: Visit, *, user: Any) -> QuerySet[Transfer]:
    """Return the files of a visit that a person has begun to send and can continue."""
    on_their_way = visit.transfers.filter(state=TransferState.OPEN, expires_at__gt=Now())
    return visible_to(user, on_their_way)
