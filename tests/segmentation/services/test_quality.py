"""The quality of images is measured after intake, and never in its way."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError

from mldtrial.trial.models import Scan, ScanState
from mldtrial.trial.services import participation
from segmentation.demo.plan import PATIENTS
from segmentation.demo.record_quality import stored_metrics
from segmentation.imaging.nifti import write_volume
from segmentation.imaging.quality.metrics import METHOD_VERSION, METRICS
from segmentation.models import JobState, ScanQuality, Upload
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import render_visit
from segmentation.services import quality, store, upkeep
from segmentation.tasks import measure_queued
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_scan, make_visit
from tests.support.locking import freeze, thaw
from tests.support.world import World

pytestmark = pytest.mark.django_db

KEYS = {metric.key for metric in METRICS}


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The images of a phantom with a brain that can be found."""
    folder = tmp_path_factory.mktemp("head")
    visit = render_visit(PhantomPatient.draw(2_000_009), stage=0.4, acq_stratum="2D", seed=2)
    paths = {"T1w": folder / "T1w.nii.gz", "T2w": folder / "T2w.nii.gz"}
    write_volume(paths["T1w"], visit.t1w.data, visit.t1w.affine)
    write_volume(paths["T2w"], visit.t2w.data, visit.t2w.affine)
    return paths


def take_in(world: World, images: Mapping[str, Path]) -> None:
    take_in_visit(world.visit_a, images)


def measured() -> list[ScanQuality]:
    quality.queue_missing()
    found = []
    while (row := quality.execute_next(worker="test")) is not None:
        found.append(row)
    return found


def test_each_image_is_measured_and_drawn_once(world: World, head):
    take_in(world, head)
    rows = measured()
    assert {row.scan.sequence for row in rows} == {"T1w", "T2w"}
    for row in rows:
        assert (row.state, row.method_version) == (JobState.SUCCEEDED, METHOD_VERSION)
        assert set(row.metrics) == KEYS
        assert all(isinstance(m["value"], float) for m in row.metrics.values())
        picture = store.mosaic_path(row.mosaic_sha256)
        assert store.sha256_of(picture) == row.mosaic_sha256
        assert picture.read_bytes().startswith(b"\x89PNG")
    of = {row.scan.sequence: row for row in rows}
    assert of["T1w"].t1w_scan is None
    assert of["T2w"].t1w_scan == of["T1w"].scan
    assert measured() == []


def test_an_image_that_came_before_the_t1w_image_is_measured_again_after_it(world: World, head):
    take_in(world, {"T2w": head["T2w"]})
    (first,) = measured()
    assert "no T1w image yet" in first.metrics["cnr"]["reason"]
    assert first.mosaic_sha256 == ""
    assert "value" in first.metrics["efc"]
    take_in(world, {"T1w": head["T1w"]})
    again = {row.scan.sequence: row for row in measured()}
    assert again["T2w"].pk == first.pk
    assert again["T2w"].metrics["cnr"]["value"] > 0
    events = apps.get_model("segmentation", "ScanQualityEvent").objects.filter(pgh_obj_id=first.pk)
    assert quality.AGAIN in {event.pgh_context["reason"] for event in events}


def test_an_image_without_a_brain_has_reasons_and_no_picture(world: World, tmp_path: Path):
    take_in(world, write_visit(tmp_path, seed=1))
    for row in measured():
        assert row.state == JobState.SUCCEEDED
        assert row.mosaic_sha256 == ""
        assert row.metrics["brain_volume_ml"]["reason"]


def test_a_fault_of_the_measurement_leaves_the_image_where_it_is(
    world: World, tmp_path: Path, monkeypatch, caplog
):
    def broken(*_args, **_more):
        raise ZeroDivisionError("the cause")

    take_in(world, write_visit(tmp_path, seed=1))
    monkeypatch.setattr(quality, "measure", broken)
    assert {row.state for row in measured()} == {JobState.FAILED}
    assert "the cause" in caplog.text
    assert {upload.state for upload in Upload.objects.all()} == {JobState.SUCCEEDED}
    assert Scan.objects.filter(state="IMPORTED").count() == 2


def test_an_image_whose_file_is_gone_is_put_off_in_words(world: World, tmp_path: Path):
    take_in(world, write_visit(tmp_path, seed=1))
    for scan in Scan.objects.all():
        store.image_path(scan.image_sha256).unlink()
    rows = measured()
    assert {row.state for row in rows} == {JobState.QUEUED}
    assert all("A stored file was not found." in row.message for row in rows)


def test_a_frozen_visit_waits_until_it_is_open(world: World, tmp_path: Path):
    take_in(world, write_visit(tmp_path, seed=1))
    freeze(world, world.visit_a)
    assert measured() == []
    thaw(world, world.visit_a)
    assert len(measured()) == 2


def test_a_visit_frozen_while_its_images_wait_is_measured_once_it_is_open(
    world: World, tmp_path: Path
):
    take_in(world, write_visit(tmp_path, seed=1))
    quality.queue_missing()
    freeze(world, world.visit_a)
    assert {row.failure_code for row in measured()} == {"RECORD_LOCKED"}
    thaw(world, world.visit_a)
    assert {row.state for row in measured()} == {JobState.SUCCEEDED}


def test_without_consent_for_images_nothing_is_measured(world: World, tmp_path: Path):
    take_in(world, write_visit(tmp_path, seed=1))
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=world.visit_a.date, by=None
    )
    assert measured() == []


def test_the_task_lets_a_waiting_upload_go_first(world: World, tmp_path: Path):
    take_in(world, write_visit(tmp_path, seed=1))
    Upload.objects.create(visit=world.visit_a, site=world.site_a, sha256="0" * 64, size_bytes=1)
    measure_queued()
    assert {row.state for row in ScanQuality.objects.all()} == {JobState.QUEUED}
    Upload.objects.filter(sha256="0" * 64).update(state=JobState.CANCELLED, failure_code="TEST")
    measure_queued()
    assert {row.state for row in ScanQuality.objects.all()} == {JobState.SUCCEEDED}


def test_the_sweep_takes_a_lost_measurement_back(world: World, tmp_path: Path):
    take_in(world, write_visit(tmp_path, seed=1))
    quality.queue_missing()
    row = quality.jobs.claim_next(ScanQuality, worker="lost")
    assert row is not None
    ScanQuality.objects.filter(pk=row.pk).update(lease_until="2020-01-01T00:00Z")
    assert upkeep.sweep().measurements_taken_back == 1
    row.refresh_from_db()
    assert row.state == JobState.QUEUED


def test_only_who_may_retry_measures_again(world: World, tmp_path: Path):
    take_in(world, write_visit(tmp_path, seed=1))
    row = measured()[0]
    with pytest.raises(PermissionDenied):
        quality.measure_again(row=row, by=world.user("sponsor"))
    quality.measure_again(row=row, by=world.user("coordinator"))
    row.refresh_from_db()
    assert row.state == JobState.QUEUED
    freeze(world, world.visit_a)
    with pytest.raises(ValidationError, match="frozen"):
        quality.measure_again(row=row, by=world.user("coordinator"))


def test_the_demonstration_keeps_a_number_for_every_metric_of_every_stored_image():
    stored = stored_metrics()
    visits = [v for p in PATIENTS for v in p.visits if not v.is_segmented_live]
    assert len(stored) == 2 * len(visits)
    assert all(set(row) == KEYS for row in stored.values())
    assert all("value" in m for row in stored.values() for m in row.values())


@pytest.mark.parametrize("what", ["moved", "voided"])
def test_an_image_is_measured_again_once_the_t1w_it_was_measured_by_has_gone(world: World, what):
    t1w, t2w = make_scan(world.visit_a), make_scan(world.visit_a, "T2w")
    row = ScanQuality.objects.create(
        scan=t2w, t1w_scan=t1w, site=world.site_a, method_version=METHOD_VERSION,
        state=JobState.SUCCEEDED, metrics={"efc": {"value": 0.5}},
    )  # fmt: skip
    quality.queue_missing()
    row.refresh_from_db()
    assert row.state == JobState.SUCCEEDED
    if what == "moved":
        t1w.visit = make_visit(world.patient_a, date(2024, 1, 8))
    else:
        t1w.state = ScanState.VOIDED
    t1w.save()
    quality.queue_missing()
    row.refresh_from_db()
    assert row.state == JobState.QUEUED
