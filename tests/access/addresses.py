"""Finds every route of the site and fills its address for a person's or another's objects."""

import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from mldtrial.trial.models import (
    AcqStratum,
    Audience,
    Conflict,
    DeviationCode,
    ImportBatch,
    ImportState,
    Invitation,
    NotDone,
    Patient,
    ProtocolDeviation,
    ReadAssignment,
    ReadRole,
    Role,
    Scan,
    ScanState,
    Sequence,
    Visit,
)
from mldtrial.trial.rules.reading import new_reading_id
from mldtrial.trial.services import notices, participation, patients, queries
from mldtrial.trial.services.imports import files
from tests.support.world import World

SITE_A, SITE_B, OTHER_STUDY = "site A", "site B", "the other study"
TARGETS = (SITE_A, SITE_B, OTHER_STUDY)


@dataclass(frozen=True)
class Found:
    """A route as the resolver knows it."""

    name: str
    parameters: tuple[str, ...]


def routes() -> dict[str, Found]:
    """Return every route by its name.

    Raises
    ------
    AssertionError
        If a route has no name, or a name is used twice: neither could be checked.
    """
    found: dict[str, Found] = {}
    for pattern in _patterns(get_resolver()):
        assert pattern.name, f"The route {pattern.pattern} needs a name."
        assert pattern.name not in found, f"Two routes are named {pattern.name}."
        found[pattern.name] = Found(pattern.name, tuple(pattern.pattern.converters))
    return found


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry)
        else:
            yield entry


def patient_of(world: World, target: str) -> Patient:
    """Return the patient of a target."""
    found = {
        SITE_A: world.patient_a,
        SITE_B: world.patient_b,
        OTHER_STUDY: world.other_patient,
    }
    return found[target]


def visit_of(world: World, target: str) -> Visit:
    """Return the first visit of the target's patient, or a new one."""
    patient = patient_of(world, target)
    found = patient.visits.first()
    if found is not None:
        return found
    definition = patient.study.visit_definitions.first()
    assert definition is not None
    return patients.create_visit(
        patient=patient, definition=definition, visit_date=patient.birth_month, by=None
    )


def scan_of(world: World, target: str) -> Scan:
    """Return an image of the target's visit, whose file is not there."""
    content = hashlib.sha256(target.encode()).hexdigest()
    found, _ = Scan.objects.get_or_create(
        visit=visit_of(world, target),
        image_sha256=content,
        defaults={
            "sequence": Sequence.T1W,
            "acq_stratum": AcqStratum.THREE_D,
            "shape": [9, 10, 11],
            "voxel_size_mm": [1.0, 1.0, 1.0],
            "affine": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
            "voxels_sha256": content,
            "source_sha256": content,
            "source_format": "nifti",
        },
    )
    return found


def waiting_scan_of(world: World, target: str) -> Scan:
    """Return an image in quarantine of the target's visit, whose file is not there."""
    content = hashlib.sha256(f"{target}, waiting".encode()).hexdigest()
    found, _ = Scan.objects.get_or_create(
        visit=visit_of(world, target),
        image_sha256=content,
        defaults={
            "sequence": Sequence.T2W,
            "acq_stratum": AcqStratum.TWO_D,
            "state": ScanState.QUARANTINED,
            "conflicts": [Conflict.DATE_FAR],
            "days_from_visit": 40,
            "shape": [9, 10, 11],
            "voxel_size_mm": [1.0, 1.0, 1.0],
            "affine": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
            "voxels_sha256": content,
            "source_sha256": content,
            "source_format": "DICOM",
        },
    )
    return found


def _set_aside(world: World, target: str) -> uuid.UUID:
    """Return what was said of an image of the target that no other address speaks of."""
    from segmentation.models import ScanSetAside, SetAsideCause

    content = hashlib.sha256(f"{target}, set aside".encode()).hexdigest()
    first = scan_of(world, target)
    scan, _ = Scan.objects.get_or_create(
        visit=first.visit,
        image_sha256=content,
        defaults={
            "sequence": Sequence.FLAIR,
            "acq_stratum": AcqStratum.TWO_D,
            "shape": first.shape,
            "voxel_size_mm": first.voxel_size_mm,
            "affine": first.affine,
            "voxels_sha256": content,
            "source_sha256": content,
            "source_format": "nifti",
        },
    )
    found, _ = ScanSetAside.objects.get_or_create(
        scan=scan,
        taken_back_at=None,
        defaults={
            "cause": SetAsideCause.MOVEMENT,
            "reason": f"Moved, {target}",
            "set_aside_by": world.user("data_manager"),
            "is_load_known": False,
            "is_by_who_sees_loads": True,
        },
    )
    return found.pk


def _query(world: World, target: str) -> uuid.UUID:
    return queries.open_query(
        patient=patient_of(world, target),
        visit=None,
        audience=Audience.SITE,
        rule="ACCESS-TEST",
        question="Please check the date.",
    ).pk


def _assignment(world: World, target: str) -> uuid.UUID:
    """Return a case that is given to the reader of the world, in every study alike."""
    found, _ = ReadAssignment.objects.get_or_create(
        visit=visit_of(world, target),
        reader=world.user("reader"),
        defaults={"role": ReadRole.FIRST, "reading_id": new_reading_id()},
    )
    return found.pk


def _upload(world: World, target: str) -> uuid.UUID:
    from segmentation.models import JobState, Upload

    patient = patient_of(world, target)
    return Upload.objects.create(
        visit=visit_of(world, target),
        site=patient.site,
        state=JobState.FAILED,
        failure_code="INTERNAL",
        message="An unexpected error occurred.",
        sha256="0" * 64,
        size_bytes=1,
        declared_sequence=Sequence.T1W,
    ).pk


def _transfer(world: World, target: str) -> uuid.UUID:
    """Return a file on its way from the coordinator of site A, or from one of the target."""
    from segmentation.models import Transfer

    patient = patient_of(world, target)
    sender = world.user("coordinator_b" if target == SITE_B else "coordinator")
    return Transfer.objects.create(
        visit=visit_of(world, target),
        site=patient.site,
        sent_by=sender,
        size_bytes=1,
        declared_sequence=Sequence.T1W,
        expires_at=timezone.now() + timedelta(days=7),
    ).pk


def _run(world: World, target: str) -> uuid.UUID:
    from segmentation.models import JobState, SegmentationRun

    patient = patient_of(world, target)
    found, _ = SegmentationRun.objects.get_or_create(
        visit=visit_of(world, target),
        model_version=_model_version(),
        parameters_sha256="0" * 64,
        input_sha256="1" * 64,
        defaults={
            "site": patient.site,
            "state": JobState.FAILED,
            "failure_code": "INTERNAL",
            "message": "An unexpected error occurred.",
            "t1w_scan": scan_of(world, target),
        },
    )
    return found.pk


def _quality(world: World, target: str) -> uuid.UUID:
    """Return a measurement of the target's image, with a picture."""
    from segmentation.imaging.quality.metrics import METHOD_VERSION
    from segmentation.models import JobState, ScanQuality
    from segmentation.services import store

    picture = f"picture of {target}".encode()
    sha256 = hashlib.sha256(picture).hexdigest()
    path = store.mosaic_path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    found, _ = ScanQuality.objects.get_or_create(
        scan=scan_of(world, target),
        method_version=METHOD_VERSION,
        defaults={
            "site": patient_of(world, target).site,
            "state": JobState.SUCCEEDED,
            "metrics": {"efc": {"value": 0.5}},
            "mosaic_sha256": sha256,
        },
    )
    return found.pk


def _mask_review(world: World, target: str) -> uuid.UUID:
    """Return a mask that is given to the reader of the world, drawn, in every study alike."""
    from segmentation.models import JobState, MaskReview, Method, ReleaseState
    from segmentation.services import store
    from tests.support.loads import make_load, make_model

    visit = visit_of(world, target)
    found = MaskReview.objects.filter(run__visit=visit).first()
    if found is not None:
        return found.pk
    picture = f"mask of {target}".encode()
    sha256 = hashlib.sha256(picture).hexdigest()
    store.mosaic_path(sha256).parent.mkdir(parents=True, exist_ok=True)
    store.mosaic_path(sha256).write_bytes(picture)
    model = make_model("by-hand", method=Method.MANUAL, state=ReleaseState.CANDIDATE)
    run = make_load(visit.patient, visit.date, 12.5, model=model)
    return MaskReview.objects.create(
        review_id=new_reading_id(),
        run=run,
        site=run.site,
        mask_sha256=run.result.mask_sha256,
        reviewer=world.user("reader"),
        state=JobState.SUCCEEDED,
        pictures={"T1w": sha256, "T2w": sha256, "outline": sha256, "step_mm": 3.5},
    ).pk


def _training(world: World, target: str) -> uuid.UUID:
    from segmentation.models import JobState, TrainingRun

    study = patient_of(world, target).study
    found, _ = TrainingRun.objects.get_or_create(
        study=study,
        name="access-test",
        version=study.code,
        defaults={
            "state": JobState.FAILED,
            "failure_code": "INTERNAL",
            "message": "An unexpected error occurred.",
            "network": "small",
            "device": "cpu",
            "epochs": 3,
            "iterations": 1,
            "patience": 0,
            "trained_folds": 1,
            "held_out_percent": 20,
            "seed": 1,
        },
    )
    return found.pk


def _picture_number(world: World, target: str) -> int:
    """Return the number of the one picture of the target's visit."""
    _quality(world, target)
    return 1


def _membership(world: World, target: str) -> uuid.UUID:
    study = patient_of(world, target).study
    return study.memberships.get(role=Role.SPONSOR).pk


def _invitation(world: World, target: str) -> uuid.UUID:
    return Invitation.objects.create(
        study=patient_of(world, target).study,
        role=Role.SPONSOR,
        email=f"{target.replace(' ', '-')}@example.org",
        token_sha256=uuid.uuid4().hex,
        expires_at=timezone.now() + timedelta(days=7),
    ).pk


def _model_version() -> Any:
    from segmentation.models import Method, ModelVersion

    found, _ = ModelVersion.objects.get_or_create(
        name="access-test",
        version="1",
        defaults={
            "method": Method.TEST,
            "sha256": "2" * 64,
            "sequences": ["T1w"],
            "is_demonstration": True,
        },
    )
    return found


def _disposition(world: World, target: str) -> uuid.UUID:
    patient = patient_of(world, target)
    found = patient.dispositions.first()
    if found is not None:
        return found.pk
    return participation.record_step(
        patient=patient, step="CONSENT", happened_on=patient.birth_month, by=None
    ).pk


def _treatment(world: World, target: str) -> uuid.UUID:
    patient = patient_of(world, target)
    found = patient.treatments.first()
    if found is not None:
        return found.pk
    return patients.record_treatment(
        patient=patient, kind="HSCT", started_on=patient.birth_month, by=None
    ).pk


def _planned(world: World, target: str) -> uuid.UUID:
    return patient_of(world, target).study.visit_definitions.get(code="M12").pk


def _not_done(world: World, target: str) -> uuid.UUID:
    found, _ = NotDone.objects.get_or_create(
        patient=patient_of(world, target),
        visit=visit_of(world, target),
        sequence=Sequence.FLAIR,
        is_current=True,
        defaults={"reason": "No time in the scanner"},
    )
    return found.pk


def _deviation(world: World, target: str) -> uuid.UUID:
    patient = patient_of(world, target)
    found, _ = ProtocolDeviation.objects.get_or_create(
        study=patient.study,
        patient=patient,
        code=DeviationCode.SEDATION_NOT_GIVEN,
        defaults={"description": "Ate before the scan"},
    )
    return found.pk


def _protocol(world: World, target: str) -> Any:
    """Return the rules in force of the target's study; one that this address' scan breaks."""
    from segmentation.models import ProtocolVersion, VersionState
    from segmentation.services import protocols

    study = patient_of(world, target).study
    found = ProtocolVersion.objects.filter(study=study, state=VersionState.IN_FORCE).first()
    if found is None:
        draft = protocols.start_draft(study=study, by=None)
        found = protocols.put_in_force(
            study=study, seen=protocols.mark(draft), reason="Charter", by=None
        )
    return found


def _scanner(world: World, target: str) -> uuid.UUID:
    from segmentation.models import Scanner

    patient = patient_of(world, target)
    found, _ = Scanner.objects.get_or_create(
        site=patient.site,
        key="kind siemens prisma 3.0 T",
        defaults={"study": patient.study, "manufacturer": "SIEMENS", "model": "Prisma"},
    )
    return found.pk


def _rule_key(world: World, target: str) -> str:
    return str(_protocol(world, target).rules[0]["key"])


def _finding(world: World, target: str) -> uuid.UUID:
    from segmentation.models import ProtocolFinding

    scan = scan_of(world, target)
    found, _ = ProtocolFinding.objects.get_or_create(
        visit=scan.visit,
        scan=scan,
        rule_key="t1w-coverage",
        defaults={
            "version": _protocol(world, target),
            "sequence": "T1w",
            "quantity": "coverage_mm",
            "outcome": "not_met",
            "severity": "deviation",
            "measured": "11 mm",
            "asked": "at least 130 mm",
            "sentence": "T1w: coverage 11 mm; the protocol asks for at least 130 mm.",
        },
    )
    return found.pk


def _batch(world: World, target: str) -> uuid.UUID:
    content = b"subject,date\nA-001,2023-05-10\n"
    study = patient_of(world, target).study
    found, _ = ImportBatch.objects.get_or_create(
        study=study,
        defaults={
            "state": ImportState.CHECKED,
            "received_by": world.user("data_manager"),
            "file_sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
            "row_count": 1,
            "plan_sha256": "0" * 64,
        },
    )
    files.keep(found.pk, content)
    return found.pk


def _visit_to_lock(world: World, target: str) -> Visit:
    """Return a visit that no other address speaks of: a lock would refuse their objects."""
    first = visit_of(world, target)
    found = first.patient.visits.filter(definition__isnull=True).first()
    return found or patients.create_visit(
        patient=first.patient,
        definition=None,
        visit_date=first.date + timedelta(days=1),
        by=None,
    )


def _unlock_request(world: World, target: str) -> uuid.UUID:
    from mldtrial.audit.context import acting
    from mldtrial.audit.models import ApprovalRequest, Lock

    by = world.user("data_manager")
    with acting(user=by, origin="test suite", reason="test"):
        held, _ = Lock.objects.get_or_create(
            record_kind="visit",
            record_id=_visit_to_lock(world, target).pk,
            defaults={"level": 2, "reason": "test", "set_by": by},
        )
        found, _ = ApprovalRequest.objects.get_or_create(
            action="UNLOCK", subject_id=held.pk, defaults={"reason": "test", "requested_by": by}
        )
    return found.pk


def _unblinding_request(world: World, target: str) -> uuid.UUID:
    from mldtrial.audit.context import acting
    from mldtrial.audit.models import ApprovalRequest

    by = world.user("data_manager")
    with acting(user=by, origin="test suite", reason="test"):
        found, _ = ApprovalRequest.objects.get_or_create(
            action="PLANNED",
            subject_id=patient_of(world, target).study_id,
            defaults={"reason": "test", "requested_by": by},
        )
    return found.pk


def _cohort_report(world: World, target: str) -> Any:
    """Return the report of the study that its sponsor asked for."""
    from analytics.models import CohortReport
    from analytics.services import cohort_reports

    study = patient_of(world, target).study
    sponsor = world.user("other_sponsor" if target == OTHER_STUDY else "sponsor")
    cohort_reports.ask_for_one(study=study, by=sponsor, on=date(2026, 3, 1))
    cohort_reports.execute_next(worker="test")
    return CohortReport.objects.get(study=study, made_for=sponsor).pk


def _image_export(world: World, target: str) -> Any:
    from segmentation.models import ImageExport, JobState
    from segmentation.services import store

    study = patient_of(world, target).study
    content = b"an archive"
    digest = hashlib.sha256(content).hexdigest()
    path = store.image_export_path(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return ImageExport.objects.create(
        study=study,
        ordered_by=world.user("data_manager"),
        state=JobState.SUCCEEDED,
        written=0,
        left_out=0,
        size_bytes=len(content),
        sha256=digest,
        expires_at=timezone.now() + timedelta(days=1),
    ).pk


def _order(world: World, target: str) -> Any:
    from segmentation.models import SegmentationBatch

    found, _ = SegmentationBatch.objects.get_or_create(
        study=patient_of(world, target).study,
        model_version=_model_version(),
        prepared_at=None,
        cancelled_at=None,
        defaults={"ordered_by": world.user("data_manager")},
    )
    return found.pk


def _promotion(world: World, _target: str) -> Any:
    from analytics.services import impact_snapshot
    from mldtrial.audit.context import acting
    from mldtrial.audit.models import ApprovalRequest
    from segmentation.models import ModelPromotion, ModelVersion

    found = ModelPromotion.objects.filter(model_version=_model_version()).first()
    if found is not None:
        return found.pk
    replaced, _ = ModelVersion.objects.get_or_create(
        name="access-test-before",
        version="1",
        defaults={
            "method": "TEST",
            "sha256": "3" * 64,
            "sequences": ["T1w"],
            "is_demonstration": True,
            "state": "RETIRED",
        },
    )
    by = world.user("data_manager")
    with acting(user=by, origin="test suite", reason="test"):
        request = ApprovalRequest.objects.create(
            action="PROMOTE", subject_id=_model_version().pk, reason="Better", requested_by=by
        )
    impact = {"studies": []}
    return ModelPromotion.objects.create(
        model_version=_model_version(), replaces=replaced, request=request, impact=impact,
        impact_sha256=impact_snapshot.sha256_of(impact),
    ).pk  # fmt: skip


PARAMETERS: dict[str, Callable[[World, str], Any]] = {
    "study_code": lambda world, target: patient_of(world, target).study.code,
    "patient_id": lambda world, target: patient_of(world, target).pk,
    "visit_id": lambda world, target: visit_of(world, target).pk,
    "scan_id": lambda world, target: scan_of(world, target).pk,
    "waiting_id": lambda world, target: waiting_scan_of(world, target).pk,
    "set_aside_id": _set_aside,
    "disposition_id": _disposition,
    "treatment_id": _treatment,
    "batch_id": _batch,
    "query_id": _query,
    "assignment_id": _assignment,
    "request_id": _unlock_request,
    "unblinding_id": _unblinding_request,
    "upload_id": _upload,
    "run_id": _run,
    "transfer_id": _transfer,
    "quality_id": _quality,
    "export_id": _image_export,
    "report_id": _cohort_report,
    "review_id": _mask_review,
    "training_id": _training,
    "order_id": _order,
    "picture_number": _picture_number,
    "token": lambda world, _target: notices.new_calendar_link(by=world.user("coordinator")),
    "site_id": lambda world, target: patient_of(world, target).site_id,
    "definition_id": _planned,
    "not_done_id": _not_done,
    "deviation_id": _deviation,
    "finding_id": _finding,
    "rule_key": _rule_key,
    "scanner_id": _scanner,
    "number": lambda world, target: _protocol(world, target).number,
    "membership_id": _membership,
    "invitation_id": _invitation,
    "record_id": lambda world, target: patient_of(world, target).pk,
    "model_id": lambda _world, _target: _model_version().pk,
    "promotion_id": _promotion,
}
"""How to fill a parameter of an address with an object of the target."""

IDENTIFYING = (
    "assignment_id",
    "request_id",
    "unblinding_id",
    "patient_id",
    "visit_id",
    "disposition_id",
    "treatment_id",
    "batch_id",
    "scan_id",
    "waiting_id",
    "set_aside_id",
    "query_id",
    "upload_id",
    "run_id",
    "transfer_id",
    "quality_id",
    "export_id",
    "report_id",
    "review_id",
    "training_id",
    "order_id",
    "not_done_id",
    "deviation_id",
    "finding_id",
    "scanner_id",
    "membership_id",
    "invitation_id",
    "record_id",
)


def address(world: World, route: Found, target: str, given: dict[str, str]) -> str:
    """Return the address of a route for the objects of a target."""
    values = {
        name: given[name] if name in given else PARAMETERS[name](world, target)
        for name in route.parameters
    }
    return reverse(route.name, kwargs=values)


NOBODY = uuid.uuid4()
"""An id that nothing has."""


def address_of_nothing(world: World, route: Found, target: str, given: dict[str, str]) -> str:
    """Return the same address with an id, or failing that a study, that does not exist."""
    values: dict[str, Any] = {}
    named = [name for name in route.parameters if name in IDENTIFYING]
    for name in route.parameters:
        if name in named:
            values[name] = NOBODY
        elif name == "study_code" and not named:
            values[name] = "NO-SUCH-STUDY"
        else:
            values[name] = given[name] if name in given else PARAMETERS[name](world, target)
    return reverse(route.name, kwargs=values)
