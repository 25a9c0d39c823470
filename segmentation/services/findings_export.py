"""Take the findings of the protocol rules out as a table, and log that they were taken."""

import csv
import hashlib
from collections.abc import Iterable
from io import StringIO
from typing import Any

from mldtrial.audit.models import AccessAction
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
from mldtrial.trial.services import access
from segmentation.models import ProtocolFinding
from segmentation.selectors.findings import FindingFilters, findings

DATASET = "protocol_findings"
COLUMNS = (
    "study_code", "site_code", "subject_code", "visit_number", "visit_name", "visit_date",
    "sequence", "scan_sha256", "quantity", "outcome", "severity", "measured", "asked",
    "sentence", "rules_version", "state", "decision_reason", "decided_by", "deviation_code",
    "deviation_state", "found_at_utc",
)  # fmt: skip


def export(*, study: Study, filters: FindingFilters, by: Any) -> bytes:
    """Return the findings of a study as CSV, narrowed as the page is, and log it.

    Raises
    ------
    PermissionDenied
        If the person may not export rows of this study.
    """
    policies.require(by, "export_rows", study)
    lines = [_line(found) for found in findings(study, user=by, filters=filters)]
    content = _csv([list(COLUMNS), *lines])
    details = {
        "dataset": DATASET,
        "row_count": len(lines),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    access.log(AccessAction.EXPORT_DONE, by=by, study=study, details=details)
    return content


def _line(found: ProtocolFinding) -> list[str]:
    visit, deviation = found.visit, found.deviation
    patient = visit.patient
    return [
        patient.study.code,
        patient.site.code,
        guarded(patient.subject_code),
        f"{visit.number.normalize():f}",
        guarded(visit.name),
        visit.date.isoformat(),
        found.sequence,
        found.scan.image_sha256 if found.scan is not None else "",
        found.get_quantity_display(),
        found.outcome,
        found.severity,
        found.measured,
        found.asked,
        guarded(found.sentence),
        str(found.version.number),
        found.state.value,
        guarded(found.decision_reason),
        guarded(str(found.decided_by or "")),
        "" if deviation is None else deviation.code,
        "" if deviation is None else deviation.state,
        found.created_at.isoformat(timespec="seconds"),
    ]


def _csv(lines: Iterable[list[str]]) -> bytes:
    buffer = StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(lines)
    return buffer.getvalue().encode()
