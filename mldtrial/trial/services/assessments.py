"""Record clinical scores of a visit."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import (
    AssessmentStatus,
    GmfcMldAssessment,
    MriSeverityRead,
    Source,
    Visit,
)
from mldtrial.trial.rules.severity import severity_instrument


@transaction.atomic
def record_gmfc_mld(
    *,
    visit: Visit,
    level: int | None,
    assessed_on: date,
    by: Any,
    recorder: Any = None,
    status: str = AssessmentStatus.DONE,
    sublevel: str = "",
    source: str = Source.EXAMINATION,
    reason: str = "",
    change_reason: str = "",
) -> GmfcMldAssessment:
    """Record the GMFC-MLD level of a visit, or why there is none.

    Parameters
    ----------
    by : User or None
        Who enters it, checked by policy; None for a command of the operator.
    recorder : User, optional
        The assessor to name where `by` is None.
    change_reason : str
        Demanded from the second save on.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the level is not 0 to 6, or a reason is missing.
    """
    if by is not None:
        policies.require(by, "record_assessment", visit)
    if assessed_on < visit.patient.birth_month or assessed_on > timezone.localdate():
        raise ValidationError({"assessed_on": "The date lies before birth or in the future."})
    found = GmfcMldAssessment.objects.select_for_update().filter(visit=visit).first()
    if found is not None and not change_reason.strip():
        raise ValidationError(
            {"change_reason": "This visit has a level already; give the reason for the change."}
        )
    if status != AssessmentStatus.DONE and not reason.strip():
        raise ValidationError({"reason": "Give the reason why there is no level."})
    assessment = found or GmfcMldAssessment(visit=visit)
    assessment.level = level
    assessment.status = status
    assessment.sublevel = sublevel
    assessment.source = source
    assessment.reason = reason
    assessment.assessed_on = assessed_on
    assessment.assessed_by = by or recorder
    assessment.full_clean()
    with because(change_reason):
        assessment.save()
    return assessment


@transaction.atomic
def record_severity(
    *, visit: Visit, reader: Any, items: Mapping[str, int | None], read_on: date, by: Any
) -> MriSeverityRead:
    """Record one reader's MRI severity score; the total is computed here.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, an item is out of range, or the reader has read it before.
    """
    if by is not None:
        policies.require(by, "record_severity", visit)
    instrument = severity_instrument()
    try:
        total = instrument.total(items)
    except ValueError as error:
        raise ValidationError({"items": str(error)}) from error
    read = MriSeverityRead(
        visit=visit,
        reader=reader,
        instrument_version=instrument.version,
        items=dict(items),
        total=total,
        read_on=read_on,
    )
    read.full_clean()
    read.save()
    return read
