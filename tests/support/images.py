"""Tiny NIfTI images made in memory, sound and broken.

The bytes are packed here field by field, apart from the code of the product, so that a mistake
there is not repeated here. Sides are unequal, so that swapped axes show.
"""

import gzip
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHAPE = (9, 10, 11)
T2W_SHAPE = (12, 13, 8)

DATATYPES = {
    "uint8": (2, 8),
    "int16": (4, 16),
    "int32": (8, 32),
    "float32": (16, 32),
    "float64": (64, 64),
    "int8": (256, 8),
    "uint16": (512, 16),
    "uint32": (768, 32),
    "int64": (1024, 64),
    "uint64": (1280, 64),
}


def rotation(degrees: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return the rotation about x, then y, then z."""
    a, b, c = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    matrix: NDArray[np.float64] = about_z @ about_y @ about_x
    return matrix


def affine_of(
    voxel_size_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    degrees: tuple[float, float, float] = (0.0, 0.0, 0.0),
    origin_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
    axes: str = "RAS",
) -> NDArray[np.float64]:
    """Return a voxel-to-world matrix; `axes` says where each voxel axis points, as in ``LPS``."""
    steps = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
    directions = np.zeros((3, 3))
    for voxel_axis, letter in enumerate(axes):
        world_axis, sign = steps[letter]
        directions[world_axis, voxel_axis] = sign
    affine = np.eye(4)
    affine[:3, :3] = rotation(degrees) @ directions @ np.diag(voxel_size_mm)
    affine[:3, 3] = origin_mm
    return np.float32(affine).astype(np.float64)


ISOTROPIC = affine_of(origin_mm=(-4, -5, -6))
ANISOTROPIC = affine_of((0.8, 0.9, 4.5), origin_mm=(-4, 5, -20), axes="LPS")
OBLIQUE = affine_of((1.0, 1.1, 1.3), (7.0, -12.0, 19.0), (-3.0, 8.0, 11.5))
OBLIQUE_ANISOTROPIC = affine_of((0.7, 0.75, 3.3), (-4.0, 6.0, 15.0), (-5.0, -4.0, -12.0))
SAGITTAL = affine_of((1.2, 1.0, 1.0), origin_mm=(5, -4, 6), axes="PSR")
AFFINES = {
    "isotropic": ISOTROPIC,
    "anisotropic": ANISOTROPIC,
    "oblique": OBLIQUE,
    "oblique anisotropic": OBLIQUE_ANISOTROPIC,
    "sagittal": SAGITTAL,
}


def intensities(
    shape: tuple[int, ...] = SHAPE, *, seed: int = 0, dtype: str = "int16"
) -> NDArray[Any]:
    """Return reproducible intensities between 0 and 250, which every data type can hold."""
    top = 120 if dtype == "int8" else 250
    return np.random.default_rng(seed).integers(0, top, shape).astype(dtype)


def quaternion_of(affine: NDArray[np.float64]) -> tuple[float, tuple[float, float, float]]:
    """Return qfac and the quaternion (b, c, d) of an affine without shear."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    qfac = 1.0 if np.linalg.det(directions) > 0 else -1.0
    directions = directions * [1, 1, qfac]
    # The eigenvector of the symmetric 4 x 4 matrix is exact for every rotation, half turns too.
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = directions
    symmetric = np.array(
        [
            [xx + yy + zz, zy - yz, xz - zx, yx - xy],
            [zy - yz, xx - yy - zz, xy + yx, xz + zx],
            [xz - zx, xy + yx, yy - xx - zz, yz + zy],
            [yx - xy, xz + zx, yz + zy, zz - xx - yy],
        ]
    )
    a, b, c, d = np.linalg.eigh(symmetric)[1][:, -1]
    sign = -1.0 if a < 0 else 1.0
    return qfac, (sign * b, sign * c, sign * d)


@dataclass
class NiftiFields:
    """The header fields a test may set; what is left alone follows from data and affine."""

    version: int = 1
    endian: str = "<"
    sform_code: int = 1
    qform_code: int = 1
    slope: float = 1.0
    inter: float = 0.0
    descrip: bytes = b""
    aux_file: bytes = b""
    db_name: bytes = b""
    intent_name: bytes = b""
    xyzt_units: int = 2
    magic: bytes | None = None
    extension: bytes = b""
    extender: bytes | None = None
    vox_offset: float | None = None
    datatype: int | None = None
    bitpix: int | None = None
    dim: tuple[int, ...] | None = None
    pixdim: tuple[float, ...] | None = None
    quaternion: tuple[float, float, float] | None = None
    qfac: float | None = None
    qoffset: tuple[float, float, float] | None = None
    sform: NDArray[np.float64] | None = None
    other: dict[int, tuple[str, Any]] = field(default_factory=dict)
    """Byte offset to (struct format without endianness, value), written last."""


def extension_of(content: bytes, code: int = 6) -> bytes:
    """Return a header extension, padded to a multiple of 16 bytes."""
    size = -(-(len(content) + 8) // 16) * 16
    return struct.pack("<ii", size, code) + content.ljust(size - 8, b"\0")


def nifti_bytes(
    data: NDArray[Any] | None = None,
    affine: NDArray[np.float64] | None = None,
    **fields: Any,
) -> bytes:
    """Return the bytes of an uncompressed ``.nii``; `fields` are those of `NiftiFields`."""
    given = NiftiFields(**fields)
    data = intensities() if data is None else data
    affine = ISOTROPIC if affine is None else affine
    header = _header(data, affine, given)
    for offset, (form, value) in given.other.items():
        struct.pack_into(given.endian + form, header, offset, value)
    if given.extender is not None:
        header[-4:] = given.extender
    elif given.extension:
        header[-4] = 1
    voxels = data.astype(data.dtype.newbyteorder(given.endian)).tobytes(order="F")
    return bytes(header) + given.extension + voxels


def _header(data: NDArray[Any], affine: NDArray[np.float64], given: NiftiFields) -> bytearray:
    code, bits = DATATYPES[data.dtype.name]
    size_mm = np.linalg.norm(affine[:3, :3], axis=0)
    qfac, quaternion = quaternion_of(affine)
    qfac = qfac if given.qfac is None else given.qfac
    length = 352 if given.version == 1 else 544
    values: dict[str, Any] = {
        "dim": given.dim or (data.ndim, *data.shape, *(1,) * (7 - data.ndim)),
        "datatype": code if given.datatype is None else given.datatype,
        "bitpix": bits if given.bitpix is None else given.bitpix,
        "pixdim": given.pixdim or (qfac, *size_mm, 0.0, 0.0, 0.0, 0.0),
        "vox_offset": (
            length + len(given.extension) if given.vox_offset is None else given.vox_offset
        ),
        "quaternion": given.quaternion or quaternion,
        "qoffset": given.qoffset or tuple(affine[:3, 3]),
        "sform": (affine if given.sform is None else given.sform)[:3].ravel(),
    }
    pack = _pack_nifti1 if given.version == 1 else _pack_nifti2
    return pack(values, given)


def _pack_nifti1(values: dict[str, Any], given: NiftiFields) -> bytearray:
    header = bytearray(352)

    def put(offset: int, form: str, *content: Any) -> None:
        struct.pack_into(given.endian + form, header, offset, *content)

    put(0, "i", 348)
    put(14, "18s", given.db_name)
    put(40, "8h", *values["dim"])
    put(70, "hh", values["datatype"], values["bitpix"])
    put(76, "8f", *values["pixdim"])
    put(108, "fff", values["vox_offset"], given.slope, given.inter)
    put(123, "B", given.xyzt_units)
    put(148, "80s24s", given.descrip, given.aux_file)
    put(252, "hh", given.qform_code, given.sform_code)
    put(256, "6f", *values["quaternion"], *values["qoffset"])
    put(280, "12f", *values["sform"])
    put(328, "16s4s", given.intent_name, given.magic or b"n+1\0")
    return header


def _pack_nifti2(values: dict[str, Any], given: NiftiFields) -> bytearray:
    header = bytearray(544)

    def put(offset: int, form: str, *content: Any) -> None:
        struct.pack_into(given.endian + form, header, offset, *content)

    put(0, "i8s", 540, given.magic or b"n+2\0\r\n\x1a\n")
    put(12, "hh8q", values["datatype"], values["bitpix"], *values["dim"])
    put(104, "8d", *values["pixdim"])
    put(168, "qdd", int(values["vox_offset"]), given.slope, given.inter)
    put(240, "80s24sii", given.descrip, given.aux_file, given.qform_code, given.sform_code)
    put(352, "6d", *values["quaternion"], *values["qoffset"])
    put(400, "12d", *values["sform"])
    put(500, "i", given.xyzt_units)
    put(508, "16s", given.intent_name)
    return header


def gzipped(content: bytes) -> bytes:
    """Return the content as one gzip member."""
    return gzip.compress(content, compresslevel=1, mtime=0)


def write_nifti(
    path: Path,
    data: NDArray[Any] | None = None,
    affine: NDArray[np.float64] | None = None,
    **fields: Any,
) -> Path:
    """Write an image, gzipped where the name ends in ``.gz``, and return its path."""
    content = nifti_bytes(data, affine, **fields)
    path.write_bytes(gzipped(content) if path.suffix == ".gz" else content)
    return path


def centred_on(
    affine: NDArray[np.float64],
    shape: tuple[int, int, int],
    target_affine: NDArray[np.float64],
    target_shape: tuple[int, int, int],
) -> NDArray[np.float64]:
    """Return an affine moved so that the middle of its grid lies in the middle of another."""

    def middle(grid: NDArray[np.float64], sides: tuple[int, int, int]) -> NDArray[np.float64]:
        point: NDArray[np.float64] = grid[:3] @ [*((side - 1) / 2 for side in sides), 1.0]
        return point

    moved = affine.copy()
    moved[:3, 3] += middle(target_affine, target_shape) - middle(affine, shape)
    return np.float32(moved).astype(np.float64)


def write_visit(folder: Path, *, seed: int = 0) -> dict[str, Path]:
    """Write a T1w and a T2w image of one visit, in different grids over the same place."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "T1w": write_nifti(folder / "T1w.nii.gz", intensities(seed=seed), OBLIQUE),
        "T2w": write_nifti(
            folder / "T2w.nii.gz",
            intensities(T2W_SHAPE, seed=seed + 1),
            centred_on(OBLIQUE_ANISOTROPIC, T2W_SHAPE, OBLIQUE, SHAPE),
        ),
    }
