"""The box that holds everything nonzero, and the filled mask inside of it, as nnU-Net crops."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.errors import FailureCode, ImageError

Box = tuple[slice, slice, slice]


def nonzero_box(channels: NDArray[np.float32]) -> tuple[Box, NDArray[np.bool_]]:
    """Return the smallest box around the voxels that are nonzero in any channel.

    nnU-Net fills the holes of the mask before it takes the box; a hole lies inside of the mask,
    so the box is the same without.

    Parameters
    ----------
    channels : ndarray of float32, shape (channel, k, j, i)
        The images of one visit.

    Returns
    -------
    box : tuple of slice
        Over k, j, i.
    mask : ndarray of bool, shape of the box
        Where any channel is nonzero; holes are not filled.

    Raises
    ------
    ImageError
        If every voxel is zero.
    """
    mask = channels[0] != 0
    for channel in channels[1:]:
        mask |= channel != 0
    box: list[slice] = []
    # Narrowing one axis after the other leaves less to look at for the next.
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(mask.any(axis=others))
        if found.size == 0:
            raise ImageError(
                FailureCode.NO_BRAIN_FOUND,
                "Expected images of a head, found nothing but zeros. Check that the right images "
                "were uploaded.",
            )
        box.append(slice(int(found[0]), int(found[-1]) + 1))
        mask = mask[(slice(None),) * axis + (box[-1],)]
    return (box[0], box[1], box[2]), mask


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask with its holes filled, as `scipy.ndimage.binary_fill_holes` does.

    A hole is a part of the background that touches no face of the array. One labelling of the
    background takes a third of the time of SciPy's repeated dilation.

    Parameters
    ----------
    mask : ndarray of bool, shape (k, j, i)
        Cut to its box: what lies outside of the box is connected to the outside of the image, so
        the holes are those of the whole image.
    """
    parts, count = ndimage.label(~mask)
    is_kept = np.ones(count + 1, dtype=np.bool_)
    for axis in range(mask.ndim):
        for face in (0, -1):
            is_kept[np.take(parts, face, axis=axis)] = False
    is_kept[0] = True
    inside: NDArray[np.bool_] = is_kept[parts]
    return inside
