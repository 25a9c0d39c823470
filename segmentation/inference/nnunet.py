"""nnU-Net as a segmenter: one network, loaded once from checked files, no pickle, no pools."""

import hashlib
import json
import logging
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stdout
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from numpy.typing import NDArray
from safetensors.torch import load as load_safetensors

from segmentation.imaging.contrast import CONTRAST_CHECK_VERSION
from segmentation.imaging.geometry import voxel_size_mm
from segmentation.inference.base import (
    DEMYELINATED_WHITE_MATTER,
    Progress,
    SegmentationOutput,
)
from segmentation.inference.preprocessing import PREPROCESSING_VERSION, Prepared, prepare

log = logging.getLogger(__name__)
PACKAGES = ("nnunetv2", "torch", "SimpleITK", "nibabel", "numpy", "scipy", "scikit-image")


class ModelError(Exception):
    """A model folder or a device is not what was registered or asked for."""


class _Predictor(nnUNetPredictor):  # type: ignore[misc]
    """nnU-Net's predictor, telling how many tiles are done."""

    tell: Progress | None = None
    tiles_done = 0
    tiles = 1

    def _internal_get_sliding_window_slicers(self, image_size: Any) -> Any:
        slicers = super()._internal_get_sliding_window_slicers(image_size)
        self.tiles, self.tiles_done = max(len(slicers), 1), 0
        return slicers

    def _internal_maybe_mirror_and_predict(self, x: Any) -> Any:
        prediction = super()._internal_maybe_mirror_and_predict(x)
        self.tiles_done += 1
        if self.tell is not None:
            share = 0.3 + 0.6 * min(self.tiles_done / self.tiles, 1.0)
            self.tell(share, f"tile {self.tiles_done} of {self.tiles}")
        return prediction


class NnUnetSegmenter:
    """A trained nnU-Net from a folder whose every file is checked against its manifest.

    Parameters
    ----------
    folder : Path
        With ``manifest.json``, ``weights.safetensors``, ``plans.json``, ``dataset.json``.
    device : str
        ``cpu`` or ``cuda``; the device asked for is the device used.

    Raises
    ------
    ModelError
        If a file differs from the manifest, the preprocessing is of another version, or the
        device is not there.
    """

    def __init__(self, folder: Path, *, device: str = "cpu") -> None:
        if device != "cpu" and not torch.cuda.is_available():
            raise ModelError(f"The device {device} was asked for and is not usable.")
        self._folder = folder
        self._device = torch.device(device)
        content = (folder / "manifest.json").read_bytes()
        self.manifest: dict[str, Any] = json.loads(content)
        self.sha256 = hashlib.sha256(content).hexdigest()
        if self.manifest["preprocessing"] != PREPROCESSING_VERSION:
            raise ModelError(
                f"The model was trained with the preprocessing {self.manifest['preprocessing']}; "
                f"this is {PREPROCESSING_VERSION}."
            )
        self._files = {name: self._checked(name) for name in self.manifest["files"]}

    @property
    def name(self) -> str:
        """Name of the model."""
        return str(self.manifest["name"])

    @property
    def version(self) -> str:
        """Version of the model."""
        return str(self.manifest["version"])

    @property
    def sequences(self) -> tuple[str, ...]:
        """Sequences in channel order."""
        return tuple(self.manifest["sequences"])

    def segment(self, images: Mapping[str, Path], *, progress: Progress) -> SegmentationOutput:
        """Segment one visit; see `segmentation.inference.base.Segmenter`."""
        started = time.monotonic()
        progress(0.02, "finding the brain, aligning")
        prepared = prepare(images)
        progress(0.25, "segmenting")
        label_map = self.label_map(prepared, progress)
        progress(1.0, "done")
        return SegmentationOutput(
            label_map=prepared.to_original(label_map),
            affine=prepared.original_affine,
            labels={DEMYELINATED_WHITE_MATTER: self.manifest["labels"][DEMYELINATED_WHITE_MATTER]},
            provenance=self._provenance(prepared, time.monotonic() - started),
        )

    def label_map(self, prepared: Prepared, progress: Progress) -> NDArray[np.uint8]:
        """Return the label map of prepared channels, shape (i, j, k) of the RAS grid."""
        self._predictor.tell = progress
        # nnU-Net's arrays are channel, k, j, i and its spacing k, j, i.
        channels = np.ascontiguousarray(prepared.channels.transpose(0, 3, 2, 1))
        spacing = [float(size) for size in reversed(voxel_size_mm(prepared.affine))]
        found = self._predictor.predict_single_npy_array(
            channels, {"spacing": spacing}, None, None, False
        )
        self._predictor.tell = None
        return np.ascontiguousarray(np.asarray(found, dtype=np.uint8).transpose(2, 1, 0))

    @cached_property
    def _predictor(self) -> _Predictor:
        """Build the network and load its weights; the first call takes a second or two."""
        plans = PlansManager(json.loads(self._files["plans.json"]))
        dataset = json.loads(self._files["dataset.json"])
        configuration = plans.get_configuration(self.manifest["configuration"])
        network = get_network_from_plans(
            configuration.network_arch_class_name,
            configuration.network_arch_init_kwargs,
            configuration.network_arch_init_kwargs_req_import,
            len(dataset["channel_names"]),
            plans.get_label_manager(dataset).num_segmentation_heads,
            deep_supervision=False,
        )
        weights = self.weights()
        network.load_state_dict(weights)
        # On a CPU nnU-Net prints a remark, which would stand in the JSON that commands print.
        with redirect_stdout(sys.stderr):
            predictor = _Predictor(
                tile_step_size=self.manifest["tile_step_size"],
                use_gaussian=True,
                use_mirroring=bool(self.manifest["mirroring_axes"]),
                perform_everything_on_device=self._device.type != "cpu",
                device=self._device,
                allow_tqdm=False,
            )
        predictor.manual_initialization(
            network,
            plans,
            configuration,
            [weights],
            dataset,
            "nnUNetTrainer",
            tuple(self.manifest["mirroring_axes"]) or None,
        )
        return predictor

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the full state: nnU-Net names some tensors several times, the file once."""
        stored = load_safetensors(self._files["weights.safetensors"])
        full = {name: tensor.float() for name, tensor in stored.items()}
        for alias, name in self.manifest["aliases"].items():
            full[alias] = full[name]
        return full

    def _checked(self, name: str) -> bytes:
        content = (self._folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != self.manifest["files"][name]:
            raise ModelError(f"{name} differs from the manifest of the model.")
        return content

    def _provenance(self, prepared: Prepared, seconds: float) -> dict[str, Any]:
        return {
            "method": self.name,
            "version": self.version,
            "model_manifest_sha256": self.sha256,
            "preprocessing": PREPROCESSING_VERSION,
            "contrast_check": CONTRAST_CHECK_VERSION,
            "fluid_contrasts": {n: round(c, 3) for n, c in prepared.fluid_contrasts.items()},
            "tile_step_size": self.manifest["tile_step_size"],
            "mirroring_axes": list(self.manifest["mirroring_axes"]),
            "device": str(self._device),
            "threads": torch.get_num_threads(),
            "packages": {name: version(name) for name in PACKAGES},
            "seconds": round(seconds, 2),
        }
