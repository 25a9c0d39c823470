"""Send three images of the demonstration to the wrong place: they wait in quarantine.

Each is made from an image that is drawn anyhow, and goes the way of every other upload.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from mldtrial.trial.models import Membership, Role, Visit
from segmentation.demo.archive import write_archive
from segmentation.demo.plan import STUDY_CODE, PlannedPatient, PlannedVisit
from segmentation.demo.scanners import TIMES
from segmentation.imaging.nifti import read_volume, write_volume
from segmentation.services import receiving

NOISE_SEED, NOISE = 20, 0.01
ANOTHER_CHILD = {
    **TIMES["T1w"],
    "PatientName": "MADE^UP",
    "PatientID": "DEMO-4711",
    "PatientBirthDate": "20120314",
    "PatientSex": "M",
    "Manufacturer": "SIEMENS",
    "ManufacturerModelName": "Prisma",
    "MagneticFieldStrength": "3",
    "ScanningSequence": "GR",
    "MRAcquisitionType": "2D",
}
"""The header of a boy of patient N-004's age, on a scan that is sent for the girl N-003."""


def misplace(planned: PlannedPatient, visit_plan: PlannedVisit, t1w: Path) -> None:
    """Send what was drawn for a visit to the wrong place as well, where the story has it so."""
    sends = MISPLACED.get((planned.subject_code, visit_plan.definition_code), ())
    for send in sends:
        send(t1w, visit_plan.date)


def _repeat_for_an_earlier_visit(t1w: Path, day: date) -> None:
    """A second scan of month 18, two days later, that was sent for month 12."""
    volume = read_volume(t1w)
    random = np.random.default_rng(NOISE_SEED)
    scale = NOISE * float(volume.data.max())
    noisy = volume.data + scale * random.standard_normal(volume.data.shape)
    repeat = t1w.with_name("repeat.nii.gz")
    write_volume(repeat, np.clip(noisy, 0, None).astype(np.float32), volume.affine)
    _send(repeat, _visit("N-001", "M12"), day + timedelta(days=2))


def _the_same_for_an_earlier_visit(t1w: Path, _day: date) -> None:
    """The very image of month 12, sent for month 6 as well."""
    earlier = _visit("S-001", "M06")
    _send(t1w, earlier, earlier.date)


def _another_child(t1w: Path, _day: date) -> None:
    """The scan of a boy between the visits of two patients, sent for the wrong one."""
    visit = _visit("N-003", "M18")
    archive = t1w.with_name("archive.zip")
    volume, day = read_volume(t1w), visit.date - timedelta(days=7)
    write_archive(archive, volume, acquired_on=day, header=ANOTHER_CHILD)
    _send(archive, visit, None)


def _visit(subject_code: str, definition_code: str) -> Visit:
    return Visit.objects.select_related("patient__site", "patient__study").get(
        patient__study__code=STUDY_CODE,
        patient__subject_code=subject_code,
        definition__code=definition_code,
    )


def _send(path: Path, visit: Visit, acquired_on: date | None) -> None:
    """Send a file as the coordinator of the site would; a day is said for NIfTI alone."""
    patient = visit.patient
    coordinator = Membership.objects.get(
        study=patient.study, site=patient.site, role=Role.COORDINATOR
    )
    receiving.receive_upload(
        visit=visit,
        chunks=[path.read_bytes()],
        declared_sequence="" if acquired_on is None else "T1w",
        declared_acquired_on=acquired_on,
        by=coordinator.user,
    )


Send = Callable[[Path, date], None]
MISPLACED: dict[tuple[str, str], tuple[Send, ...]] = {
    ("N-001", "M18"): (_repeat_for_an_earlier_visit,),
    ("S-001", "M12"): (_the_same_for_an_earlier_visit, _another_child),
}
"""Whose drawn image is used for what."""
