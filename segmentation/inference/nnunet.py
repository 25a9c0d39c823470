"""nnU-Net as a segmenter: its networks, loaded once from checked files, no pickle, no pools."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from segmentation.imaging.contrast import CONTRAST_CHECK_VERSION
from segmentation.imaging.geometry import voxel_size_mm
from segmentation.inference.ahead import Ahead, WaitingVisit
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER, Progress, SegmentationOutput
from segmentation.inference.disagreement import Disagreement
from segmentation.inference.exact import INFERENCE_VERSION, predict_difference, predict_watched
from segmentation.inference.networks import ModelError, ModelFiles
from segmentation.inference.preprocessing import PREPROCESSING_VERSION, Prepared, prepare
from segmentation.inference.recipe import Recipe, read_recipe
from segmentation.inference.sliding_window import Network, SlidingWindow

__all__ = ["ModelError", "NnUnetSegmenter"]
OPENVINO = "openvino"
ON_A_PROCESSOR = ("cpu", OPENVINO)
PACKAGES = ("nnunetv2", "torch", "SimpleITK", "nibabel", "numpy", "scipy", "scikit-image")


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What stays in memory between two visits."""

    recipe: Recipe
    window: SlidingWindow
    networks: Sequence[Network]


class NnUnetSegmenter:
    """A trained nnU-Net from a folder whose every file is checked against its manifest.

    Parameters
    ----------
    folder : Path
        See `segmentation.inference.model_folder`.
    device : str
        ``cpu``, ``openvino`` (a processor by other kernels, see
        `segmentation.inference.openvino_network`) or ``cuda``; the device asked for is the device
        used.

    Raises
    ------
    ModelError
        If a file differs from the manifest, the preprocessing is of another version, or the
        device is not there.
    """

    def __init__(self, folder: Path, *, device: str = "cpu") -> None:
        if device not in ON_A_PROCESSOR and not torch.cuda.is_available():
            raise ModelError(f"The device {device} was asked for and is not usable.")
        self._declared = device
        self._device = torch.device("cpu" if device in ON_A_PROCESSOR else device)
        self._ahead = Ahead(prepare)
        self._model = ModelFiles(folder)
        self.manifest, self.sha256 = self._model.manifest, self._model.sha256
        if self.manifest["preprocessing"] != PREPROCESSING_VERSION:
            raise ModelError(
                f"The model was trained with the preprocessing {self.manifest['preprocessing']}; "
                f"this is {PREPROCESSING_VERSION}."
            )

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

    def prepare_ahead(self, visits: Sequence[WaitingVisit], *, beside: Mapping[str, Path]) -> None:
        """Begin with visits that wait; see `segmentation.inference.ahead.PreparesAhead`."""
        self._ahead.begin(visits, beside=beside)

    def segment(self, images: Mapping[str, Path], *, progress: Progress) -> SegmentationOutput:
        """Segment one visit; see `segmentation.inference.base.Segmenter`."""
        started = time.monotonic()
        progress(0.02, "finding the brain, aligning")
        ahead = self._ahead.take(images)
        prepared = prepare(images) if ahead is None else ahead
        progress(0.25, "segmenting")
        label_map, disagreement = self.predicted(prepared, progress)
        progress(1.0, "done")
        return SegmentationOutput(
            label_map=prepared.to_original(label_map),
            affine=prepared.original_affine,
            labels=dict(self.manifest["labels"]),
            provenance={
                **self._provenance(prepared, time.monotonic() - started),
                "prepared_ahead": ahead is not None,
            },
            cautions=None if prepared.suitability is None else prepared.suitability.cautions,
            disagreement=disagreement,
        )

    def label_map(self, prepared: Prepared, progress: Progress) -> NDArray[np.uint8]:
        """Return the label map of prepared channels, shape (i, j, k) of the RAS grid."""
        return self.predicted(prepared, progress)[0]

    def predicted(
        self, prepared: Prepared, progress: Progress
    ) -> tuple[NDArray[np.uint8], Disagreement | None]:
        """Return the label map, shape (i, j, k) of the RAS grid, and how far the passes differ."""

        def told(done: int, in_all: int) -> None:
            progress(0.3 + 0.6 * done / in_all, f"tile {done} of {in_all}")

        # nnU-Net's arrays are channel, k, j, i and its spacing k, j, i.
        found, disagreement = predict_watched(
            prepared.channels.transpose(0, 3, 2, 1),
            [float(size) for size in reversed(voxel_size_mm(prepared.affine))],
            recipe=self._loaded.recipe,
            window=self._loaded.window,
            networks=self._loaded.networks,
            device=self._device,
            told=told,
            label=int(self.manifest["labels"][DEMYELINATED_WHITE_MATTER]),
        )
        return np.ascontiguousarray(found.transpose(2, 1, 0)), disagreement

    def logit_difference(self, prepared: Prepared) -> NDArray[np.float32]:
        """Return by how much the logit of the one label is above the background's.

        Returns
        -------
        ndarray of float32, shape (i, j, k) of the RAS grid
            The label map is 1 where it is above 0; see `exact.predict_difference`.

        Raises
        ------
        ValueError
            If the network has not two classes.
        """
        found = predict_difference(
            prepared.channels.transpose(0, 3, 2, 1),
            [float(size) for size in reversed(voxel_size_mm(prepared.affine))],
            recipe=self._loaded.recipe,
            window=self._loaded.window,
            networks=self._loaded.networks,
            device=self._device,
        )
        return np.ascontiguousarray(found.transpose(2, 1, 0))

    @cached_property
    def _loaded(self) -> _Loaded:
        """Read the plans and build the networks; the first call takes a second or two."""
        if self._device.type == "cuda":
            # As nnU-Net does: the shape of the tiles never changes.
            torch.backends.cudnn.benchmark = True
        configuration = self.manifest["configuration"]
        recipe = read_recipe(self._model.plans, self._model.dataset, configuration)
        window = SlidingWindow(
            patch=recipe.patch,
            step=self.manifest["tile_step_size"],
            mirroring_axes=self.manifest["mirroring_axes"],
            classes=recipe.classes,
            device=self._device,
        )
        return _Loaded(recipe, window, self._networks(recipe))

    def _networks(self, recipe: Recipe) -> Sequence[Network]:
        found = self._model.networks(self._device)
        if self._declared != OPENVINO:
            return found
        from segmentation.inference.openvino_network import compiled

        return compiled(
            found,
            channels=len(self.sequences),
            patch=recipe.patch,
            threads=torch.get_num_threads(),
        )

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the full state of the first fold: nnU-Net names some tensors several times."""
        return self._model.weights()

    def _packages(self) -> Sequence[str]:
        return (*PACKAGES, OPENVINO) if self._declared == OPENVINO else PACKAGES

    def _provenance(self, prepared: Prepared, seconds: float) -> dict[str, Any]:
        suitability = prepared.suitability
        return {
            "method": self.name,
            "version": self.version,
            "model_manifest_sha256": self.sha256,
            "preprocessing": PREPROCESSING_VERSION,
            "inference": INFERENCE_VERSION,
            "contrast_check": CONTRAST_CHECK_VERSION,
            "fluid_contrasts": {n: round(c, 3) for n, c in prepared.fluid_contrasts.items()},
            "suitability": None if suitability is None else suitability.as_json(),
            "folds": len(self._model.folds),
            "tile_step_size": self.manifest["tile_step_size"],
            "mirroring_axes": list(self.manifest["mirroring_axes"]),
            "device": self._declared,
            "threads": torch.get_num_threads(),
            "packages": {name: version(name) for name in self._packages()},
            "seconds": round(seconds, 2),
        }
