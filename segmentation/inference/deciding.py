"""From the logits of the network's grid to the label map of another grid, exactly.

nnU-Net resamples the logits of every class (order 1), rounds them to float16 and takes the largest,
the first one of equals. Here one class at a time is resampled quickly, the largest so far is kept,
and every voxel at which the speed could have mattered is decided again by nnU-Net's own arithmetic:
the same products and sums in the same order. So the label map is the same by construction, and no
more than a few volumes are held, whatever the number of classes.
"""

from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from segmentation.inference.resampling import Resampling, take_nearest, zoom

HALF_STEP = 2.0**-10
"""Largest distance of neighbouring float16 numbers, relative to their size."""
HALF_STEP_AT_ZERO = 2.0**-24
SINGLE_ERROR = 2.0**-18
"""Bound of what three float32 products of weights that sum to 1 can be wrong by, relative to the
largest value: nine roundings of 2**-24 for each of the two values compared are 2**-19.8."""
AT_ONCE = 1 << 18
"""Voxels decided again at once: the memory of a few arrays of 2 MB."""


def label_map(logits: torch.Tensor, resampling: Resampling) -> NDArray[np.uint8]:
    """Return the label of each voxel of the target grid.

    Parameters
    ----------
    logits : tensor of float16, shape (class, *source)
        Finite; on the device that is to do the work.
    resampling : Resampling
        From the network's grid to that of the label map.

    Returns
    -------
    ndarray of uint8, shape of the target
        The number of the class.
    """
    if resampling.is_identity:
        best, labels = logits[0].float(), torch.zeros_like(logits[0], dtype=torch.uint8)
        for number in range(1, len(logits)):
            # float16 numbers compare as float32 as they do as float16.
            candidate = logits[number].float()
            labels[candidate > best] = number
            best = torch.maximum(best, candidate)
        return np.asarray(labels.cpu().numpy())
    labels, is_close = _quickly(logits, resampling)
    decided: NDArray[np.uint8] = labels.cpu().numpy()
    close = is_close.nonzero().cpu().numpy()
    values = logits.cpu().numpy()
    for start in range(0, len(close), AT_ONCE):
        k, j, i = close[start : start + AT_ONCE].T
        decided[k, j, i] = _by_the_same_sums(values, resampling, (k, j, i)).argmax(0)
    return decided


def logit_difference(logits: torch.Tensor, resampling: Resampling) -> NDArray[np.float32]:
    """Return by how much the logit of class 1 is above that of class 0, in the target grid.

    Resampling is linear and the weights of a voxel sum to 1, so a constant that is added to the
    logits of class 1 before is one that is added to this difference after. Where it is above 0
    `label_map` gives 1, but for differences that the rounding to float16 makes one.

    Parameters
    ----------
    logits : tensor of float16, shape (2, *source)
    resampling : Resampling
        From the network's grid to that of the label map.

    Returns
    -------
    ndarray of float32, shape of the target

    Raises
    ------
    ValueError
        If there are not two classes.
    """
    if len(logits) != 2:
        raise ValueError(f"Expected the logits of two classes, found {len(logits)}.")
    difference = logits[1].double() - logits[0].double()
    if not resampling.is_identity:
        difference = zoom(difference, resampling, order=1, dtype=torch.float64)
        difference = take_nearest(difference, resampling)
    return np.asarray(difference.float().cpu().numpy())


def _quickly(logits: torch.Tensor, resampling: Resampling) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the label of each voxel, and where two classes are too close to be sure."""
    # A coarser multiplication of float32 may be switched on for the whole process or a GPU.
    is_single = not logits.is_cuda and torch.get_float32_matmul_precision() == "highest"
    dtype = torch.float32 if is_single else torch.float64
    slack = HALF_STEP_AT_ZERO + SINGLE_ERROR * float(logits.abs().max())

    def resampled(number: int) -> torch.Tensor:
        return take_nearest(zoom(logits[number], resampling, order=1, dtype=dtype), resampling)

    best = resampled(0)
    labels = torch.zeros_like(best, dtype=torch.uint8)
    is_close = torch.zeros_like(best, dtype=torch.bool)
    for number in range(1, len(logits)):
        candidate = resampled(number)
        size = torch.maximum(best.abs(), candidate.abs())
        is_close |= (candidate - best).abs() <= size.mul_(HALF_STEP).add_(slack)
        labels[candidate > best] = number
        best = torch.maximum(best, candidate)
    return labels, is_close


def _by_the_same_sums(
    logits: NDArray[np.float16],
    resampling: Resampling,
    at: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
) -> NDArray[np.float16]:
    """Return the resampled logits of some voxels, shape (class, voxel), as SciPy computes them.

    SciPy multiplies a value by the weights of the first, second and third axis in turn and adds
    up over the neighbours, those along the last axis first. Its cut to the range of the input
    cannot change a float16: the bounds are such numbers themselves.
    """
    taps = [_taps(resampling, axis, where) for axis, where in enumerate(at)]
    total = np.zeros((len(logits), len(at[0])), dtype=np.float64)
    for (k, u), (j, v), (i, w) in product(*taps):
        total += ((logits[:, k, j, i].astype(np.float64) * u) * v) * w
    return total.astype(np.float16)


def _taps(
    resampling: Resampling, axis: int, at: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Return index and weight of the one or two neighbours along an axis, in ascending order."""
    n, m = resampling.source[axis], resampling.target[axis]
    if axis == resampling.thick_axis:
        nearest = resampling.nearest_slices()
        return [(at if nearest is None else nearest[at], np.ones(len(at)))]
    if n == m:
        return [(at, np.ones(len(at)))]
    # Beyond the first and last sample both neighbours are the sample at the edge.
    position = (at + 0.5) * (n / m) - 0.5
    first = np.floor(position)
    first_weight = 1.0 - (position - first)
    index = first.astype(np.int64)
    return [
        (np.clip(index, 0, n - 1), first_weight),
        (np.clip(index + 1, 0, n - 1), 1.0 - first_weight),
    ]
