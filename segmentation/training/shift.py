"""``python -m segmentation.training.shift``: the same network at another threshold, as a folder.

The constant goes into the bias of the label in the last convolution, so that any nnU-Net runs it
and nothing but weights differs. How it is chosen: `segmentation.training.operating_curve`.
"""

import argparse
import math
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch

from segmentation.imaging.checksum import sha256_of
from segmentation.inference.conversion import Weights, store_weights, write_manifest
from segmentation.inference.model_folder import MANIFEST, ModelFolderError, checked_manifest
from segmentation.inference.networks import ModelError, ModelFiles, stored_tensors
from segmentation.inference.preprocessing import PREPROCESSING_VERSION
from segmentation.inference.recipe import read_recipe

SEGMENTING = "decoder.seg_layers."
"""nnU-Net's name of the convolutions that give logits; the last one is that of full resolution."""
LABEL = 1
SHIFT = "shift"
"""Key of the manifest: what was shifted, by how much, and what half precision made of it."""


def shift_model(folder: Path, out: Path, *, constant: float, version: str) -> Path:
    """Write the model folder of a network whose label's logit is higher by a constant.

    What describes the old weights (card, metrics, interval) is left behind: none of it is true of
    the new ones.

    Parameters
    ----------
    folder : Path
        See `segmentation.inference.model_folder`; only read.
    out : Path
        A new or empty folder.
    constant : float
        In units of a logit, not 0. Stored as precisely as the weights are.
    version : str
        Of the new model; another one than the old.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    ModelFolderError
        If the folder is not one, its network has more classes than background and one label, or
        regions, the version stays, or the constant is none.
    """
    manifest = checked_manifest(folder, preprocessing=PREPROCESSING_VERSION)
    model = _of_two_classes(folder)
    if version == manifest["version"]:
        raise ModelFolderError(f"The model is of version {version} already; give the new one.")
    if not math.isfinite(constant) or constant == 0:
        raise ModelFolderError(f"Expected a constant that is a number and not 0, got {constant}.")
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise ModelFolderError("The folder to write is not empty.")
    folds: list[dict[str, object]] = []
    stored: list[float] = []
    for number, fold in enumerate(model.folds):
        weights = model.weights(number)
        is_half = _is_half(folder / fold.weights)
        stored.append(_shift(weights, constant, is_half=is_half))
        aliases = store_weights(weights, out / fold.weights, is_half=is_half)
        folds.append({"weights": fold.weights, "aliases": aliases})
    for name in set(manifest["files"]) - {fold.weights for fold in model.folds}:
        shutil.copyfile(folder / name, out / name)
    changed = {
        **{key: value for key, value in manifest.items() if key != "files"},
        **(folds[0] if "folds" not in manifest else {"folds": _merged(manifest["folds"], folds)}),
        "version": version,
        SHIFT: {
            "of_version": manifest["version"],
            "of_manifest_sha256": sha256_of(folder / MANIFEST),
            "constant": constant,
            "stored": stored,
        },
    }
    return write_manifest(out, changed, list(manifest["files"]))


def _of_two_classes(folder: Path) -> ModelFiles:
    try:
        model = ModelFiles(folder)
        recipe = read_recipe(model.plans, model.dataset, str(model.manifest["configuration"]))
    except ModelError as error:
        raise ModelFolderError(str(error)) from error
    if recipe.classes != 2 or set(model.manifest["labels"].values()) != {LABEL}:
        raise ModelFolderError(
            "The network has more classes than background and one label; one constant is then no "
            "threshold."
        )
    return model


def _is_half(path: Path) -> bool:
    tensors = stored_tensors(bytearray(path.read_bytes())).values()
    return all(t.dtype == torch.float16 for t in tensors if t.is_floating_point())


def _shift(weights: Weights, constant: float, *, is_half: bool) -> float:
    """Add to the bias of the label, in place; return by how much it is higher as it is stored."""
    layers = [
        int(name.removeprefix(SEGMENTING).removesuffix(".bias"))
        for name in weights
        if name.startswith(SEGMENTING) and name.endswith(".bias")
    ]
    if not layers:
        raise ModelFolderError(f"The network has no {SEGMENTING}*.bias to add a constant to.")
    name = f"{SEGMENTING}{max(layers)}.bias"
    bias = weights[name].clone()
    bias[LABEL] += constant
    if is_half:
        bias = bias.half().float()
    if not bool(torch.isfinite(bias).all()):
        raise ModelFolderError("The constant is too large for the precision of the weights.")
    added = float(bias[LABEL]) - float(weights[name][LABEL])
    # Not in the tensor itself: another name may mean the same one.
    weights[name] = bias
    return added


def _merged(
    before: list[Mapping[str, object]], after: list[dict[str, object]]
) -> list[dict[str, object]]:
    """Return the folds as they were stated, with their new second names."""
    return [{**old, **new} for old, new in zip(before, after, strict=True)]


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(prog="python -m segmentation.training.shift")
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--constant", type=float, required=True, help="in units of a logit")
    parser.add_argument("--version", required=True, help="of the new model")
    parser.add_argument("--out", type=Path, required=True, help="new folder")
    options = parser.parse_args()
    try:
        shift_model(options.model, options.out, constant=options.constant, version=options.version)
    except ModelFolderError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
