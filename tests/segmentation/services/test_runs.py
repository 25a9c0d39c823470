"""From scans to one number: chosen images, a mask in the T1w grid, full provenance."""

import os
import time
from datetime import date
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mldtrial.trial.models import Scan, Sequence
from segmentation.imaging.nifti import read_volume
from segmentation.models import JobState, ScanQuality, SegmentationResult
from segmentation.selectors import sequences_missing
from segmentation.selectors.usable import chosen_scans
from segmentation.services import choosing, models, runs, store, upkeep
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_load, make_scan
from tests.support.quality import make_quality
from tests.support.trained import PRETRAINED
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAY = date(2024, 5, 10)


@pytest.fixture
def result(world: World, tmp_path: Path) -> SegmentationResult:
    """The result of a visit that went the whole way."""
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=3))
    runs.queue_run(visit=world.visit_a)
    run = runs.execute_next(worker="test")
    assert run is not None
    assert run.state == JobState.SUCCEEDED, run.message
    return run.result


def test_the_volume_is_voxels_times_their_size(result: SegmentationResult):
    mask = nib.load(store.root() / result.mask_path)
    voxels = int(np.count_nonzero(np.asarray(mask.dataobj)))
    size_mm3 = abs(np.linalg.det(mask.affine[:3, :3]))
    assert result.voxel_count == voxels
    assert result.demyelination_load_ml == pytest.approx(voxels * size_mm3 / 1000, rel=1e-6)


def test_the_mask_lies_in_the_grid_of_the_t1w_image(result: SegmentationResult):
    scan = result.run.t1w_scan
    mask = nib.load(store.root() / result.mask_path)
    image = read_volume(store.image_path(scan.image_sha256))
    assert mask.shape == image.data.shape == tuple(scan.shape)
    assert np.allclose(mask.affine, image.affine, atol=1e-4)


def test_the_number_explains_itself(result: SegmentationResult):
    run = result.run
    assert run.analysis_flag
    # The method of the tests looks at no image; that is not the same as nothing unusual.
    assert result.cautions is None
    assert run.provenance["inputs"]["T1w"] == run.t1w_scan.image_sha256
    assert run.provenance["model_sha256"] == run.model_version.sha256
    assert store.sha256_of(store.root() / result.mask_path) == result.mask_sha256


def test_a_visit_without_t2w_makes_no_number_and_says_so(world: World, tmp_path: Path):
    models.activate(model=models.register_threshold(), reason="test")
    images = write_visit(tmp_path, seed=3)
    take_in_visit(world.visit_a, {"T1w": images["T1w"]})
    assert runs.queue_run(visit=world.visit_a) is None
    assert sequences_missing(world.visit_a) == ["T2w"]


def test_a_stored_image_that_changed_is_not_segmented(world: World, tmp_path: Path):
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=3))
    run = runs.queue_run(visit=world.visit_a)
    assert run is not None
    path = store.image_path(run.t1w_scan.image_sha256)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    finished = runs.execute_next(worker="test")
    assert finished is not None
    assert (finished.state, finished.failure_code) == (JobState.REJECTED, "HASH_MISMATCH")
    assert not SegmentationResult.objects.exists()


def test_an_orphan_goes_and_a_referenced_mask_stays(result: SegmentationResult, monkeypatch):
    orphan = store.root() / "masks" / "orphan.nii.gz"
    orphan.write_bytes(b"left behind")
    monkeypatch.setattr(upkeep, "UNREFERENCED_SECONDS", -1)
    upkeep.clean_up()
    assert not orphan.exists()
    assert (store.root() / result.mask_path).exists()
    assert upkeep.missing_files() == []


def test_test_methods_are_refused_outside_of_tests(settings, db: None):
    from django.core.exceptions import ValidationError

    settings.ALLOW_TEST_SEGMENTERS = False
    with pytest.raises(ValidationError):
        models.register_threshold()


def test_a_deployment_with_test_methods_is_refused(settings):
    from segmentation.checks import no_test_segmenter

    assert [found.id for found in no_test_segmenter()] == ["segmentation.E001"]
    settings.ALLOW_TEST_SEGMENTERS = False
    assert no_test_segmenter() == []


def test_of_repeats_the_one_scanned_last_counts_whenever_it_was_uploaded(world: World):
    last = make_load(world.patient_a, DAY, 12.0, days_from_visit=3)
    first = make_load(world.patient_a, DAY, 10.0, days_from_visit=1, analysis_flag=False)
    visit, model = last.visit, last.model_version
    assert first.t1w_scan.created_at > last.t1w_scan.created_at
    assert choosing.flag_for_analysis(visit=visit, model=model) == last
    last_t2w, _ = (make_scan(visit, Sequence.T2W, days_from_visit=days) for days in (3, 1))
    assert chosen_scans(visit, model) == {"T1w": last.t1w_scan, "T2w": last_t2w}
    # Of one day, and of no known day, which is that of the visit: the upload decides.
    Scan.objects.filter(pk=last.t1w_scan_id).update(days_from_visit=None)
    Scan.objects.filter(pk=first.t1w_scan_id).update(days_from_visit=0)
    assert choosing.flag_for_analysis(visit=visit, model=model) == first


def test_of_two_t2w_beside_one_t1w_the_one_scanned_last_counts(world: World):
    last = make_load(world.patient_a, DAY, 12.0, days_from_visit=0)
    first = make_load(world.patient_a, DAY, 10.0, beside=last, analysis_flag=False)
    for run, days in ((last, 3), (first, 1)):
        run.t2w_scan = make_scan(run.visit, Sequence.T2W, days_from_visit=days)
        run.save()
    assert choosing.flag_for_analysis(visit=last.visit, model=last.model_version) == last


def test_pictures_and_models_that_nothing_refers_to_go_and_the_others_stay(world: World):
    model = models.register_model(folder=PRETRAINED)
    kept = make_quality(world.patient_a)
    shown, left = store.mosaic_path("a" * 64), store.mosaic_path("b" * 64)
    ScanQuality.objects.filter(pk=kept.pk).update(mosaic_sha256="a" * 64)
    orphan = store.root() / store.model_folder_name("c" * 64)
    for path in (shown, left, orphan / "weights.safetensors"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content")
    assert upkeep.clean_store() == []  # too young
    for path in (shown, left, orphan, store.root() / model.folder):
        os.utime(path, (0, 0))
    # Registered once more, it is not taken for left behind before its row is there.
    store.publish_folder(orphan, store.root() / model.folder)
    assert time.time() - (store.root() / model.folder).stat().st_mtime < 60
    os.utime(store.root() / model.folder, (0, 0))
    assert upkeep.clean_store() == [left, orphan]
    assert (shown.exists(), left.exists(), orphan.exists()) == (True, False, False)
    assert (store.root() / model.folder / "manifest.json").exists()
