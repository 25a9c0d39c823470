"""The MNI152 template (ICBM 2009a symmetric, 1 mm) that comes with nilearn's wheel."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from segmentation.imaging.geometry import Volume


def template_path(name: str) -> Path:
    """Return a template file; nilearn itself is not imported.

    Parameters
    ----------
    name : str
        ``t1``, ``gm`` or ``wm``.
    """
    package = find_spec("nilearn")
    if package is None or package.origin is None:
        raise RuntimeError("The package nilearn is not installed.")
    folder = Path(package.origin).parent / "datasets" / "data"
    return folder / f"mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz"


@cache
def load_template(name: str) -> Volume:
    """Return a template map as float32 from 0 to 1, in RAS order."""
    image = nib.as_closest_canonical(nib.load(template_path(name)))
    data = np.asarray(image.dataobj, dtype=np.float32)
    return Volume(data / data.max(), np.asarray(image.affine, dtype=np.float64))


@cache
def template_brain() -> Volume:
    """Return the brain mask of the template, 0 or 1."""
    t1 = load_template("t1")
    closed = ndimage.binary_closing(t1.data > 0.02, iterations=2)
    return Volume(ndimage.binary_fill_holes(closed).astype(np.float32), t1.affine)


@cache
def template_tissues() -> tuple[Volume, Volume]:
    """Return the template's shares of gray and white matter, together 1 at most."""
    gray, white = load_template("gm"), load_template("wm")
    return gray, Volume(np.clip(white.data, 0, 1 - gray.data), white.affine)
