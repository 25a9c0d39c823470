"""What the settings of a study say about de-identification is what happens to its images."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pydicom
import pytest

from mldtrial.trial.models import Scan
from mldtrial.trial.selectors.settings import settings_history
from mldtrial.trial.services import settings as settings_of_study
from segmentation.services import intake, receiving, store
from tests.support.dicom import make_series, write_series
from tests.support.world import World

pytestmark = pytest.mark.django_db
OF_THE_PATIENT = {
    "PatientAge": "018M",
    "PatientSize": 0.85,
    "PatientWeight": 11.5,
    "EthnicGroup": "QZCANARY",
}


def zipped(folder: Path, **attributes: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in write_series(make_series(attributes=attributes), folder):
            archive.write(path, path.name)
    return out.getvalue()


def taken_in(world: World, content: bytes) -> Scan:
    receiving.receive_upload(visit=world.visit_a, chunks=[content], by=world.user("coordinator"))
    while intake.execute_next(worker="test") is not None:
        pass
    return Scan.objects.get(visit=world.visit_a)


def kept_images(scan: Scan) -> list[pydicom.Dataset]:
    path = store.dicom_path(scan.acquisition["dicom_sha256"])
    with zipfile.ZipFile(path) as archive:
        return [pydicom.dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()]


def change(world: World, **changes: Any) -> None:
    settings_of_study.change_settings(
        study=world.study, changes=changes, reason="Amendment", by=world.user("administrator")
    )


def test_a_study_keeps_nothing_of_the_patient_unless_it_says_so(world: World, tmp_path: Path):
    scan = taken_in(world, zipped(tmp_path / "in", **OF_THE_PATIENT))
    assert scan.deidentification_version == "mldtrial-deid-2+113111"
    for image in kept_images(scan):
        assert image.PatientSex == ""
        assert not {"PatientAge", "PatientSize", "PatientWeight"} & {e.keyword for e in image}
        assert image.ClinicalTrialSponsorName == "unspecified"


def test_the_switches_of_a_study_reach_its_images_and_the_record_of_the_scan(
    world: World, tmp_path: Path
):
    change(
        world,
        retain_patient_characteristics=True,
        retain_safe_private=False,
        sponsor_name="Fondation X",
    )
    scan = taken_in(world, zipped(tmp_path / "in", **OF_THE_PATIENT))
    assert scan.deidentification_version == "mldtrial-deid-2+113108"
    for image in kept_images(scan):
        assert (image.PatientSex, image.PatientAge) == ("F", "018M")
        assert (image.PatientSize, image.PatientWeight) == (0.85, 11.5)
        assert image.ClinicalTrialSponsorName == "Fondation X"
        assert image.ClinicalTrialProtocolName == world.study.name
        assert image.ClinicalTrialTimePointID == world.visit_a.definition.code
        codes = {code.CodeValue for code in image.DeidentificationMethodCodeSequence}
        assert "113108" in codes
        assert "113111" not in codes
        assert "QZCANARY" not in str(image)


def test_the_switches_are_in_the_history_of_the_settings(world: World):
    change(world, retain_patient_characteristics=True)
    latest = settings_history(world.study)[0]
    assert latest.steps == ("images keep sex, age, height and weight: no → yes",)
