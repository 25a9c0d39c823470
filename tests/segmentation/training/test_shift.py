"""The same network at another threshold: one number of its weights, and nothing else."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from segmentation.inference.model_folder import ModelFolderError, checked_manifest
from segmentation.inference.networks import ModelFiles, stored_tensors
from segmentation.inference.nnunet import NnUnetSegmenter
from segmentation.inference.preprocessing import PREPROCESSING_VERSION, Prepared
from segmentation.training.shift import shift_model
from tests.support.nnunet_peer import Model, head, random_model, write_model
from tests.support.trained import PRETRAINED, change_json

CPU = torch.device("cpu")


def written(folder: Path, model: Model) -> Path:
    folder.mkdir()
    return write_model(folder, model)


def shifted(folder: Path, constant: float) -> Path:
    out = folder.with_name("shifted")
    return shift_model(folder, out, constant=constant, version="next").parent


def test_the_logits_are_the_old_ones_and_those_of_the_label_are_higher(tmp_path: Path):
    old = written(tmp_path / "old", random_model(folds=2, classes=2))
    before, after = ModelFiles(old), ModelFiles(shifted(old, 0.7))
    tile = torch.from_numpy(head((16, 16, 12)))[None]
    pairs = zip(before.networks(CPU), after.networks(CPU), strict=True)
    with torch.inference_mode():
        for network, other in pairs:
            background, label = (other(tile) - network(tile))[0]
            assert torch.equal(background, torch.zeros_like(background))
            torch.testing.assert_close(label, torch.full_like(label, 0.7), rtol=0, atol=1e-6)
    assert after.manifest["shift"]["stored"] == pytest.approx([0.7, 0.7], abs=1e-6)


def between(values: np.ndarray) -> float:
    """Return the middle of the widest gap between two values, away from the smallest and largest.

    Half precision rounds a logit to a two thousandth of its size, before the constant or after it:
    a voxel that is nearer to the threshold than that may fall on either side.
    """
    ordered = np.sort(values)[len(values) // 4 : -len(values) // 4]
    place = int(np.argmax(np.diff(ordered)))
    return float(ordered[place] + ordered[place + 1]) / 2


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.2, 1.1, 0.8), (4.0, 0.9, 0.9)])
def test_the_shifted_network_marks_what_the_difference_told_in_nnunet_too(
    spacing: Sequence[float], tmp_path: Path
):
    model = random_model(folds=2, classes=2, mirroring_axes=(2,))
    old = written(tmp_path / "old", model)
    channels, affine = head((18, 16, 14)), np.diag([*reversed(spacing), 1.0])
    prepared = Prepared(np.ascontiguousarray(channels.transpose(0, 3, 2, 1)), affine, affine, {})
    difference = NnUnetSegmenter(old).logit_difference(prepared)
    # At the edges of the box, where no head is, one tile's corner alone has a say: nnU-Net weighs
    # it with the smallest numbers of half precision, and makes whole numbers of its logits.
    head_is_there = (prepared.channels != 0).any(axis=0)
    level = between(difference[head_is_there])
    new = shifted(old, -level)
    found = NnUnetSegmenter(new).label_map(prepared, lambda _share, _step: None)
    differs = (difference > level) != (found == 1)
    assert np.count_nonzero(differs & head_is_there) == 0
    assert 0.2 < found[head_is_there].mean() < 0.8
    weights = [ModelFiles(new).weights(fold) for fold in (0, 1)]
    as_nnunet = Model(model.plans, model.dataset, weights, model.mirroring_axes)
    assert np.array_equal(found.transpose(2, 1, 0), as_nnunet.theirs(channels, spacing))


def test_of_the_shipped_weights_one_number_becomes_another(tmp_path: Path):
    manifest = shift_model(PRETRAINED, tmp_path / "new", constant=0.3, version="next")
    content = checked_manifest(manifest.parent, preprocessing=PREPROCESSING_VERSION)
    before, after = (
        stored_tensors(bytearray((folder / "weights.safetensors").read_bytes()))
        for folder in (PRETRAINED, manifest.parent)
    )
    assert before.keys() == after.keys()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert changed == ["decoder.seg_layers.2.bias"]
    (old, new), (same, still) = zip(
        before[changed[0]].tolist()[::-1], after[changed[0]].tolist()[::-1], strict=True
    )
    assert same == still
    assert content["shift"]["stored"] == [new - old]
    assert new - old == pytest.approx(0.3, abs=2e-3)
    # What was measured of the old weights is not true of these.
    names = {path.name for path in manifest.parent.iterdir()}
    assert names == {"manifest.json", "weights.safetensors", "plans.json", "dataset.json"}


def test_the_manifest_says_what_was_shifted_and_keeps_the_rest(tmp_path: Path):
    old = written(tmp_path / "old", random_model(classes=2))
    before, after = ModelFiles(old), ModelFiles(shifted(old, -0.25))
    assert after.manifest["version"] == "next"
    assert after.manifest["trainer_name"] == "nnUNetTrainer"
    assert after.manifest["shift"]["of_version"] == "1"
    assert after.manifest["shift"]["of_manifest_sha256"] == before.sha256
    same = ("name", "labels", "sequences", "tile_step_size", "mirroring_axes", "preprocessing")
    assert all(after.manifest[key] == before.manifest[key] for key in same)


def refused(folder: Path, out: Path, *, constant: float = 0.5, version: str = "next") -> str:
    with pytest.raises(ModelFolderError) as error:
        shift_model(folder, out, constant=constant, version=version)
    return str(error.value)


def test_a_network_of_more_classes_or_of_regions_is_refused(tmp_path: Path):
    three = written(tmp_path / "three", random_model(classes=3))
    assert "more classes than background and one label" in refused(three, tmp_path / "out")
    regions = random_model(classes=2)
    regions.dataset["labels"] = {"background": 0, "whole": [1, 2], "core": 2}
    regions.dataset["regions_class_order"] = [1, 2]
    folder = written(tmp_path / "regions", regions)
    assert "regions" in refused(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("constant", [0.0, math.nan, math.inf])
def test_a_constant_that_changes_nothing_or_is_no_number_is_refused(
    constant: float, tmp_path: Path
):
    assert "not 0" in refused(PRETRAINED, tmp_path / "out", constant=constant)


def test_what_half_precision_cannot_hold_is_refused(tmp_path: Path):
    assert "too large" in refused(PRETRAINED, tmp_path / "out", constant=1e6)


def test_another_threshold_is_another_version_in_a_folder_of_its_own(tmp_path: Path):
    version = json.loads((PRETRAINED / "manifest.json").read_text())["version"]
    assert "give the new one" in refused(PRETRAINED, tmp_path / "out", version=version)
    (tmp_path / "there.txt").touch()
    assert "not empty" in refused(PRETRAINED, tmp_path)


def test_a_folder_whose_files_were_changed_is_refused(tmp_path: Path):
    folder = written(tmp_path / "old", random_model(classes=2))
    change_json(folder / "dataset.json", numTraining=3)
    assert "differs from the manifest" in refused(folder, tmp_path / "out")
