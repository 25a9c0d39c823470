"""Small DICOM series made in memory: sound ones, and ones with a planted fault or identifier."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

MR = "1.2.840.10008.5.1.4.1.1.4"
SLICES = 32
ROWS, COLUMNS = 24, 20
SPACING_MM = 2.0
Change = Callable[[int, Dataset], None]

T1W = {"RepetitionTime": 2000, "EchoTime": 3, "InversionTime": 900, "ScanningSequence": "GR"}
T2W = {"RepetitionTime": 4500, "EchoTime": 95, "ScanningSequence": "SE"}


def make_series(**options: Any) -> list[Dataset]:
    """Return the images of one axial series.

    Parameters
    ----------
    slices : int
        How many images.
    spacing_mm : float
        Distance of the slices.
    patient, patient_id, series_uid, study_date : str
        As in the header.
    attributes : dict
        Further attributes of every image, by keyword.
    """
    slices = options.get("slices", SLICES)
    series_uid = options.get("series_uid") or generate_uid()
    study_uid, frame_uid = generate_uid(), generate_uid()
    random = np.random.default_rng(7)
    return [
        _image(index, random, {**options, "uids": (study_uid, series_uid, frame_uid)})
        for index in range(slices)
    ]


def _image(index: int, random: np.random.Generator, options: dict[str, Any]) -> Dataset:
    image = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    image.file_meta.MediaStorageSOPClassUID = MR
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    study_uid, series_uid, frame_uid = options["uids"]
    image.SOPClassUID, image.SOPInstanceUID = MR, generate_uid()
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.StudyInstanceUID, image.SeriesInstanceUID = study_uid, series_uid
    image.FrameOfReferenceUID = frame_uid
    image.Modality, image.ImageType = "MR", ["ORIGINAL", "PRIMARY", "M", "ND"]
    image.Manufacturer, image.ManufacturerModelName = "SIEMENS", "Prisma"
    image.PatientName = options.get("patient", "Doe^Jane")
    image.PatientID = options.get("patient_id", "MRN-0012345")
    image.PatientBirthDate, image.PatientSex = "20180304", "F"
    day = options.get("study_date", "20230405")
    image.StudyDate = image.SeriesDate = image.AcquisitionDate = image.ContentDate = day
    image.MRAcquisitionType, image.InstanceNumber = "2D", index + 1
    for keyword, value in {**T1W, **options.get("attributes", {})}.items():
        setattr(image, keyword, value)
    spacing_mm = options.get("spacing_mm", SPACING_MM)
    image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    image.ImagePositionPatient = [-20, -24, index * spacing_mm]
    image.PixelSpacing, image.SliceThickness = [2, 2], spacing_mm
    image.Rows, image.Columns, image.SamplesPerPixel = ROWS, COLUMNS, 1
    image.PhotometricInterpretation, image.PixelRepresentation = "MONOCHROME2", 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    pixels = random.integers(0, 4096, (ROWS, COLUMNS), dtype=np.uint16)
    image.PixelData = pixels.astype("<u2").tobytes()
    return image


def changed(images: list[Dataset], change: Change) -> list[Dataset]:
    """Return the images after `change(index, image)` on each."""
    for index, image in enumerate(images):
        change(index, image)
    return images


def write_series(images: list[Dataset], folder: Path) -> list[Path]:
    """Write images in an order that says nothing, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in np.random.default_rng(1).permutation(len(images)):
        path = folder / f"{len(list(folder.iterdir())):05d}"
        images[index].save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file below a folder with its bytes."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()
