"""Take the audit trail of a study out as a table, and log that it was taken."""

import csv
import hashlib
from collections.abc import Iterator
from io import StringIO
from typing import Any

from mldtrial.audit.context import acting
from mldtrial.audit.models import AccessAction
from mldtrial.audit.services import anchors
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
from mldtrial.trial.selectors import audit
from mldtrial.trial.selectors.versions import Version
from mldtrial.trial.services import access

BATCH = 500
DATASET = "audit_trail"

COLUMNS: dict[str, str] = {
    "study_code": "Study",
    "site_code": "Site of the patient; empty for what belongs to the study as a whole",
    "subject_code": "Subject code; empty for what belongs to the study as a whole",
    "record_kind": "Kind of record",
    "record_id": "Id of the record",
    "record": "The record in words, such as its visit",
    "event_id": "Number of the version in the history of its kind",
    "at_utc": "When, by the clock of the database, ISO 8601, UTC",
    "action": "created | changed | deleted",
    "field": "Name of the field; a version has a row for each field that it changed",
    "old_value": "Value before; empty means that there was none",
    "new_value": "Value after; empty means that there is none",
    "user_name": "Printed name at that time; system for steps of the system",
    "roles": "Roles that the person held in the study at that time",
    "reason": "Why; empty for a first entry",
    "origin": "web, a command, or a worker",
    "address": "Address that the request came from",
}
GUARD_NOTE = (
    "Text that a spreadsheet would take for a formula (after Unicode normalisation and leading "
    "blanks it starts with = + - @ | or %) has an apostrophe before it. UTF-8, RFC 4180."
)


def begin(*, study: Study, filters: audit.Filters, by: Any, origin: str) -> Iterator[bytes]:
    """Log that the trail is taken out, and return its pieces; the end is logged as well.

    Raises
    ------
    PermissionDenied
        If the person may not export the trail of this study.
    """
    policies.require(by, "export_audit", study)
    _log(AccessAction.EXPORT_BEGUN, study, by)
    return _pieces(study, filters, by, origin)


def _pieces(study: Study, filters: audit.Filters, by: Any, origin: str) -> Iterator[bytes]:
    digest, rows = hashlib.sha256(), 0
    piece = _csv([list(COLUMNS)])
    digest.update(piece)
    yield piece
    # The list is taken once, so that what is written meanwhile shifts no row.
    listed = list(audit.timeline(study, user=by, filters=filters))
    for start in range(0, len(listed), BATCH):
        lines = [
            line
            for version in audit.versions(listed[start : start + BATCH], study, user=by)
            for line in _lines(study, version)
        ]
        rows += len(lines)
        piece = _csv(lines)
        digest.update(piece)
        yield piece
    with acting(user=by, origin=origin):
        _log(AccessAction.EXPORT_DONE, study, by, row_count=rows, sha256=digest.hexdigest())


def _lines(study: Study, version: Version) -> Iterator[list[str]]:
    head = [
        study.code,
        version.site,
        version.subject,
        version.label,
        str(version.record_id),
        guarded(version.what),
        str(version.event_id),
        version.at.isoformat(timespec="milliseconds"),
        version.action_label,
    ]
    tail = [version.who, version.roles, version.why, version.origin, version.address]
    guarded_tail = [guarded(text) for text in tail]
    if not version.changes:
        yield [*head, "", "", "", *guarded_tail]
    for change in version.changes:
        values = [guarded(change.old or ""), guarded(change.new or "")]
        yield [*head, change.label, *values, *guarded_tail]


def dictionary(study: Study) -> bytes:
    """Return what each column means, and the head of the hash chain at this moment."""
    anchor = anchors.current()
    return _csv(
        [
            ["column", "meaning"],
            *([name, meaning] for name, meaning in COLUMNS.items()),
            ["", GUARD_NOTE],
            ["audit_anchor", f"{anchor} at {anchor.at}, study {study.code}"],
        ]
    )


def _csv(lines: list[list[str]]) -> bytes:
    buffer = StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(lines)
    return buffer.getvalue().encode()


def _log(action: str, study: Study, by: Any, **figures: Any) -> None:
    details = {"dataset": DATASET, "anchor": str(anchors.current()), **figures}
    access.log(action, by=by, study=study, details=details)
