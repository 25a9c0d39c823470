"""Record clinical scores of a visit."""

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import (
    AssessmentStatus,
    AssessorRole,
    ElfcMldAssessment,
    GmfcMldAssessment,
    MriSeverityRead,
    Patient,
    Source,
    Visit,
)
from mldtrial.trial.rules.age import age_months
from mldtrial.trial.rules.calendar import today_in
from mldtrial.trial.rules.levels import LevelInstrument, level_instrument
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.services import participation, plausibility
from mldtrial.trial.services.saving import store
from mldtrial.trial.services.settling import settle

LevelT = TypeVar("LevelT", GmfcMldAssessment, ElfcMldAssessment)


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
    assessor_role: str = AssessorRole.UNKNOWN,
    assessor_name: str = "",
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
    assessor_name : str
        Who saw the patient, where that was not the person who enters it.
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
    instrument = level_instrument("GMFC-MLD")
    if sublevel and level not in instrument.divided:
        raise ValidationError({"level": "Only level 4 is divided into 4a and 4b."})
    return _record_level(
        GmfcMldAssessment,
        instrument,
        visit,
        by,
        change_reason,
        after_end_reason,
        level=level,
        sublevel=sublevel,
        status=status,
        source=source,
        reason=reason.strip(),
        assessed_on=assessed_on,
        assessed_by=by or recorder,
        assessor_role=assessor_role,
        assessor_name=assessor_name.strip(),
    )


@transaction.atomic
def record_elfc_mld(
    *,
    visit: Visit,
    level: int | None,
    assessed_on: date,
    by: Any,
    recorder: Any = None,
    status: str = AssessmentStatus.DONE,
    source: str = Source.EXAMINATION,
    assessor_role: str = AssessorRole.UNKNOWN,
    assessor_name: str = "",
    reason: str = "",
    change_reason: str = "",
    after_end_reason: str = "",
) -> ElfcMldAssessment:
    """Record the ELFC-MLD level of a visit, or why there is none.

    The parameters are those of `record_gmfc_mld`; the levels are 0 to 4, written E0 to E4.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the level is not 0 to 4, or a reason is missing.
    """
    return _record_level(
        ElfcMldAssessment,
        level_instrument("ELFC-MLD"),
        visit,
        by,
        change_reason,
        after_end_reason,
        level=level,
        status=status,
        source=source,
        reason=reason.strip(),
        assessed_on=assessed_on,
        assessed_by=by or recorder,
        assessor_role=assessor_role,
        assessor_name=assessor_name.strip(),
    )


def _record_level(
    model: type[LevelT],
    instrument: LevelInstrument,
    visit: Visit,
    by: Any,
    change_reason: str,
    after_end_reason: str,
    **values: Any,
) -> LevelT:
    if by is not None:
        policies.require(by, "record_assessment", visit)
    _check_day(visit, values["assessed_on"], "assessed_on")
    # Patient and visit are locked, in the order of every service, so that two people who save
    # at once are told of each other.
    patient = Patient.objects.select_for_update(of=("self",)).get(pk=visit.patient_id)
    Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    found = model._default_manager.filter(visit=visit).first()
    _check_level(instrument, visit, values)
    if found is not None and not change_reason.strip():
        raise ValidationError(
            {"change_reason": "This visit has a level already; give the reason for the change."}
        )
    assessment = found or model(visit=visit)
    for name, value in {**values, "instrument_version": instrument.version}.items():
        setattr(assessment, name, value)
    if found is None:
        with participation.entry(patient, values["assessed_on"], after_end_reason):
            store(assessment)
    else:
        with (
            because(change_reason.strip()),
            participation.entry(patient, values["assessed_on"], change_reason),
        ):
            store(assessment)
    plausibility.check_patient(patient=visit.patient)
    return assessment


def _check_level(instrument: LevelInstrument, visit: Visit, values: dict[str, Any]) -> None:
    level, reason, name = values["level"], values["reason"], instrument.name
    if values["status"] != AssessmentStatus.DONE:
        if level is not None:
            raise ValidationError({"level": "Leave the level empty where the score was not taken."})
        if not reason:
            raise ValidationError({"reason": "Give the reason why there is no level."})
        return
    if level is None:
        raise ValidationError({"level": "Choose a level, or say why there is none."})
    if not 0 <= level <= instrument.highest:
        raise ValidationError(
            {"level": f"{name} has levels 0 to {instrument.highest}; {level} is not one of them."}
        )
    age = age_months(visit.patient.birth_month, values["assessed_on"])
    if not instrument.applies_at(age) and not reason:
        months = instrument.applicable_from_months
        raise ValidationError(
            {
                "reason": f"{name} applies from {months} months of age: choose 'not applicable', "
                "or give the reason for a level at this age."
            }
        )


@transaction.atomic
def record_severity(
    *, visit: Visit, reader: Any, items: Mapping[str, int | None], read_on: date, by: Any
) -> MriSeverityRead:
    """Enter one reader's MRI severity score from an earlier record; the total is computed here.

    Reads of the study itself are signed by their readers (`reads.sign_read`).

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
    Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    store(read)
    settle(visit)
    return read


def _check_day(visit: Visit, day: date, field: str) -> None:
    if day < visit.patient.birth_month:
        raise ValidationError({field: "This date lies before the patient's birth."})
    if day > today_in(visit.patient.site.time_zone):
        raise ValidationError({field: "This date lies in the future."})
