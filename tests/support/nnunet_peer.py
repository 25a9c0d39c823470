"""Small random nnU-Net models, and nnU-Net's own prediction as the peer to compare with."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from numpy.typing import NDArray
from safetensors.torch import save_file

from segmentation.inference.exact import predict
from segmentation.inference.networks import build_network
from segmentation.inference.preprocessing import PREPROCESSING_VERSION
from segmentation.inference.recipe import read_recipe
from segmentation.inference.sliding_window import SlidingWindow

CONFIGURATION = "3d_fullres"


def plans(
    *,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    patch: Sequence[int] = (16, 16, 12),
    schemes: Sequence[str] = ("ZScoreNormalization",) * 2,
    inside_only: Sequence[bool] = (True, True),
    forward: Sequence[int] = (0, 1, 2),
    **changed: Any,
) -> dict[str, Any]:
    """Return plans of a network of two small stages; two numbers for a network of slices."""
    size = len(patch)
    kind = f"torch.nn.modules.conv.Conv{size}d"
    resampling = "resample_data_or_seg_to_shape"
    options = {"is_seg": False, "order_z": 0, "force_separate_z": None}
    configuration = {
        "data_identifier": "tiny",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": list(patch),
        "spacing": list(spacing),
        "normalization_schemes": list(schemes),
        "use_mask_for_norm": list(inside_only),
        "resampling_fn_data": resampling,
        "resampling_fn_data_kwargs": {**options, "order": 3},
        "resampling_fn_seg": resampling,
        "resampling_fn_seg_kwargs": {**options, "is_seg": True, "order": 1},
        "resampling_fn_probabilities": resampling,
        "resampling_fn_probabilities_kwargs": {**options, "order": 1},
        "architecture": {
            "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
            "arch_kwargs": {
                "n_stages": 2,
                "features_per_stage": [4, 8],
                "conv_op": kind,
                "kernel_sizes": [[3] * size] * 2,
                "strides": [[1] * size, [2] * size],
                "n_conv_per_stage": [1, 1],
                "n_conv_per_stage_decoder": [1],
                "conv_bias": True,
                "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{size}d",
                "norm_op_kwargs": {"eps": 1e-05, "affine": True},
                "dropout_op": None,
                "dropout_op_kwargs": None,
                "nonlin": "torch.nn.LeakyReLU",
                "nonlin_kwargs": {"inplace": True},
            },
            "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
        },
        **changed,
    }
    foreground = {
        "mean": 90.0,
        "std": 40.0,
        "percentile_00_5": 10.0,
        "percentile_99_5": 190.0,
    }
    return {
        "dataset_name": "Dataset999_Tiny",
        "plans_name": "tinyPlans",
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": list(forward),
        "transpose_backward": [list(forward).index(axis) for axis in range(3)],
        "foreground_intensity_properties_per_channel": {"0": foreground, "1": foreground},
        "configurations": {CONFIGURATION: configuration},
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
    }


def dataset(classes: int = 3) -> dict[str, Any]:
    """Return the description of a data set of two channels."""
    return {
        "channel_names": {"0": "T1w", "1": "T2w"},
        "labels": {"background": 0, **{f"label_{n}": n for n in range(1, classes)}},
        "numTraining": 1,
        "file_ending": ".nii.gz",
    }


@dataclass(frozen=True, slots=True)
class Model:
    """A model in memory."""

    plans: dict[str, Any]
    dataset: dict[str, Any]
    folds: Sequence[Mapping[str, torch.Tensor]]
    mirroring_axes: Sequence[int] = ()
    step: float = 0.5
    configuration: str = field(default=CONFIGURATION)

    def ours(self, channels: NDArray[np.float32], spacing: Sequence[float]) -> NDArray[np.uint8]:
        """Return the label map of the exact steps."""
        device = torch.device("cpu")
        recipe = read_recipe(self.plans, self.dataset, self.configuration)
        window = SlidingWindow(
            patch=recipe.patch,
            step=self.step,
            mirroring_axes=self.mirroring_axes,
            classes=recipe.classes,
            device=device,
        )
        networks = [
            build_network(self.plans, self.dataset, self.configuration, weights)
            for weights in self.folds
        ]
        return predict(
            channels, spacing, recipe=recipe, window=window, networks=networks, device=device
        )

    def peer(self) -> nnUNetPredictor:
        """Return nnU-Net's own predictor with the same folds."""
        manager = PlansManager(self.plans)
        configuration = manager.get_configuration(self.configuration)
        network = _network(self.plans, self.dataset, self.configuration)
        with redirect_stdout(sys.stderr):
            predictor = nnUNetPredictor(
                tile_step_size=self.step,
                use_mirroring=bool(self.mirroring_axes),
                perform_everything_on_device=False,
                device=torch.device("cpu"),
                allow_tqdm=False,
            )
        predictor.manual_initialization(
            network,
            manager,
            configuration,
            list(self.folds),
            self.dataset,
            "nnUNetTrainer",
            tuple(self.mirroring_axes) or None,
        )
        return predictor

    def theirs(self, channels: NDArray[np.float32], spacing: Sequence[float]) -> NDArray[np.uint8]:
        """Return the label map of nnU-Net."""
        properties = {"spacing": list(spacing)}
        found = self.peer().predict_single_npy_array(channels, properties, None, None, False)
        return np.asarray(found, dtype=np.uint8)


def random_model(
    *,
    folds: int = 1,
    classes: int = 3,
    mirroring_axes: Sequence[int] = (),
    step: float = 0.5,
    **planned: Any,
) -> Model:
    """Return a model with random weights, the same in every run."""
    of, data = plans(**planned), dataset(classes)
    torch.manual_seed(20_260_101)
    weights = [dict(_network(of, data, CONFIGURATION).state_dict()) for _ in range(folds)]
    return Model(of, data, weights, mirroring_axes, step)


def _network(of: dict[str, Any], data: dict[str, Any], configuration: str) -> torch.nn.Module:
    manager = PlansManager(of)
    chosen = manager.get_configuration(configuration)
    network: torch.nn.Module = get_network_from_plans(
        chosen.network_arch_class_name,
        chosen.network_arch_init_kwargs,
        chosen.network_arch_init_kwargs_req_import,
        len(data["channel_names"]),
        manager.get_label_manager(data).num_segmentation_heads,
        deep_supervision=False,
    )
    return network


def write_model(folder: Path, model: Model) -> Path:
    """Write a model folder in which every name has a tensor of its own, so none is an alias."""
    (folder / "plans.json").write_text(json.dumps(model.plans))
    (folder / "dataset.json").write_text(json.dumps(model.dataset))
    folds = []
    for number, weights in enumerate(model.folds):
        folds.append({"weights": f"fold_{number}.safetensors", "aliases": {}})
        own = {name: tensor.clone() for name, tensor in weights.items()}
        save_file(own, folder / folds[-1]["weights"])
    files = ("plans.json", "dataset.json", *(str(fold["weights"]) for fold in folds))
    manifest: dict[str, Any] = {
        "name": "tiny",
        "version": "1",
        "is_demonstration": True,
        "sequences": ["T1w", "T2w"],
        "labels": {"demyelinated_white_matter": 1},
        "configuration": CONFIGURATION,
        "tile_step_size": model.step,
        "mirroring_axes": list(model.mirroring_axes),
        "preprocessing": PREPROCESSING_VERSION,
        "trainer_name": "nnUNetTrainer",
        "folds": folds,
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def head(shape: tuple[int, int, int], *, seed: int = 0) -> NDArray[np.float32]:
    """Return two channels with a rough ball of tissue, holes in it and zeros around it."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij"))
    inside = (grid**2).sum(axis=0) + 0.2 * rng.random(shape) < 0.9
    hole = (grid**2).sum(axis=0) < 0.02
    channels = 100 + 30 * rng.standard_normal((2, *shape)) + 40 * np.sin(5 * grid[:2])
    return np.asarray(channels * (inside & ~hole), dtype=np.float32)
