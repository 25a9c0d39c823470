"""nnU-Net's prediction of one case in one process: the same voxels, without what costs time.

The same array reaches the network, the same tiles are summed in the same order and types, and the
label map is the same as `nnUNetv2_predict` writes with the same checkpoints, folds, mirroring and
step. Left out are processes, pickles, emptied caches, and the resampling of a mask nobody uses.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from nnunetv2.preprocessing.resampling.default_resampling import compute_new_shape
from numpy.typing import NDArray

from segmentation.inference.cropping import Box, nonzero_box
from segmentation.inference.deciding import label_map, logit_difference
from segmentation.inference.disagreement import Disagreement
from segmentation.inference.normalisation import normalise
from segmentation.inference.pass_watch import PassWatch
from segmentation.inference.recipe import Recipe
from segmentation.inference.resampling import Resampling, resample_images
from segmentation.inference.sliding_window import Network, SlidingWindow, TileDone

INFERENCE_VERSION = "exact-1"
"""Of the steps around the network; goes up when they change how, not what, they compute."""


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """The array that reaches the network, and the way back.

    Attributes
    ----------
    image : tensor of float32, shape (channel, k, j, i)
        Cropped, normalised, at the voxel size of the network, on its device.
    box : tuple of slice
        Where the crop lies in the transposed whole, whose shape is `whole`.
    back : Resampling
        From the network's grid to that of the crop.
    """

    image: torch.Tensor
    box: Box
    whole: tuple[int, ...]
    back: Resampling


def network_input(
    channels: NDArray[np.float32],
    spacing_mm: Sequence[float],
    recipe: Recipe,
    device: torch.device,
) -> NetworkInput:
    """Crop, normalise and resample the images of one visit.

    Parameters
    ----------
    channels : ndarray of float32, shape (channel, k, j, i)
        C-ordered, as SimpleITK reads images; not changed.
    spacing_mm : sequence of float
        Voxel size along k, j, i.

    Raises
    ------
    ImageError
        If every voxel is zero.
    """
    whole = np.array(channels, dtype=np.float32, order="C")
    whole = whole.transpose(0, *(axis + 1 for axis in recipe.forward))
    spacing = [float(spacing_mm[axis]) for axis in recipe.forward]
    box, mask = nonzero_box(whole)
    cropped = whole[(slice(None), *box)]
    normalise(cropped, mask, recipe.channels)
    # A network of slices has two numbers, and the slices keep their distance.
    aimed = [*spacing[: len(spacing) - len(recipe.spacing_mm)], *recipe.spacing_mm]
    shape = compute_new_shape(cropped.shape[1:], spacing, aimed)
    onto = Resampling.between(
        cropped.shape[1:],
        shape,
        source_spacing_mm=spacing,
        target_spacing_mm=aimed,
        force_separate_z=recipe.separate_z_images,
    )
    back = Resampling.between(
        shape,
        cropped.shape[1:],
        source_spacing_mm=aimed,
        target_spacing_mm=spacing,
        force_separate_z=recipe.separate_z_logits,
    )
    image = torch.from_numpy(np.ascontiguousarray(cropped)).to(device)
    image = resample_images(image, onto, order=recipe.order)
    return NetworkInput(image, box, whole.shape[1:], back)


def predict(
    channels: NDArray[np.float32],
    spacing_mm: Sequence[float],
    *,
    recipe: Recipe,
    window: SlidingWindow,
    networks: Sequence[Network],
    device: torch.device,
    told: TileDone = lambda _done, _in_all: None,
) -> NDArray[np.uint8]:
    """Return the label map of one case, shape (k, j, i) of its channels; see `predict_watched`."""
    found, _ = predict_watched(
        channels,
        spacing_mm,
        recipe=recipe,
        window=window,
        networks=networks,
        device=device,
        told=told,
        label=None,
    )
    return found


def predict_watched(
    channels: NDArray[np.float32],
    spacing_mm: Sequence[float],
    *,
    recipe: Recipe,
    window: SlidingWindow,
    networks: Sequence[Network],
    device: torch.device,
    label: int | None,
    told: TileDone = lambda _done, _in_all: None,
) -> tuple[NDArray[np.uint8], Disagreement | None]:
    """Return the label map of one case, and how far the passes differ about one label.

    Parameters
    ----------
    channels : ndarray of float32, shape (channel, k, j, i)
        C-ordered, not changed.
    spacing_mm : sequence of float
        Voxel size along k, j, i.
    label : int or None
        The class whose passes are compared; None to compare none. The label map is the same.
    told : callable
        Told after each tile.

    Returns
    -------
    label_map : ndarray of uint8
        Shape (k, j, i) of the channels.
    disagreement : Disagreement or None

    Raises
    ------
    ImageError
        If every voxel is zero.
    NotFiniteError
        If the network gives a value that is not finite.
    """
    case = network_input(channels, spacing_mm, recipe, device)
    watch = None if label is None else PassWatch(label)
    logits = window.logits(networks, case.image, told=told, watch=watch)
    labels = np.zeros(case.whole, dtype=np.uint8)
    labels[case.box] = label_map(logits, case.back)
    # The crop has the same extent in both grids.
    share = math.prod(case.back.target) / math.prod(case.back.source)
    voxel_ml = math.prod(float(size) for size in spacing_mm) * share / 1000
    measured = None if watch is None else watch.measured(logits, voxel_ml)
    return np.ascontiguousarray(labels.transpose(recipe.backward)), measured


def predict_difference(
    channels: NDArray[np.float32],
    spacing_mm: Sequence[float],
    *,
    recipe: Recipe,
    window: SlidingWindow,
    networks: Sequence[Network],
    device: torch.device,
) -> NDArray[np.float32]:
    """Return by how much the logit of class 1 is above that of class 0, of a network of two.

    Parameters and errors are those of `predict_watched`.

    Returns
    -------
    ndarray of float32, shape (k, j, i) of the channels
        Minus infinity outside of the images' content, where no network looks.

    Raises
    ------
    ValueError
        If the network has not two classes.
    """
    case = network_input(channels, spacing_mm, recipe, device)
    logits = window.logits(networks, case.image, told=lambda _done, _in_all: None)
    difference = np.full(case.whole, -np.inf, dtype=np.float32)
    difference[case.box] = logit_difference(logits, case.back)
    return np.ascontiguousarray(difference.transpose(recipe.backward))
