"""The demonstration holds three scans that wait, each for another reason."""

import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from mldtrial.trial.models import Conflict, Role, Scan, ScanState, Study, Visit
from mldtrial.trial.services import patients, studies
from segmentation.demo import plan
from segmentation.demo.archive import write_archive
from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    StudyOptions,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_volume, write_volume
from segmentation.services import demo_quarantine, intake, receiving
from tests.support.world import person

SHAPE, SIZES_MM = (9, 10, 12), (2.0, 3.0, 5.0)


def drawn(seed: int) -> Volume:
    data = np.random.default_rng(seed).integers(0, 900, SHAPE).astype(np.float32)
    data[0, 0, 0] = 4095
    affine = np.diag([*SIZES_MM, 1.0])
    affine[:3, 3] = (-8, -15, 4)
    return Volume(data, affine)


def test_an_archive_of_a_drawn_image_gives_every_voxel_back_in_its_place(tmp_path: Path):
    made = drawn(0)
    header = {**demo_quarantine.ANOTHER_CHILD}
    write_archive(tmp_path / "a.zip", made, acquired_on=date(2022, 10, 26), header=header)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "files")
    (series,) = read_series(
        sorted((tmp_path / "files").iterdir()),
        into=tmp_path / "read",
        key=DeidentificationKey(b"k" * 32),
        identity=TrialIdentity(
            study_code="DEMO", site_code="NORTH", subject_code="N-003", visit_name="Month 18",
            visit_code="M18", study_name="", sponsor_name="",
        ),
        options=StudyOptions(),
    )  # fmt: skip
    assert isinstance(series, ConvertedSeries)
    assert (series.sequence, series.acquired_on) == ("T1w", date(2022, 10, 26))
    found = read_volume(series.nifti)
    voxels = np.vstack([np.indices(SHAPE).reshape(3, -1), np.ones(made.data.size)])
    there = np.rint(np.linalg.inv(found.affine) @ made.affine @ voxels)[:3].astype(int)
    assert np.array_equal(found.data[tuple(there)], made.data.ravel())


def planned(subject_code: str, definition_code: str) -> tuple:
    (patient,) = [p for p in plan.PATIENTS if p.subject_code == subject_code]
    (visit,) = [v for v in patient.visits if v.definition_code == definition_code]
    return patient, visit


def visits_of(study: Study, subject_code: str, *codes: str) -> list[Visit]:
    """Create a patient of the plan with some of the visits."""
    patient_plan, _ = planned(subject_code, codes[0])
    patient = patients.create_patient(
        site=study.sites.get(code=patient_plan.site_code), subject_code=subject_code,
        sex=patient_plan.sex, birth_month=patient_plan.birth_month,
        consented_on=patient_plan.visits[0].date, by=None,
    )  # fmt: skip
    return [
        patients.create_visit(
            patient=patient,
            definition=study.visit_definitions.get(code=code),
            visit_date=planned(subject_code, code)[1].date,
            by=None,
        )
        for code in codes
    ]


@pytest.fixture
def study(db: None) -> Study:
    made = studies.create_study(
        code=plan.STUDY_CODE, name="Demonstration", blinding="OPEN", requires_mfa=False
    )
    for code, name in plan.SITES:
        site = studies.create_site(study=made, code=code, name=name)
        studies.grant_membership(
            user=person(f"coordinator-{code}"), study=made, role=Role.COORDINATOR, site=site
        )
    return made


@pytest.mark.django_db
def test_three_scans_of_the_demonstration_wait_each_for_another_reason(
    study: Study, tmp_path: Path
):
    (month_12,) = visits_of(study, "N-001", "M12")
    month_6, live = visits_of(study, "S-001", "M06", "M12")
    (month_18,) = visits_of(study, "N-003", "M18")
    path = tmp_path / "T1w.nii.gz"
    write_volume(path, drawn(1).data, drawn(1).affine)
    receiving.receive_upload(
        visit=live, chunks=[path.read_bytes()], declared_sequence="T1w",
        declared_acquired_on=live.date, by=None,
    )  # fmt: skip
    for whose in demo_quarantine.MISPLACED:
        demo_quarantine.misplace(*planned(*whose), path)
    while intake.execute_next(worker="test") is not None:
        pass
    waiting = Scan.objects.filter(state=ScanState.QUARANTINED)
    assert {scan.visit: scan.conflicts for scan in waiting} == {
        month_12: [Conflict.DATE_FAR],
        month_6: [Conflict.SAME_IMAGE_ELSEWHERE],
        month_18: [Conflict.SEX, Conflict.BIRTH_MONTH],
    }
    assert live.scans.get().state == ScanState.IMPORTED
