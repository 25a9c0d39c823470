"""What a model folder of our own must hold before it is registered."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from segmentation.inference.model_folder import (
    Fold,
    ModelFolderError,
    checked_manifest,
    folds_of,
    sha256_of,
    tensor_names,
)
from segmentation.inference.preprocessing import PREPROCESSING_VERSION
from tests.support.trained import PRETRAINED, change_json, copied

MANIFEST = "manifest.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(PRETRAINED, tmp_path / "model")


def refused(folder: Path) -> str:
    with pytest.raises(ModelFolderError) as error:
        checked_manifest(folder, preprocessing=PREPROCESSING_VERSION)
    return str(error.value)


def test_the_shipped_model_passes(folder: Path):
    manifest = checked_manifest(folder, preprocessing=PREPROCESSING_VERSION)
    (fold,) = folds_of(manifest)
    assert fold.weights == "weights.safetensors"
    assert len(tensor_names(folder / fold.weights)) > 20


def test_several_folds_stand_in_their_order():
    manifest = {"folds": [{"weights": "b", "aliases": {"x": "y"}}, {"weights": "a"}]}
    assert folds_of(manifest) == (Fold("b", {"x": "y"}), Fold("a", {}))


def test_a_file_that_differs_from_its_hash_is_refused(folder: Path):
    (folder / "plans.json").write_text("{}")
    assert refused(folder) == "plans.json is missing or differs from the manifest's sha256."


@pytest.mark.parametrize("name", ["../outside.json", "/etc/hostname", "weights.pth", "a/b.json"])
def test_a_file_outside_the_folder_or_of_another_kind_is_refused(name: str, folder: Path):
    files = json.loads((folder / MANIFEST).read_text())["files"]
    change_json(folder / MANIFEST, files={**files, name: "0" * 64})
    assert re.search(r"names '.*'; only", refused(folder))


def test_a_manifest_that_leaves_something_out_says_what(folder: Path):
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["labels"], manifest["tile_step_size"]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert refused(folder) == "manifest.json does not say: labels, tile_step_size."


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_manifest_that_is_no_object_is_refused(content: str, folder: Path):
    (folder / MANIFEST).write_text(content)
    assert refused(folder).startswith("manifest.json")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"preprocessing": "other"}, "trained with the preprocessing other"),
        ({"sequences": ["T2w", "T1w"]}, "The channels are T2w, T1w"),
        ({"labels": {"lesion": 1}}, "The label lesion is not a term"),
        ({"labels": {"demyelinated_white_matter": 0}}, "whole number above 0"),
        ({"labels": {"demyelinated_white_matter": True}}, "whole number above 0"),
        ({"labels": {"demyelinated_white_matter": 1, "brain": 1}}, "the same number"),
        ({"tile_step_size": 0}, "step between tiles is 0"),
        ({"tile_step_size": 1.5}, "step between tiles is 1.5"),
        ({"folds": [{"weights": "fold_0.safetensors"}]}, "no sha256 of fold_0.safetensors"),
        ({"aliases": {"other": "nothing"}}, "second name other must mean a stored tensor"),
    ],
)
def test_what_is_not_understood_is_refused(more: dict[str, Any], said: str, folder: Path):
    change_json(folder / MANIFEST, **more)
    assert said in refused(folder)


def test_weights_that_are_no_safetensors_are_refused(folder: Path):
    weights = folder / "weights.safetensors"
    weights.write_bytes(b"\x80\x04K\x01.")
    files = json.loads((folder / MANIFEST).read_text())["files"]
    change_json(folder / MANIFEST, files={**files, weights.name: sha256_of(weights)})
    assert refused(folder) == "weights.safetensors is not a safetensors file."
