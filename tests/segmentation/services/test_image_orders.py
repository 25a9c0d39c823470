"""An archive of images: for who may order it, gone in time, never of what may not leave."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from mldtrial.audit.context import acting
from mldtrial.audit.models import AccessEvent
from mldtrial.trial.models import Patient, Scan, ScanState
from mldtrial.trial.services import participation
from segmentation.models import ImageExport, JobState
from segmentation.services import image_export, image_orders, moving, store, upkeep
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db
WHY = "Second reading of the raw images"


@pytest.fixture
def images(world: World, tmp_path: Path) -> World:
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=1))
    return world


def order(world: World, **changes: Any) -> ImageExport:
    given = {"visit_code": "", "reason_for_faces": WHY, "by": world.user("data_manager")}
    return image_orders.order(study=world.study, **{**given, **changes})


def make(world: World, **changes: Any) -> ImageExport:
    order(world, **changes)
    done = image_orders.execute_next(worker="test")
    assert done is not None
    return done


def archive_of(export: ImageExport, world: World) -> ZipFile:
    path = image_orders.hand_out(export=export, by=world.user("data_manager"))
    return ZipFile(path)


def rows_in(archive: ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read("images.csv").decode())))


def test_an_archive_holds_the_images_and_what_it_says_of_itself_is_true(images: World):
    export = make(images)
    assert (export.state, export.written, export.left_out) == (JobState.SUCCEEDED, 2, 0)
    path = store.image_export_path(export.sha256)
    assert (store.sha256_of(path), path.stat().st_size) == (export.sha256, export.size_bytes)
    with archive_of(export, images) as archive:
        assert archive.testzip() is None
        rows = rows_in(archive)
        assert len(rows) == 2
        for row in rows:
            kept = store.image_path(row["image_sha256"]).read_bytes()
            assert archive.read(row["path"]) == kept
        assert {row["path"] for row in rows} | {"images.csv", "dataset_description.json"} == set(
            archive.namelist()
        )


def test_faces_are_removed_unless_a_reason_is_given(images: World):
    # In these small images no head is found, so that nothing may leave.
    export = make(images, reason_for_faces="")
    assert (export.written, export.left_out) == (0, 2)
    with archive_of(export, images) as archive:
        assert [name for name in archive.namelist() if name.endswith(".nii.gz")] == []
        assert all("No brain was found" in row["left_out"] for row in rows_in(archive))


def test_only_the_visit_that_was_asked_for_is_in_it(images: World, tmp_path: Path):
    take_in_visit(images.visit_b, write_visit(tmp_path / "b", seed=2))
    code = images.visit_a.definition.code
    assert images.visit_b.definition.code == code
    later = make_visit(images.patient_a, images.visit_a.date + timedelta(days=180))
    Scan.objects.filter(visit=images.visit_b).update(visit=later)
    assert make(images).written == 4
    assert make(images, visit_code=code).written == 2
    with pytest.raises(ValidationError, match="has an image that may leave"):
        order(images, visit_code="M06")


@pytest.mark.parametrize("key", ["statistician", "sponsor", "auditor", "coordinator", "monitor"])
def test_who_may_not_neither_orders_nor_takes(images: World, key: str):
    export = make(images)
    with pytest.raises(PermissionDenied):
        order(images, by=images.user(key))
    with pytest.raises(PermissionDenied):
        image_orders.hand_out(export=export, by=images.user(key))


def test_a_second_order_waits_for_the_first(images: World):
    order(images)
    with pytest.raises(ValidationError, match="put together already"):
        order(images)
    assert ImageExport.objects.count() == 1


def test_who_ordered_and_who_took_is_in_the_access_log_with_the_reason(images: World):
    export = make(images)
    archive_of(export, images).close()
    logged = AccessEvent.objects.filter(action__startswith="EXPORT").order_by("pk")
    assert [event.action for event in logged] == ["EXPORT_BEGUN", "EXPORT_DONE", "EXPORT_BEGUN"]
    assert {event.user_id for event in logged} == {images.user("data_manager").pk}
    assert [event.details["faces"] for event in logged] == [WHY] * 3
    assert logged[2].details["sha256"] == export.sha256


def test_after_a_consent_has_ended_the_archive_does_not_leave_and_is_removed(images: World):
    export = make(images)
    participation.record_step(
        patient=images.patient_a,
        step="IMAGES_WITHDRAWN",
        happened_on=images.visit_a.date,
        by=None,
    )
    with acting(origin="test"), pytest.raises(ValidationError, match="consent has ended"):
        archive_of(export, images)
    export.refresh_from_db()
    assert not export.is_there
    assert not store.image_export_path(export.sha256).exists()


def test_an_archive_with_an_image_that_was_moved_does_not_leave(images: World):
    export = make(images)
    with acting(origin="test"):
        moving.move(
            scans=list(images.visit_a.scans.all()),
            to=images.visit_b,
            reason="Wrong patient",
            by=images.user("data_manager"),
        )
        with pytest.raises(ValidationError, match="was moved"):
            archive_of(export, images)


def test_an_archive_under_a_code_that_was_corrected_does_not_leave(images: World):
    export = make(images)
    assert images.patient_a.subject_code not in str(export.scans)
    Patient.objects.filter(pk=images.patient_a.pk).update(subject_code="A-909")
    with acting(origin="test"), pytest.raises(ValidationError, match="another code"):
        archive_of(export, images)


def test_an_order_leaves_the_room_that_uploads_need(images: World, settings: Any):
    settings.TRANSFER_KEEP_FREE_BYTES = 2**62
    export = make(images)
    assert (export.state, export.failure_code) == (JobState.REJECTED, "TOO_LARGE")
    assert "no room" in export.message


def test_codes_that_became_alike_while_an_order_waited_are_named(images: World, tmp_path: Path):
    order(images)
    take_in_visit(images.visit_b, write_visit(tmp_path / "b", seed=2))
    alike = images.patient_a.subject_code.replace("-", "_")
    Patient.objects.filter(pk=images.patient_b.pk).update(subject_code=alike)
    done = image_orders.execute_next(worker="test")
    assert done is not None
    assert done.state == JobState.REJECTED
    assert "differ only by signs" in done.message


def test_an_archive_with_an_image_that_was_discarded_is_removed_by_the_sweep(images: World):
    export = make(images)
    scan = images.visit_a.scans.first()
    type(scan).objects.filter(pk=scan.pk).update(state=ScanState.DISCARDED)
    assert upkeep.remove_overdue_exports() == 1
    assert upkeep.remove_overdue_exports() == 0
    assert not store.image_export_path(export.sha256).exists()


def test_an_image_that_is_moved_while_the_archive_is_made_refuses_it(
    images: World, monkeypatch: pytest.MonkeyPatch
):
    pack = image_orders._pack

    def pack_late(folder: Path, archive: Path) -> None:
        images.visit_a.scans.update(state=ScanState.DISCARDED)
        pack(folder, archive)

    monkeypatch.setattr(image_orders, "_pack", pack_late)
    export = make(images)
    assert (export.state, export.failure_code) == (JobState.REJECTED, "IMAGES_CHANGED")
    assert list((store.root() / "exports").glob("*")) == []
    assert list((store.root() / "tmp").iterdir()) == []


def test_an_archive_goes_when_its_time_is_over(images: World):
    export = make(images)
    assert upkeep.remove_overdue_exports() == 0
    past = timezone.now() - timedelta(minutes=1)
    ImageExport.objects.filter(pk=export.pk).update(expires_at=past)
    export.refresh_from_db()
    with pytest.raises(ValidationError, match="no longer there"):
        archive_of(export, images)
    assert upkeep.remove_overdue_exports() == 1
    export.refresh_from_db()
    with pytest.raises(ValidationError, match="no longer there"):
        archive_of(export, images)


def test_an_archive_that_no_order_speaks_of_is_cleaned_up(
    images: World, monkeypatch: pytest.MonkeyPatch
):
    export = make(images)
    orphan = store.image_export_path("0" * 64)
    orphan.write_bytes(b"left by a kill")
    monkeypatch.setattr(upkeep, "UNREFERENCED_SECONDS", -1.0)
    assert orphan in upkeep.clean_up()
    assert not orphan.exists()
    assert store.image_export_path(export.sha256).exists()


def test_a_lost_worker_leaves_an_order_that_another_one_takes(images: World):
    export = order(images)
    ImageExport.objects.filter(pk=export.pk).update(
        state=JobState.RUNNING,
        lease_token=export.pk,
        lease_until=timezone.now() - timedelta(minutes=1),
        attempt=1,
    )
    assert upkeep.sweep().image_exports_taken_back == 1
    done = image_orders.execute_next(worker="another")
    assert done is not None
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)


def test_usable_images_are_those_that_the_command_writes(images: World):
    chosen = image_export.usable_scans(images.study)
    assert len(chosen) == 2
    assert image_export.usable_scans(images.study, among=[str(chosen[0].pk)]) == chosen[:1]
    assert image_export.usable_scans(images.study, "M06") == []
