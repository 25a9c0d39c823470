"""Takes a table out of the system, and keeps a record of it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import transaction

from analytics.exports import columns as dictionary
from analytics.models import ExportRecord
from analytics.selectors import exports as selectors
from analytics.services import copy_out
from mldtrial.audit.context import acting
from mldtrial.audit.models import AccessAction
from mldtrial.audit.services import anchors
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.services import access


@dataclass
class Export:
    """An export that has been recorded and can be sent once."""

    record: ExportRecord
    rows: selectors.Rows
    by: Any
    origin: str
    tally: copy_out.Tally = field(default_factory=copy_out.Tally)

    def pieces(self, own: psycopg.Connection[Any] | None = None) -> Iterator[bytes]:
        """Yield the table; the record is complete once the last byte was taken.

        Parameters
        ----------
        own : psycopg.Connection, optional
            Of several tables that are read in one state; without, one is opened.
        """
        table = dictionary.columns(self.record.dataset)
        if own is None:
            yield from copy_out.pieces(self.rows, table, self.tally)
        else:
            yield from copy_out.copied(own, self.rows, table, self.tally)
        self._complete()

    async def pieces_async(self) -> AsyncIterator[bytes]:
        """Yield the table under ASGI; the record is complete once the last byte was taken."""
        table = dictionary.columns(self.record.dataset)
        async for piece in copy_out.pieces_async(self.rows, table, self.tally):
            yield piece
        await sync_to_async(self._complete)()

    def _complete(self) -> None:
        done = "The last byte was sent"
        with acting(user=self.by, origin=self.origin, reason=done), transaction.atomic():
            record = ExportRecord.objects.select_for_update().get(pk=self.record.pk)
            record.row_count = self.tally.row_count
            record.sha256 = self.tally.sha256
            record.is_complete = True
            record.save()
            _log(AccessAction.EXPORT_DONE, record, row_count=record.row_count, sha256=record.sha256)
        self.record = record


def begin(*, study: Study, dataset: str, by: Any, origin: str) -> Export:
    """Record that a table is being taken out, before its first byte.

    Parameters
    ----------
    by : User or None
        Who takes it, checked by policy; None for a command of the operator.
        Commands read the whole study.

    Raises
    ------
    PermissionDenied
        If the person may not export rows of the study.
    KeyError
        If there is no such dataset.
    """
    if by is None:
        rows = selectors.rows_for_operator(dataset, study)
    else:
        policies.require(by, "export_rows", study)
        rows = selectors.rows(dataset, study, user=by)
    with transaction.atomic():
        record = ExportRecord.objects.create(
            study=study, user=by, dataset=dataset, dictionary_version=dictionary.VERSION
        )
        _log(AccessAction.EXPORT_BEGUN, record)
    return Export(record=record, rows=rows, by=by, origin=origin)


def _log(action: str, record: ExportRecord, **figures: Any) -> None:
    """Log an export with the head of the audit chain, which so stands outside the history too."""
    details = {
        "export": str(record.pk),
        "dataset": record.dataset,
        "anchor": str(anchors.current()),
        **figures,
    }
    access.log(action, by=record.user, study=record.study, details=details)
