"""The conventional method: clusters of bright voxels on T2w, chosen inside the white matter.

After Clas 2012, but without its operator: clusters are chosen by a written rule, so the result is
a proposal for a person to correct, and reported as what it is.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.imaging.contrast import CONTRAST_CHECK_VERSION
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, from_ras, voxel_size_mm
from segmentation.imaging.itk import array_of, to_itk
from segmentation.imaging.nifti import read_volume
from segmentation.imaging.registration import resample_onto
from segmentation.inference import preselection
from segmentation.inference.base import (
    DEMYELINATED_WHITE_MATTER,
    Progress,
    SegmentationOutput,
)
from segmentation.inference.cluster_file import StoredClusters, packed
from segmentation.inference.clusterize import (
    CLUSTERING_VERSION,
    ClusterMatrix,
    ClusterParameters,
    find_clusters,
    slice_axis_of,
)
from segmentation.inference.preprocessing import PREPROCESSING_VERSION, Aligned, align
from segmentation.inference.tissue_levels import (
    TISSUE_LEVELS_VERSION,
    TissueLevels,
    TissueMaps,
    t1w_levels,
    tissue_maps,
)

NAME = "clusterize"
VERSION = "1"
MAXIMUM_PERCENTILE = 99.5
"""Of the T2w intensities of the brain: what 100 % stands for, so that one voxel decides nothing."""
SURE = 0.8
MOSTLY = 0.5
LARGEST_FLUID_SHARE = 0.05
"""Of the template's white matter, dark as fluid on T1w. Phantoms have at most 0.01; one whose
demyelinated tissue is as dark as fluid has 0.24, and would lose it with the fluid."""
FEWEST_VOXELS = 50
PACKAGES = ("SimpleITK", "nibabel", "numpy", "scipy", "scikit-image")
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the T1w image and the template say about each voxel of the T2w image, 0 to 1."""

    brain: NDArray[np.float32]
    fluid: NDArray[np.float32]
    bright_on_t1w: NDArray[np.float32]
    white: NDArray[np.float32]
    gray: NDArray[np.float32]


class ConventionalSegmenter:
    """Descending-threshold clusters on T2w, fluid removed by T1w, chosen without an operator.

    Parameters
    ----------
    parameters : ClusterParameters, optional
        How clusters are found; the defaults of the source, if absent.
    """

    sequences: tuple[str, ...] = ("T1w", "T2w")

    def __init__(self, parameters: ClusterParameters | None = None) -> None:
        self.parameters = parameters or ClusterParameters()

    @property
    def name(self) -> str:
        """Name of the method."""
        return NAME

    @property
    def version(self) -> str:
        """Version of the method; parameters other than the source's make it another one."""
        chosen = self.parameters
        if chosen == ClusterParameters():
            return VERSION
        size = f"{chosen.smallest_cluster_mm2:g}"
        return f"{VERSION}-t{chosen.lowest_percent}-s{chosen.step_percent}-m{size}"

    @property
    def definition(self) -> dict[str, Any]:
        """Everything that the result depends on besides the images; JSON values."""
        return {
            "method": NAME,
            "version": self.version,
            "clustering": CLUSTERING_VERSION,
            **self.parameters.as_dict(),
            "maximum_percentile": MAXIMUM_PERCENTILE,
            "tissue_levels": TISSUE_LEVELS_VERSION,
            "preselection": preselection.PRESELECTION_VERSION,
            "preprocessing": PREPROCESSING_VERSION,
            "contrast_check": CONTRAST_CHECK_VERSION,
        }

    @property
    def sha256(self) -> str:
        """The sha256 of `definition` in canonical JSON."""
        return hashlib.sha256(json.dumps(self.definition, sort_keys=True).encode()).hexdigest()

    def segment(self, images: Mapping[str, Path], *, progress: Progress) -> SegmentationOutput:
        """Segment one visit; see `segmentation.inference.base.Segmenter`.

        Raises
        ------
        ImageError
            As `align`; TISSUE_UNCLEAR if fluid, gray and white matter cannot be told apart, or
            much of the white matter is as dark as fluid on T1w.
        """
        started = time.monotonic()
        progress(0.02, "finding the brain, aligning")
        t1w, t2w = read_volume(images["T1w"]), read_volume(images["T2w"])
        aligned = align(t1w, t2w)
        progress(0.5, "telling fluid, gray and white matter apart")
        maps = tissue_maps(aligned.fit, aligned.t1w)
        levels = t1w_levels(aligned.t1w, aligned.brain, maps)
        _refuse_tissue_like_fluid(aligned, maps, levels)
        around = _surroundings(aligned, maps, levels, t2w)
        progress(0.7, "finding clusters")
        matrix = self._clusters(t2w, around)
        progress(0.9, "choosing clusters")
        normal = _normal_levels(t2w, around, matrix.robust_maximum)
        chosen = preselection.preselect(matrix, t2w.affine, white=around.white, normal=normal)
        mask = preselection.counted(matrix, chosen, around.white)
        label_map = _in_t1w_grid(mask, aligned, levels, t2w)
        stored = StoredClusters(matrix, t2w.affine, chosen, _motion_in_ras(aligned.motion))
        progress(1.0, "done")
        return SegmentationOutput(
            label_map=np.ascontiguousarray(from_ras(label_map, t1w.affine)),
            affine=t1w.affine,
            labels={DEMYELINATED_WHITE_MATTER: 1},
            provenance={
                **self.definition,
                "definition_sha256": self.sha256,
                "t1w_fluid_mask": True,
                "operator": "none, clusters chosen automatically",
                "manual_edit": False,
                "slice_axis": matrix.slice_axis,
                "robust_maximum": matrix.robust_maximum,
                "clusters": matrix.cluster_count,
                "white_percent": round(normal.white_percent, 2),
                "gray_percent": round(normal.gray_percent, 2),
                "fluid_contrasts": {n: round(c, 3) for n, c in aligned.fluid_contrasts.items()},
                "suitability": aligned.suitability.as_json(),
                "device": "cpu",
                "packages": {name: version(name) for name in PACKAGES},
                "seconds": round(time.monotonic() - started, 2),
            },
            clusters=packed(stored),
            cautions=aligned.suitability.cautions,
        )

    def _clusters(self, t2w: Volume, around: _Surroundings) -> ClusterMatrix:
        brain = around.brain >= MOSTLY
        maximum = np.percentile(t2w.data[brain], MAXIMUM_PERCENTILE, method="higher")
        return find_clusters(
            t2w.data,
            t2w.affine,
            inside=brain & (around.fluid < MOSTLY),
            robust_maximum=float(maximum),
            parameters=self.parameters,
        )


def _refuse_tissue_like_fluid(aligned: Aligned, maps: TissueMaps, levels: TissueLevels) -> None:
    """Refuse a white matter of which a large share is as dark as fluid on T1w."""
    white = aligned.brain & (maps.white >= preselection.INSIDE_WHITE)
    share = float((aligned.t1w.data[white] < levels.fluid_to_gray).mean())
    if share > LARGEST_FLUID_SHARE:
        raise ImageError(
            FailureCode.TISSUE_UNCLEAR,
            # Neither the share nor what it means: who sees no loads reads this, and it grows with
            # the disease.
            "On this T1w image the method cannot tell tissue from fluid surely enough. Have the "
            "visit measured by another method.",
        )


def _surroundings(
    aligned: Aligned, maps: TissueMaps, levels: TissueLevels, t2w: Volume
) -> _Surroundings:
    intensities, affine = aligned.t1w.data, aligned.t1w.affine
    back = aligned.motion.GetInverse()

    def seen(values: NDArray[Any]) -> NDArray[np.float32]:
        return averaged_onto(Volume(values.astype(np.float32), affine), t2w, back)

    return _Surroundings(
        brain=seen(aligned.brain),
        fluid=seen(aligned.brain & (intensities < levels.fluid_to_gray)),
        bright_on_t1w=seen(aligned.brain & (intensities > levels.gray_to_white)),
        white=seen(maps.white),
        gray=seen(maps.gray),
    )


def averaged_onto(source: Volume, onto: Volume, motion: sitk.Transform) -> NDArray[np.float32]:
    """Return a map in the grid of another image, averaged over the thickness of its slices.

    Parameters
    ----------
    motion : SimpleITK.Transform
        From points of `onto` to points of `source`.
    """
    axis = slice_axis_of(onto.affine)
    thickness_mm = voxel_size_mm(onto.affine)[axis]
    parts = max(1, round(thickness_mm / min(voxel_size_mm(source.affine))))
    image = to_itk(source)
    total = np.zeros(onto.data.shape, dtype=np.float32)
    for part in range(parts):
        affine = onto.affine.copy()
        affine[:3, 3] += affine[:3, axis] * ((part + 0.5) / parts - 0.5)
        target = to_itk(Volume(onto.data, affine))
        total += array_of(sitk.Resample(image, target, motion, sitk.sitkLinear, 0.0))
    return total / np.float32(parts)


def _normal_levels(
    t2w: Volume, around: _Surroundings, robust_maximum: float
) -> preselection.NormalLevels:
    """Return how bright normal tissue is on T2w: white matter is that which T1w shows bright."""
    inside = (around.brain >= MOSTLY) & (around.fluid < MOSTLY)
    white = inside & (around.bright_on_t1w > SURE) & (around.white > preselection.INSIDE_WHITE)
    gray = inside & (around.bright_on_t1w < 1 - SURE) & (around.gray > preselection.INSIDE_WHITE)
    found = [
        100 * float(np.median(t2w.data[tissue])) / robust_maximum
        for tissue in (white, gray)
        if np.count_nonzero(tissue) >= FEWEST_VOXELS
    ]
    if len(found) < 2 or found[1] <= found[0]:
        raise ImageError(
            FailureCode.TISSUE_UNCLEAR,
            "Expected gray matter brighter than normal white matter on the T2w image, which was "
            "not found. This method cannot measure the visit: check the images, or have it "
            "measured by another method.",
        )
    return preselection.NormalLevels(*found)


def _in_t1w_grid(
    mask: NDArray[np.bool_], aligned: Aligned, levels: TissueLevels, t2w: Volume
) -> NDArray[np.uint8]:
    """Return the mask in the RAS grid of the T1w image, without what is fluid there."""
    share = resample_onto(Volume(mask.astype(np.float32), t2w.affine), aligned.t1w, aligned.motion)
    is_fluid = aligned.t1w.data < levels.fluid_to_gray
    return ((share >= MOSTLY) & ~is_fluid & aligned.brain).astype(np.uint8)


def _motion_in_ras(motion: sitk.Transform) -> NDArray[np.float64]:
    """Return a rigid motion as a matrix on RAS+ points, in mm."""
    origin = np.asarray(motion.TransformPoint((0.0, 0.0, 0.0)))
    matrix = np.eye(4)
    for axis in range(3):
        unit = np.eye(3)[axis].tolist()
        matrix[:3, axis] = np.asarray(motion.TransformPoint(unit)) - origin
    matrix[:3, 3] = origin
    turned: NDArray[np.float64] = _LPS @ matrix @ _LPS
    return turned
