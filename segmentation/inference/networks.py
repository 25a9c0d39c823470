"""Networks from a model folder, every file checked against the manifest; no pickle."""

import hashlib
import json
import struct
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

import torch
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from segmentation.inference.model_folder import (
    DATASET,
    MANIFEST,
    PLANS,
    ModelFolderError,
    folds_of,
)
from segmentation.inference.trained_folder import check_architecture

DTYPES = {"F16": torch.float16, "F32": torch.float32, "BF16": torch.bfloat16}


class ModelError(Exception):
    """A model folder or a device is not what was registered or asked for."""


class ModelFiles:
    """The files of a model folder, as they were when their checksums were compared.

    Parameters
    ----------
    folder : Path
        See `segmentation.inference.model_folder`.

    Raises
    ------
    ModelError
        If a file differs from the manifest, or the plans name what is not on the list.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        content = (folder / MANIFEST).read_bytes()
        self.manifest: dict[str, Any] = json.loads(content)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.folds = folds_of(self.manifest)
        needed = {PLANS, DATASET, *(fold.weights for fold in self.folds)}
        if missing := sorted(needed - set(self.manifest["files"])):
            raise ModelError(f"The manifest of the model has no checksum of {', '.join(missing)}.")
        # Kept as they were checked: the networks use these bytes and not a file read again.
        with ThreadPoolExecutor() as threads:
            names = list(self.manifest["files"])
            self._checked = dict(zip(names, threads.map(self._read, names), strict=True))
        self.plans: dict[str, Any] = json.loads(self._checked[PLANS])
        self.dataset: dict[str, Any] = json.loads(self._checked[DATASET])
        try:
            # The very bytes that networks are built from: nnU-Net calls what they name.
            check_architecture(self.plans, str(self.manifest["configuration"]))
        except ModelFolderError as error:
            raise ModelError(str(error)) from error

    def weights(self, fold: int = 0) -> dict[str, torch.Tensor]:
        """Return the full state of one fold, float32: nnU-Net names some tensors several times."""
        file = self.folds[fold].weights
        stored = stored_tensors(self._checked.get(file) or self._read(file))
        full = {name: tensor.float() for name, tensor in stored.items()}
        for alias, name in self.folds[fold].aliases.items():
            full[alias] = full[name]
        return full

    def networks(self, device: torch.device) -> list[torch.nn.Module]:
        """Return one network for each fold, ready on the device."""
        found = []
        for fold, stated in enumerate(self.folds):
            weights = self.weights(fold)
            self._checked.pop(stated.weights, None)
            configuration = self.manifest["configuration"]
            network = build_network(self.plans, self.dataset, configuration, weights)
            found.append(network.to(device))
        return found

    def _read(self, name: str) -> bytearray:
        path = self._folder / name
        content = bytearray(path.stat().st_size)
        with path.open("rb") as file:
            is_whole = file.readinto(content) == len(content) and not file.read(1)
        if not is_whole or hashlib.sha256(content).hexdigest() != self.manifest["files"][name]:
            raise ModelError(f"{name} differs from the manifest of the model.")
        return content


def stored_tensors(content: bytearray) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file that is in memory, without copying it.

    The format is the length of a header (8 bytes), the header as JSON, the values. The reader of
    the package copies the values twice, which took longer than reading and checking them.

    Raises
    ------
    ModelError
        If the values are not where the header says, or of another kind than a network's.
    """
    try:
        (length,) = struct.unpack_from("<Q", content)
        header = json.loads(content[8 : 8 + length])
        header.pop("__metadata__", None)
        return {
            name: torch.frombuffer(
                content,
                dtype=DTYPES[stated["dtype"]],
                count=prod(stated["shape"]),
                offset=8 + length + stated["data_offsets"][0],
            ).reshape(stated["shape"])
            for name, stated in header.items()
        }
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise ModelError("The weights of the model cannot be read as safetensors.") from error


def build_network(
    plans: dict[str, Any],
    dataset: Mapping[str, Any],
    configuration: str,
    weights: Mapping[str, torch.Tensor],
) -> torch.nn.Module:
    """Return the network of the plans with these weights, to be used and not trained.

    Raises
    ------
    ModelError
        If the weights are not those of this network.
    """
    manager = PlansManager(plans)
    of = manager.get_configuration(configuration)
    # Without memory of its own: drawing random weights to overwrite them takes longer than reading.
    with torch.device("meta"):
        network: torch.nn.Module = get_network_from_plans(
            of.network_arch_class_name,
            of.network_arch_init_kwargs,
            of.network_arch_init_kwargs_req_import,
            len(dataset["channel_names"]),
            manager.get_label_manager(dataset).num_segmentation_heads,
            allow_init=False,
            deep_supervision=False,
        )
    try:
        network.load_state_dict(weights, assign=True)
    except RuntimeError as error:
        raise ModelError("The weights do not belong to the network of the plans.") from error
    if any(tensor.is_meta for tensor in chain(network.parameters(), network.buffers())):
        raise ModelError("The weights do not fill the network of the plans.")
    return network.eval()
