"""Model folders of one and of several folds."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from segmentation.inference.networks import ModelError, ModelFiles, stored_tensors
from segmentation.inference.nnunet import NnUnetSegmenter
from segmentation.inference.preprocessing import Prepared
from tests.support.nnunet_peer import head, random_model, write_model


def test_a_folder_of_three_folds_gives_the_label_map_of_nnunet(tmp_path: Path):
    model = random_model(folds=3, mirroring_axes=(2,))
    channels, affine = head((14, 18, 16)), np.diag([0.8, 1.1, 1.2, 1.0])
    prepared = Prepared(channels.transpose(0, 3, 2, 1), affine, affine, {})
    told: list[tuple[float, str]] = []
    segmenter = NnUnetSegmenter(write_model(tmp_path, model))
    found = segmenter.label_map(prepared, lambda share, step: told.append((share, step)))
    theirs = model.theirs(channels, (1.2, 1.1, 0.8))
    assert np.array_equal(found.transpose(2, 1, 0), theirs)
    assert told == sorted(told)
    assert told[-1] == (pytest.approx(0.9), f"tile {len(told)} of {len(told)}")
    # The second visit finds the networks resident and gives the same.
    assert np.array_equal(segmenter.label_map(prepared, lambda _share, _step: None), found)


def test_every_fold_has_its_own_weights(tmp_path: Path):
    model = random_model(folds=2)
    folder = ModelFiles(write_model(tmp_path, model))
    networks = folder.networks(torch.device("cpu"))
    for network, weights in zip(networks, model.folds, strict=True):
        state = network.state_dict()
        assert all(torch.equal(state[name], tensor) for name, tensor in weights.items())
    # Read again, the bytes of the second fold having gone into its network.
    again = folder.weights(1)
    assert all(torch.equal(again[name], tensor) for name, tensor in model.folds[1].items())


def test_weights_without_a_checksum_are_refused(tmp_path: Path):
    write_model(tmp_path, random_model(folds=2))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    del manifest["files"]["fold_1.safetensors"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"no checksum of fold_1\.safetensors"):
        ModelFiles(tmp_path)


def test_a_fold_that_was_changed_is_refused(tmp_path: Path):
    write_model(tmp_path, random_model(folds=2))
    with (tmp_path / "fold_1.safetensors").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match=r"fold_1\.safetensors differs"):
        ModelFiles(tmp_path)


def test_tensors_are_those_that_the_package_reads():
    generator = torch.Generator().manual_seed(3)
    shapes = {"a.weight": (3, 2, 5), "b": (7,), "c.scale": (), "d": (1, 1)}
    tensors = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    tensors["half"] = tensors["a.weight"].half()
    content = save(tensors, metadata={"made": "here"})
    ours, theirs = stored_tensors(bytearray(content)), load(content)
    assert ours.keys() == theirs.keys() == tensors.keys()
    for name, tensor in theirs.items():
        assert ours[name].dtype == tensor.dtype
        assert torch.equal(ours[name], tensor)


@pytest.mark.parametrize("damage", [b"", b"short", b"\x05" + b"\0" * 7 + b"{none"])
def test_bytes_that_are_no_safetensors_are_refused(damage: bytes):
    with pytest.raises(ModelError, match="cannot be read"):
        stored_tensors(bytearray(damage))


def test_values_that_end_too_early_are_refused():
    content = save({"a": torch.ones(100)})
    with pytest.raises(ModelError, match="cannot be read"):
        stored_tensors(bytearray(content[:-4]))
