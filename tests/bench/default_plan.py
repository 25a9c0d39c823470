"""The network nnU-Net plans for a head at 1 mm, with random weights, in both kinds of folder."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from tests.support.nnunet_peer import CONFIGURATION, Model, plans, random_model

FOLDS = 5
CLASSES = 5
SHAPE = (182, 218, 182)
KERNELS = [[3, 3, 3]] * 6
ARCHITECTURE = {
    "n_stages": 6,
    "features_per_stage": [32, 64, 128, 256, 320, 320],
    "kernel_sizes": KERNELS,
    "strides": [[1, 1, 1], *[[2, 2, 2]] * 5],
    "n_conv_per_stage": [2] * 6,
    "n_conv_per_stage_decoder": [2] * 5,
}


def default_plans() -> dict[str, Any]:
    """Return plans of the default network: 31 million parameters, tiles of 128 cubed."""
    found = plans(patch=(128, 128, 128))
    architecture = found["configurations"][CONFIGURATION]["architecture"]
    architecture["arch_kwargs"].update(ARCHITECTURE)
    return found


def default_model(*, mirroring_axes: Sequence[int] = ()) -> Model:
    """Return five folds of the default network, with random weights."""
    architecture = default_plans()["configurations"][CONFIGURATION]["architecture"]
    return random_model(
        folds=FOLDS,
        classes=CLASSES,
        mirroring_axes=mirroring_axes,
        patch=(128, 128, 128),
        architecture=architecture,
    )


def write_stock(folder: Path, model: Model) -> Path:
    """Write the folder that nnU-Net leaves: half of each checkpoint is state of the optimiser."""
    folder.mkdir()
    (folder / "plans.json").write_text(json.dumps(model.plans))
    (folder / "dataset.json").write_text(json.dumps(model.dataset))
    for number, weights in enumerate(model.folds):
        unique, _ = shared(weights)
        momentum = {i: {"momentum_buffer": t.float()} for i, t in enumerate(unique.values())}
        checkpoint = {
            "network_weights": dict(weights),
            "optimizer_state": {"state": momentum, "param_groups": []},
            "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": model.configuration},
            "inference_allowed_mirroring_axes": tuple(model.mirroring_axes) or None,
        }
        (folder / f"fold_{number}").mkdir()
        torch.save(checkpoint, folder / f"fold_{number}" / "checkpoint_final.pth")
    return folder


def write_ours(folder: Path, model: Model) -> Path:
    """Write a model folder with the same weights in full precision, each tensor once."""
    folder.mkdir()
    (folder / "plans.json").write_text(json.dumps(model.plans))
    (folder / "dataset.json").write_text(json.dumps(model.dataset))
    folds = []
    for number, weights in enumerate(model.folds):
        unique, aliases = shared(weights)
        folds.append({"weights": f"fold_{number}.safetensors", "aliases": aliases})
        save_file(unique, folder / f"fold_{number}.safetensors")
    files = ("plans.json", "dataset.json", *(str(fold["weights"]) for fold in folds))
    manifest = {
        "configuration": model.configuration,
        "folds": folds,
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def shared(
    weights: Mapping[str, torch.Tensor],
) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Return each tensor once, and which other names mean it."""
    first: dict[int, str] = {}
    aliases: dict[str, str] = {}
    for name, tensor in weights.items():
        if first.setdefault(tensor.data_ptr(), name) != name:
            aliases[name] = first[tensor.data_ptr()]
    return {name: weights[name] for name in first.values()}, aliases


def smooth_logits(shape: tuple[int, int, int]) -> torch.Tensor:
    """Return logits of compact regions, shape (class, k, j, i), as a network's would be."""
    rng = np.random.default_rng(5)
    coarse = torch.from_numpy(rng.normal(scale=4, size=(1, CLASSES, 12, 14, 12)))
    fine = torch.nn.functional.interpolate(coarse, size=shape, mode="trilinear")
    return fine[0].half().contiguous()


def noisy_head() -> NDArray[np.float32]:
    """Return two channels without a zero: noise over a smooth shape, kept as whole numbers."""
    rng = np.random.default_rng(6)
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij"))
    tissue = 800 * np.exp(-2 * (grid**2).sum(axis=0))
    return np.stack([np.round(tissue + rng.uniform(1, 60, SHAPE)) for _ in range(2)]).astype(
        np.float32
    )
