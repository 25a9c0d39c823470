"""Enhanced objects with their frames compressed, and laid out as archives lay them out."""

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

PIXEL_DATA = 0x7FE00010


def _rle(frame: np.ndarray) -> bytes:
    rows, columns = frame.shape
    encoded: bytes = RLELosslessEncoder.encode(
        frame.astype("<u2").tobytes(), rows=rows, columns=columns, samples_per_pixel=1,
        number_of_frames=1, bits_allocated=16, bits_stored=16, pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
    )  # fmt: skip
    return encoded


def _jpeg_by_gdcm(frame: np.ndarray, folder: Path) -> bytes:
    """Return a frame in lossless JPEG as GDCM writes it, another encoder than the others here."""
    path = folder / "frame.dcm"
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor("JPEG")
    writer.SetFileName(str(path))
    writer.Execute(sitk.GetImageFromArray(frame[None]))
    written = pydicom.dcmread(path)
    assert written.file_meta.TransferSyntaxUID == JPEGLosslessSV1
    (encoded,) = generate_frames(written.PixelData, number_of_frames=1)
    return encoded


ENCODERS: dict[str, tuple[str, Callable[[np.ndarray, Path], bytes]]] = {
    "rle": (RLELossless, lambda frame, _: _rle(frame)),
    "jpeg": (JPEGLossless, lambda frame, _: imagecodecs.ljpeg_encode(frame)),
    "jpeg_sv1": (JPEGLosslessSV1, _jpeg_by_gdcm),
    "jpeg_ls": (JPEGLSLossless, lambda frame, _: imagecodecs.jpegls_encode(frame)),
    "jpeg_2000": (
        JPEG2000Lossless,
        lambda frame, _: imagecodecs.jpeg2k_encode(frame, reversible=True, codecformat="j2k"),
    ),
}


def encoded_frames(enhanced: Dataset, coding: str, folder: Path) -> list[bytes]:
    """Return the frames of a plain enhanced object of 16 bits, each compressed without loss."""
    shape = (enhanced.NumberOfFrames, enhanced.Rows, enhanced.Columns)
    frames = np.frombuffer(enhanced.PixelData, "<u2").reshape(shape)
    _, encode = ENCODERS[coding]
    return [encode(frame, folder) for frame in frames]


def packed(enhanced: Dataset, coding: str, layout: str, folder: Path) -> Dataset:
    """Return an enhanced object with compressed frames, the object itself changed.

    Parameters
    ----------
    enhanced : pydicom.Dataset
        A plain one of 16 bits.
    coding : str
        A key of `ENCODERS`.
    layout : str
        "bare" or "basic" (a table of offsets), each also with "_fragments" (three per frame), or
        "extended".
    folder : Path
        For what an encoder writes.
    """
    frames = encoded_frames(enhanced, coding, folder)
    fragments = 3 if layout.endswith("_fragments") else 1
    if layout == "extended":
        content, offsets, lengths = encapsulate_extended(frames)
        enhanced.ExtendedOffsetTable, enhanced.ExtendedOffsetTableLengths = offsets, lengths
    else:
        content = encapsulate(frames, fragments, has_bot=layout.startswith("basic"))
    enhanced.file_meta.TransferSyntaxUID = ENCODERS[coding][0]
    enhanced.add_new(PIXEL_DATA, "OB", content)
    enhanced[PIXEL_DATA].is_undefined_length = True
    return enhanced
