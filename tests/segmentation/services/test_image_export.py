"""What leaves has no face, or a reason for it; what has no face found does not leave."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from mldtrial.audit.models import AccessEvent
from mldtrial.trial.models import Scan
from mldtrial.trial.services import participation
from segmentation.imaging.deface import DEFACING_VERSION, deface
from segmentation.imaging.nifti import read_volume, write_volume
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import render_visit
from segmentation.services import store
from segmentation.services.image_export import export_images
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_scan
from tests.support.protocol import EXCLUDES, ask_all, in_force
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("head")
    visit = render_visit(PhantomPatient.draw(2_000_009), stage=0.4, acq_stratum="2D", seed=2)
    paths = {"T1w": folder / "T1w.nii.gz", "T2w": folder / "T2w.nii.gz"}
    write_volume(paths["T1w"], visit.t1w.data, visit.t1w.affine)
    write_volume(paths["T2w"], visit.t2w.data, visit.t2w.affine)
    return paths


def export(out: Path, *options: str, capsys) -> list[dict[str, str]]:
    call_command("export_images", str(out), "--study", "MLD-1", "--json", *options)
    rows: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return rows


def test_images_leave_in_bids_layout_without_faces(
    world: World, head: dict[str, Path], tmp_path: Path, capsys
):
    take_in_visit(world.visit_a, head)
    out = tmp_path / "out"
    rows = export(out, "--deface", capsys=capsys)
    assert [row["sequence"] for row in rows] == ["T1w", "T2w"]
    assert (out / "dataset_description.json").exists()
    assert rows == list(csv.DictReader((out / "images.csv").open(encoding="utf-8")))
    t1w = read_volume(head["T1w"])
    for row in rows:
        assert row["defacing_version"] == DEFACING_VERSION
        assert row["path"].startswith("sub-A001/ses-M00/anat/sub-A001_ses-M00_acq-2D_run-1_")
        written = read_volume(out / row["path"], expected_sha256=row["sha256"])
        original = read_volume(head[row["sequence"]])
        expected = deface(original, t1w=None if row["sequence"] == "T1w" else t1w)
        assert np.array_equal(written.data, expected.image.data)
        assert np.array_equal(written.data[expected.brain], original.data[expected.brain])
        assert not np.array_equal(written.data, original.data)
    assert AccessEvent.objects.filter(action="EXPORT_DONE").get().details["written"] == 2


def test_with_a_reason_images_leave_as_they_are_and_the_reason_is_logged(
    world: World, tmp_path: Path, capsys
):
    take_in_visit(world.visit_a, write_visit(tmp_path / "in", seed=1))
    t1w = Scan.objects.get(sequence="T1w")
    Scan.objects.filter(pk=t1w.pk).update(acquisition={"slice_axis": 2})
    in_force(world, replace(EXCLUDES, highest=t1w.voxel_size_mm[2] / 2))
    ask_all()
    rows = export(tmp_path / "out", "--with-faces", "Second reading", capsys=capsys)
    assert {row["sequence"]: row["left_out_of_loads"] for row in rows} == {"T1w": "Y", "T2w": "N"}
    for row in rows:
        kept = store.image_path(row["image_sha256"]).read_bytes()
        assert (tmp_path / "out" / row["path"]).read_bytes() == kept
        assert row["defacing_version"] == ""
    assert AccessEvent.objects.filter(action="EXPORT_BEGUN").get().details["faces"] == (
        "Second reading"
    )


def test_an_image_whose_face_is_not_found_does_not_leave(world: World, tmp_path: Path, capsys):
    take_in_visit(world.visit_a, write_visit(tmp_path / "in", seed=1))
    rows = export(tmp_path / "out", "--deface", capsys=capsys)
    assert [row["path"] for row in rows] == ["", ""]
    assert all("No brain was found" in row["left_out"] for row in rows)
    assert list((tmp_path / "out").rglob("*.nii.gz")) == []


def test_another_sequence_without_its_t1w_image_does_not_leave(
    world: World, tmp_path: Path, capsys
):
    images = write_visit(tmp_path / "in", seed=1)
    take_in_visit(world.visit_a, {"T2w": images["T2w"]})
    (row,) = export(tmp_path / "out", "--deface", capsys=capsys)
    assert "has no T1w image" in row["left_out"]


def test_images_of_who_withdrew_do_not_leave(world: World, tmp_path: Path, capsys):
    take_in_visit(world.visit_a, write_visit(tmp_path / "in", seed=1))
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=world.visit_a.date, by=None
    )
    assert export(tmp_path / "out", "--with-faces", "Second reading", capsys=capsys) == []


def test_it_is_said_what_becomes_of_the_faces(world: World, tmp_path: Path):
    with pytest.raises(CommandError, match="one of the arguments"):
        call_command("export_images", str(tmp_path / "out"), "--study", "MLD-1")
    with pytest.raises(CommandError, match="Say why"):
        call_command("export_images", str(tmp_path / "out"), "--study", "MLD-1", "--with-faces=")


def test_a_folder_that_holds_something_is_left_alone(world: World, tmp_path: Path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(CommandError, match="not empty"):
        call_command("export_images", str(tmp_path), "--study", "MLD-1", "--deface")


def test_two_patients_whose_codes_differ_by_a_sign_are_never_one_subject(
    world: World, tmp_path: Path
):
    for patient, code in ((world.patient_a, "01-11"), (world.patient_b, "011-1")):
        type(patient).objects.filter(pk=patient.pk).update(subject_code=code)
        make_scan(patient.visits.get())
    with pytest.raises(ValidationError, match="differ only by signs"):
        export_images(study=world.study, out=tmp_path / "out", reason_for_faces="Test")
    assert not (tmp_path / "out").exists()
