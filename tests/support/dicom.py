"""Small DICOM series made in memory: sound ones, and ones with a planted fault or identifier."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, generate_uid

MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
SLICES = 32
ROWS, COLUMNS = 24, 20
SPACING_MM = 2.0
Change = Callable[[int, Dataset], None]

IN_GROUPS = (
    "PixelData", "PixelSpacing", "SliceThickness", "ImageOrientationPatient", "EchoTime",
    "ImagePositionPatient", "RepetitionTime", "InversionTime", "FlipAngle", "ScanningSequence",
    "RescaleSlope", "RescaleIntercept",
)  # fmt: skip
"""What an enhanced object has in functional groups, or in other words."""

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
    patient, patient_id, birth, sex, series_uid, study_uid, study_date : str
        As in the header.
    seed : int
        Of the voxels.
    attributes : dict
        Further attributes of every image, by keyword.
    """
    slices = options.get("slices", SLICES)
    series_uid = options.get("series_uid") or generate_uid()
    study_uid, frame_uid = options.get("study_uid") or generate_uid(), generate_uid()
    random = np.random.default_rng(options.get("seed", 7))
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
    image.PatientBirthDate = options.get("birth", "20180304")
    image.PatientSex = options.get("sex", "F")
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


def make_enhanced(*volumes: list[Dataset]) -> Dataset:
    """Return one enhanced object that holds the images of several classic volumes.

    Each image keeps its place, echo time, kind and rescaling; sequence and timing are those of the
    first image. The frames are interleaved: first all volumes at one place, then the next.
    """
    first = volumes[0][0]
    enhanced = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    enhanced.update({element.tag: element for element in first if element.keyword not in IN_GROUPS})
    enhanced.file_meta.MediaStorageSOPClassUID = ENHANCED_MR
    enhanced.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    enhanced.add_new(0x00080016, "UI", ENHANCED_MR)
    enhanced.add_new(0x00080018, "UI", generate_uid())
    enhanced.file_meta.MediaStorageSOPInstanceUID = enhanced.SOPInstanceUID
    pulses = {"SE": "SPIN", "GR": "GRADIENT"}
    enhanced.EchoPulseSequence = pulses[first.ScanningSequence]
    shared = Dataset()
    shared.PixelMeasuresSequence = _group(first, "PixelSpacing", "SliceThickness")
    shared.PlaneOrientationSequence = _group(first, "ImageOrientationPatient")
    shared.MRTimingAndRelatedParametersSequence = _group(first, "RepetitionTime", "FlipAngle")
    time = first.get("InversionTime")
    shared.MRModifierSequence = [Dataset()]
    shared.MRModifierSequence[0].InversionRecovery = "YES" if time else "NO"
    if time:
        shared.MRModifierSequence[0].InversionTimes = float(time)
    enhanced.SharedFunctionalGroupsSequence = [shared]
    places = list(zip(*volumes, strict=True))
    enhanced.PerFrameFunctionalGroupsSequence = [
        _frame(image, place + 1, volume + 1)
        for place, images in enumerate(places)
        for volume, image in enumerate(images)
    ]
    frames = [image for images in places for image in images]
    enhanced.NumberOfFrames = len(frames)
    enhanced.add_new(0x7FE00010, "OW", b"".join(image.PixelData for image in frames))
    return enhanced


def _frame(image: Dataset, place: int, volume: int) -> Dataset:
    frame = Dataset()
    frame.PlanePositionSequence = _group(image, "ImagePositionPatient")
    frame.PixelValueTransformationSequence = _group(image, "RescaleSlope", "RescaleIntercept")
    content, echo, kind = Dataset(), Dataset(), Dataset()
    content.StackID, content.InStackPositionNumber = "1", place
    content.DimensionIndexValues = [volume, place]
    echo.EffectiveEchoTime = float(image.EchoTime)
    kind.FrameType = [*image.ImageType[:2], "T1", "NONE"]
    components = {"M": "MAGNITUDE", "P": "PHASE", "R": "REAL", "I": "IMAGINARY"}
    kind.ComplexImageComponent = components[image.ImageType[2]]
    frame.FrameContentSequence, frame.MREchoSequence = [content], [echo]
    frame.MRImageFrameTypeSequence = [kind]
    return frame


def _group(image: Dataset, *keywords: str) -> Sequence:
    item = Dataset()
    for keyword in keywords:
        if keyword in image:
            setattr(item, keyword, image[keyword].value)
    return Sequence([item])


def compressed(enhanced: Dataset) -> Dataset:
    """Return an enhanced object with its frames in RLE."""
    size = enhanced.Rows * enhanced.Columns * 2
    frames = [
        RLELosslessEncoder.encode(
            enhanced.PixelData[start : start + size],
            rows=enhanced.Rows,
            columns=enhanced.Columns,
            samples_per_pixel=1,
            number_of_frames=1,
            bits_allocated=16,
            bits_stored=enhanced.BitsStored,
            pixel_representation=0,
            photometric_interpretation="MONOCHROME2",
        )
        for start in range(0, len(enhanced.PixelData), size)
    ]
    enhanced.file_meta.TransferSyntaxUID = RLELossless
    enhanced.add_new(0x7FE00010, "OB", encapsulate(frames))
    enhanced[0x7FE00010].is_undefined_length = True
    return enhanced


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
