"""An enhanced multi-frame MR object, unfolded into the classic images that it stands for.

What classic images say in plain attributes stands in functional groups here, some for all frames
and some for each (PS3.3 C.7.6.16 and C.8.13).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from segmentation.imaging.dicom.attributes import value_of
from segmentation.imaging.dicom.fragments import check_fragments
from segmentation.imaging.dicom.frame_physics import (
    acquisition,
    check_same_acquisition,
    image_type,
)
from segmentation.imaging.dicom.functional_groups import (
    Frame,
    frames_of,
    philips_frame,
    unsound,
    unsupported,
    values_of,
)
from segmentation.imaging.dicom.pixels import frame_pixels
from segmentation.imaging.dicom.reading import NATIVE, PARSE_ERRORS, PIXEL_DATA, syntax_of
from segmentation.imaging.dicom.suited import MR
from segmentation.imaging.errors import FailureCode, ImageError

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
MOST_VOLUMES = 16
"""More volumes in one object are a film of function, perfusion or diffusion, not structure."""

GEOMETRY = {
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "PixelMeasuresSequence": ("PixelSpacing",),
}
"""Without these the place of a frame is unknown."""

COPIED = {
    "PixelMeasuresSequence": ("SliceThickness", "SpacingBetweenSlices"),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept", "RescaleType"),
    "FrameVOILUTSequence": ("WindowCenter", "WindowWidth"),
    "MRTimingAndRelatedParametersSequence": ("RepetitionTime", "FlipAngle", "EchoTrainLength"),
    "MRAveragesSequence": ("NumberOfAverages",),
    "MRImagingModifierSequence": ("PixelBandwidth",),
    "MRReceiveCoilSequence": ("ReceiveCoilName",),
    "MRFOVGeometrySequence": (
        "InPlanePhaseEncodingDirection", "PercentSampling", "PercentPhaseFieldOfView",
    ),
}  # fmt: skip
"""Attributes that keep their name outside of their group."""

APART = {
    "FrameContentSequence": ("StackID", "TemporalPositionIndex"),
    "MREchoSequence": ("EffectiveEchoTime",),
    "MRModifierSequence": ("InversionTimes", "InversionTime"),
    "MRImageFrameTypeSequence": ("FrameType", "ComplexImageComponent"),
    "MRDiffusionSequence": ("DiffusionBValue", "DiffusionDirectionality"),
    "CardiacSynchronizationSequence": ("NominalCardiacTriggerDelayTime",),
    "TemporalPositionSequence": ("TemporalPositionTimeOffset",),
    "MRArterialSpinLabelingSequence": ("ASLContext",),
    "MRMetaboliteMapSequence": ("MetaboliteMapDescription",),
}
"""What sets the volumes of one object apart."""

OF_ALL_FRAMES = frozenset({"NumberOfFrames", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"})
"""A decoder would look for the frames of the whole object in the pixels of one."""

PHILIPS_SCALE = ("Philips MR Imaging DD 001", (0x0D, 0x0E))


def is_enhanced(image: Dataset) -> bool:
    """Tell whether an image is an enhanced multi-frame MR object."""
    try:
        return str(value_of(image, "SOPClassUID", "")) == ENHANCED_MR
    except PARSE_ERRORS:
        return False


def unfold(enhanced: Dataset) -> list[list[Dataset]]:
    """Return the volumes of an enhanced MR object, each as classic images in order of frame.

    Stacks, echoes, time points, kinds of image and the like become volumes of their own; frames
    are never averaged. Pixels stay encoded as they are.

    Parameters
    ----------
    enhanced : pydicom.Dataset
        An object for which `is_enhanced` is true; it is not changed.

    Raises
    ------
    ImageError
        BAD_DICOM if functional groups lack what is needed or contradict each other or the number
        of frames, MISSING_SLICES if a stack has a hole, MIXED_SERIES if frames of one volume were
        acquired differently, UNSUPPORTED_DICOM for an object without
        functional groups of its frames, a part of an object or too many volumes,
        TRUNCATED, TRAILING_DATA or TOO_LARGE if the pixels do not fit the frames. BAD_DICOM too if
        compressed frames are not as many as announced or not where a table of offsets says.
    """
    try:
        return _unfold(enhanced)
    except PARSE_ERRORS:
        # The reader decodes a value when it is asked for; its message would quote it.
        raise unsound("an attribute that cannot be read") from None


def _unfold(enhanced: Dataset) -> list[list[Dataset]]:
    if int(enhanced.get("InConcatenationTotalNumber") or 1) != 1:
        raise unsupported("is one part of a larger one (a concatenation)")
    frames = frames_of(enhanced)
    _check_dimensions(frames)
    parts = _parts(frames)
    check_fragments(enhanced)
    pixels = frame_pixels(enhanced)
    template = _template(enhanced)
    volumes = [
        [_classic(enhanced, template, frames[index], index, pixels[index]) for index in part]
        for part in parts
    ]
    for volume in volumes:
        check_same_acquisition(volume)
    return volumes


def _check_dimensions(frames: Sequence[Frame]) -> None:
    """Refuse frames whose places in the dimensions of the object are not one place each."""
    values = [frame.value("FrameContentSequence", "DimensionIndexValues") for frame in frames]
    if all(value is None for value in values):
        return
    indices = [values_of(value) for value in values]
    if len({len(index) for index in indices}) > 1 or len(set(indices)) != len(indices):
        raise unsound("dimension indices that contradict each other")


def _parts(frames: Sequence[Frame]) -> list[list[int]]:
    """Return the indices of the frames of each volume."""
    parts: dict[tuple[tuple[str, ...], ...], list[int]] = defaultdict(list)
    for index, frame in enumerate(frames):
        parts[_apart(frame)].append(index)
    if len(parts) > MOST_VOLUMES:
        raise unsupported(
            f"holds {len(parts)} volumes, expected at most {MOST_VOLUMES}: a series of time "
            "points, diffusion or function"
        )
    for part in parts.values():
        _check_stack([frames[index] for index in part])
    return list(parts.values())


def _apart(frame: Frame) -> tuple[tuple[str, ...], ...]:
    return tuple(
        values_of(frame.value(group, keyword))
        for group, keywords in APART.items()
        for keyword in keywords
    )


def _check_stack(frames: Sequence[Frame]) -> None:
    """Refuse a stack that is not numbered from 1 without a gap: an end leaves no gap in place."""
    values = [frame.value("FrameContentSequence", "InStackPositionNumber") for frame in frames]
    if all(value is None for value in values):
        return
    if None in values:
        raise unsound("frames with and frames without a place in their stack")
    numbers = sorted(int(value) for value in values)
    if len(set(numbers)) != len(numbers):
        raise ImageError(
            FailureCode.DUPLICATE_SLICES,
            "An enhanced MR object has several frames at one place of a stack that nothing sets "
            "apart. Export the series as classic MR images, one file per slice.",
        )
    if numbers != list(range(1, len(numbers) + 1)):
        raise ImageError(
            FailureCode.MISSING_SLICES,
            f"Slices are missing: {len(numbers)} frames of a stack are numbered {numbers[0]} to "
            f"{numbers[-1]}, expected 1 to {numbers[-1]}. Send all of them.",
        )


def _template(enhanced: Dataset) -> Dataset:
    """Return what all frames share: the plain standard attributes of the object."""
    template = Dataset()
    for tag in list(enhanced.keys()):
        if tag == PIXEL_DATA or tag.is_private:
            continue
        try:
            element = enhanced[tag]
        except PARSE_ERRORS:
            continue
        if element.VR != "SQ" and element.keyword not in OF_ALL_FRAMES:
            template.add(element)
    return template


def _classic(
    enhanced: Dataset, template: Dataset, frame: Frame, index: int, pixels: bytes
) -> Dataset:
    classic = Dataset()
    classic.update(template)
    source = str(enhanced.SOPInstanceUID)
    found = {
        "SOPClassUID": MR,
        "SOPInstanceUID": f"{source}.{index + 1}",
        # The second look of de-identification searches for it.
        "SOPInstanceUIDOfConcatenationSource": source,
        "InstanceNumber": index + 1,
        "ImageType": image_type(enhanced, frame),
        **_geometry(frame),
        **_copied(frame),
        **acquisition(enhanced, frame),
    }
    for keyword, value in found.items():
        if value is not None:
            _put(classic, keyword, value)
    _put_philips_scale(classic, frame)
    _put_pixels(classic, pixels, syntax_of(enhanced))
    return classic


def _geometry(frame: Frame) -> dict[str, Any]:
    found = {
        keyword: frame.value(group, keyword)
        for group, keywords in GEOMETRY.items()
        for keyword in keywords
    }
    for keyword, value in found.items():
        if value is None:
            raise unsound(f"no {keyword} for a frame, so its geometry is unknown")
    return found


def _copied(frame: Frame) -> dict[str, Any]:
    return {
        keyword: frame.value(group, keyword)
        for group, keywords in COPIED.items()
        for keyword in keywords
    }


def _put_philips_scale(classic: Dataset, frame: Frame) -> None:
    """Lift the numbers that make signals of two scans comparable to where classic images have them.

    Whether they may stay, and that they are numbers, the procedure of de-identification decides.
    """
    creator, offsets = PHILIPS_SCALE
    philips = philips_frame(frame)
    for offset in offsets:
        try:
            element = philips.private_block(0x2005, creator)[offset]
        except PARSE_ERRORS:
            continue
        block = classic.private_block(0x2005, creator, create=True)
        block.add_new(offset, element.VR, element.value)


def _put_pixels(classic: Dataset, pixels: bytes, syntax: str) -> None:
    native = syntax in NATIVE
    classic.add_new(PIXEL_DATA, "OW" if native else "OB", pixels if native else
                    encapsulate([pixels]))  # fmt: skip
    classic[PIXEL_DATA].is_undefined_length = not native
    classic.file_meta = FileMetaDataset()
    classic.file_meta.TransferSyntaxUID = UID(syntax)


def _put(image: Dataset, keyword: str, value: Any) -> None:
    """Add an attribute anew: elements are shared between frames and must not change in place."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    image.add_new(tag, dictionary_VR(tag), value)
