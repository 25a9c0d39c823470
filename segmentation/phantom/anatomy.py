"""The anatomy that phantoms are drawn from: the MNI152 template at 1 mm (Fonov 2011)."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.template import template_brain, template_tissues

Array = NDArray[np.float32]

DEEP_MM = 22.0
"""CSF farther than this from the brain's surface is ventricle; less is sulcus."""
INFRATENTORIAL_Z_MM = -22.0
"""World height of the tentorium in the template; white matter below is affected late."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Tissue maps of the template, shape (i, j, k), RAS, 1 mm.

    Attributes
    ----------
    gray, white, brain : ndarray of float32
        Shares of tissue, 0 to 1; `brain` is 1 inside the skull-stripped template.
    order : ndarray of float32
        0 beside the ventricles, 1 at the cortex: in what order white matter is lost.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm.
    """

    gray: Array
    white: Array
    brain: Array
    order: Array
    affine: NDArray[np.float64]


@cache
def load_anatomy() -> Anatomy:
    """Read the template and derive the order in which white matter is lost."""
    mask = template_brain()
    brain, affine = mask.data > 0, mask.affine
    gray, white = (tissue.data * brain for tissue in template_tissues())
    order = _order_of_loss(gray, white, brain, affine)
    return Anatomy(gray, white, brain.astype(np.float32), order, affine)


def _order_of_loss(
    gray: Array, white: Array, brain: NDArray[np.bool_], affine: NDArray[np.float64]
) -> Array:
    """Return 0 beside the ventricles to 1 at the cortex, more below the tentorium.

    Demyelination starts in the callosum and the periventricular white matter and spares
    the U-fibres below the cortex until late (Eichler 2009; Groeschel 2012).
    """
    inside_mm = ndimage.distance_transform_edt(brain)
    ventricle = (brain - gray - white > 0.5) & (inside_mm > DEEP_MM)
    ventricle = ndimage.binary_opening(ventricle)
    cortex = (gray > 0.5) & (inside_mm < DEEP_MM)
    from_ventricle_mm = ndimage.distance_transform_edt(~ventricle)
    from_cortex_mm = ndimage.distance_transform_edt(~cortex)
    order = from_ventricle_mm / (from_ventricle_mm + 1.4 * from_cortex_mm + 1e-3)
    x_mm = affine[0, 0] * np.arange(order.shape[0])[:, None, None] + affine[0, 3]
    z_mm = affine[2, 2] * np.arange(order.shape[2])[None, None, :] + affine[2, 3]
    callosum = (np.abs(x_mm) < 12) & (from_ventricle_mm < 12) & (z_mm > -5)
    order = order - 0.15 * callosum + 0.6 * (z_mm < INFRATENTORIAL_Z_MM)
    return order.astype(np.float32)
