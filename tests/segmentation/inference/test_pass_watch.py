"""The passes are looked at one by one, and the label map is the same as if nobody looked."""

import numpy as np
import pytest
import torch

from segmentation.inference.disagreement import LEVELS
from segmentation.inference.exact import predict_watched
from segmentation.inference.networks import build_network
from segmentation.inference.pass_watch import PassWatch, log_odds
from segmentation.inference.recipe import read_recipe
from segmentation.inference.sliding_window import SlidingWindow
from tests.support.nnunet_peer import CONFIGURATION, head, random_model

CPU = torch.device("cpu")


def no_report(_done: int, _in_all: int) -> None:
    """Tell nobody."""


def test_each_pass_is_measured_by_itself():
    """A network that marks the left half, whatever it sees: mirrored, it marks the right half."""

    def left(tile: torch.Tensor) -> torch.Tensor:
        odds = torch.full(tile.shape[-3:], -3.0)
        odds[..., :4] = 1.0
        return torch.stack([torch.zeros_like(odds), odds])[None]

    window = SlidingWindow(patch=(8, 8, 8), step=0.5, mirroring_axes=(2,), classes=2, device=CPU)
    watch = PassWatch(1)
    mean = window.logits([left, left], torch.zeros((2, 8, 8, 8)), told=no_report, watch=watch)
    found = watch.measured(mean, voxel_ml=0.5)
    # 512 voxels: half of them in each of the two passes of the two folds, none in common.
    assert found.pass_ml == (128.0,) * 4
    assert (found.all_ml, found.any_ml) == (0.0, 256.0)
    # The mean of 1 and -3 is -1, everywhere.
    assert found.mean_ml == 0.0
    chance = 1 / (1 + np.e)
    assert found.expected_ml == pytest.approx(256 * chance, rel=1e-3)
    assert found.level_ml == tuple(256.0 if level < chance else 0.0 for level in LEVELS)


def test_the_odds_are_against_all_other_classes():
    logits = torch.tensor([0.0, 2.0, 1.0]).reshape(3, 1, 1, 1)
    softmax = torch.softmax(logits, dim=0)[1]
    assert torch.allclose(torch.sigmoid(log_odds(logits, 1)), softmax)


@pytest.mark.parametrize(
    ("folds", "mirroring_axes"), [(1, (2,)), (2, (0, 1)), (1, ())], ids=["one", "two", "none"]
)
def test_looking_changes_no_voxel(folds: int, mirroring_axes: tuple[int, ...]):
    model = random_model(folds=folds, mirroring_axes=mirroring_axes)
    channels, spacing = head((22, 20, 24)), (1.3, 0.9, 1.0)
    recipe = read_recipe(model.plans, model.dataset, CONFIGURATION)
    window = SlidingWindow(
        patch=recipe.patch,
        step=model.step,
        mirroring_axes=mirroring_axes,
        classes=recipe.classes,
        device=CPU,
    )
    networks = [
        build_network(model.plans, model.dataset, CONFIGURATION, weights) for weights in model.folds
    ]
    watched, found = predict_watched(
        channels,
        spacing,
        recipe=recipe,
        window=window,
        networks=networks,
        device=CPU,
        label=1,
    )
    assert np.array_equal(watched, model.ours(channels, spacing))
    assert found is not None
    assert len(found.pass_ml) == folds * 2 ** len(mirroring_axes)
    assert found.all_ml <= min(found.pass_ml) <= max(found.pass_ml) <= found.any_ml
    assert list(found.level_ml) == sorted(found.level_ml, reverse=True)
    # With three classes, above a half is less than the largest; the extent of both grids is one.
    extent_ml = channels[0].size * np.prod(spacing) / 1000
    assert 0 < found.level_ml[0] <= extent_ml
    assert 0 < found.expected_ml < extent_ml


def test_without_a_pass_there_is_nothing_to_measure():
    with pytest.raises(ValueError, match="saw none"):
        PassWatch(1).measured(torch.zeros((2, 4, 4, 4)), 1.0)
