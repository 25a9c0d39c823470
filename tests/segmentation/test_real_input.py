"""Real images through the real model: files go in, two loads and a table come out."""

import csv
import json
import logging
import tarfile
import zipfile
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pydicom import dcmread

from mldtrial.trial.models import Conflict, Scan, ScanState, Visit
from mldtrial.trial.services import patients
from segmentation.models import SegmentationResult
from segmentation.selectors import visit_status
from segmentation.services import intake, models
from tests.support import residue
from tests.support.world import World

pytestmark = pytest.mark.django_db
MODEL = Path(__file__).parents[2] / "segmentation" / "pretrained" / "mld-phantom"
PHILIPS = "dicom_philips_3T_T1w3D_bsd2/1301_ADNI_Sag3D_MPRAGE"


def run(*arguments: str) -> list[dict]:
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def send_by_page(world: World, visit: Visit, images: dict[str, Path]) -> None:
    client = Client()
    client.force_login(world.user("coordinator"))
    with ExitStack() as stack:
        files = {n.lower(): stack.enter_context(p.open("rb")) for n, p in images.items()}
        answer = client.post(
            reverse("upload_new", args=[world.study.code, visit.pk]),
            {**files, "acquired_on": visit.date.isoformat()},
        )
    assert answer.status_code == 302
    while intake.execute_next(worker="test") is not None:
        pass


def send_by_command(world: World, visit: Visit, images: dict[str, Path]) -> None:
    for sequence, path in images.items():
        (row,) = run(
            "import_scan", str(path), "--study", "MLD-1", "--patient", "A-001",
            "--visit", visit.definition.code, "--sequence", sequence,
            "--acquired-on", visit.date.isoformat(), "--inline",
        )  # fmt: skip
        assert (row["sequence"], row["state"]) == (sequence, "IMPORTED")


@pytest.mark.django_db(transaction=True)  # exports read through a connection of their own
def test_two_visits_of_a_whole_head_make_a_series_and_a_table(
    world: World,
    test_data: Path,
    tmp_path: Path,
    client: Client,
):
    """Multiple sclerosis, which the model has never seen: the chain is proved, not the number.

    One visit comes by the page, the other by the command.
    """
    models.activate(model=models.register_model(folder=MODEL), reason="test")
    second = patients.create_visit(
        patient=world.patient_a,
        definition=world.study.visit_definitions.get(code="M06"),
        visit_date=world.visit_a.date.replace(month=11),
        by=None,
    )
    folder = test_data / "open_ms_data" / "longitudinal" / "patient12"
    for visit, study, send in ((world.visit_a, 1, send_by_page), (second, 2, send_by_command)):
        names = (("T1w", "T1W"), ("T2w", "T2W"))
        send(world, visit, {s: folder / f"study{study}_{n}.nii.gz" for s, n in names})
    rows = run("segment", "--all", "--inline")
    assert [row["state"] for row in rows] == ["SUCCEEDED", "SUCCEEDED"]
    assert all(Path(row["mask_path"]).exists() for row in rows)
    # Tens of mL would mean that skull or scalp was taken for brain.
    assert all(0 < row["demyelination_load_ml"] < 25 for row in rows)

    client.force_login(world.user("sponsor"))
    page = reverse("patient", args=["MLD-1", world.patient_a.pk])
    assert "demonstration model" in client.get(page).content.decode().lower()
    figure = client.get(reverse("patient_trajectory", args=["MLD-1", world.patient_a.pk])).json()
    assert "2 scans" in json.dumps(figure)
    call_command("export", "demyelination_load", str(tmp_path / "load.csv"), "--study", "MLD-1")
    with (tmp_path / "load.csv").open(newline="", encoding="utf-8") as handle:
        table = list(csv.DictReader(handle))
    loads = {float(row["demyelination_load_ml"]) for row in table}
    assert loads == set(SegmentationResult.objects.values_list("demyelination_load_ml", flat=True))


def send_archive(client: Client, world: World, archive: Path) -> None:
    client.force_login(world.user("coordinator"))
    with archive.open("rb") as handle:
        url = reverse("upload_new", args=[world.study.code, world.visit_a.pk])
        assert client.post(url, {"dicom": handle}).status_code == 302
    take_in()


def take_in() -> None:
    while intake.execute_next(worker="test") is not None:
        pass


def archive_of(folder: Path, target: Path) -> Path:
    """Pack a folder under a name that says who the patient is."""
    if target.suffix == ".zip":
        with zipfile.ZipFile(target, "w") as zipped:
            for path in sorted(folder.iterdir()):
                zipped.write(path, f"SMITH_JANE/{path.name}")
    else:
        with tarfile.open(target, "w:gz") as tarred:
            tarred.add(folder, "SMITH_JANE")
    return target


def header_values(folder: Path) -> dict[str, str]:
    """Return the birth date, and every name and identifier, of a DICOM folder."""
    found: dict[str, str] = {}
    for path in folder.iterdir():
        for element in dcmread(path, stop_before_pixels=True).iterall():
            is_identifying = element.VR == "PN" or element.keyword in IDENTIFYING
            value = str(element.value).strip()
            # What is shorter than five letters occurs by chance in hashes and in voxels.
            if is_identifying and len(value) >= 5:
                found[value] = element.keyword
    return found


IDENTIFYING = {
    "PatientID", "PatientBirthDate", "InstitutionName", "InstitutionAddress", "StationName",
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID",
    "DeviceSerialNumber", "StudyID", "AccessionNumber", "StudyDescription", "ProtocolName",
    "SeriesDescription", "RequestedProcedureDescription", "PerformedProcedureStepDescription",
}  # fmt: skip


def test_a_short_number_is_sought_as_a_number_and_not_inside_another():
    assert residue.holds(b"\x00\x0017027 \x08", "17027")
    assert residue.holds(b"serial=17027", "17027")
    assert not residue.holds(b"2.25.3317027448", "17027")
    assert residue.holds(b"19700101120000.5", "19700101")


@pytest.mark.parametrize("kind", [pytest.param("zip", marks=pytest.mark.faults), "tar.gz"])
def test_a_philips_head_alone_says_what_is_missing_and_keeps_no_identity(
    kind: str,
    world: World,
    test_data: Path,
    tmp_path: Path,
    client: Client,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.DEBUG)
    models.activate(model=models.register_threshold(), reason="test")
    archive = archive_of(test_data / PHILIPS, tmp_path / f"scan.{kind}")
    send_archive(client, world, archive)

    scan = Scan.objects.get()
    assert (scan.sequence, scan.acq_stratum, scan.shape) == ("T1w", "3D", [170, 256, 256])
    assert scan.voxel_size_mm == pytest.approx([1, 1, 1], abs=1e-3)
    # An adult of many years before the child's visit: it waits, and is not used.
    assert scan.state == ScanState.QUARANTINED
    assert {Conflict.DATE_FAR, Conflict.AGE} <= set(scan.conflicts)
    status = visit_status(world.visit_a, user=world.user("coordinator"))
    assert (status.text, len(status.in_quarantine)) == ("No scan yet", 1)
    values = header_values(test_data / PHILIPS)
    assert len(values) > 100  # every image has an identifier of its own
    assert identifiers_left(values, settings.DATA_DIR, caplog.text, searched=200) == set()


def identifiers_left(
    values: dict[str, str], data: Path, log: str, *, searched: int
) -> set[tuple[str, str]]:
    """Return which identifying attributes are found, and where, in more than so many pieces."""
    values["SMITH_JANE"] = "folder name"
    kept = [(name, text.encode()) for name, text in residue.rows()]
    kept += residue.contents(data)
    kept.append(("log", log.encode()))
    assert len(kept) > searched
    return {
        (attribute, name)
        for name, content in kept
        for value, attribute in values.items()
        if residue.holds(content, value)
    }


@pytest.mark.parametrize(
    ("folder", "sequence"), [("philips_enhanced/001", "T1w"), ("hyperfine/001", "FLAIR")]
)
def test_an_enhanced_object_goes_the_whole_way_and_keeps_no_identity(
    folder: str,
    sequence: str,
    world: World,
    test_data: Path,
    tmp_path: Path,
    client: Client,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.DEBUG)
    source = test_data / "dicom_small_multivendor_dicom2nifti_mit" / folder
    archive = archive_of(source, tmp_path / "scan.zip")
    send_archive(client, world, archive)

    scan = Scan.objects.get()
    (path,) = source.iterdir()
    original = dcmread(path)
    assert scan.sequence == sequence
    assert sorted(scan.shape) == sorted(
        [original.Rows, original.Columns, int(original.NumberOfFrames)]
    )
    values = header_values(source)
    assert len(values) >= 4
    assert identifiers_left(values, settings.DATA_DIR, caplog.text, searched=50) == set()


def test_a_proton_density_series_is_kept_as_other(world: World, test_data: Path):
    (row,) = run(
        "import_scan", str(test_data / "dicom_ge_1p5T_PD2D_papaya" / "FSE_PD_axial"),
        "--study", "MLD-1", "--patient", "A-001", "--visit", "M00", "--inline",
    )  # fmt: skip
    assert row["sequence"] == "other"
    assert "Proton-density" in row["reason"]
    assert Scan.objects.filter(sequence__in=["T1w", "T2w"]).count() == 0
