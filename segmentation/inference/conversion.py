"""From the checkpoints of a training to weights that are loaded without pickle, once.

A checkpoint of nnU-Net is a pickle, and a pickle can run any code. Here it is opened by torch's
restricted reader, which builds tensors and plain values only; to these the scalars that
nnU-Net writes into its log are added. Whatever else a checkpoint asks for is refused by name,
before anything of it is built.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from safetensors.torch import save_file

from segmentation.imaging.checksum import sha256_of
from segmentation.inference.model_folder import (
    DATASET,
    FINGERPRINT,
    KEPT_BESIDE,
    MANIFEST,
    PLANS,
    WEIGHTS,
    ModelFolderError,
    check_preprocessing,
    read_json,
)
from segmentation.inference.networks import ModelError
from segmentation.inference.preprocessing import PREPROCESSING_VERSION
from segmentation.inference.recipe import read_recipe
from segmentation.inference.trained_folder import (
    Statement,
    check_plans,
    check_trainer,
    checkpoints_of,
    dataset_of,
)

CONVERSION_VERSION = "1"
_SCALAR = np._core.multiarray.scalar  # type: ignore[attr-defined]
_PLAIN_DTYPES = [type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i4", "i8", "u1", "?")]
HARMLESS: list[Any] = [
    (_SCALAR, "numpy._core.multiarray.scalar"),
    (_SCALAR, "numpy.core.multiarray.scalar"),
    np.dtype,
    *_PLAIN_DTYPES,
]
"""Numbers of numpy, as versions 1 and 2 name them: nothing that does anything when it is read."""
HARMLESS_NAMES = frozenset(
    {"numpy._core.multiarray.scalar", "numpy.core.multiarray.scalar", "numpy.dtype"}
    | {f"{kind.__module__}.{kind.__qualname__}" for kind in _PLAIN_DTYPES}
)
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint holds of a network: its weights, and how it is to be used."""

    weights: Weights
    trainer_name: str
    configuration: str
    mirroring_axes: tuple[int, ...]
    epochs: int


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint without running anything that it holds.

    Raises
    ------
    ModelFolderError
        If it asks for more than tensors and plain values, or is not a checkpoint of nnU-Net.
    """
    called = f"{path.parent.name}/{path.name}"
    try:
        asked = set(torch.serialization.get_unsafe_globals_in_checkpoint(path))
        if more := sorted(asked - HARMLESS_NAMES):
            raise ModelFolderError(
                f"{called} asks for {', '.join(more)} when it is read, which a checkpoint of "
                "nnU-Net does not. It was not opened."
            )
        with torch.serialization.safe_globals(HARMLESS):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except ModelFolderError:
        raise
    except Exception as error:
        # A damaged pickle fails in any way it likes.
        raise ModelFolderError(f"{called} cannot be read as a checkpoint of nnU-Net.") from error
    try:
        return Checkpoint(
            weights=_tensors(found["network_weights"]),
            trainer_name=str(found["trainer_name"]),
            configuration=str(found["init_args"]["configuration"]),
            mirroring_axes=tuple(found.get("inference_allowed_mirroring_axes") or ()),
            epochs=int(found.get("current_epoch", 0)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFolderError(f"{called} lacks what nnU-Net writes into a checkpoint.") from error


def _tensors(weights: Mapping[str, Any]) -> Weights:
    if not weights or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise TypeError("The weights are not tensors.")
    return dict(weights)


def each_once(weights: Mapping[str, torch.Tensor]) -> tuple[Weights, dict[str, str]]:
    """Return each tensor once, and which other names mean it.

    nnU-Net's networks name the encoder's tensors again in the decoder, and those of a block
    twice. Equal means equal to the last bit; two equal biases of different layers are merely
    stored once as well.
    """
    first: dict[tuple[str, tuple[int, ...], str], str] = {}
    kept: Weights = {}
    aliases: dict[str, str] = {}
    for name, tensor in weights.items():
        plain = tensor.detach().contiguous()
        raw = plain.reshape(-1).view(torch.uint8).numpy().tobytes()
        key = (str(plain.dtype), tuple(plain.shape), hashlib.sha256(raw).hexdigest())
        if key in first:
            aliases[name] = first[key]
        else:
            first[key] = name
            kept[name] = plain
    return kept, aliases


def store_weights(
    weights: Mapping[str, torch.Tensor], path: Path, *, is_half: bool
) -> dict[str, str]:
    """Write weights to a safetensors file; return the second names of its tensors.

    Raises
    ------
    ModelFolderError
        If a weight is too large for half precision.
    """
    kept, aliases = each_once(weights)
    if is_half:
        kept = {n: t.half() if t.is_floating_point() else t for n, t in kept.items()}
        if not all(torch.isfinite(t).all() for t in kept.values() if t.is_floating_point()):
            raise ModelFolderError("A weight is too large for half precision.")
    save_file({name: tensor.clone() for name, tensor in kept.items()}, path)
    return aliases


def write_manifest(out: Path, manifest: Mapping[str, Any], names: Sequence[str]) -> Path:
    """Write the manifest of a folder, with the sha256 of each named file."""
    files = {name: sha256_of(out / name) for name in names}
    path = out / MANIFEST
    path.write_text(json.dumps({**manifest, "files": files}, indent=1) + "\n", encoding="utf-8")
    return path


def convert(folder: Path, out: Path, stated: Statement) -> Path:
    """Write the model folder of a trained-model folder of stock nnU-Net.

    The same folder and statement give the same bytes.

    Parameters
    ----------
    folder : Path
        With ``dataset.json``, ``plans.json`` and ``fold_*/checkpoint_final.pth``; only read.
    out : Path
        An empty folder.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    ModelFolderError
        If a check fails; what is then in `out` is worth nothing.
    """
    check_preprocessing(stated.preprocessing, ours=PREPROCESSING_VERSION)
    sequences, labels = dataset_of(folder, stated)
    paths = checkpoints_of(folder, stated)
    shared: Checkpoint | None = None
    architecture = ""
    folds = []
    for fold, path in paths.items():
        found = read_checkpoint(path)
        if shared is None:
            check_trainer(found.trainer_name)
            plans = read_json(folder, PLANS)
            architecture = check_plans(plans, found.configuration, channels=len(sequences))
            shared = found
        _require_same_use(fold, found, shared)
        _require_fits(folder, fold, found)
        name = f"fold_{fold}.safetensors" if len(paths) > 1 else WEIGHTS
        folds.append(
            {
                "fold": fold,
                "weights": name,
                "aliases": store_weights(found.weights, out / name, is_half=stated.is_half),
                "epochs": found.epochs,
                "checkpoint_sha256": sha256_of(path),
                **({} if path.name == stated.checkpoint else {"checkpoint": path.name}),
            }
        )
    assert shared is not None  # noqa: S101 - there is at least one fold
    there = [name for name in (PLANS, DATASET, FINGERPRINT) if (folder / name).is_file()]
    for name in [*there, *(name for name in KEPT_BESIDE if (folder / name).is_file())]:
        shutil.copyfile(folder / name, out / name)
    manifest = {
        "name": stated.name,
        "version": stated.version,
        "is_demonstration": stated.is_demonstration,
        "sequences": list(sequences),
        "labels": labels,
        "configuration": shared.configuration,
        "tile_step_size": stated.tile_step_size,
        "mirroring_axes": list(shared.mirroring_axes) if stated.is_mirrored else [],
        "preprocessing": stated.preprocessing,
        "trainer_name": shared.trainer_name,
        "architecture": architecture,
        "precision": "half" if stated.is_half else "single",
        "checkpoint": stated.checkpoint,
        "conversion": CONVERSION_VERSION,
        **(folds[0] if len(folds) == 1 else {"folds": folds}),
    }
    return write_manifest(out, manifest, [str(fold["weights"]) for fold in folds] + there)


def _require_same_use(fold: str, found: Checkpoint, first: Checkpoint) -> None:
    mine = (found.trainer_name, found.configuration, found.mirroring_axes)
    if mine != (first.trainer_name, first.configuration, first.mirroring_axes):
        raise ModelFolderError(
            f"fold_{fold} was trained in another way than the first fold: "
            f"{found.trainer_name}, {found.configuration}, mirrored {list(found.mirroring_axes)}."
        )


def _require_fits(folder: Path, fold: str, found: Checkpoint) -> None:
    """Raise unless the weights are finite and fill a network of the plans that runs here."""
    if not all(torch.isfinite(t).all() for t in found.weights.values() if t.is_floating_point()):
        raise ModelFolderError(f"fold_{fold} holds weights that are not numbers.")
    plans = PlansManager(json.loads((folder / PLANS).read_bytes()))
    dataset = json.loads((folder / DATASET).read_bytes())
    planned = plans.get_configuration(found.configuration)
    try:
        read_recipe(plans.plans, dataset, found.configuration)
    except ModelError as error:
        raise ModelFolderError(str(error)) from error
    try:
        network = get_network_from_plans(
            planned.network_arch_class_name,
            planned.network_arch_init_kwargs,
            planned.network_arch_init_kwargs_req_import,
            len(dataset["channel_names"]),
            plans.get_label_manager(dataset).num_segmentation_heads,
            allow_init=False,
            deep_supervision=False,
        )
        network.load_state_dict(found.weights)
    except (RuntimeError, TypeError, ValueError, KeyError) as error:
        raise ModelFolderError(
            f"The weights of fold_{fold} do not fill the network that {PLANS} describes."
        ) from error
