"""The database refuses by itself what the services refuse in words."""

from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, models, transaction

from mldtrial.trial.models import (
    ElfcMldAssessment,
    GmfcMldAssessment,
    MriSeverityFinal,
    MriSeverityRead,
    NotDone,
    Patient,
    ProtocolDeviation,
    Query,
    QueryMessage,
    ReadAssignment,
    Scan,
    Site,
    Study,
    Treatment,
    Visit,
    VisitDefinition,
)
from mldtrial.trial.services.saving import SENTENCES
from tests.support.world import World

pytestmark = pytest.mark.django_db

HEX = "a" * 64
CLINICAL = [
    model
    for model in apps.get_app_config("trial").get_models()
    if not model.__name__.endswith("Event")
]


def rows(world: World) -> dict[type[models.Model], dict[str, Any]]:
    """Return values that each table accepts."""
    return {
        Study: {"code": "S", "name": "S"},
        Site: {"study": world.study, "code": "C", "name": "C"},
        Patient: {
            "study": world.study,
            "site": world.site_a,
            "subject_code": "A-002",
            "sex": "F",
            "birth_month": date(2020, 1, 1),
        },
        Treatment: {
            "patient": world.patient_a,
            "kind": "HSCT",
            "started_on": date(2022, 1, 1),
        },
        Visit: {"patient": world.patient_a, "number": 9, "name": "V", "date": date(2024, 1, 1)},
        GmfcMldAssessment: {
            "visit": world.visit_a,
            "level": 2,
            "assessed_on": date(2023, 5, 10),
            "assessed_by": world.user("coordinator"),
        },
        ElfcMldAssessment: {
            "visit": world.visit_a,
            "level": 2,
            "assessed_on": date(2023, 5, 10),
            "assessed_by": world.user("coordinator"),
        },
        MriSeverityRead: {
            "visit": world.visit_a,
            "reader": world.user("reader"),
            "instrument_version": "MLDS-1",
            "items": {},
            "total": 3,
            "read_on": date(2023, 5, 10),
        },
        ReadAssignment: {
            "visit": world.visit_a,
            "reader": world.user("reader"),
            "role": "FIRST",
            "reading_id": "R-2222-2222",
        },
        MriSeverityFinal: {
            "visit": world.visit_a,
            "status": "DONE",
            "basis": "MEAN",
            "total": 3,
            "instrument_version": "MLDS-1",
            "read_on": date(2023, 5, 10),
        },
        Query: {
            "study": world.study,
            "patient": world.patient_a,
            "visit": world.visit_a,
            "audience": "SITE",
            "rule": "R",
            "question": "?",
        },
        NotDone: {
            "patient": world.patient_a,
            "definition": world.study.visit_definitions.get(code="M06"),
            "reason": "Family could not travel",
        },
        ProtocolDeviation: {
            "study": world.study,
            "patient": world.patient_a,
            "visit": world.visit_a,
            "code": "SEDATION_NOT_GIVEN",
            "description": "Ate before the scan",
        },
        VisitDefinition: {
            "study": world.study,
            "code": "M03",
            "name": "Month 3",
            "number": 1.5,
            "target_day": 91,
        },
        Scan: {
            "visit": world.visit_a,
            "sequence": "T1w",
            "acq_stratum": "3D",
            "shape": [1, 2, 3],
            "voxel_size_mm": [1.0, 1.0, 1.0],
            "affine": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
            "image_sha256": HEX,
            "voxels_sha256": HEX,
            "source_sha256": HEX,
            "source_format": "nifti",
        },
    }


REFUSED: list[tuple[type[models.Model], dict[str, Any], str]] = [
    (Study, {"blinding": "HALF"}, "study_blinding_known"),
    (Study, {"origin": "OTHER"}, "study_origin_known"),
    (Study, {"subtype_rule": "EJ8"}, "study_subtype_rule_known"),
    (Study, {"tolerance_same_percent": -1}, "study_tolerances_not_negative"),
    (Study, {"jump_ml_per_month": 0}, "study_tolerances_not_negative"),
    (Study, {"largest_load_ml": 0}, "study_largest_loads"),
    (Study, {"largest_load_percent": 99}, "study_largest_loads"),
    (Site, {"code": "A"}, "site_code_once_per_study"),
    (Patient, {"subject_code": "A-001"}, "patient_code_once_per_study"),
    (Patient, {"sex": "X"}, "patient_sex_known"),
    (Patient, {"birth_month": date(2020, 1, 2)}, "patient_birth_is_a_month"),
    (Patient, {"onset_age_months": 1201}, "patient_onset_age_plausible"),
    (Patient, {"first_study_dose_on": date(2019, 1, 1)}, "patient_dose_after_birth"),
    (Treatment, {"kind": "TEA"}, "treatment_kind_known"),
    (Treatment, {"stopped_on": date(2021, 1, 1)}, "treatment_stops_after_start"),
    (Visit, {"number": 1}, "visit_number_once"),
    (Visit, {"date": date(2023, 5, 10)}, "visit_date_once"),
    (Visit, {"number": -1}, "visit_number_not_negative"),
    (GmfcMldAssessment, {"level": 7}, "gmfc_mld_level_0_to_6"),
    (GmfcMldAssessment, {"level": None}, "gmfc_mld_level_or_reason"),
    (
        GmfcMldAssessment,
        {"level": None, "status": "NOT_DONE"},
        "gmfc_mld_level_or_reason",
    ),
    (
        GmfcMldAssessment,
        {"status": "NOT_DONE", "reason": "why"},
        "gmfc_mld_level_or_reason",
    ),
    (GmfcMldAssessment, {"sublevel": "a"}, "gmfc_mld_4a_4b"),
    (GmfcMldAssessment, {"source": "RUMOUR"}, "gmfc_mld_source_known"),
    (GmfcMldAssessment, {"assessor_role": "COOK"}, "gmfc_mld_assessor_role_known"),
    (ElfcMldAssessment, {"level": 5}, "elfc_mld_level_0_to_4"),
    (ElfcMldAssessment, {"level": None}, "elfc_mld_level_or_reason"),
    (ElfcMldAssessment, {"source": "RUMOUR"}, "elfc_mld_source_known"),
    (ElfcMldAssessment, {"assessor_role": "COOK"}, "elfc_mld_assessor_role_known"),
    (MriSeverityRead, {"total": 35}, "mri_severity_total_0_to_34"),
    (MriSeverityRead, {"state": "LOST"}, "mri_severity_state_known"),
    (MriSeverityRead, {"version": 2}, "mri_severity_correction_has_a_reason"),
    (ReadAssignment, {"role": "COOK"}, "read_assignment_role_known"),
    (ReadAssignment, {"state": "LOST"}, "read_assignment_state_known"),
    (MriSeverityFinal, {"total": None}, "mri_severity_final_total_where_done"),
    (MriSeverityFinal, {"status": "ADJUDICATION"}, "mri_severity_final_total_where_done"),
    (MriSeverityFinal, {"basis": "GUESS"}, "mri_severity_final_basis_known"),
    (MriSeverityFinal, {"total": 35}, "mri_severity_final_0_to_34"),
    (Study, {"severity_tolerance": 35}, "study_severity_tolerance"),
    (Study, {"severity_rule": "BEST"}, "study_severity_rule_known"),
    (Query, {"audience": "ALL"}, "query_audience_known"),
    (Query, {"state": "LOST"}, "query_state_known"),
    (Query, {"assigned_role": "cook"}, "query_assigned_role_known"),
    (Query, {"closed_by_rule": True}, "query_closed_by_rule_is_closed"),
    (Query, {"rule": "LOAD-JUMP"}, "query_of_loads_is_not_for_a_site"),
    (Study, {"pairing_days_others": 366}, "study_pairing_within_a_year"),
    (Study, {"scan_days_from_visit": 366}, "study_scan_within_a_year"),
    (Study, {"accrual_target": 20}, "study_accrual_target_has_a_day"),
    (Patient, {"enrolled_on": date(2019, 1, 1)}, "patient_enrolled_after_birth"),
    (VisitDefinition, {"code": "M00"}, "visit_definition_code_once"),
    (VisitDefinition, {"number": 1}, "visit_definition_number_once"),
    (VisitDefinition, {"anchor": "BIRTH"}, "visit_definition_anchor_known"),
    (VisitDefinition, {"anchor_therapy": "HSCT"}, "visit_definition_therapy_for_treatment"),
    (NotDone, {"reason": ""}, "not_done_has_a_reason"),
    (NotDone, {"sequence": "T1w"}, "not_done_is_a_visit_or_a_sequence"),
    (NotDone, {"definition": None}, "not_done_is_a_visit_or_a_sequence"),
    (ProtocolDeviation, {"code": "RAIN"}, "deviation_code_known"),
    (ProtocolDeviation, {"state": "LOST"}, "deviation_state_known"),
    (Scan, {"sequence": "PD"}, "scan_sequence_known"),
    (Scan, {"acq_stratum": "4D"}, "scan_acq_stratum_known"),
    (Scan, {"state": "LOST"}, "scan_state_known"),
    (Scan, {"state": "QUARANTINED"}, "scan_waits_for_a_reason"),
    (Scan, {"image_sha256": "x" * 64}, "scan_image_sha256_is_hex"),
]


@pytest.mark.parametrize(
    ("model", "changes", "constraint"), REFUSED, ids=[f"{m.__name__}-{c}" for m, _, c in REFUSED]
)
def test_the_database_refuses_a_wrong_row(world: World, model, changes, constraint):
    values = rows(world)[model]
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.create(**{**values, **changes})
    assert model.objects.create(**values).pk


def test_a_visit_has_one_level(world: World):
    values = rows(world)[GmfcMldAssessment]
    GmfcMldAssessment.objects.create(**values)
    with pytest.raises(IntegrityError, match="visit_id_key"), transaction.atomic():
        GmfcMldAssessment.objects.create(**values)


def test_a_reader_reads_a_visit_once(world: World):
    values = rows(world)[MriSeverityRead]
    MriSeverityRead.objects.create(**values)
    with pytest.raises(IntegrityError, match="one_read_per_reader"), transaction.atomic():
        MriSeverityRead.objects.create(**values)


@pytest.mark.parametrize("changes", [{"total": 4}, {"items": {"pons": 1}}, {"state": "DRAFT"}])
def test_a_signed_read_does_not_change(world: World, changes):
    given = ReadAssignment.objects.create(**rows(world)[ReadAssignment])
    read = MriSeverityRead.objects.create(**rows(world)[MriSeverityRead], assignment=given)
    with pytest.raises(DatabaseError), transaction.atomic():
        MriSeverityRead.objects.filter(pk=read.pk).update(**changes)
    MriSeverityRead.objects.filter(pk=read.pk).update(state="SUPERSEDED")
    with pytest.raises(DatabaseError), transaction.atomic():
        MriSeverityRead.objects.filter(pk=read.pk).update(state="SIGNED")


def test_a_part_of_a_case_goes_to_one_person_and_a_person_has_one_part(world: World):
    values = rows(world)[ReadAssignment]
    ReadAssignment.objects.create(**values)
    for changes, name in (
        ({"reader": world.user("adjudicator")}, "read_assignment_role_once"),
        ({"role": "SECOND"}, "read_assignment_person_once"),
        ({"role": "SECOND", "reader": world.user("adjudicator"), "reading_id": "R-2222-2222"},
         "reading_id"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            ReadAssignment.objects.create(**{**values, "reading_id": "R-3333-3333", **changes})


def test_a_rule_has_one_open_query_per_patient_even_without_a_visit(world: World):
    values = {**rows(world)[Query], "visit": None}
    Query.objects.create(**values)
    with pytest.raises(IntegrityError, match="query_once_per_rule"), transaction.atomic():
        Query.objects.create(**values)
    Query.objects.create(**{**values, "state": "CLOSED"})
    Query.objects.create(**{**values, "rule": "MANUAL"})
    Query.objects.create(**{**values, "rule": "MANUAL"})


STATES = ("OPEN", "ANSWERED", "CLOSED")
STEPS = {
    ("OPEN", "ANSWERED"),
    ("OPEN", "CLOSED"),
    ("ANSWERED", "CLOSED"),
    ("ANSWERED", "OPEN"),
    ("CLOSED", "OPEN"),
}


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
@pytest.mark.requirement("21CFR11.10(f)")
def test_the_database_lets_a_query_take_declared_steps_only(world: World, before, after):
    query = Query.objects.create(**{**rows(world)[Query], "state": before})
    found = Query.objects.filter(pk=query.pk)
    if before == after or (before, after) in STEPS:
        found.update(state=after)
        return
    with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
        found.update(state=after)


def test_the_audience_of_a_query_is_for_good(world: World):
    query = Query.objects.create(**{**rows(world)[Query], "audience": "IMAGING"})
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Query.objects.filter(pk=query.pk).update(audience="SITE")


def test_what_was_said_in_a_thread_stays_as_it_was_said(world: World):
    query = Query.objects.create(**rows(world)[Query])
    said = QueryMessage.objects.create(query=query, step="ANSWERED", words="Yes.")
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        QueryMessage.objects.filter(pk=said.pk).update(words="No.")
    with pytest.raises(IntegrityError, match="step_known"), transaction.atomic():
        QueryMessage.objects.create(query=query, step="SUNG", words="Yes.")


def test_what_a_person_can_break_has_a_sentence():
    entered = {
        Study,
        Site,
        Patient,
        Treatment,
        Visit,
        GmfcMldAssessment,
        ElfcMldAssessment,
        MriSeverityRead,
    }
    entered |= {VisitDefinition, NotDone, ProtocolDeviation}
    # Guarded by the services themselves, which set these values.
    by_the_service = {
        "patient_birth_is_a_month",
        "visit_number_not_negative",
        "not_done_is_a_visit_or_a_sequence",
        "deviation_state_known",
    }
    names = {constraint.name for model in entered for constraint in model._meta.constraints}
    assert names - by_the_service <= set(SENTENCES)


def test_every_relation_between_records_protects():
    for model in CLINICAL:
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey):
                assert field.remote_field.on_delete is models.PROTECT, f"{model}.{field.name}"
