"""The header of a NIfTI file: parsed from its bytes, checked, and written clean.

Nothing here trusts an image library: the readers in use accept headers that contradict
themselves and resolve the contradiction each in its own way.

References
----------
.. [1] Cox RW et al. A (sort of) new image data format standard: NIfTI-1. 2004.
       https://nifti.nimh.nih.gov/nifti-1
.. [2] NIfTI-2: https://nifti.nimh.nih.gov/nifti-2
"""

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti_affine import checked_affine

MIN_SIDE_VOXELS = 8
MAX_SIDE_VOXELS = 2048
MAX_VOXELS = 2**28
"""512 x 512 x 1024: four times the largest brain image seen; 1 GiB once it is float32."""
MAX_HEADER_BYTES = 16 * 2**20
"""Header and extensions together; the largest real extensions are some hundred kilobytes."""
HEAD_BYTES = 544
"""Enough bytes to hold either header with its extension flag."""

CLEAN_HEADER_BYTES = 352
MILLIMETRES = 2
UNITS_OF_LENGTH = {0: "unknown", 1: "metres", MILLIMETRES: "millimetres", 3: "micrometres"}

DATATYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
}
REFUSED_DATATYPES = {
    0: "an unknown data type",
    1: "single bits",
    32: "complex numbers",
    128: "colour (RGB)",
    1536: "128-bit floating point",
    1792: "complex numbers",
    2048: "complex numbers",
    2304: "colour (RGBA)",
}

Fields = dict[str, tuple[Any, ...]]

_NIFTI1 = {
    "magic": (344, "4s"),
    "dim": (40, "8h"),
    "datatype": (70, "h"),
    "bitpix": (72, "h"),
    "pixdim": (76, "8f"),
    "vox_offset": (108, "f"),
    "scaling": (112, "2f"),
    "units": (123, "B"),
    "codes": (252, "2h"),
    "quaternion": (256, "3f"),
    "qoffset": (268, "3f"),
    "sform": (280, "12f"),
}
_NIFTI2 = {
    "magic": (4, "8s"),
    "dim": (16, "8q"),
    "datatype": (12, "h"),
    "bitpix": (14, "h"),
    "pixdim": (104, "8d"),
    "vox_offset": (168, "q"),
    "scaling": (176, "2d"),
    "units": (500, "i"),
    "codes": (344, "2i"),
    "quaternion": (352, "3d"),
    "qoffset": (376, "3d"),
    "sform": (400, "12d"),
}
_LAYOUTS = {348: (_NIFTI1, b"n+1\0"), 540: (_NIFTI2, b"n+2\0\r\n\x1a\n")}


@dataclass(frozen=True, slots=True)
class NiftiHeader:
    """What is kept of a header that passed every check.

    Attributes
    ----------
    shape : tuple of int
        Voxels along i, j and k.
    dtype : dtype
        Type of a stored voxel, byte order included.
    vox_offset : int
        Bytes before the first voxel.
    slope, inter : float
        A stored value times `slope` plus `inter` is the intensity; 1 and 0 for no scaling.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm: the sform where there is one, else the qform.
    xform_code : int
        What the world axes mean, 1 to 5, as in the header.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    vox_offset: int
    slope: float
    inter: float
    affine: NDArray[np.float64]
    xform_code: int

    @property
    def voxels(self) -> int:
        """Number of voxels."""
        return math.prod(self.shape)

    @property
    def voxel_bytes(self) -> int:
        """Number of bytes after `vox_offset`."""
        return self.voxels * self.dtype.itemsize

    @property
    def is_scaled(self) -> bool:
        """Whether stored values differ from intensities."""
        return (self.slope, self.inter) != (1.0, 0.0)


def parse_header(head: bytes) -> NiftiHeader:
    """Return the checked header of a single-file NIfTI-1 or NIfTI-2 image.

    Parameters
    ----------
    head : bytes
        The first `HEAD_BYTES` bytes of the uncompressed file.

    Raises
    ------
    ImageError
        NOT_AN_IMAGE, TRUNCATED, BAD_DIMENSIONS, TOO_LARGE, BAD_DATATYPE, BAD_VOXEL_SIZE,
        BAD_ORIENTATION or BAD_VALUES.
    """
    endian, size, fields = _fields(head)
    shape = _shape(fields["dim"])
    dtype = _dtype(fields["datatype"][0], fields["bitpix"][0], endian)
    _check_size(shape)
    _check_units(fields["units"][0])
    affine, xform_code = checked_affine(
        pixdim=fields["pixdim"],
        codes=(fields["codes"][0], fields["codes"][1]),
        quaternion=fields["quaternion"],
        qoffset=fields["qoffset"],
        sform=fields["sform"],
        shape=shape,
    )
    slope, inter = _scaling(*fields["scaling"])
    offset = _vox_offset(fields["vox_offset"][0], size)
    return NiftiHeader(shape, dtype, offset, slope, inter, affine, xform_code)


def check_extensions(head: bytes, vox_offset: int) -> None:
    """Walk the header extensions of a file without keeping any.

    Their content is read by nobody, but a length that leads outside the header is a sign that
    `vox_offset` is wrong, and other readers stumble over it.

    Raises
    ------
    ImageError
        NOT_AN_IMAGE, if an extension has an impossible length.
    """
    endian, size, _ = _fields(head)
    position = size + 4
    if head[size] == 0:
        return
    while position + 8 <= vox_offset:
        (length,) = struct.unpack_from(endian + "i", head, position)
        if length < 8 or position + length > vox_offset:
            raise _contradiction(f"a header extension of {length} bytes")
        position += length


def clean_header(
    shape: tuple[int, int, int],
    dtype: np.dtype[Any],
    affine: NDArray[np.float64],
    *,
    slope: float = 1.0,
    inter: float = 0.0,
    xform_code: int = 1,
) -> bytes:
    """Return a NIfTI-1 header that says where the voxels lie and nothing else.

    It is built from these values alone: no text, no date and no extension can get into it. The
    position is written once, as sform: a quaternion in single precision can be off by 0.02
    degrees near half turns, and two forms invite two readings.
    """
    endian = ">" if dtype.newbyteorder("=") != dtype else "<"
    codes = {name: code for code, name in DATATYPES.items()}
    size_mm = np.linalg.norm(affine[:3, :3], axis=0)
    values: Fields = {
        "magic": (b"n+1\0",),
        "dim": (3, *shape, 1, 1, 1, 1),
        "datatype": (codes[f"{dtype.kind}{dtype.itemsize}"],),
        "bitpix": (8 * dtype.itemsize,),
        "pixdim": (1.0, *size_mm, 0.0, 0.0, 0.0, 0.0),
        "vox_offset": (float(CLEAN_HEADER_BYTES),),
        "scaling": (slope, inter),
        "units": (MILLIMETRES,),
        "codes": (0, xform_code),
        "sform": tuple(affine[:3].ravel()),
    }
    header = bytearray(CLEAN_HEADER_BYTES)
    struct.pack_into(endian + "i", header, 0, 348)
    for name, content in values.items():
        offset, form = _NIFTI1[name]
        struct.pack_into(endian + form, header, offset, *content)
    return bytes(header)


def _fields(head: bytes) -> tuple[str, int, Fields]:
    """Return byte order, header size and raw fields."""
    for endian in "<>":
        (size,) = struct.unpack_from(endian + "i", head.ljust(4, b"\0"))
        if size in _LAYOUTS:
            break
    else:
        raise _contradiction("a header of unknown length")
    if len(head) < size + 4:
        raise ImageError(
            FailureCode.TRUNCATED,
            f"Expected a header of {size + 4} bytes, found a file of {len(head)} bytes: it was "
            "cut off. Send the file again.",
        )
    layout, magic = _LAYOUTS[size]
    fields = {
        name: struct.unpack_from(endian + form, head, offset)
        for name, (offset, form) in layout.items()
    }
    if fields["magic"][0] != magic:
        raise _contradiction("a NIfTI mark that does not fit the header")
    return endian, size, fields


def _shape(dim: tuple[int, ...]) -> tuple[int, int, int]:
    dimensions, sides = dim[0], dim[1:]
    if not 1 <= dimensions <= 7:
        raise ImageError(
            FailureCode.BAD_DIMENSIONS,
            f"Expected an image of 3 dimensions, found {dimensions}. Convert the image again.",
        )
    if dimensions > 3 and any(side != 1 for side in sides[3:dimensions]):
        found = " x ".join(str(side) for side in sides[:dimensions])
        raise ImageError(
            FailureCode.BAD_DIMENSIONS,
            f"Expected one 3D volume, found several in one file ({found}). Send one volume.",
        )
    i, j, k = sides[:3] if dimensions >= 3 else (*sides[:dimensions], *(1,) * (3 - dimensions))
    if not all(MIN_SIDE_VOXELS <= side <= MAX_SIDE_VOXELS for side in (i, j, k)):
        raise ImageError(
            FailureCode.BAD_DIMENSIONS,
            f"Expected {MIN_SIDE_VOXELS} to {MAX_SIDE_VOXELS} voxels along each side, found "
            f"{i} x {j} x {k}. Send the whole volume of one scan.",
        )
    return i, j, k


def _dtype(datatype: int, bitpix: int, endian: str) -> np.dtype[Any]:
    if datatype not in DATATYPES:
        found = REFUSED_DATATYPES.get(datatype, f"data type {datatype}")
        raise ImageError(
            FailureCode.BAD_DATATYPE,
            f"Expected whole or real numbers as voxels, found {found}. "
            "Send the magnitude image in grey values.",
        )
    dtype = np.dtype(endian + DATATYPES[datatype])
    if bitpix != 8 * dtype.itemsize:
        raise ImageError(
            FailureCode.BAD_DATATYPE,
            f"The header contradicts itself: its data type has {8 * dtype.itemsize} bits per "
            f"voxel, but it states {bitpix}. Convert the image again from the original.",
        )
    return dtype


def _check_size(shape: tuple[int, int, int]) -> None:
    voxels = math.prod(shape)
    if voxels > MAX_VOXELS:
        raise ImageError(
            FailureCode.TOO_LARGE,
            f"Expected at most {MAX_VOXELS / 1e6:.0f} million voxels, found {voxels / 1e6:.0f} "
            "million. Send the image at the resolution of the scanner.",
        )


def _check_units(xyzt_units: int) -> None:
    unit = xyzt_units & 7
    if unit not in (0, MILLIMETRES):
        found = UNITS_OF_LENGTH.get(unit, f"unit code {unit}")
        raise ImageError(
            FailureCode.BAD_VOXEL_SIZE,
            f"Expected the voxel size in millimetres, found {found}. Convert the image again.",
        )


def _scaling(slope: float, inter: float) -> tuple[float, float]:
    """Return slope and intercept; a slope of 0 or NaN means that values are stored as they are."""
    if slope == 0 or math.isnan(slope):
        return 1.0, 0.0
    with np.errstate(over="ignore"):
        slope32, inter32 = float(np.float32(slope)), float(np.float32(inter))
    if not (math.isfinite(slope32) and math.isfinite(inter32)) or slope32 == 0:
        raise ImageError(
            FailureCode.BAD_VALUES,
            f"Expected a finite scale for the intensities, found slope {slope:g} and intercept "
            f"{inter:g}. Convert the image again from the original.",
        )
    return slope32, inter32


def _vox_offset(vox_offset: float, size: int) -> int:
    if not (math.isfinite(vox_offset) and vox_offset == int(vox_offset)):
        raise _contradiction(f"voxels starting at byte {vox_offset:g}")
    if not size + 4 <= vox_offset <= MAX_HEADER_BYTES:
        raise _contradiction(f"voxels starting at byte {vox_offset:.0f}")
    return int(vox_offset)


def _contradiction(found: str) -> ImageError:
    return ImageError(
        FailureCode.NOT_AN_IMAGE,
        f"Expected a sound NIfTI header, found {found}. Convert the image again from the original.",
    )
