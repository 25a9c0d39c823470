"""The network by OpenVINO: what torch's gives, but for rounding, and nothing is reported."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from django.conf import settings

from segmentation.inference.exact import predict
from segmentation.inference.networks import build_network
from segmentation.inference.nnunet import ON_A_PROCESSOR
from segmentation.inference.openvino_network import compiled
from segmentation.inference.recipe import read_recipe
from segmentation.inference.sliding_window import SlidingWindow
from tests.support.nnunet_peer import CONFIGURATION, Model, head, random_model


def label_map(model: Model, channels: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    recipe = read_recipe(model.plans, model.dataset, CONFIGURATION)
    device = torch.device("cpu")
    window = SlidingWindow(
        patch=recipe.patch,
        step=model.step,
        mirroring_axes=model.mirroring_axes,
        classes=recipe.classes,
        device=device,
    )
    networks = compiled(
        [build_network(model.plans, model.dataset, CONFIGURATION, one) for one in model.folds],
        channels=2,
        patch=recipe.patch,
        threads=1,
    )
    return predict(
        channels, spacing, recipe=recipe, window=window, networks=networks, device=device
    )


@pytest.mark.parametrize(
    ("patch", "mirroring_axes", "folds"), [((16, 16, 12), (2,), 2), ((16, 12), (), 1)]
)
def test_hardly_a_voxel_differs_from_the_exact_steps(patch, mirroring_axes, folds: int):
    model = random_model(folds=folds, patch=patch, mirroring_axes=mirroring_axes)
    channels, spacing = head((20, 22, 18)), (1.0, 0.8, 1.2)
    ours = model.ours(channels, spacing)
    assert len(np.unique(ours)) == 3
    assert (label_map(model, channels, spacing) == ours).mean() >= 0.999


def test_a_result_is_not_overwritten_by_the_next_tile():
    model = random_model()
    network = build_network(model.plans, model.dataset, CONFIGURATION, model.folds[0])
    (by_openvino,) = compiled([network], channels=2, patch=(16, 16, 12), threads=1)
    tiles = torch.randn(2, 1, 2, 16, 16, 12)
    first = by_openvino(tiles[0])
    kept = first.clone()
    by_openvino(tiles[1])
    assert torch.equal(first, kept)
    with torch.inference_mode():
        assert torch.allclose(first, network(tiles[0]), atol=1e-4)


def test_a_tile_of_another_size_is_refused():
    model = random_model()
    network = build_network(model.plans, model.dataset, CONFIGURATION, model.folds[0])
    (by_openvino,) = compiled([network], channels=2, patch=(16, 16, 12), threads=1)
    with pytest.raises(ValueError, match="was compiled"):
        by_openvino(torch.zeros(1, 2, 16, 16, 16))


@pytest.mark.faults
def test_the_reporting_of_the_package_is_never_loaded():
    program = (
        "import sys, torch; from segmentation.inference.openvino_network import compiled; "
        "compiled([torch.nn.Conv3d(1, 2, 3, padding=1)], channels=1, patch=(4, 4, 4), threads=1); "
        "sys.exit(any('openvino_telemetry' in n and sys.modules[n] for n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, env=dict(os.environ))
    assert done.returncode == 0


def test_devices_without_a_gpu_are_the_same_everywhere():
    assert ON_A_PROCESSOR == settings.DEVICES_WITHOUT_GPU
