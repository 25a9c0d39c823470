"""The network over a whole volume: nnU-Net's tiles, types and order of sums, nothing between."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import combinations, product
from typing import Any

import torch
from acvl_utils.cropping_and_padding.padding import pad_nd_image
from nnunetv2.inference.sliding_window_prediction import (
    compute_gaussian,
    compute_steps_for_sliding_window,
)

from segmentation.inference.pass_watch import Watch

Network = Callable[[torch.Tensor], torch.Tensor]
TileDone = Callable[[int, int], None]
"""Told after each tile how many are done, and how many there are in all."""


class NotFiniteError(Exception):
    """The network gave a value that is not a number, or too large for float16."""


class SlidingWindow:
    """Runs one or more networks over volumes, tile by tile.

    Parameters
    ----------
    patch : sequence of int
        Size of a tile in voxels; two numbers for a network of slices.
    step : float
        Step between tiles as a share of the tile, above 0, at most 1.
    mirroring_axes : sequence of int
        Axes of the volume that are mirrored, in all combinations.
    classes : int
        Outputs of the network.
    """

    def __init__(
        self,
        *,
        patch: Sequence[int],
        step: float,
        mirroring_axes: Sequence[int],
        classes: int,
        device: torch.device,
    ) -> None:
        self._patch = tuple(int(size) for size in patch)
        self._step = step
        axes = [axis + 2 for axis in mirroring_axes]
        self._mirrors = [
            chosen for count in range(1, len(axes) + 1) for chosen in combinations(axes, count)
        ]
        self._classes = classes
        self._device = device
        # Once, not after every case: it takes half a second for a tile of 128 cubed.
        self._weight: torch.Tensor = compute_gaussian(
            self._patch, sigma_scale=1.0 / 8, value_scaling_factor=10, device=device
        )

    @torch.inference_mode()
    def logits(
        self,
        networks: Sequence[Network],
        image: torch.Tensor,
        *,
        told: TileDone,
        watch: Watch | None = None,
    ) -> torch.Tensor:
        """Return the mean logits of all networks.

        Parameters
        ----------
        networks : sequence of callable
            Resident on the device, one for each fold.
        image : tensor of float32, shape (channel, k, j, i)
            On the device.
        watch : Watch, optional
            Shown each pass before it joins the mean, which is the same with it and without.

        Returns
        -------
        tensor of float16, shape (class, k, j, i)

        Raises
        ------
        NotFiniteError
            If a logit is not finite.
        """
        padded, inner = pad_nd_image(image, self._patch, "constant", {"value": 0}, True, None)
        tiles = self.tiles(padded.shape[1:])
        weights = torch.zeros(padded.shape[1:], dtype=torch.half, device=self._device)
        for tile in tiles:
            weights[tile[1:]] += self._weight
        total: torch.Tensor | None = None
        for fold, network in enumerate(networks):
            report = partial(_report, told, fold * len(tiles), len(networks) * len(tiles))
            if watch is not None:
                watch.begin(padded.shape[1:], self._weight, len(self._mirrors) + 1)
            found = self._one(network, padded, tiles, weights, report, watch)
            if watch is not None:
                watch.end(tuple(inner[1:]))
            found = found[(slice(None), *inner[1:])]
            total = found if total is None else total.add_(found)
        if total is None:
            raise ValueError("Expected one network or more, found none.")
        if len(networks) > 1:
            # A GPU multiplies by the reciprocal of a plain number, which rounds otherwise.
            total /= torch.tensor(len(networks), dtype=torch.float32, device=self._device)
        if not bool(torch.isfinite(total).all()):
            raise NotFiniteError("The network gave values that are not finite.")
        return total

    def tiles(self, shape: Sequence[int]) -> list[tuple[Any, ...]]:
        """Return the indices of the tiles of a padded volume, in nnU-Net's order."""
        flat = len(shape) - len(self._patch)
        steps = compute_steps_for_sliding_window(shape[flat:], self._patch, self._step)
        slices: list[tuple[int, ...]] = [()] if flat == 0 else [(d,) for d in range(shape[0])]
        return [
            (slice(None), *slice_, *map(_extent, start, self._patch))
            for slice_ in slices
            for start in product(*steps)
        ]

    def _one(
        self,
        network: Network,
        padded: torch.Tensor,
        tiles: Sequence[tuple[Any, ...]],
        weights: torch.Tensor,
        told: Callable[[int], None],
        watch: Watch | None,
    ) -> torch.Tensor:
        total = torch.zeros(
            (self._classes, *padded.shape[1:]), dtype=torch.half, device=self._device
        )
        # Around all tiles: a GPU then turns the weights into half precision once.
        with self._arithmetic():
            for number, tile in enumerate(tiles, start=1):
                seen = None if watch is None else partial(_show, watch, tile)
                found = self._mirrored(network, padded[tile][None].contiguous(), seen)[0]
                found *= self._weight
                total[tile] += found
                told(number)
        return torch.div(total, weights, out=total)

    def _mirrored(
        self, network: Network, tile: torch.Tensor, seen: Callable[[int, torch.Tensor], None] | None
    ) -> torch.Tensor:
        found = network(tile)
        if seen is not None:
            seen(0, found)
        for number, axes in enumerate(self._mirrors, start=1):
            turned = torch.flip(network(torch.flip(tile, axes)), axes)
            if seen is not None:
                seen(number, turned)
            found += turned
        if self._mirrors:
            found /= len(self._mirrors) + 1
        return found

    def _arithmetic(self) -> AbstractContextManager[Any]:
        """Return nnU-Net's own choice: half precision on a GPU, float32 on a CPU."""
        return torch.autocast("cuda") if self._device.type == "cuda" else nullcontext()


def _show(watch: Watch, tile: tuple[Any, ...], number: int, logits: torch.Tensor) -> None:
    watch.see(number, tile, logits[0])


def _report(told: TileDone, before: int, in_all: int, number: int) -> None:
    told(before + number, in_all)


def _extent(start: int, size: int) -> slice:
    return slice(start, start + size)
