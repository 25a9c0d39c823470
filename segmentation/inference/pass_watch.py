"""Looks at the passes of one prediction before they are averaged.

Every mirrored pass and every fold is computed anyway and then averaged. Here each is looked at
before it joins the sum, so the label map stays the same, voxel by voxel.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch

from segmentation.inference.disagreement import LEVELS, Disagreement


class Watch(Protocol):
    """Told of the passes of a sliding window; it must not change what it is shown."""

    def begin(self, shape: Sequence[int], weight: torch.Tensor, passes: int) -> None:
        """Begin a fold over a padded volume, whose tiles are weighted so."""
        ...

    def see(self, number: int, tile: tuple[Any, ...], logits: torch.Tensor) -> None:
        """Look at the logits of one pass over one tile, shape (class, *tile)."""
        ...

    def end(self, inner: tuple[Any, ...]) -> None:
        """End a fold; `inner` is the volume without its padding."""
        ...


class PassWatch:
    """Keeps what the passes say of one label, a fold at a time.

    Parameters
    ----------
    label : int
        The class whose volume is measured.
    """

    def __init__(self, label: int) -> None:
        self._label = label
        self._odds: list[torch.Tensor] = []
        self._weight = torch.ones(())
        self._counts: list[int] = []
        self._in_all: torch.Tensor | None = None
        self._in_any: torch.Tensor | None = None

    def begin(self, shape: Sequence[int], weight: torch.Tensor, passes: int) -> None:
        """See `Watch`."""
        # The sign of a weighted sum is that of the weighted mean: no weights need to be summed.
        self._odds = [
            torch.zeros(tuple(shape), dtype=torch.float32, device=weight.device)
            for _ in range(passes)
        ]
        self._weight = weight.float()

    def see(self, number: int, tile: tuple[Any, ...], logits: torch.Tensor) -> None:
        """See `Watch`."""
        self._odds[number][tile[1:]] += log_odds(logits, self._label) * self._weight

    def end(self, inner: tuple[Any, ...]) -> None:
        """See `Watch`."""
        for odds in self._odds:
            found = odds[inner] > 0
            self._counts.append(int(found.sum()))
            self._in_all = found if self._in_all is None else self._in_all & found
            self._in_any = found if self._in_any is None else self._in_any | found
        self._odds = []

    def measured(self, mean: torch.Tensor, voxel_ml: float) -> Disagreement:
        """Return the volumes, given the mean logits of all passes.

        Parameters
        ----------
        mean : tensor, shape (class, k, j, i)
            As the sliding window returned them.
        voxel_ml : float
            Volume of a voxel of the network's grid, in mL.

        Raises
        ------
        ValueError
            If no pass was seen.
        """
        if self._in_all is None or self._in_any is None:
            raise ValueError("Expected one pass or more, saw none.")
        chance = torch.sigmoid(log_odds(mean, self._label))
        return Disagreement(
            pass_ml=tuple(count * voxel_ml for count in self._counts),
            all_ml=int(self._in_all.sum()) * voxel_ml,
            any_ml=int(self._in_any.sum()) * voxel_ml,
            mean_ml=int((chance > 0.5).sum()) * voxel_ml,
            expected_ml=float(chance.sum(dtype=torch.float64)) * voxel_ml,
            level_ml=tuple(int((chance > level).sum()) * voxel_ml for level in LEVELS),
        )


def log_odds(logits: torch.Tensor, label: int) -> torch.Tensor:
    """Return the log of the odds of one class against all others, as float32.

    Parameters
    ----------
    logits : tensor, shape (class, *space)
    """
    single = logits.float()
    others = [number for number in range(len(single)) if number != label]
    return single[label] - torch.logsumexp(single[others], dim=0)
