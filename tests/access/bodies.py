"""What each form of the site takes: a body that is accepted of an open record.

Every route with a form has a row here or in `HELD_BY_NO_LOCK`; `test_locked.py` fails for one
without. A body names only what the form does not hold already when it is opened: its fields,
the mark of what was seen and the reason of a change are filled as the page shows them.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile

from mldtrial.trial.models import ReadRole, Role
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.services import patients, studies
from segmentation.models import Upload
from segmentation.services import protocols, store
from tests.access import addresses
from tests.support.images import SHAPE, nifti_bytes
from tests.support.loads import make_scan
from tests.support.world import World, person

Given = Mapping[str, Any] | Callable[[World], Mapping[str, Any]]
REASON = {"reason": "Typed wrong"}
LATER = date(2023, 6, 20)
CONFLICT = 409
UNPROCESSABLE = AT_THE_FORM = 422
"""The page has several forms; the one that was sent says that the record is locked."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A form that changes what a lock holds.

    Attributes
    ----------
    body : mapping, or function from the world to one
        What is typed.
    accepted, refused : int
        The status for an open record and for a locked one.
    headers : mapping
        What a client of a protocol sends beside the body.
    """

    body: Given = field(default_factory=dict)
    accepted: int = 302
    refused: int = CONFLICT
    headers: Mapping[str, str] = field(default_factory=dict)

    def given(self, world: World) -> dict[str, Any]:
        """Return what is typed."""
        return dict(self.body(world) if callable(self.body) else self.body)


def _second_reader(world: World) -> Any:
    other = person("reader_2")
    studies.grant_membership(user=other, study=world.study, role=Role.READER)
    return other


def _readers(world: World) -> dict[str, Any]:
    """Return two readers for all cases without any: a visit with an image is one."""
    addresses.scan_of(world, addresses.SITE_A)
    return {"which": "all", "first": world.user("reader").pk, "second": _second_reader(world).pk}


def _another_reader(world: World) -> dict[str, Any]:
    """Return somebody else for a case that was given to the reader of the world."""
    addresses.PARAMETERS["assignment_id"](world, addresses.SITE_A)
    return {
        "part": ReadRole.FIRST,
        "reader": _second_reader(world).pk,
        "reason": "On leave",
    }


def _with_raw_files(_world: World) -> dict[str, Any]:
    """Put the file of each failed upload where a retry looks for it."""
    for upload in Upload.objects.all():
        path = store.quarantine_path(upload.pk)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(nifti_bytes())
    return {}


def _not_of_a_candidate(_world: World) -> dict[str, str]:
    """Let the runs be of a method that locks hold: runs of a candidate count nowhere.

    Nor does one of a retired method go on: the active one takes its place.
    """
    from segmentation.models import ModelVersion, ReleaseState, SegmentationRun

    models = ModelVersion.objects.filter(pk__in=SegmentationRun.objects.values("model_version"))
    models.filter(state=ReleaseState.CANDIDATE).update(state=ReleaseState.ACTIVE)
    return {}


def _with_waiting_runs(world: World) -> dict[str, str]:
    from segmentation.models import JobState, SegmentationRun

    _not_of_a_candidate(world)
    SegmentationRun.objects.update(state=JobState.QUEUED, failure_code="", message="")
    return {}


def _with_draft(world: World) -> dict[str, Any]:
    """Begin a draft of the protocol rules."""
    protocols.start_draft(study=world.study, by=None)
    return {}


def _seen_draft(world: World) -> dict[str, Any]:
    """Begin a draft of the protocol rules, and say that its difference was seen."""
    draft = protocols.start_draft(study=world.study, by=None)
    return {"seen": protocols.mark(draft), **REASON}


def _to_another_visit(world: World) -> dict[str, Any]:
    """Return another visit of the patient at site A."""
    visit = addresses.visit_of(world, addresses.SITE_A)
    other = visit.patient.visits.filter(date=LATER).first() or patients.create_visit(
        patient=visit.patient, definition=None, visit_date=LATER, by=None
    )
    return {"to": other.pk, **REASON}


def _mask_of_an_image(world: World) -> dict[str, Any]:
    """Put the T1w image of the visit into the store, and return a mask in its voxels."""
    content = nifti_bytes(affine=np.eye(4))
    sha256 = hashlib.sha256(content).hexdigest()
    path = store.image_path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    make_scan(addresses.visit_of(world, addresses.SITE_A), image_sha256=sha256, shape=SHAPE)
    mask = nifti_bytes(np.ones(SHAPE, np.uint8), np.eye(4))
    return {
        "mask": SimpleUploadedFile("mask.nii", mask),
        "software": "toolbox",
        "version": "1",
        "operator": "OP-1",
        "is_edited": "no",
    }


CHANGES: dict[str, Change] = {
    "patient_new": Change(body={"subject_code": "A-002", "sex": "M", "birth_month": "2021-04"}),
    "patient_edit": Change(body={"sex": "M", **REASON}),
    "visit_new": Change(body={"definition": "", "date": LATER}),
    "visit_edit": Change(body={"date": date(2023, 5, 11), **REASON}),
    "visit_not_done": Change(body=REASON),
    "scan_not_done": Change(body={"sequence": "T1w", **REASON}),
    "not_done_edit": Change(body={"reason": "No sedation", "change_reason": "Typed wrong"}),
    "treatment_new": Change(body={"kind": "ERT", "started_on": LATER}),
    "treatment_edit": Change(body={"stopped_on": LATER, **REASON}),
    "participation_new": Change(body={"step": "CONSENT", "happened_on": LATER}),
    "participation_edit": Change(body={"form_version": "2", **REASON}),
    "gmfc_record": Change(body={"level": "2", "assessed_on": date(2023, 5, 10)}),
    "elfc_record": Change(body={"level": "E1", "assessed_on": date(2023, 5, 10)}),
    "query": Change(body={"action": "comment", "words": "Looked up."}, refused=AT_THE_FORM),
    "query_new": Change(body={"question": "Is the date right?"}),
    "read": Change(
        body={"action": "keep", severity_instrument().items[0].key: "0"}, refused=AT_THE_FORM
    ),
    "read_cases": Change(body=_readers, refused=AT_THE_FORM),
    "read_case": Change(body=_another_reader, refused=AT_THE_FORM),
    "settings_change": Change(body={"name": "Renamed", **REASON}),
    "site_new": Change(body={"code": "C", "name": "Site C", **REASON}),
    "site_edit": Change(body={"name": "Renamed", **REASON}),
    "definition_new": Change(
        body={"code": "M99", "number": "99", "name": "Month 99", "target_day": "3000", **REASON}
    ),
    "definition_edit": Change(body={"name": "Renamed", **REASON}),
    "upload_new": Change(
        body=lambda _world: {
            "t1w": SimpleUploadedFile("t1w.nii", nifti_bytes()),
            "acquired_on": date(2023, 5, 10),
        }
    ),
    "mask_import": Change(body=_mask_of_an_image),
    "transfers": Change(
        accepted=201,
        refused=UNPROCESSABLE,
        headers={"Tus-Resumable": "1.0.0", "Upload-Length": "9000"},
    ),
    "scan_move": Change(body=_to_another_visit),
    "scan_set_aside": Change(body={"cause": "MOVEMENT", **REASON}),
    "scan_take_back": Change(body=REASON),
    "scan_keep": Change(body=REASON),
    "scan_discard": Change(body=REASON),
    "job_retry": Change(body=_with_raw_files, refused=302),
    "run_retry": Change(body=_not_of_a_candidate, refused=302),
    "run_cancel": Change(body=_with_waiting_runs, refused=302),
    "run_first": Change(body=_with_waiting_runs, refused=302),
    "quality_retry": Change(refused=302),
    "scanner": Change(body={"action": "name", "name": "Room 2"}, refused=AT_THE_FORM),
    "rule_new": Change(
        body={"sequence": "T2w", "quantity": "te_ms", "lowest": "80", "severity": "note"}
    ),
    "rule_edit": Change(body={"severity": "note"}),
    "rule_remove": Change(refused=302),
    "protocol_draft": Change(refused=302),
    "protocol_discard": Change(body=_with_draft, refused=302),
    "protocol_difference": Change(body=_seen_draft),
    "finding": Change(body={"action": "record"}, refused=AT_THE_FORM),
}

PEOPLE = "Who takes part is no data of the trial."
TABLE = "A table is checked and kept; only its rows would change a record."
LOCKS = "It sets or ends the lock itself."
UNBLINDS = "Unblinding follows the lock, and changes nothing of the data."
QUEUE = (
    "A place in the queue is no record; a run of a held visit is neither queued nor tried again."
)
MASKS = "Whether a network may learn from a mask is said of the mask; no value of a visit changes."
TRAINS = "A method is made; no record of a patient changes."
DEVIATES = "A departure from the protocol may be found when the data stand still."
HELD_BY_NO_LOCK: dict[str, str] = {
    "allocation": "Arms lie apart from the data, which they do not change.",
    "audit_verify": "The trail of a locked study is verified as that of an open one.",
    "deviation": DEVIATES,
    "deviation_new": DEVIATES,
    "cohort_reports": "A report repeats what the pages say, and changes nothing.",
    "image_exports": "What is taken out of a locked study is recorded, and changes nothing.",
    "reference_cohort": "A frozen figure of a cohort changes no record.",
    "reference_cohort_end": "A frozen figure of a cohort changes no record.",
    "segmentations": QUEUE,
    "runs_retry": QUEUE,
    "batch_cancel": QUEUE,
    "model_shadow": QUEUE,
    "import_check": TABLE,
    "import_discard": TABLE,
    "import_layout": TABLE,
    "imports": TABLE,
    "invitation_new": PEOPLE,
    "mask": MASKS,
    "mask_reviews": MASKS,
    "mask_set_aside": MASKS,
    "invitation_renew": PEOPLE,
    "invitation_withdraw": PEOPLE,
    "locks": LOCKS,
    "login_state": PEOPLE,
    "membership_end": PEOPLE,
    "membership_export": PEOPLE,
    "patient_lock": LOCKS,
    "patient_unblind": UNBLINDS,
    "read_preview": "It shows a sum and keeps nothing.",
    "study_lock": LOCKS,
    "study_unblind": UNBLINDS,
    "training_cancel": TRAINS,
    "training_retry": TRAINS,
    "unblind_decision": UNBLINDS,
    "unlock_decision": LOCKS,
    "visit_lock": LOCKS,
    "visit_sign": "A signature stands beside the record; a lock keeps nobody from signing.",
}
"""Why a lock leaves the form of a route open."""
