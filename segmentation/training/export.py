"""Turn a trained checkpoint into a model folder that is loaded without pickle."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from segmentation.inference.preprocessing import PREPROCESSING_VERSION
from segmentation.phantom.patient import PHANTOM_VERSION
from segmentation.training.trainer import CONFIGURATION, DATASET_ID, SMALL_PLANS

MODEL_NAME = "mld-phantom"
MODEL_VERSION = "2"
TILE_STEP_SIZE = 0.5
MIRRORING_AXES = (2,)
"""Left and right only (arrays are k, j, i): the other mirrors of a head do not occur."""


def export_model(work: Path, out: Path) -> Path:
    """Write the model folder of the best checkpoint of a training.

    Half-precision weights, each tensor once; optimiser state and everything that only a
    pickle could hold is left behind. The checkpoint was made on this machine a moment ago,
    which is why it may be read as a pickle here and nowhere else.
    """
    checkpoint = _checkpoint(work)
    state = torch.load(checkpoint, map_location="cpu", weights_only=False)
    out.mkdir(parents=True, exist_ok=True)
    tensors, aliases = _unique(state["network_weights"])
    save_file(tensors, out / "weights.safetensors")
    folder = next((work / "preprocessed").glob(f"Dataset{DATASET_ID}_*"))
    plans = json.loads((folder / f"{SMALL_PLANS}.json").read_text())
    (out / "plans.json").write_text(json.dumps(plans, indent=1) + "\n")
    dataset = json.loads((folder / "dataset.json").read_text())
    (out / "dataset.json").write_text(json.dumps(dataset, indent=1) + "\n")
    manifest = _manifest(out, aliases, epochs=int(state["current_epoch"]))
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    return out


def _checkpoint(work: Path) -> Path:
    folder = next((work / "results").glob(f"Dataset{DATASET_ID}_*/*/fold_0"))
    for name in ("checkpoint_final.pth", "checkpoint_latest.pth", "checkpoint_best.pth"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError("The training has left no checkpoint.")


def _unique(
    weights: dict[str, torch.Tensor],
) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Return each tensor once, and which other names mean it."""
    seen: list[tuple[str, torch.Tensor]] = []
    aliases: dict[str, str] = {}
    for name, tensor in weights.items():
        twin = next(
            (n for n, t in seen if t.shape == tensor.shape and torch.equal(t, tensor)), None
        )
        # Only a decoder's copy of the encoder or a block's second name is shared; two equal
        # biases of different layers would merely be stored once as well.
        if twin is None:
            seen.append((name, tensor))
        else:
            aliases[name] = twin
    return {name: tensor.half().contiguous() for name, tensor in seen}, aliases


def _manifest(out: Path, aliases: dict[str, str], *, epochs: int) -> dict[str, Any]:
    files = ("weights.safetensors", "plans.json", "dataset.json")
    return {
        "name": MODEL_NAME,
        "version": MODEL_VERSION,
        "is_demonstration": True,
        "sequences": ["T1w", "T2w"],
        "labels": {"demyelinated_white_matter": 1},
        "configuration": CONFIGURATION,
        "tile_step_size": TILE_STEP_SIZE,
        "mirroring_axes": list(MIRRORING_AXES),
        "preprocessing": PREPROCESSING_VERSION,
        "phantoms": PHANTOM_VERSION,
        "epochs": epochs,
        "aliases": aliases,
        "files": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in files},
    }
