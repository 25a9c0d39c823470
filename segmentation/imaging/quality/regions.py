"""Where brain, tissue, head and air lie in an image."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.imaging.brain import TemplateFit, brain_mask
from segmentation.imaging.contrast import fluid_and_tissue
from segmentation.imaging.geometry import Volume, voxel_size_mm
from segmentation.imaging.itk import coarse, to_itk
from segmentation.imaging.placing import to_template
from segmentation.imaging.quality.metrics import NotMeasuredError
from segmentation.imaging.template import template_brain

COARSE_MM = 4.0
AIR_GAP_MM = 10.0
"""Air counts from here on: closer to the head lie blur and the edge of the coarse mask."""
SHARPNESS = 1.5
TEMPLATE_STEP = 3
"""Every third voxel of the template (3 mm) stands for the brain in the coverage."""


@dataclass
class Regions:
    """What lies where in an image; each part is found when it is first asked for.

    Attributes
    ----------
    image : Volume
        In RAS order, float32.
    fit : TemplateFit
        Where the template lies in it.
    """

    image: Volume
    fit: TemplateFit

    @cached_property
    def brain(self) -> NDArray[np.bool_]:
        """The brain with a margin of 2 mm, as far as the image shows it."""
        return brain_mask(self.image, self.fit)

    @cached_property
    def fluid_and_tissue(self) -> tuple[float, float]:
        """Median intensities of cerebrospinal fluid and of brain tissue."""
        fluid, tissue = fluid_and_tissue(self.image, self.fit)
        if not tissue > 0:
            raise NotMeasuredError("brain tissue is as dark as air")
        return fluid, tissue

    @cached_property
    def points_of_brain(self) -> NDArray[np.float64]:
        """Points that fill the template's brain, in voxel indices of the image."""
        template = template_brain()
        step = TEMPLATE_STEP
        voxels = step * np.argwhere(template.data[::step, ::step, ::step] > 0.5)
        way = np.linalg.inv(to_template(self.fit, self.image.affine)) @ template.affine
        return np.asarray(voxels @ way[:3, :3].T + way[:3, 3])

    @cached_property
    def head(self) -> NDArray[np.bool_]:
        """The head."""
        return self._drawn(self._coarse_head)

    @cached_property
    def air(self) -> NDArray[np.bool_]:
        """What lies farther than 10 mm from the head, at the height of the brain."""
        distance = sitk.SignedMaurerDistanceMap(
            self._coarse_head, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
        )
        air = self._drawn(sitk.Cast(distance > AIR_GAP_MM, sitk.sitkUInt8))
        heights = self.points_of_brain[:, 2]
        low, high = int(np.ceil(max(heights.min(), 0))), int(heights.max())
        air[:, :, :low] = False
        air[:, :, high + 1 :] = False
        return air

    @cached_property
    def _coarse_head(self) -> sitk.Image:
        grid = coarse(to_itk(self.image), COARSE_MM)
        threshold = sitk.OtsuThresholdImageFilter()
        threshold.SetInsideValue(0)
        threshold.SetOutsideValue(1)
        closed = sitk.BinaryMorphologicalClosing(threshold.Execute(grid), [2, 2, 2])
        return sitk.BinaryFillhole(closed)

    def _drawn(self, mask: sitk.Image) -> NDArray[np.bool_]:
        fine = sitk.Resample(
            mask, self._grid(), sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8
        )
        return np.asarray(sitk.GetArrayViewFromImage(fine) > 0).transpose(2, 1, 0).copy()

    def _grid(self) -> sitk.Image:
        """Return an image of the same grid that holds one byte per voxel."""
        empty = Volume(np.zeros((1, 1, 1), np.float32), self.image.affine)
        reference = to_itk(empty)
        grid = sitk.Image([int(side) for side in self.image.data.shape], sitk.sitkUInt8)
        grid.SetSpacing(reference.GetSpacing())
        grid.SetDirection(reference.GetDirection())
        grid.SetOrigin(reference.GetOrigin())
        return grid


def in_plane_axes(affine: NDArray[np.float64], slice_axis: int | None) -> tuple[int, int]:
    """Return the axes of the slices of an image in RAS order.

    Where the slice axis is not known, slices are stacked along the coarsest axis; of voxels that
    are nearly cubes, along the axis from foot to head.
    """
    size = np.asarray(voxel_size_mm(affine))
    stack = slice_axis
    if stack is None:
        stack = int(size.argmax()) if size.max() > SHARPNESS * size.min() else 2
    first, second = (axis for axis in range(3) if axis != stack)
    return first, second
