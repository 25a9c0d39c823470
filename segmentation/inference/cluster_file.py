"""The cluster matrix as a file: every cluster and level, and which were chosen without a person."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.inference.clusterize import ClusterMatrix, ClusterParameters

FORMAT = "cluster-matrix-1"


@dataclass(frozen=True, slots=True)
class StoredClusters:
    """A cluster matrix, where its voxels lie, and the thresholds of the chosen clusters.

    Attributes
    ----------
    matrix : ClusterMatrix
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix of the T2w image, in mm.
    thresholds : mapping of int to int
        For the number of each chosen cluster its threshold, in percent of the robust maximum.
    t1w_to_t2w : ndarray of float, shape (4, 4)
        From points of the T1w image to points of the T2w image, in mm, RAS+: with it a selection
        can be drawn in the grid of the T1w image.
    """

    matrix: ClusterMatrix
    affine: NDArray[np.float64]
    thresholds: Mapping[int, int]
    t1w_to_t2w: NDArray[np.float64]


def packed(stored: StoredClusters) -> bytes:
    """Return the bytes of a file (``.npz``, no pickle); the same clusters give the same bytes."""
    matrix = stored.matrix
    about = {
        "format": FORMAT,
        "slice_axis": matrix.slice_axis,
        "robust_maximum": matrix.robust_maximum,
        "parameters": matrix.parameters.as_dict(),
    }
    chosen = sorted(stored.thresholds.items())
    content = io.BytesIO()
    np.savez_compressed(
        content,
        about=np.frombuffer(json.dumps(about, sort_keys=True).encode(), dtype=np.uint8),
        clusters=matrix.clusters,
        joined_at_percent=matrix.joined_at_percent,
        affine=stored.affine,
        thresholds=np.array(chosen, dtype=np.int32).reshape(-1, 2),
        t1w_to_t2w=stored.t1w_to_t2w,
    )
    return content.getvalue()


def read_clusters(path: Path) -> StoredClusters:
    """Return what `packed` wrote.

    Raises
    ------
    ImageError
        NOT_AN_IMAGE if the file is damaged or of another format.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            if about["format"] != FORMAT:
                raise _damaged()
            matrix = ClusterMatrix(
                clusters=arrays["clusters"],
                joined_at_percent=arrays["joined_at_percent"],
                slice_axis=about["slice_axis"],
                robust_maximum=about["robust_maximum"],
                parameters=ClusterParameters(**about["parameters"]),
            )
            thresholds = {int(number): int(cut) for number, cut in arrays["thresholds"]}
            return StoredClusters(matrix, arrays["affine"], thresholds, arrays["t1w_to_t2w"])
    except (BadZipFile, KeyError, ValueError, EOFError) as error:
        raise _damaged() from error


def _damaged() -> ImageError:
    return ImageError(
        FailureCode.NOT_AN_IMAGE,
        f"Expected a file of clusters ({FORMAT}), found a damaged or another one. Segment the "
        "visit again.",
    )
