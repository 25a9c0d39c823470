"""Set up the demonstration study: made-up patients, phantom images, stored masks."""

import json
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from mldtrial.trial.models import (
    SITE_ROLES,
    AssessorRole,
    Blinding,
    Origin,
    Role,
    Scan,
    Site,
    Study,
    TreatmentKind,
    Visit,
    VisitDefinition,
)
from mldtrial.trial.services import assessments, patients, reads, studies, visits
from mldtrial.trial.services import settings as settings_of_study
from segmentation.demo import plan
from segmentation.demo.images import draw
from segmentation.demo.record import MASKS, MODEL, RECORD, key_of
from segmentation.demo.record_quality import stored_metrics
from segmentation.demo.scanners import acquisition_of, scanner_of
from segmentation.imaging.nifti import store_clean_copy
from segmentation.models import JobState, ModelVersion, SegmentationResult, SegmentationRun
from segmentation.services import (
    choosing,
    compliance,
    demo_protocol,
    demo_quarantine,
    jobs,
    models,
    quality,
    receiving,
    runs,
    store,
)

log = logging.getLogger(__name__)
SIGN_INS = "demo_sign_ins.txt"
SECOND_READER = "reader-2"
SECOND_MANAGER = "data-manager-2"
STRANGER = "another machine draws the phantoms with other bytes"


def create_demo() -> Study | None:
    """Create the demonstration study; returns None if it is there already.

    Stored masks are used only where the first image, drawn again on this machine, has the hash
    that the mask was made from; else every visit is segmented here.
    """
    if Study.objects.filter(code=plan.STUDY_CODE).exists():
        return None
    model = models.register_model(folder=MODEL)
    if model.state != "ACTIVE":
        models.activate(model=model, reason="demonstration")
    record = json.loads(RECORD.read_text())
    is_usable = record["model_sha256"] == model.sha256 and _first_image_is_the_same(record)
    live = _create_records(model, record if is_usable else None)
    for patient_plan, visit_plan, visit, by in live:
        _send_images(patient_plan, visit_plan, visit, by)
    return Study.objects.get(code=plan.STUDY_CODE)


@transaction.atomic
def _create_records(
    model: ModelVersion, record: dict[str, Any] | None
) -> list[tuple[plan.PlannedPatient, plan.PlannedVisit, Visit, Any]]:
    """Make everything but the images; returns the visits whose images go the whole way."""
    study = studies.create_study(
        code=plan.STUDY_CODE,
        name="Demonstration study",
        origin=Origin.DEMO,
        blinding=Blinding.OPEN,
        requires_mfa=False,
    )
    sites = {
        code: studies.create_site(study=study, code=code, name=name) for code, name in plan.SITES
    }
    people = _create_people(study, sites)
    demo_protocol.put_rules_in_force(study, people["data-manager"])
    definitions = {d.code: d for d in study.visit_definitions.all()}
    settings_of_study.change_definition(
        definition=definitions["M36"],
        changes={"is_retired": True},
        reason="The demonstration ends with month 24.",
        by=people["administrator"],
    )
    live = []
    for planned in plan.PATIENTS:
        coordinator = people[f"coordinator-{planned.site_code.lower()}"]
        for visit_plan, visit in _create_patient(planned, sites, definitions, people):
            row = record["visits"].get(key_of(planned, visit_plan)) if record else None
            if row is None:
                live.append((planned, visit_plan, visit, coordinator))
            else:
                _store_result(planned, visit_plan, visit, model, row)
    _declare_not_done(study, definitions, people)
    demo_protocol.record_one_deviation(study, people["coordinator-north"])
    return live


def _declare_not_done(
    study: Study, definitions: dict[str, VisitDefinition], people: dict[str, Any]
) -> None:
    patients_of_study = {p.subject_code: p for p in study.patients.select_related("site")}
    for subject_code, code, reason in plan.NOT_DONE:
        patient = patients_of_study[subject_code]
        visits.declare_visit_not_done(
            patient=patient,
            definition=definitions[code],
            reason=reason,
            by=people[f"coordinator-{patient.site.code.lower()}"],
        )


def _create_people(study: Study, sites: dict[str, Site]) -> dict[str, Any]:
    """Make the sign-ins, with a password of this installation alone."""
    password = secrets.token_urlsafe(9)
    people: dict[str, Any] = {}
    for name, role, site in _wanted_people(sites):
        user = get_user_model().objects.create_user(
            username=name, password=password, full_name=name.replace("-", " ").title()
        )
        studies.grant_membership(user=user, study=study, role=role, site=site)
        people[name] = user
    _write_sign_ins(list(people), password)
    return people


def _wanted_people(sites: dict[str, Site]) -> Iterator[tuple[str, Role, Site | None]]:
    """Yield user name, role and site: one for each, and a second one where two are needed."""
    for role in Role:
        for site in sites.values() if role in SITE_ROLES else [None]:
            name = role.value.replace("_", "-") + (f"-{site.code.lower()}" if site else "")
            yield name, role, site
    yield SECOND_READER, Role.READER, None
    yield SECOND_MANAGER, Role.DATA_MANAGER, None


def _write_sign_ins(names: list[str], password: str) -> None:
    path = Path(settings.DATA_DIR) / SIGN_INS
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(f"Demo sign-ins (password {password}):\n  " + "\n  ".join(names) + "\n")


def _create_patient(
    planned: plan.PlannedPatient,
    sites: dict[str, Site],
    definitions: dict[str, VisitDefinition],
    people: dict[str, Any],
) -> list[tuple[plan.PlannedVisit, Visit]]:
    patient = patients.create_patient(
        site=sites[planned.site_code],
        subject_code=planned.subject_code,
        sex=planned.sex,
        birth_month=planned.birth_month,
        onset_age_months=planned.onset_age_months,
        consented_on=planned.visits[0].date if planned.visits else None,
        origin=Origin.DEMO,
        by=None,
    )
    if planned.transplanted_on is not None:
        patients.record_treatment(
            patient=patient, kind=TreatmentKind.HSCT, started_on=planned.transplanted_on, by=None
        )
    made = []
    for visit_plan in planned.visits:
        visit = patients.create_visit(
            patient=patient,
            definition=definitions[visit_plan.definition_code],
            visit_date=visit_plan.date,
            by=None,
        )
        seen = {
            "visit": visit,
            "assessed_on": visit_plan.date,
            "by": None,
            "recorder": people[f"investigator-{planned.site_code.lower()}"],
            "assessor_role": AssessorRole.MD,
        }
        assessments.record_gmfc_mld(level=visit_plan.gmfc_level, **seen)
        assessments.record_elfc_mld(level=visit_plan.elfc_level, **seen)
        _read(visit, visit_plan, people)
        made.append((visit_plan, visit))
    return made


def _read(visit: Visit, visit_plan: plan.PlannedVisit, people: dict[str, Any]) -> None:
    """Give the case to both readers; they sign, and the adjudicator where they differ."""
    first, second = people["reader"], people[SECOND_READER]
    reads.assign_cases(visits=[visit], first=first, second=second, by=None)
    if not visit_plan.is_read:
        return
    for person, items in (
        (first, visit_plan.severity_items),
        (second, visit_plan.second_items),
        (people["adjudicator"], visit_plan.severity_items),
    ):
        for assignment in visit.read_assignments.filter(reader=person):
            reads.sign_read(assignment=assignment, items=items, read_on=visit_plan.date, by=person)


def _store_result(
    planned: plan.PlannedPatient,
    visit_plan: plan.PlannedVisit,
    visit: Visit,
    model: ModelVersion,
    row: dict[str, Any],
) -> None:
    """Record the scans and the stored mask of a visit; its images are drawn when needed."""
    scans = {
        name: Scan.objects.create(
            visit=visit,
            sequence=name,
            acq_stratum=planned.acq_stratum if name == "T1w" else "2D",
            reason="Digital phantom of the demonstration study.",
            days_from_visit=0,
            source_sha256=facts["image_sha256"],
            source_format="phantom",
            origin=Origin.DEMO,
            scanner=scanner_of(planned.site_code, visit_plan.date),
            acquisition=acquisition_of(
                name,
                planned.acq_stratum if name == "T1w" else "2D",
                (planned.subject_code, visit_plan.definition_code),
            ),
            **facts,
        )
        for name, facts in row["scans"].items()
    }
    for scan in scans.values():
        quality.keep_stored(scan=scan, t1w_scan=scans["T1w"], stored=stored_metrics())
    hashes = {name: scan.image_sha256 for name, scan in scans.items()}
    run_id = uuid4()
    relative = f"masks/{run_id}-{row['mask_sha256'][:16]}-demo.nii.gz"
    _place_mask(MASKS / f"{key_of(planned, visit_plan)}.nii.gz", relative, row["mask_sha256"])
    run = SegmentationRun.objects.create(
        id=run_id,
        site=visit.patient.site,
        visit=visit,
        t1w_scan=scans["T1w"],
        t2w_scan=scans["T2w"],
        model_version=model,
        parameters=runs.PARAMETERS,
        parameters_sha256=runs.sha256_of_json(runs.PARAMETERS),
        input_sha256=runs.sha256_of_json(hashes),
        state=JobState.SUCCEEDED,
        attempt=1,
        progress=1.0,
        finished_at=timezone.now(),
        turn=jobs.next_turn(SegmentationRun, visit.patient.site),
        provenance={**row["provenance"], "origin": "mask stored with the demonstration study"},
        origin=Origin.DEMO,
    )
    SegmentationResult.objects.create(
        run=run,
        mask_path=relative,
        mask_sha256=row["mask_sha256"],
        attempt=1,
        voxel_count=row["voxel_count"],
        demyelination_load_ml=row["demyelination_load_ml"],
    )
    choosing.flag_for_analysis(visit=visit, model=model)
    compliance.look_at(visit)


def _place_mask(source: Path, relative: str, sha256: str) -> None:
    target = store.root() / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(store.verified(source, sha256), target)


def _send_images(
    planned: plan.PlannedPatient, visit_plan: plan.PlannedVisit, visit: Visit, by: Any
) -> None:
    """Draw the images of a visit and upload them, as its coordinator would."""
    with TemporaryDirectory() as folder:
        paths = draw(planned, visit_plan, Path(folder))
        for name, path in paths.items():
            with path.open("rb") as handle:
                receiving.receive_upload(
                    visit=visit,
                    chunks=iter(lambda h=handle: h.read(store.CHUNK_BYTES), b""),  # type: ignore[misc]
                    declared_sequence=name,
                    declared_acquired_on=visit_plan.date,
                    by=by,
                )
        demo_quarantine.misplace(planned, visit_plan, paths["T1w"])


def _first_image_is_the_same(record: dict[str, Any]) -> bool:
    """Draw one recorded image again and compare its hash with the recorded one."""
    planned, visit_plan = plan.PATIENTS[0], plan.PATIENTS[0].visits[0]
    expected = record["visits"][key_of(planned, visit_plan)]["scans"]["T1w"]["image_sha256"]
    with TemporaryDirectory() as folder:
        path = draw(planned, visit_plan, Path(folder))["T1w"]
        found = store_clean_copy(path, Path(folder) / "clean.nii.gz").sha256
    if found != expected:
        log.warning("Stored masks are not used: %s. Every visit is segmented here.", STRANGER)
    return bool(found == expected)
