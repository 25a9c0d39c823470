"""Sign a visit, and void the signatures of visits that have changed since."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from mldtrial.accounts.services import reauthentication
from mldtrial.audit import canonical
from mldtrial.audit.belonging import RecordKind
from mldtrial.audit.context import because
from mldtrial.audit.models import Meaning, Signature
from mldtrial.trial import policies
from mldtrial.trial.models import Visit
from mldtrial.trial.selectors.signatures import unchanged
from mldtrial.trial.services.saving import store

CHANGED = "The record has changed since it was signed."


class StaleRecordError(Exception):
    """The record is no longer what the person was shown."""


def sign_visit(
    *, visit: Visit, meaning: str, seen_sha256: str, password: str, code: str = "", by: Any
) -> Signature:
    """Sign a visit with all that was recorded at it, after proving again who signs.

    Parameters
    ----------
    seen_sha256 : str
        Hash of the record as it was shown; another one means that it has changed since.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, is not who the session says, or has signed this already.
    StaleRecordError
        If the record is no longer what was shown.
    """
    policies.require(by, "sign_visit", visit)
    # Outside the transaction below: a refused attempt must stay on record.
    reauthentication.confirm(user=by, password=password, code=code)
    with transaction.atomic():
        Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
        current = canonical.digests(RecordKind.VISIT, [visit.pk])[visit.pk]
        if current != seen_sha256:
            raise StaleRecordError
        void_changed_signatures(visit_ids=[visit.pk])
        _require_unsigned(visit, meaning, by)
        return store(
            Signature(
                record_kind=RecordKind.VISIT,
                record_id=visit.pk,
                record_sha256=current,
                layout=canonical.layout_of(RecordKind.VISIT),
                meaning=meaning,
                statement=Meaning(meaning).label,
                printed_name=by.get_full_name(),
                signed_by=by,
            )
        )


def _require_unsigned(visit: Visit, meaning: str, by: Any) -> None:
    if meaning not in Meaning.values:
        raise ValidationError({"meaning": "Choose what you say by signing."})
    standing = Signature.objects.filter(
        record_kind=RecordKind.VISIT, record_id=visit.pk, voided_at__isnull=True
    )
    if standing.filter(signed_by=by, meaning=meaning).exists():
        raise ValidationError("You have signed this visit already, and nothing has changed since.")


@transaction.atomic
def void_changed_signatures(*, visit_ids: Collection[UUID] | None = None) -> int:
    """Void every signature whose visit is no longer what was signed; returns how many.

    A page never waits for this: it compares the hashes whenever it shows a signature.
    """
    standing = Signature.objects.select_for_update().filter(
        record_kind=RecordKind.VISIT, voided_at__isnull=True
    )
    if visit_ids is not None:
        standing = standing.filter(record_id__in=visit_ids)
    found = list(standing)
    valid = unchanged(found)
    changed = [signature.pk for signature in found if signature.pk not in valid]
    if not changed:
        return 0
    with because(CHANGED):
        # The trigger puts the time of the database in the place of this one.
        return Signature.objects.filter(pk__in=changed).update(voided_at=Now(), void_reason=CHANGED)
