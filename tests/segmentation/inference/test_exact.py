"""The steps around the network against nnU-Net's own: the same voxels in every case."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.inference.exact import network_input
from segmentation.inference.networks import ModelError, build_network
from segmentation.inference.recipe import read_recipe
from segmentation.inference.sliding_window import NotFiniteError, SlidingWindow
from tests.support.nnunet_peer import CONFIGURATION, dataset, head, plans, random_model

CPU = torch.device("cpu")


def extent(spacing: Sequence[float]) -> tuple[int, int, int]:
    """Return the voxels of an image of 20 x 22 x 18 mm."""
    i, j, k = (max(round(mm / size), 3) for mm, size in zip((20, 22, 18), spacing, strict=True))
    return i, j, k


SPACINGS = {
    "the same grid": (1.0, 1.0, 1.0),
    "finer images": (0.7, 0.8, 0.9),
    "coarser images": (1.6, 1.3, 1.2),
    "one axis unchanged": (1.0, 0.8, 1.3),
    "thick slices along k": (4.0, 0.9, 0.9),
    "thick slices along j": (0.9, 5.0, 0.8),
    "thick slices along i": (0.8, 0.9, 3.5),
}


@pytest.mark.parametrize("spacing", SPACINGS.values(), ids=SPACINGS)
@pytest.mark.parametrize(
    ("folds", "mirroring_axes"), [(1, (2,)), (2, ())], ids=["mirrored", "two folds"]
)
def test_the_label_map_is_that_of_nnunet(
    spacing: Sequence[float], folds: int, mirroring_axes: Sequence[int]
):
    model = random_model(folds=folds, mirroring_axes=mirroring_axes)
    channels = head(extent(spacing))
    theirs = model.theirs(channels, spacing)
    assert len(np.unique(theirs)) == 3
    assert np.array_equal(model.ours(channels, spacing), theirs)


def test_five_folds_with_all_mirrors_give_the_label_map_of_nnunet():
    model = random_model(folds=5, mirroring_axes=(0, 1, 2), patch=(20, 20, 20))
    channels, spacing = head((22, 17, 16)), (0.9, 1.2, 1.3)
    theirs = model.theirs(channels, spacing)
    assert len(np.unique(theirs)) == 3
    assert np.array_equal(model.ours(channels, spacing), theirs)


OTHER_PLANS: dict[str, dict[str, Any]] = {
    "tiles larger than the image": {"patch": (40, 24, 40)},
    "thick slices in the plans": {"spacing": (4.0, 1.0, 1.0), "patch": (4, 12, 12)},
    "another axis order": {"forward": (2, 0, 1), "spacing": (1.2, 1.0, 0.9)},
    "a network of slices": {"spacing": (0.9, 1.1), "patch": (16, 12)},
    "the whole box": {"inside_only": (False, False)},
    "other normalisations": {
        "schemes": ("CTNormalization", "RescaleTo01Normalization"),
        "inside_only": (False, False),
    },
    "none and 8 bit": {
        "schemes": ("NoNormalization", "RGBTo01Normalization"),
        "inside_only": (False, False),
    },
}


@pytest.mark.parametrize("planned", OTHER_PLANS.values(), ids=OTHER_PLANS)
def test_other_plans_are_followed_as_nnunet_does(planned: dict[str, Any]):
    model = random_model(step=0.6, **planned)
    channels = np.clip(head((15, 20, 18)), 0, 255)
    spacing = (1.3, 1.0, 0.8)
    assert np.array_equal(model.ours(channels, spacing), model.theirs(channels, spacing))


@pytest.mark.parametrize("inside_only", [True, False])
@pytest.mark.parametrize("forward", [(0, 1, 2), (1, 2, 0)])
def test_the_array_for_the_network_is_bit_equal(inside_only: bool, forward: Sequence[int]):
    of = plans(forward=forward, inside_only=(inside_only, inside_only))
    channels, spacing = head((23, 40, 31)), (1.0, 1.0, 1.0)
    before = channels.copy()
    manager = PlansManager(of)
    theirs, _, facts = DefaultPreprocessor(verbose=False).run_case_npy(
        channels,
        None,
        {"spacing": list(spacing)},
        manager,
        manager.get_configuration(CONFIGURATION),
        dataset(),
    )
    ours = network_input(channels, spacing, read_recipe(of, dataset(), CONFIGURATION), CPU)
    assert np.array_equal(ours.image.numpy(), theirs)
    assert [[part.start, part.stop] for part in ours.box] == facts["bbox_used_for_cropping"]
    assert np.array_equal(channels, before)


def test_images_of_nothing_are_refused():
    with pytest.raises(ImageError) as refused:
        random_model().ours(np.zeros((2, 8, 8, 8), np.float32), (1.0, 1.0, 1.0))
    assert refused.value.code == FailureCode.NO_BRAIN_FOUND


def test_a_network_that_gives_no_number_is_an_error():
    window = SlidingWindow(patch=(8, 8, 8), step=0.5, mirroring_axes=(), classes=2, device=CPU)
    with pytest.raises(NotFiniteError):
        window.logits(
            [lambda _tile: torch.full((1, 2, 8, 8, 8), torch.nan)],
            torch.zeros((2, 8, 8, 8)),
            told=lambda _done, _in_all: None,
        )


def test_every_tile_of_every_fold_is_told_of():
    told: list[tuple[int, int]] = []
    window = SlidingWindow(patch=(8, 8, 8), step=0.5, mirroring_axes=(), classes=2, device=CPU)
    networks = [lambda _tile: torch.ones((1, 2, 8, 8, 8))] * 3
    found = window.logits(
        networks, torch.zeros((1, 12, 8, 8)), told=lambda done, all_: told.append((done, all_))
    )
    assert told == [(number, 6) for number in range(1, 7)]
    # Every voxel is the mean of ones, however many tiles and folds lie over it.
    assert torch.equal(found, torch.ones((2, 12, 8, 8), dtype=torch.half))


REFUSED: dict[str, dict[str, Any]] = {
    "OtherPreprocessor": {"preprocessor_name": "OtherPreprocessor"},
    "3d_lowres": {"previous_stage": "3d_lowres"},
    "resample_torch_fornnunet": {"resampling_fn_data": "resample_torch_fornnunet"},
    "resampling_fn_probabilities with options": {
        "resampling_fn_probabilities_kwargs": {"is_seg": False, "order": 3}
    },
    "OwnNormalization": {"normalization_schemes": ["OwnNormalization"] * 2},
}


@pytest.mark.parametrize("said", REFUSED)
def test_plans_that_cannot_be_followed_exactly_are_refused_by_name(said: str):
    with pytest.raises(ModelError, match=said):
        read_recipe(plans(**REFUSED[said]), dataset(), CONFIGURATION)


def test_a_model_of_regions_is_refused():
    regions = {**dataset(), "labels": {"background": 0, "whole": [1, 2], "core": 2}}
    with pytest.raises(ModelError, match="regions"):
        read_recipe(plans(), {**regions, "regions_class_order": [1, 2]}, CONFIGURATION)


def test_weights_of_another_network_are_refused():
    model = random_model(classes=2)
    with pytest.raises(ModelError, match="do not belong"):
        build_network(model.plans, dataset(4), CONFIGURATION, model.folds[0])
