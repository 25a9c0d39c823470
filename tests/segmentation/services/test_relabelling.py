"""Files that were sent with their sequences exchanged are put right by sending them again."""

import gzip
import json
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from mldtrial.trial.models import Query, Scan, ScanState, Sequence
from segmentation.models import JobState, SegmentationRun, Upload
from segmentation.selectors.usable import chosen_scans
from segmentation.services import (
    deciding,
    intake,
    models,
    receiving,
    runs,
    setting_aside,
)
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_load
from tests.support.reads import give, sign
from tests.support.world import World

ScanEvent = apps.get_model("trial", "ScanEvent")
pytestmark = pytest.mark.django_db
T1W, T2W = Sequence.T1W, Sequence.T2W
MISMATCH = {
    "state": JobState.REJECTED,
    "failure_code": "SEQUENCE_MISMATCH",
    "message": "The T1w and the T2w image seem to be exchanged.",
}
REASON = "The files were exchanged"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """One image of each sequence, by what they truly are."""
    return write_visit(tmp_path, seed=3)


def send(world: World, path: Path, sequence: str) -> Upload:
    upload = receiving.receive_upload(
        visit=world.visit_a,
        chunks=[path.read_bytes()],
        declared_sequence=sequence,
        declared_acquired_on=world.visit_a.date,
        by=world.user("coordinator"),
    )
    while intake.execute_next(worker="test") is not None:
        pass
    upload.refresh_from_db()
    return upload


@pytest.fixture
def exchanged(world: World, files: dict[str, Path]) -> dict[str, Scan]:
    """The scans of a visit whose T1w was sent as T2w and the other way round, by their labels."""
    models.activate(model=models.register_threshold(), reason="test")
    send(world, files[T1W], T2W)
    send(world, files[T2W], T1W)
    return {scan.sequence: scan for scan in world.visit_a.scans.all()}


def refused(world: World, scans: dict[str, Scan], **how: object) -> SegmentationRun:
    """The run of these scans, as the check of suitability ends it."""
    run = runs.queue_run(visit=world.visit_a)
    assert run is not None
    SegmentationRun.objects.filter(pk=run.pk).update(finished_at=run.queued_at, **MISMATCH | how)
    run.refresh_from_db()
    assert (run.t1w_scan, run.t2w_scan) == (scans[T1W], scans[T2W])
    return run


def in_use(world: World) -> set[tuple[str, str]]:
    found = world.visit_a.scans.filter(state=ScanState.IMPORTED)
    return {(scan.sequence, scan.voxels_sha256) for scan in found}


def test_exchanged_images_that_a_run_refused_are_sent_again_and_measured(
    world: World, files, exchanged
):
    run = refused(world, exchanged)
    first = send(world, files[T1W], T1W)
    assert (first.state, first.message) == (
        JobState.SUCCEEDED,
        "It takes the place of the same image as T2w 3D.",
    )
    second = send(world, files[T2W], T2W)
    assert second.state == JobState.SUCCEEDED, second.message
    assert in_use(world) == {
        (T1W, exchanged[T2W].voxels_sha256),
        (T2W, exchanged[T1W].voxels_sha256),
    }
    for scan in exchanged.values():
        scan.refresh_from_db()
        assert scan.state == ScanState.VOIDED
    run.refresh_from_db()
    assert run.is_voided
    assert runs.queue_run(visit=world.visit_a) is not None
    done = runs.execute_next(worker="test")
    assert done is not None
    assert (done.state, done.analysis_flag) == (JobState.SUCCEEDED, True)


def test_between_the_two_files_no_run_is_queued(world: World, files, exchanged):
    refused(world, exchanged)
    send(world, files[T1W], T1W)
    assert runs.queue_run(visit=world.visit_a) is None


def test_scans_that_were_set_aside_give_way_without_a_run(world: World, files, exchanged):
    for scan in exchanged.values():
        setting_aside.set_aside(
            scan=scan, cause="WRONG_SETTINGS", reason=REASON, by=world.user("coordinator")
        )
    for sequence, path in files.items():
        assert send(world, path, sequence).state == JobState.SUCCEEDED
    chosen = chosen_scans(world.visit_a, models.active_model())
    assert chosen is not None
    assert {name: scan.voxels_sha256 for name, scan in chosen.items()} == {
        T1W: exchanged[T2W].voxels_sha256,
        T2W: exchanged[T1W].voxels_sha256,
    }


@pytest.mark.parametrize("code", ["NO_BRAIN_FOUND", "NOT_A_HEAD"])
def test_exchanged_images_are_refused_under_other_names_too(world: World, files, exchanged, code):
    refused(world, exchanged, failure_code=code)
    assert send(world, files[T1W], T1W).state == JobState.SUCCEEDED


def test_while_nobody_doubts_the_label_the_image_stays_and_the_words_say_what_to_do(
    world: World, files, exchanged
):
    upload = send(world, files[T1W], T1W)
    assert (upload.state, upload.failure_code) == (JobState.REJECTED, "DUPLICATE_IMAGE")
    assert upload.message == (
        "This visit has this very image already, as T2w 3D. If that is the wrong sequence, set "
        "the scan aside on the page of the patient, and send the file again as T1w."
    )
    setting_aside.set_aside(
        scan=exchanged[T2W], cause="OTHER", reason=REASON, by=world.user("coordinator")
    )
    assert send(world, files[T1W], T1W).state == JobState.SUCCEEDED


def test_an_image_that_a_load_was_measured_from_gives_way_to_no_other_label(
    world: World, files, exchanged
):
    refused(world, exchanged)
    load = make_load(world.patient_a, world.visit_a.date, 3.0, model=models.active_model())
    SegmentationRun.objects.filter(pk=load.pk).update(t2w_scan=exchanged[T2W])
    assert send(world, files[T1W], T1W).failure_code == "DUPLICATE_IMAGE"


def again(files: dict[str, Path], tmp_path: Path) -> Path:
    """The T1w in another file: the upload is new, and its image is not."""
    plain = tmp_path / "again.nii"
    plain.write_bytes(gzip.decompress(files[T1W].read_bytes()))
    return plain


def test_the_same_label_gives_way_to_nothing_even_where_it_is_set_aside(
    world: World, files, tmp_path
):
    take_in_visit(world.visit_a, files)
    scan = world.visit_a.scans.get(sequence=T1W)
    plain = again(files, tmp_path)
    said = send(world, plain, T1W).message
    assert said.endswith("already, as T1w 3D. It need not be sent again.")
    setting_aside.set_aside(
        scan=scan, cause="MOVEMENT", reason=REASON, by=world.user("coordinator")
    )
    assert "It is set aside: take it back" in send(world, plain, T1W).message
    deciding.set_state([scan], ScanState.IMPORTED)
    Scan.objects.filter(pk=scan.pk).update(state=ScanState.QUARANTINED, conflicts=["DATE_FAR"])
    assert (
        "waits in quarantine until its site or the data manager" in send(world, plain, T2W).message
    )


def test_who_errs_twice_sends_the_file_as_at_first(world: World, files, exchanged):
    for sequence in (T1W, T2W):
        scan = world.visit_a.scans.get(
            voxels_sha256=exchanged[T2W].voxels_sha256, state=ScanState.IMPORTED
        )
        setting_aside.set_aside(
            scan=scan, cause="OTHER", reason=REASON, by=world.user("coordinator")
        )
        assert send(world, files[T1W], sequence).state == JobState.SUCCEEDED
    assert (T2W, exchanged[T2W].voxels_sha256) in in_use(world)


def test_who_read_the_visit_is_asked_about_and_the_history_says_why(world: World, files, exchanged):
    sign(give(world, world.visit_a)[0], total=3)
    refused(world, exchanged)
    send(world, files[T1W], T1W)
    assert Query.objects.filter(rule=deciding.READ_RULE, visit=world.visit_a).exists()
    last = ScanEvent.objects.filter(pgh_obj_id=exchanged[T2W].pk).order_by("-pgh_id").first()
    assert last.state == ScanState.VOIDED
    assert last.pgh_context["reason"] == "The same image was sent again as T1w"


def test_the_command_tells_of_the_scan_that_counts_and_not_of_the_one_it_replaced(
    world: World, files, exchanged, capsys
):
    refused(world, exchanged)
    call_command(
        "import_scan", str(files[T1W]), study=world.study.code, patient="A-001",
        visit=world.visit_a.definition.code, sequence=T1W, acquired_on=world.visit_a.date,
        inline=True, as_json=True,
    )  # fmt: skip
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["sequence"], row["state"]) == (T1W, ScanState.IMPORTED)
