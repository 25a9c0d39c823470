"""Record clinical scores of a visit."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import (
    AssessmentStatus,
    GmfcMldAssessment,
    MriSeverityRead,
    Source,
    Visit,
)
from mldtrial.trial.rules.age import age_months
from mldtrial.trial.rules.calendar import today_in
from mldtrial.trial.rules.gmfc import APPLICABLE_FROM_MONTHS, HIGHEST_LEVEL
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.services import participation
from mldtrial.trial.services.saving import store


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
    after_end_reason: str = "",
) -> GmfcMldAssessment:
    """Record the GMFC-MLD level of a visit, or why there is none.

    Parameters
    ----------
    by : User or None
        Who enters it, checked by policy; None for a command of the operator.
    recorder : User, optional
        The assessor to name where `by` is None.
    reason : str
        Why there is no level, or why a child below 18 months has one (Kehrer 2011).
    change_reason : str
        Demanded from the second save on.
    after_end_reason : str
        Why a level after the end of the follow-up is recorded all the same.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the level is not 0 to 6, or a reason is missing.
    """
    if by is not None:
        policies.require(by, "record_assessment", visit)
    _check_day(visit, assessed_on, "assessed_on")
    # The visit is locked, so that two people who save at once are told of each other.
    Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    found = GmfcMldAssessment.objects.filter(visit=visit).first()
    _check_level(visit, level, sublevel, status, reason, assessed_on)
    if found is not None and not change_reason.strip():
        raise ValidationError(
            {"change_reason": "This visit has a level already; give the reason for the change."}
        )
    assessment = found or GmfcMldAssessment(visit=visit)
    assessment.level = level
    assessment.status = status
    assessment.sublevel = sublevel
    assessment.source = source
    assessment.reason = reason.strip()
    assessment.assessed_on = assessed_on
    assessment.assessed_by = by or recorder
    if found is None:
        with participation.entry(visit.patient, assessed_on, after_end_reason):
            return store(assessment)
    with because(change_reason.strip()):
        return store(assessment)


def _check_level(
    visit: Visit, level: int | None, sublevel: str, status: str, reason: str, assessed_on: date
) -> None:
    if status != AssessmentStatus.DONE:
        if level is not None:
            raise ValidationError({"level": "Leave the level empty where the score was not taken."})
        if not reason.strip():
            raise ValidationError({"reason": "Give the reason why there is no level."})
        return
    if level is None:
        raise ValidationError({"level": "Choose a level, or say why there is none."})
    if not 0 <= level <= HIGHEST_LEVEL:
        raise ValidationError({"level": f"GMFC-MLD has levels 0 to 6; {level} is not one of them."})
    if sublevel and level != 4:  # the one level that Kehrer 2011 divides
        raise ValidationError({"level": "Only level 4 is divided into 4a and 4b."})
    is_young = age_months(visit.patient.birth_month, assessed_on) < APPLICABLE_FROM_MONTHS
    if is_young and not reason.strip():
        raise ValidationError(
            {
                "reason": "GMFC-MLD applies from 18 months of age: choose 'not applicable', "
                "or give the reason for a level at this age."
            }
        )


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
    _check_day(visit, read_on, "read_on")
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
    return store(read, computed=["total"])


def _check_day(visit: Visit, day: date, field: str) -> None:
    if day < visit.patient.birth_month:
        raise ValidationError({field: "This date lies before the patient's birth."})
    if day > today_in(visit.patient.site.time_zone):
        raise ValidationError({field: "This date lies in the future."})
