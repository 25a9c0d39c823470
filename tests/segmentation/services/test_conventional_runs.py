"""The conventional method beside the network: registered, run, kept apart, its clusters kept."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from mldtrial.trial.models import Scan, ScanState
from segmentation.imaging.errors import ImageError
from segmentation.imaging.nifti import read_volume
from segmentation.inference import conventional
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER, Progress, SegmentationOutput
from segmentation.inference.cluster_file import StoredClusters, packed, read_clusters
from segmentation.inference.clusterize import ClusterParameters, find_clusters
from segmentation.inference.conventional import ConventionalSegmenter
from segmentation.models import JobState, Method, ModelVersion, ReleaseState, SegmentationRun
from segmentation.selectors import visit_status
from segmentation.services import models, runs, store, upkeep
from segmentation.services.segmenters import ModelChangedError, load_segmenter
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_load, make_model, make_scan
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAY = date(2024, 5, 10)


def without_a_head(
    self: ConventionalSegmenter, images: Mapping[str, Path], *, progress: Progress
) -> SegmentationOutput:
    """Do what the method does from the clusters on; the images of these tests hold no brain."""
    progress(0.5, "finding clusters")
    t1w, t2w = read_volume(images["T1w"]), read_volume(images["T2w"])
    everywhere = np.ones(t2w.data.shape, dtype=bool)
    matrix = find_clusters(
        t2w.data,
        t2w.affine,
        inside=everywhere,
        robust_maximum=float(t2w.data.max()),
        parameters=self.parameters,
    )
    mask = np.zeros(t1w.data.shape, dtype=np.uint8)
    mask[2:4, 3, 4] = 1
    stored = StoredClusters(matrix, t2w.affine, {1: 40}, np.eye(4))
    return SegmentationOutput(
        mask, t1w.affine, {DEMYELINATED_WHITE_MATTER: 1}, self.definition, packed(stored)
    )


@pytest.fixture
def run(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SegmentationRun:
    """A finished run of the conventional method, at a visit where another method is active."""
    monkeypatch.setattr(conventional.ConventionalSegmenter, "segment", without_a_head)
    models.activate(model=models.register_threshold(), reason="test")
    model = models.register_conventional()
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=3))
    assert runs.queue_run(visit=world.visit_a) is not None
    assert runs.queue_run(visit=world.visit_a, model=model) is not None
    while runs.execute_next(worker="test") is not None:
        pass
    return SegmentationRun.objects.get(model_version=model)


def test_it_is_registered_by_its_definition_and_twice_is_once(db: None) -> None:
    call_command("register_model", "--conventional")
    model = ModelVersion.objects.get()
    assert (str(model), model.method) == ("clusterize 1", Method.CONVENTIONAL)
    assert model.sha256 == ConventionalSegmenter().sha256
    assert model.manifest["lowest_percent"] == 20
    assert "without its operator" in model.card
    assert models.register_conventional() == model
    assert model.is_demonstration


@pytest.mark.parametrize("arguments", [[], ["--conventional", "some-folder"]])
def test_a_folder_or_the_conventional_method_is_asked_for(arguments: list[str], db: None) -> None:
    with pytest.raises(CommandError, match="model folder, or --conventional"):
        call_command("register_model", *arguments)


def test_other_parameters_are_another_version_with_its_own_segmenter(db: None) -> None:
    other = models.register_conventional(parameters=ClusterParameters(lowest_percent=30))
    assert str(other) == "clusterize 1-t30-s1-m25"
    segmenter = load_segmenter(other)
    assert isinstance(segmenter, ConventionalSegmenter)
    assert segmenter.parameters.lowest_percent == 30


def test_a_definition_that_has_changed_since_is_refused(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models.register_conventional()
    monkeypatch.setattr(conventional, "MAXIMUM_PERCENTILE", 99.0)
    with pytest.raises(ModelChangedError, match="another definition"):
        load_segmenter(model)
    with pytest.raises(ValidationError):
        models.register_conventional()


def test_two_methods_stand_side_by_side_and_one_counts(run: SegmentationRun, world: World) -> None:
    assert run.state == JobState.SUCCEEDED, run.message
    flagged = SegmentationRun.objects.filter(visit=world.visit_a, analysis_flag=True)
    assert flagged.count() == 2
    status = visit_status(world.visit_a, user=world.user("data_manager"))
    counting = flagged.get(model_version__state=ReleaseState.ACTIVE)
    assert status.run == counting
    assert status.load_ml == counting.result.demyelination_load_ml != 0
    assert status.load_ml != run.result.demyelination_load_ml


def test_the_load_of_a_visit_is_never_that_of_a_method_that_does_not_count(world: World) -> None:
    other = make_model("clusterize", method=Method.CONVENTIONAL, state=ReleaseState.CANDIDATE)
    run = make_load(world.patient_a, DAY, 12.0, model=other)
    make_scan(run.visit, "T2w")
    status = visit_status(run.visit, user=world.user("data_manager"))
    assert (status.run, status.load_ml) == (run, None)
    assert status.text == "Segmented by clusterize 1"


def test_the_clusters_lie_beside_the_mask_and_the_run_says_where(run: SegmentationRun) -> None:
    path = runs.checked_clusters(run)
    assert path is not None
    assert path.parent.name == "clusters"
    stored = read_clusters(path)
    assert stored.thresholds == {1: 40}
    assert stored.matrix.cluster_count > 0
    assert run.provenance["cluster_matrix"]["sha256"] == store.sha256_of(path)
    counting = run.visit.segmentation_runs.exclude(pk=run.pk).get()
    assert runs.checked_clusters(counting) is None


def test_clusters_that_changed_since_are_not_handed_out(run: SegmentationRun) -> None:
    path = store.root() / run.provenance["cluster_matrix"]["path"]
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ImageError):
        runs.checked_clusters(run)


def test_clusters_of_a_result_stay_and_orphans_go(
    run: SegmentationRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = store.root() / "clusters" / "orphan.npz"
    orphan.write_bytes(b"left behind")
    monkeypatch.setattr(upkeep, "UNREFERENCED_SECONDS", -1)
    upkeep.clean_up()
    kept = store.root() / run.provenance["cluster_matrix"]["path"]
    assert (orphan.exists(), kept.exists()) == (False, True)
    assert upkeep.missing_files() == []
    kept.unlink()
    assert upkeep.missing_files() == [run.provenance["cluster_matrix"]["path"]]


def test_a_worker_that_lost_its_run_leaves_no_clusters(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(point: str) -> None:
        if point == "after_rename":
            SegmentationRun.objects.update(state=JobState.QUEUED, lease_token=None)

    monkeypatch.setattr(conventional.ConventionalSegmenter, "segment", without_a_head)
    monkeypatch.setattr(runs, "reach", lost)
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=3))
    assert runs.queue_run(visit=world.visit_a, model=models.register_conventional()) is not None
    runs.execute_next(worker="test")
    for folder in ("masks", "clusters"):
        assert list((store.root() / folder).iterdir()) == []


def test_clusters_go_with_the_image_whose_intensities_they_hold(
    run: SegmentationRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = runs.checked_clusters(run)
    assert path is not None
    Scan.objects.filter(pk=run.t2w_scan_id).update(state=ScanState.DISCARDED)
    monkeypatch.setattr(upkeep, "UNREFERENCED_SECONDS", -1)
    upkeep.clean_up()
    assert not path.exists()
    assert upkeep.missing_files() == []


def test_a_visit_that_only_another_method_has_seen_is_still_segmented(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conventional.ConventionalSegmenter, "segment", without_a_head)
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=3))
    runs.queue_run(visit=world.visit_a, model=models.register_conventional())
    runs.execute_next(worker="test")
    models.activate(model=models.register_threshold(), reason="test")
    assert [queued.model_version.name for queued in runs.queue_missing()] == ["threshold"]
