"""The denominators of a load are measured after it, beside it, and never in its way."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from mldtrial.trial.models import Scan, ScanState
from mldtrial.trial.services import participation
from segmentation.imaging.nifti import write_label_map, write_volume
from segmentation.imaging.tissue.measure import METHOD_VERSION, Denominator, TissueVolumes
from segmentation.models import (
    JobState,
    SegmentationBatch,
    SegmentationResult,
    SegmentationRun,
    TissueCode,
    TissueMeasurement,
    TissueVolume,
)
from segmentation.policies import visible_to
from segmentation.selectors import tissue as selector
from segmentation.services import jobs, mask_import, store, tissue, upkeep, voiding
from segmentation.services.mask_import import MadeElsewhere
from tests.support.foreign_masks import find_no_head, write_mask
from tests.support.heads import GRID, WHITE, Head, head
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_load, make_scan
from tests.support.locking import freeze, thaw
from tests.support.world import World

pytestmark = pytest.mark.django_db

VOLUMES = {Denominator.BRAIN: 1100.0, Denominator.INTRACRANIAL: 1300.0}
TOLD = TissueVolumes(
    VOLUMES,
    {
        Denominator.WHITE_MATTER: "Cannot be told: they look alike.",
        Denominator.GRAY_MATTER: "Cannot be told: they look alike.",
    },
    separability=1.1,
)


def segmented(world: World) -> SegmentationRun:
    """Return a run with a T2w image, without any file."""
    run = make_load(world.patient_a, world.visit_a.date, 40.0)
    run.t2w_scan = make_scan(run.visit, "T2w")
    run.save()
    return run


def measured(world: World | None = None) -> list[TissueMeasurement]:
    tissue.queue_missing()
    found = []
    while (row := tissue.execute_next(worker="test")) is not None:
        found.append(row)
    return found


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every measurement of images tells brain and head, and no more; no file is read."""

    def no_mask(*_: Any) -> Any:
        return type("Mask", (), {"data": np.zeros((2, 2, 2), np.uint8)})

    monkeypatch.setattr(tissue, "_volume", lambda _scan: None)
    monkeypatch.setattr(tissue.runs, "checked_mask", lambda _result: None)
    monkeypatch.setattr(tissue, "read_label_map", no_mask)
    monkeypatch.setattr(tissue, "measure_tissue", lambda *_: TOLD)


def keep_image(scan: Scan, data: np.ndarray, folder: Path) -> None:
    """Keep an image in the store as that of a scan."""
    path = folder / f"{scan.pk}.nii.gz"
    write_volume(path, data, GRID)
    scan.image_sha256 = store.sha256_of(path)
    scan.shape, scan.affine = list(data.shape), GRID.tolist()
    scan.save()
    store.publish(path, store.image_path(scan.image_sha256))


def keep_mask(run: SegmentationRun, head_: Head, folder: Path) -> None:
    """Keep a mask of some white matter as that of a run."""
    lost = np.zeros(head_.tissue.shape, np.uint8)
    lost[17:30, 24:38, 23:31] = head_.tissue[17:30, 24:38, 23:31] == WHITE
    path = folder / "mask.nii.gz"
    write_label_map(path, lost, GRID)
    SegmentationResult.objects.filter(run=run).update(
        mask_sha256=store.sha256_of(path), voxel_count=int(lost.sum())
    )
    store.publish(path, store.root() / run.result.mask_path)


# On a busy machine it outlasts a heartbeat, whose own connection sees only what is committed.
@pytest.mark.django_db(transaction=True)
def test_a_segmented_visit_gets_its_denominators_with_their_origin(world: World, tmp_path: Path):
    run, adult = segmented(world), head()
    assert run.t2w_scan is not None
    keep_image(run.t1w_scan, adult.t1w().data, tmp_path)
    keep_image(run.t2w_scan, adult.t2w(), tmp_path)
    keep_mask(run, adult, tmp_path)
    (row,) = measured()
    assert (row.state, row.message, row.reasons) == (JobState.SUCCEEDED, "", {})
    volumes = dict(row.volumes.values_list("code", "volume_ml"))
    assert set(volumes) == {"BRNVOL", "WMVOL", "GMVOL", "ICVOL"}
    assert volumes["WMVOL"] == pytest.approx(adult.ml(WHITE), rel=0.08)
    assert volumes["BRNVOL"] == pytest.approx(volumes["WMVOL"] + volumes["GMVOL"])
    assert row.method_version == METHOD_VERSION
    assert row.provenance["t1w_sha256"] == run.t1w_scan.image_sha256
    assert row.provenance["mask_sha256"] == SegmentationResult.objects.get(run=run).mask_sha256
    assert measured() == []


def test_what_cannot_be_told_has_a_reason_and_no_row(world: World, told):
    segmented(world)
    (row,) = measured()
    assert row.state == JobState.SUCCEEDED
    assert dict(row.volumes.values_list("code", "volume_ml")) == VOLUMES
    assert set(row.reasons) == {"WMVOL", "GMVOL"}
    assert row.separability == 1.1


def test_without_a_t2w_image_nothing_is_told(world: World):
    make_load(world.patient_a, world.visit_a.date, 40.0)
    (row,) = measured()
    assert (row.state, row.failure_code) == (JobState.REJECTED, "MISSING_SEQUENCE")
    assert row.message.startswith("This visit has no T2w image in use.")
    assert not row.volumes.exists()


def test_a_fault_leaves_the_load_as_it_is(world: World, told, monkeypatch, caplog):
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("the cause")

    run = segmented(world)
    with monkeypatch.context() as patch:
        patch.setattr(tissue, "measure_tissue", broken)
        assert {row.state for row in measured()} == {JobState.FAILED}
    assert "the cause" in caplog.text
    run.refresh_from_db()
    assert (run.state, run.result.demyelination_load_ml) == (JobState.SUCCEEDED, 40.0)
    assert measured() == []
    assert tissue.queue_again() == 1
    assert {row.state for row in measured()} == {JobState.SUCCEEDED}


def test_a_mask_whose_file_is_gone_is_told_in_words(world: World, tmp_path: Path):
    run, adult = segmented(world), head()
    assert run.t2w_scan is not None
    keep_image(run.t1w_scan, adult.t1w().data, tmp_path)
    keep_image(run.t2w_scan, adult.t2w(), tmp_path)
    (row,) = measured()
    # Its volume may come back: it is tried again by itself before it has failed.
    assert row.state == JobState.QUEUED
    assert "A stored file was not found." in row.message


def test_a_consent_that_ends_during_the_work_keeps_the_volumes_out(
    world: World, told, monkeypatch: pytest.MonkeyPatch
):
    segmented(world)

    def withdrawn(*_: Any) -> TissueVolumes:
        participation.record_step(
            patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=date(2024, 6, 1), by=None
        )
        return TOLD

    monkeypatch.setattr(tissue, "measure_tissue", withdrawn)
    (row,) = measured()
    assert (row.state, row.failure_code) == (JobState.REJECTED, "CONSENT_WITHDRAWN")
    assert not TissueVolume.objects.exists()


def test_the_denominators_of_an_order_wait_behind_those_of_single_visits(world: World):
    of_order = segmented(world)
    order = SegmentationBatch.objects.create(
        study=world.study, model_version=of_order.model_version, ordered_by=world.user("sponsor")
    )
    SegmentationRun.objects.filter(pk=of_order.pk).update(batch=order)
    single = make_load(world.patient_b, date(2024, 5, 10), 9.0)
    tissue.queue_missing()
    first = jobs.claim_next(TissueMeasurement, worker="test")
    second = jobs.claim_next(TissueMeasurement, worker="test")
    assert first is not None
    assert second is not None
    assert (first.run, second.run) == (single, of_order)


def test_a_frozen_visit_waits_until_it_is_open(world: World, told):
    segmented(world)
    freeze(world, world.visit_a)
    assert measured() == []
    thaw(world, world.visit_a)
    assert len(measured()) == 1


def test_a_visit_frozen_while_it_waits_is_measured_once_it_is_open(world: World, told):
    segmented(world)
    tissue.queue_missing()
    freeze(world, world.visit_a)
    assert {row.failure_code for row in measured()} == {"RECORD_LOCKED"}
    thaw(world, world.visit_a)
    assert {row.state for row in measured()} == {JobState.SUCCEEDED}


def test_a_frozen_visit_takes_no_volume(world: World, told):
    segmented(world)
    (row,) = measured()
    freeze(world, world.visit_a)
    with pytest.raises(IntegrityError), transaction.atomic():
        TissueVolume.objects.create(measurement=row, run=row.run, code="WMVOL", volume_ml=400.0)


def test_without_consent_for_images_nothing_is_measured(world: World, told):
    segmented(world)
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=world.visit_a.date, by=None
    )
    assert measured() == []


def test_a_run_that_becomes_void_meanwhile_keeps_nothing(world: World, told, monkeypatch):
    run = segmented(world)

    def void_meanwhile(*_: Any) -> TissueVolumes:
        voiding.void_runs([run.t1w_scan])
        return TOLD

    monkeypatch.setattr(tissue, "measure_tissue", void_meanwhile)
    (row,) = measured()
    assert (row.state, row.failure_code) == (JobState.REJECTED, "IMAGES_CHANGED")
    assert not TissueVolume.objects.exists()
    assert tissue.queue_again() == 0


def test_a_void_run_is_not_measured(world: World, told):
    voiding.void_runs([segmented(world).t1w_scan])
    assert measured() == []


def test_the_sweep_takes_a_lost_measurement_back(world: World, told):
    segmented(world)
    tissue.queue_missing()
    row = jobs.claim_next(TissueMeasurement, worker="lost")
    assert row is not None
    TissueMeasurement.objects.filter(pk=row.pk).update(lease_until="2020-01-01T00:00Z")
    assert upkeep.sweep().tissue_taken_back == 1


def test_volumes_are_seen_by_those_who_see_loads(world: World, told):
    segmented(world)
    measured()
    for role, count in (("statistician", 2), ("coordinator", 0), ("monitor", 0)):
        user = world.user(role)
        assert visible_to(user, TissueVolume.objects.all()).count() == count
        assert visible_to(user, TissueMeasurement.objects.all()).count() == min(count, 1)


def test_a_volume_is_never_zero(world: World, told):
    segmented(world)
    (row,) = measured()
    with pytest.raises(IntegrityError, match="tissue_volume_above_zero"), transaction.atomic():
        TissueVolume.objects.create(measurement=row, run=row.run, code="WMVOL", volume_ml=0.0)
    assert TissueVolume.objects.filter(code="WMVOL").count() == 0


def test_another_visit_of_the_same_day_is_measured_by_itself(world: World, told):
    segmented(world)
    second = make_load(world.patient_a, date(2024, 3, 1), 50.0)
    second.t2w_scan = make_scan(second.visit, "T2w")
    second.save()
    assert {row.run for row in measured()} == set(SegmentationRun.objects.all())


def test_a_new_version_of_the_method_takes_nothing_from_a_frozen_visit(
    world: World, told, monkeypatch: pytest.MonkeyPatch
):
    run = segmented(world)
    measured()
    freeze(world, world.visit_a)
    for module in (tissue, selector):
        monkeypatch.setattr(module, "METHOD_VERSION", "tissue-2")
    assert measured() == []
    brain = selector.volume_ml(TissueCode.BRAIN)
    assert SegmentationResult.objects.annotate(brain=brain).get(run=run).brain == 1100.0
    kept = selector.measurement_of(run, user=world.user("data_manager"))
    assert kept is not None
    assert kept.method_version == METHOD_VERSION


def test_of_two_versions_one_is_told_whole(world: World, told, monkeypatch: pytest.MonkeyPatch):
    run = segmented(world)
    measured()
    later = TissueVolumes({Denominator.INTRACRANIAL: 1310.0}, {}, separability=1.1)
    monkeypatch.setattr(tissue, "measure_tissue", lambda *_: later)
    monkeypatch.setattr(tissue, "METHOD_VERSION", "tissue-2")
    assert len(measured()) == 1
    row = SegmentationResult.objects.annotate(
        brain=selector.volume_ml(TissueCode.BRAIN),
        head=selector.volume_ml(TissueCode.INTRACRANIAL),
        version=selector.method_version(),
    ).get(run=run)
    assert (row.brain, row.head, row.version) == (None, 1310.0, "tissue-2")


def without_t2w(world: World) -> SegmentationRun:
    """Return a run that names no T2w, as that of a mask made elsewhere, at a visit without one."""
    return make_load(world.patient_a, world.visit_a.date, 40.0)


def brain_ml(run: SegmentationRun, user: Any) -> tuple[float | None, float | None, float | None]:
    """Return the brain of a run as exports, the review and the page have it."""
    brain = selector.volume_ml(TissueCode.BRAIN)
    of_export = SegmentationResult.objects.annotate(brain=brain).get(run=run).brain
    of_review = selector.volumes_of([run.pk]).get(run.pk, {}).get(TissueCode.BRAIN)
    (share,) = selector.shares_of([run.pk], TissueCode.BRAIN, user=user).values()
    return of_export, of_review, share.volume_ml


def test_a_mask_without_a_t2w_of_its_own_is_measured_beside_that_of_its_visit(world: World, told):
    run = without_t2w(world)
    t2w = make_scan(run.visit, "T2w")
    before = SegmentationRun.objects.filter(pk=run.pk).values().get()
    (row,) = measured()
    assert (row.state, row.t2w_scan) == (JobState.SUCCEEDED, t2w)
    assert row.provenance["t2w_sha256"] == t2w.image_sha256
    # What the mask was made from stays as it was said.
    assert SegmentationRun.objects.filter(pk=run.pk).values().get() == before
    assert brain_ml(run, world.user("data_manager")) == (1100.0, 1100.0, 1100.0)
    assert selector.versions_of([run.pk]) == {run.pk: METHOD_VERSION}
    assert measured() == []


def test_a_run_with_a_t2w_of_its_own_is_measured_in_that_one(world: World, told):
    run = segmented(world)
    make_scan(run.visit, "T2w", acq_stratum="3D")
    (row,) = measured()
    assert row.t2w_scan is None
    assert run.t2w_scan is not None
    assert row.provenance["t2w_sha256"] == run.t2w_scan.image_sha256
    assert measured() == []


def test_a_t2w_that_comes_later_is_measured_then(world: World, told):
    run = without_t2w(world)
    assert {row.state for row in measured()} == {JobState.REJECTED}
    assert measured() == []
    t2w = make_scan(run.visit, "T2w")
    (row,) = measured()
    assert (row.state, row.t2w_scan) == (JobState.SUCCEEDED, t2w)
    shown = selector.measurement_of(run, user=world.user("data_manager"))
    assert shown == row


def test_volumes_hold_while_the_t2w_they_came_from_is_in_use(world: World, told):
    run = without_t2w(world)
    first = make_scan(run.visit, "T2w")
    (of_first,) = measured()
    manager = world.user("data_manager")
    # Moved, replaced or discarded: it may be of another person.
    Scan.objects.filter(pk=first.pk).update(state=ScanState.VOIDED)
    assert brain_ml(run, manager) == (None, None, None)
    assert selector.versions_of([run.pk]) == {}
    assert [row.failure_code for row in measured()] == ["MISSING_SEQUENCE"]
    second = make_scan(run.visit, "T2w")
    (of_second,) = measured()
    assert of_second.t2w_scan == second
    assert brain_ml(run, manager) == (1100.0, 1100.0, 1100.0)
    Scan.objects.filter(pk=second.pk).update(state=ScanState.VOIDED)
    Scan.objects.filter(pk=first.pk).update(state=ScanState.IMPORTED)
    assert measured() == []
    assert brain_ml(run, manager) == (1100.0, 1100.0, 1100.0)
    assert selector.measurement_of(run, user=manager) == of_first


def test_a_t2w_that_goes_out_of_use_meanwhile_keeps_the_volumes_out(
    world: World, told, monkeypatch: pytest.MonkeyPatch
):
    run = without_t2w(world)
    t2w = make_scan(run.visit, "T2w")

    def moved_meanwhile(*_: Any) -> TissueVolumes:
        Scan.objects.filter(pk=t2w.pk).update(state=ScanState.VOIDED)
        return TOLD

    with monkeypatch.context() as patch:
        patch.setattr(tissue, "measure_tissue", moved_meanwhile)
        (row,) = measured()
    assert (row.state, row.failure_code) == (JobState.REJECTED, "IMAGES_CHANGED")
    assert not TissueVolume.objects.exists()
    assert [row.failure_code for row in measured()] == ["MISSING_SEQUENCE"]
    Scan.objects.filter(pk=t2w.pk).update(state=ScanState.IMPORTED)
    assert [row.state for row in measured()] == [JobState.SUCCEEDED]


def test_an_imported_mask_gets_the_denominators_that_a_network_gets(
    world: World, told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    find_no_head(monkeypatch)
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=3))
    made = MadeElsewhere(software="toolbox", version="1.0", operator="OP-2", is_edited=False)
    path = write_mask(world.visit_a, tmp_path / "mask.nii.gz", 5)
    run = mask_import.import_mask(visit=world.visit_a, path=path, made=made)
    (row,) = measured()
    assert row.t2w_scan == world.visit_a.scans.get(sequence="T2w")
    assert "T2w" not in run.provenance["inputs"]
    result = SegmentationResult.objects.annotate(
        percent=selector.load_percent(TissueCode.INTRACRANIAL)
    ).get(run=run)
    assert result.percent == pytest.approx(100 * result.demyelination_load_ml / 1300.0)
