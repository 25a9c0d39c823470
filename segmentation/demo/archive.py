"""A drawn image as the archive of a hospital would send it: DICOM, one file a slice."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from segmentation.imaging.geometry import Volume, voxel_size_mm

MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
BRIGHTEST = 4095
"""Of the 12 bits of a scanner."""
TO_LPS = np.array([-1.0, -1.0, 1.0])


def write_archive(path: Path, t1w: Volume, *, acquired_on: date, header: Mapping[str, Any]) -> None:
    """Write a zip of the slices of a T1w image, along its third axis.

    Parameters
    ----------
    acquired_on : date
        The day of the scan.
    header : mapping of str to Any
        What else every slice says, by DICOM keyword: the person, the scanner, the times.
    """
    uids = [generate_uid() for _ in range(3)]
    brightness = BRIGHTEST / max(float(t1w.data.max()), 1e-6)
    pixels = np.clip(t1w.data * brightness, 0, BRIGHTEST).astype("<u2")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(pixels.shape[2]):
            image = _slice(pixels[:, :, index], t1w.affine, index, uids)
            day = f"{acquired_on:%Y%m%d}"
            image.StudyDate = image.SeriesDate = image.AcquisitionDate = image.ContentDate = day
            for keyword, value in header.items():
                setattr(image, keyword, value)
            content = BytesIO()
            image.save_as(content, enforce_file_format=True)
            archive.writestr(f"IM{index:04d}", content.getvalue())


def _slice(
    pixels: NDArray[np.uint16], affine: NDArray[np.float64], index: int, uids: Sequence[str]
) -> FileDataset:
    """Return one slice with its place: rows run along the second axis of the image."""
    image = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = MR_IMAGE_STORAGE
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = uids
    image.Modality, image.ImageType = "MR", ["ORIGINAL", "PRIMARY", "M", "ND"]
    image.InstanceNumber = index + 1
    columns_mm, rows_mm, between_mm = voxel_size_mm(affine)
    along_row, along_column = (
        TO_LPS * affine[:3, axis] / size for axis, size in ((0, columns_mm), (1, rows_mm))
    )
    place = TO_LPS * (affine @ [0, 0, index, 1])[:3]
    image.ImageOrientationPatient = [round(float(x), 8) for x in (*along_row, *along_column)]
    image.ImagePositionPatient = [round(float(x), 6) for x in place]
    image.PixelSpacing, image.SliceThickness = [rows_mm, columns_mm], between_mm
    image.Columns, image.Rows = pixels.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelRepresentation = 0
    image.PixelData = np.ascontiguousarray(pixels.T).tobytes()
    return image
