"""What stands around the network: our steps against nnU-Net's, on the same forward pass.

``python -m tests.bench.inference`` prints the ratios of goals G1, G4, G6 and G7 and writes them to
``build/bench/inference.json``; ``python -m tests.bench`` takes them up. But for G7 the networks
give stored logits on both sides, so these are figures of overhead, not times of a segmentation.
Both sides run in turns with the same number of threads, and their label maps must be equal.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nibabel as nib
import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.preprocessing.resampling.default_resampling import compute_new_shape
from numpy.typing import NDArray

from segmentation.imaging.nifti import read_label_map, read_volume, write_label_map
from segmentation.inference.exact import network_input, predict
from segmentation.inference.networks import ModelFiles, build_network
from segmentation.inference.openvino_network import compiled
from segmentation.inference.recipe import read_recipe
from segmentation.inference.sliding_window import SlidingWindow
from tests.bench.default_plan import (
    FOLDS,
    SHAPE,
    default_model,
    noisy_head,
    smooth_logits,
    write_ours,
    write_stock,
)
from tests.bench.pairs import PAIRS, in_turns, ratio
from tests.support.nnunet_peer import CONFIGURATION, Model

CPU = torch.device("cpu")
COMMAND_PAIRS = int(os.environ.get("BENCH_COMMAND_PAIRS", "3"))
"""Pairs with the command, half a minute each; the goal asks for 7."""
LEAST_AGREEMENT = 0.9995
"""Share of the voxels of a tile whose class is the same by OpenVINO, with random weights."""
GOALS = {"command": 1 / 30, "predict_from_files": 1 / 10, "sequential": 0.6}


class StoredWindow(SlidingWindow):
    """A sliding window that gives stored logits for every fold, as the peers' do."""

    stored: torch.Tensor

    def _one(self, *_: Any) -> torch.Tensor:
        return self.stored.clone()


class Ours:
    """Our steps, warm, with all folds resident."""

    def __init__(self, model: Model, stored: torch.Tensor) -> None:
        self.recipe = read_recipe(model.plans, model.dataset, CONFIGURATION)
        self.window = StoredWindow(
            patch=self.recipe.patch,
            step=model.step,
            mirroring_axes=(),
            classes=self.recipe.classes,
            device=CPU,
        )
        self.window.stored = stored

    def array(self, channels: NDArray[np.float32], spacing: Sequence[float]) -> NDArray[np.uint8]:
        """Return the label map of an image in memory."""
        networks: Any = [None] * FOLDS
        return predict(
            channels,
            spacing,
            recipe=self.recipe,
            window=self.window,
            networks=networks,
            device=CPU,
        )

    def files(self, inputs: Sequence[Path], out: Path) -> None:
        """Read the channels, predict, write the mask."""
        volumes = [read_volume(path) for path in inputs]
        channels = np.stack([volume.data.transpose(2, 1, 0) for volume in volumes])
        found = self.array(channels, np.diag(volumes[0].affine)[2::-1].tolist())
        write_label_map(out, found.transpose(2, 1, 0), volumes[0].affine)


def overhead(folder: Path, model: Model, peer: nnUNetPredictor) -> dict[str, Any]:
    """G1: from files to a file, no resampling."""
    stored = smooth_logits(SHAPE)
    peer.predict_sliding_window_return_logits = lambda _image: stored.clone()
    np.save(folder / "logits.npy", stored.numpy())
    names = [folder / "in" / f"case_{number:04}.nii.gz" for number in range(2)]
    (folder / "in").mkdir()
    for name, channel in zip(names, noisy_head(), strict=True):
        nib.save(nib.Nifti1Image(channel.transpose(2, 1, 0).astype(np.int16), np.eye(4)), name)
    ours, case = Ours(model, stored), [[str(name) for name in names]]
    outs = {name: folder / name for name in ("command", "predict_from_files", "sequential")}
    for out in outs.values():
        out.mkdir()

    def command() -> None:
        arguments = ["-i", folder / "in", "-o", outs["command"], "-m", folder / "stock"]
        arguments += ["-f", *range(FOLDS), "-device", "cpu", "--disable_tta"]
        subprocess.run(
            [sys.executable, "-m", "tests.bench.stubbed_command", *map(str, arguments)],
            check=True,
            capture_output=True,
            env={**os.environ, "STUBBED_LOGITS": str(folder / "logits.npy")},
        )

    peers: dict[str, tuple[Callable[[], object], int]] = {
        "sequential": (
            lambda: peer.predict_from_files_sequential(case, [str(outs["sequential"] / "case")]),
            PAIRS,
        ),
        "predict_from_files": (
            lambda: peer.predict_from_files(case, [str(outs["predict_from_files"] / "case")]),
            PAIRS,
        ),
        "command": (command, COMMAND_PAIRS),
    }
    found: dict[str, Any] = {}
    for name, (theirs, pairs) in peers.items():
        sides = {"ours": lambda: ours.files(names, folder / "ours.nii.gz"), "peer": theirs}
        # nnU-Net tells of every case; what this prints is the table of ratios.
        with redirect_stdout(sys.stderr):
            seconds = in_turns(sides, pairs)
        written = read_label_map(outs[name] / "case.nii.gz").data
        assert np.array_equal(read_label_map(folder / "ours.nii.gz").data, written)
        found[name] = {**ratio(seconds["ours"], seconds["peer"]), "goal": GOALS[name]}
    return found


def resampled(model: Model, peer: nnUNetPredictor) -> dict[str, Any]:
    """G4 on a CPU: 0.9 mm in and out of a network at 1 mm, in memory."""
    channels, spacing = noisy_head(), (0.9, 0.9, 0.9)
    stored = smooth_logits(tuple(compute_new_shape(SHAPE, spacing, (1.0, 1.0, 1.0)).tolist()))
    peer.predict_sliding_window_return_logits = lambda _image: stored.clone()
    ours = Ours(model, stored)
    seconds = in_turns(
        {
            "ours": lambda: ours.array(channels, spacing),
            "peer": lambda: _peer_array(peer, channels, spacing),
        }
    )
    image = network_input(channels, spacing, ours.recipe, CPU).image.numpy()
    theirs, _, _ = DefaultPreprocessor(verbose=False).run_case_npy(
        channels,
        None,
        {"spacing": list(spacing)},
        peer.plans_manager,
        peer.configuration_manager,
        model.dataset,
    )
    differing = int((image != theirs).sum())
    assert np.array_equal(ours.array(channels, spacing), _peer_array(peer, channels, spacing))
    assert np.abs(image - theirs).max() <= np.spacing(np.abs(theirs).max())
    return {
        **ratio(seconds["ours"], seconds["peer"]),
        "goal": 0.5,
        "input_voxels": int(image.size),
        "input_voxels_that_differ_in_the_last_bit": differing,
    }


def _peer_array(
    peer: nnUNetPredictor, channels: NDArray[np.float32], spacing: Sequence[float]
) -> NDArray[np.uint8]:
    properties = {"spacing": list(spacing)}
    return np.asarray(peer.predict_single_npy_array(channels, properties, None, None, False))


def loading(folder: Path) -> dict[str, Any]:
    """G6: five folds, from files until the first forward could start."""

    def theirs() -> nnUNetPredictor:
        predictor = nnUNetPredictor(device=CPU, perform_everything_on_device=False)
        predictor.initialize_from_trained_model_folder(str(folder / "stock"), tuple(range(FOLDS)))
        return predictor

    def ours() -> list[torch.nn.Module]:
        return ModelFiles(folder / "ours").networks(CPU)

    networks, predictor = ours(), theirs()
    for network, weights in zip(networks, predictor.list_of_parameters, strict=True):
        state = network.state_dict()
        assert all(torch.equal(state[name], tensor) for name, tensor in weights.items())
    del networks, predictor
    seconds = in_turns({"ours": ours, "peer": theirs})
    return {**ratio(seconds["ours"], seconds["peer"]), "goal": 1 / 5}


def by_openvino(model: Model) -> dict[str, Any]:
    """G7: one tile of the default network by OpenVINO against torch, in float32."""
    network = build_network(model.plans, model.dataset, CONFIGURATION, model.folds[0])
    recipe = read_recipe(model.plans, model.dataset, CONFIGURATION)
    tile = torch.from_numpy(noisy_head())[None, :, : recipe.patch[0], : recipe.patch[1]]
    tile = tile[..., : recipe.patch[2]].contiguous()
    tile = (tile - tile.mean()) / tile.std()
    (declared,) = compiled(
        [network],
        channels=tile.shape[1],
        patch=recipe.patch,
        threads=torch.get_num_threads(),
    )

    @torch.inference_mode()
    def theirs() -> torch.Tensor:
        return network(tile)

    agreement = float((declared(tile).argmax(1) == theirs().argmax(1)).float().mean())
    assert agreement >= LEAST_AGREEMENT
    seconds = in_turns({"ours": lambda: declared(tile), "peer": theirs})
    return {**ratio(seconds["ours"], seconds["peer"]), "goal": 1 / 2, "agreement": agreement}


def measure() -> dict[str, Any]:
    """Return the ratios of G1, G4, G6 and G7."""
    torch.set_num_threads(os.cpu_count() or 1)
    with TemporaryDirectory() as name:
        folder = Path(name)
        model = default_model()
        write_stock(folder / "stock", model)
        write_ours(folder / "ours", model)
        found = {"G6 load": loading(folder)}
        found["G7 by OpenVINO"] = by_openvino(model)
        peer = model.peer()
        found["G4 resampled"] = resampled(model, peer)
        for peer_name, row in overhead(folder, model, peer).items():
            found[f"G1 {peer_name}"] = row
    return {**found, "threads": torch.get_num_threads(), "load_average": os.getloadavg()[0]}


def main() -> None:
    """Measure, print and keep the numbers."""
    found = measure()
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    (out / "inference.json").write_text(json.dumps(found, indent=1))
    print(json.dumps(found, indent=1))  # noqa: T201 - the output of the command


if __name__ == "__main__":
    main()
