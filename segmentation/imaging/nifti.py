"""Reading and writing NIfTI images so that a damaged file never becomes a smaller lesion.

Image libraries fill what is missing from a file with zeros, or pick one of two voxel sizes, in
silence. Here every byte is accounted for before a voxel is used: the length must be exact, the
compressed data must match their checksum, and the header must agree with itself. Guard and reader
see the same bytes in the same pass. What is written has a clean header and the same bytes every
time.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.deflate import GzipStream, ZlibStream
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.gzip_stream import Readable
from segmentation.imaging.nifti_header import NiftiHeader, clean_header
from segmentation.imaging.nifti_pass import Block, CheckedImage, IntensityRange, NiftiFacts
from segmentation.imaging.read_behind import reading_behind

__all__ = [
    "NiftiFacts",
    "Volume",
    "inspect_nifti",
    "read_label_map",
    "read_volume",
    "store_clean_copy",
    "write_label_map",
    "write_volume",
]

WRITABLE = ("uint8", "int16", "float32")


def inspect_nifti(source: Path | Readable) -> NiftiFacts:
    """Check an image from its first byte to its last and return what it is.

    Parameters
    ----------
    source : Path or an open file
        A ``.nii`` or ``.nii.gz`` file, judged by its content whatever its name.

    Returns
    -------
    NiftiFacts
        The file is read in pieces; memory does not grow with its size.

    Raises
    ------
    ImageError
        With a code for each kind of fault, and a sentence that says what was expected, what was
        found and what to do.
    """
    image = CheckedImage(source)
    seen = IntensityRange(image.header)
    for block in image.blocks():
        seen.see(block)
    seen.check()
    return image.facts()


def read_volume(path: Path, *, expected_sha256: str | None = None) -> Volume:
    """Return the intensities of an image that passes the guard.

    Parameters
    ----------
    path : Path
        A ``.nii`` or ``.nii.gz`` file.
    expected_sha256 : str, optional
        Checksum that the file had when it was recorded.

    Returns
    -------
    Volume
        Intensities as float32, scaled as the header says, in the voxel order of the file.

    Raises
    ------
    ImageError
        As `inspect_nifti`; HASH_MISMATCH if the file is not the one that was recorded.
    """
    image = CheckedImage(path)
    header, seen, position = image.header, IntensityRange(image.header), 0
    image.refuse_if_far_too_short(path)
    data = np.empty(header.voxels, np.float32)
    # Values too large for single precision become infinite here and are refused by the range.
    with np.errstate(over="ignore"):
        for block in image.blocks():
            seen.see(block)
            data[position : position + block.size] = _intensities(block, header)
            position += block.size
    seen.check()
    _check_sha256(image, expected_sha256)
    return Volume(data.reshape(header.shape, order="F"), header.affine)


def read_label_map(path: Path, *, expected_sha256: str | None = None) -> Volume:
    """Return a label map that passes the guard; one label everywhere is allowed.

    Parameters
    ----------
    path : Path
        A ``.nii`` or ``.nii.gz`` file of whole numbers from 0 to 255, in any data type.
    expected_sha256 : str, optional
        Checksum that the file had when it was recorded.

    Returns
    -------
    Volume
        Labels as uint8.

    Raises
    ------
    ImageError
        As `read_volume`; UNEXPECTED_LABELS for a value that is not a label. An image without
        contrast is accepted: a mask may be empty.
    """
    image = CheckedImage(path)
    header, position = image.header, 0
    image.refuse_if_far_too_short(path)
    labels = np.empty(header.voxels, np.uint8)
    for block in image.blocks():
        values = _intensities(block, header)
        if not np.array_equal(values, np.clip(np.round(values), 0, 255)):
            raise ImageError(
                FailureCode.UNEXPECTED_LABELS,
                "Expected a label map of whole numbers from 0 to 255, found other values. "
                "Send the mask, not the image.",
            )
        labels[position : position + block.size] = values
        position += block.size
    _check_sha256(image, expected_sha256)
    return Volume(labels.reshape(header.shape, order="F"), header.affine)


def write_label_map(
    path: Path, labels: NDArray[np.uint8], affine: NDArray[np.float64], *, fsync: bool = False
) -> None:
    """Write a label map as ``.nii.gz``; the same labels give the same bytes.

    Parameters
    ----------
    path : Path
        The file to write; give it a temporary name and rename it.
    labels : ndarray of uint8, shape (i, j, k)
        Label map in the voxel grid of the scan.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm.
    fsync : bool
        Return only when the bytes are on the disk.

    Raises
    ------
    ValueError
        If the labels are not uint8 in 3 dimensions.
    """
    if labels.dtype != np.uint8:
        raise ValueError(f"Expected labels of type uint8, got {labels.dtype}.")
    write_volume(path, labels, affine, fsync=fsync)


def write_volume(
    path: Path, data: NDArray[Any], affine: NDArray[np.float64], *, fsync: bool = False
) -> None:
    """Write an image as ``.nii.gz``; the same values give the same bytes.

    Parameters
    ----------
    path : Path
        The file to write; give it a temporary name and rename it.
    data : ndarray of uint8, int16 or float32, shape (i, j, k)
        Intensities, stored as they are.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm; kept in single precision.
    fsync : bool
        Return only when the bytes are on the disk.

    Raises
    ------
    ValueError
        If the type or the number of dimensions is another, or a value is not finite.
    """
    if data.ndim != 3 or data.dtype.name not in WRITABLE:
        raise ValueError(
            f"Expected 3 dimensions of {', '.join(WRITABLE)}, got {data.ndim} of {data.dtype}."
        )
    if not (np.isfinite(data).all() and np.isfinite(affine).all()):
        raise ValueError("Expected finite values and a finite affine.")
    i, j, k = data.shape
    dtype = data.dtype.newbyteorder("<")
    with _gzip_writer(path, ZlibStream(), fsync=fsync) as write:
        write(clean_header((i, j, k), dtype, affine))
        for index in range(k):
            write(data[:, :, index].astype(dtype, copy=False).tobytes(order="F"))


def store_clean_copy(
    source: Path,
    target: Path,
    *,
    fsync: bool = False,
    stream: Callable[[], GzipStream] = ZlibStream,
) -> NiftiFacts:
    """Copy an image that passes the guard, with nothing in it but voxels and where they lie.

    The stored voxels are the same byte for byte, and so are their scale and type. Text fields,
    dates, extensions and the file name inside the gzip header are not carried over, because the
    new header is built from checked numbers only. The copy is always NIfTI-1, since ITK reads no
    NIfTI-2.

    Parameters
    ----------
    source : Path
        The image as it was sent.
    target : Path
        The ``.nii.gz`` file to write; removed again if the source is refused.
    fsync : bool
        Return only when the bytes are on the disk.

    stream : callable
        Makes who compresses the copy.

    Returns
    -------
    NiftiFacts
        The facts of the copy, read back from it.

    Raises
    ------
    ImageError
        As `inspect_nifti`.
    """
    image = CheckedImage(source, is_hashed=False)
    header, seen = image.header, IntensityRange(image.header)
    with reading_behind(target, inspect_nifti) as (behind, found):
        with _gzip_writer(target, stream(), fsync=fsync, written=behind.grown) as write:
            write(
                clean_header(
                    header.shape,
                    header.dtype,
                    header.affine,
                    slope=header.slope,
                    inter=header.inter,
                    xform_code=header.xform_code,
                )
            )
            for block in image.blocks():
                seen.see(block)
                write(block.tobytes())
            seen.check()
        behind.end()
        return found()


def _intensities(block: Block, header: NiftiHeader) -> Block:
    """Return what stored values mean; scaled in double precision, whatever they are stored in."""
    if not header.is_scaled:
        return block
    return block.astype(np.float64) * header.slope + header.inter


def _check_sha256(image: CheckedImage, expected_sha256: str | None) -> None:
    if expected_sha256 is not None and image.facts().sha256 != expected_sha256:
        raise ImageError(
            FailureCode.HASH_MISMATCH,
            "Expected the file that was recorded, found another with a different checksum. "
            "Upload the scan again.",
        )


@contextmanager
def _gzip_writer(
    path: Path,
    stream: GzipStream,
    *,
    fsync: bool,
    written: Callable[[int], None] | None = None,
) -> Iterator[Callable[[bytes], None]]:
    """Write a gzip file without name or time in its header; leave no file behind on failure.

    `written` is told how many bytes have come to lie in the file.
    """
    try:
        with path.open("wb") as file:

            def put(packed: bytes) -> None:
                if packed:
                    file.write(packed)
                    file.flush()
                    if written is not None:
                        written(len(packed))

            yield lambda content: put(stream.add(content))
            put(stream.end())
            if fsync:
                os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
