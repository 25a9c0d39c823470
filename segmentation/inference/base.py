"""What every segmentation method looks like from outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.cautions import Caution
from segmentation.inference.disagreement import Disagreement

Progress = Callable[[float, str], None]
"""Told the share of the work done, 0 to 1, and the name of the step under way."""

DEMYELINATED_WHITE_MATTER = "demyelinated_white_matter"


@dataclass(frozen=True, slots=True)
class SegmentationOutput:
    """A label map in the voxel grid of the T1w image, and how it was made.

    Attributes
    ----------
    label_map : ndarray of uint8, shape (i, j, k)
        In the grid of the T1w input as stored on disk; 0 is background.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix of that grid, in mm.
    labels : mapping of str to int
        The field's term for each label value; always has ``demyelinated_white_matter``.
    provenance : mapping
        JSON values only: versions, device, preprocessing steps and their parameters.
    clusters : bytes, optional
        The cluster matrix of a method that has one, as `segmentation.inference.cluster_file`
        writes it.
    cautions : tuple of Caution, optional
        What is unusual about the images, though they were measured; None where a method does not
        look.
    disagreement : Disagreement, optional
        How far the passes of a network differ about the demyelinated white matter.
    """

    label_map: NDArray[np.uint8]
    affine: NDArray[np.float64]
    labels: Mapping[str, int]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    clusters: bytes | None = None
    cautions: tuple[Caution, ...] | None = None
    disagreement: Disagreement | None = None


class Segmenter(Protocol):
    """A method that turns the images of one visit into a label map."""

    @property
    def name(self) -> str:
        """Name of the method, for example ``mld-phantom-nnunet``."""
        ...

    @property
    def version(self) -> str:
        """Version of the method; a trajectory never mixes two."""
        ...

    @property
    def sequences(self) -> tuple[str, ...]:
        """Sequences needed, in channel order, for example ``("T1w", "T2w")``."""
        ...

    def segment(self, images: Mapping[str, Path], *, progress: Progress) -> SegmentationOutput:
        """Segment one visit.

        Parameters
        ----------
        images : mapping of str to Path
            A NIfTI file for each name in `sequences`, already checked by the intake guard.
        progress : callable
            Called between steps and per batch of tiles.

        Raises
        ------
        ImageError
            If the images cannot be segmented; the message is for people.
        """
        ...
