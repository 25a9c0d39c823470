"""One pass over the bytes of a NIfTI image in which every check is made."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.content import Content, recognise
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import voxel_size_mm
from segmentation.imaging.gzip_stream import Readable, chunks_of, content_chunks
from segmentation.imaging.nifti_header import (
    HEAD_BYTES,
    NiftiHeader,
    check_extensions,
    parse_header,
)

MOST_INFLATION = 1032
"""Bytes that one byte of deflated data can become (zlib, "Technical Details")."""
MAX_FLOAT32 = float(np.finfo(np.float32).max)

Block = NDArray[Any]


@dataclass(frozen=True, slots=True)
class NiftiFacts:
    """What is known of an image that passed the guard.

    Attributes
    ----------
    shape : tuple of int
        Voxels along i, j and k.
    voxel_size_mm : tuple of float
        Edge lengths of a voxel, in mm.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm.
    datatype : str
        Type of a stored voxel, for example ``"int16"``.
    sha256 : str
        Checksum of the file as it lies on disk.
    """

    shape: tuple[int, int, int]
    voxel_size_mm: tuple[float, float, float]
    affine: NDArray[np.float64]
    datatype: str
    sha256: str


class CheckedImage:
    """One pass over the bytes of an image: its header at once, its voxels block by block.

    The checks are complete only when `blocks` has been read to its end; `facts` may be asked for
    after that.
    """

    def __init__(self, source: Path | Readable, *, is_hashed: bool = True) -> None:
        self._digest = hashlib.sha256() if is_hashed else None
        watch = self._digest.update if self._digest else None
        self._chunks = (
            content_chunks(source, watch=watch)
            if isinstance(source, Path)
            else chunks_of(source, watch=watch)
        )
        self.header, self._leftover = _read_header(self._chunks)

    def refuse_if_far_too_short(self, path: Path) -> None:
        """Refuse a file that cannot hold the voxels it states, before memory is set aside for them.

        Raises
        ------
        ImageError
            As `blocks`.
        """
        if self.header.voxel_bytes > MOST_INFLATION * path.stat().st_size:
            for _ in self.blocks():  # Ends in the refusal that names what is missing.
                pass

    def blocks(self) -> Iterator[Block]:
        """Yield the stored voxels in file order, in pieces of about a megabyte.

        Raises
        ------
        ImageError
            TRUNCATED, TRAILING_DATA, CHECKSUM or BAD_VALUES.
        """
        dtype, missing, carry = self.header.dtype, self.header.voxel_bytes, b""
        for chunk in chain([self._leftover], self._chunks):
            missing -= len(chunk)
            if missing < 0:
                raise ImageError(
                    FailureCode.TRAILING_DATA,
                    f"Expected the file to end after {self.header.voxel_bytes:,} bytes of voxels, "
                    "found more. The header does not fit the data: convert the image again.",
                )
            content = carry + chunk
            whole = len(content) - len(content) % dtype.itemsize
            carry = content[whole:]
            if whole:
                block = np.frombuffer(content, dtype, whole // dtype.itemsize)
                _check_finite(block)
                yield block
        if missing:
            raise ImageError(
                FailureCode.TRUNCATED,
                f"Expected {self.header.voxel_bytes:,} bytes of voxels, found "
                f"{self.header.voxel_bytes - missing:,}: the file was cut off. "
                "Send the file again.",
            )

    def facts(self) -> NiftiFacts:
        """Return what the header says and the checksum of the bytes read.

        Raises
        ------
        ValueError
            If they were not to be hashed.
        """
        if self._digest is None:
            raise ValueError("Nothing was hashed.")
        return NiftiFacts(
            shape=self.header.shape,
            voxel_size_mm=voxel_size_mm(self.header.affine),
            affine=self.header.affine,
            datatype=self.header.dtype.name,
            sha256=self._digest.hexdigest(),
        )


class IntensityRange:
    """The lowest and highest stored value seen, and whether they make an image."""

    def __init__(self, header: NiftiHeader) -> None:
        self._header = header
        self._low: Any = None
        self._high: Any = None

    def see(self, block: Block) -> None:
        """Widen the range by a block."""
        low, high = block.min(), block.max()
        self._low = low if self._low is None else min(low, self._low)
        self._high = high if self._high is None else max(high, self._high)

    def check(self) -> None:
        """Refuse values beyond single precision, and an image without contrast.

        Raises
        ------
        ImageError
            BAD_VALUES.
        """
        ends = np.array([self._low, self._high])
        intensities = ends.astype(np.float64) * self._header.slope + self._header.inter
        if np.abs(intensities).max() > MAX_FLOAT32:
            raise ImageError(
                FailureCode.BAD_VALUES,
                "Expected intensities that fit single precision, found larger ones. "
                "Convert the image again from the original.",
            )
        if np.float32(intensities[0]) == np.float32(intensities[1]):
            raise ImageError(
                FailureCode.BAD_VALUES,
                "Expected an image with contrast, found the same value in every voxel. "
                "Check the export and send the image again.",
            )


def _read_header(chunks: Iterator[bytes]) -> tuple[NiftiHeader, bytes]:
    """Return the header and the bytes read past it."""
    head = _filled(b"", chunks, HEAD_BYTES)
    content = recognise(head)
    if content is not Content.NIFTI:
        raise _not_an_image(content)
    header = parse_header(head)
    head = _filled(head, chunks, header.vox_offset)
    if len(head) < header.vox_offset:
        raise ImageError(
            FailureCode.TRUNCATED,
            f"Expected voxels from byte {header.vox_offset} on, found a file of {len(head)} "
            "bytes: it was cut off. Send the file again.",
        )
    check_extensions(head, header.vox_offset)
    return header, head[header.vox_offset :]


def _filled(head: bytes, chunks: Iterator[bytes], length: int) -> bytes:
    parts, size = [head], len(head)
    while size < length and (chunk := next(chunks, b"")):
        parts.append(chunk)
        size += len(chunk)
    return b"".join(parts)


def _not_an_image(content: Content) -> ImageError:
    if content is Content.GZIP:
        return ImageError(
            FailureCode.NOT_AN_IMAGE,
            "Expected a NIfTI image in the compressed file, found data compressed twice. "
            "Compress the image once.",
        )
    if content in (Content.NIFTI_PAIR, Content.ANALYZE):
        return ImageError(
            FailureCode.NOT_AN_IMAGE,
            f"Expected a NIfTI image in a single file, found {content}. "
            "Convert it to a single .nii.gz file.",
        )
    return ImageError(
        FailureCode.NOT_AN_IMAGE,
        f"Expected a NIfTI image (.nii or .nii.gz); this file is {content}. Choose the image file.",
    )


def _check_finite(block: Block) -> None:
    if block.dtype.kind == "f" and not np.isfinite(block).all():
        raise ImageError(
            FailureCode.BAD_VALUES,
            "Expected a number in every voxel, found voxels without one (NaN or infinite). "
            "Convert the image again from the original.",
        )
