"""An enhanced multi-frame MR object, unfolded into the classic images that it stands for.

What classic images say in plain attributes stands in functional groups here, some for all frames
and some for each (PS3.3 C.7.6.16 and C.8.13).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID
from pydicom.valuerep import DSfloat

from segmentation.imaging.dicom.pixels import PIXEL_DATA, frame_pixels
from segmentation.imaging.dicom.reading import NATIVE, PARSE_ERRORS, syntax_of
from segmentation.imaging.dicom.suited import MR
from segmentation.imaging.errors import FailureCode, ImageError

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
MOST_VOLUMES = 16
"""More volumes in one object are a film of function, perfusion or diffusion, not structure."""

PER_FRAME, SHARED = "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"
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

SHARED_PHYSICS = ("RepetitionTime", "FlipAngle", "InversionTime", "ScanningSequence")
COMPONENTS = {"MAGNITUDE": "M", "PHASE": "P", "REAL": "R", "IMAGINARY": "I"}
ECHO_PULSES = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}
SPOILED = frozenset({"RF", "GRADIENT", "RF_AND_GRADIENT"})
STEADY = {
    "FREE_PRECESSION": "SS", "TRANSVERSE": "SS", "LONGITUDINAL": "SS", "TIME_REVERSED": "TRSS",
}  # fmt: skip
PHILIPS_FRAME = ("Philips MR Imaging DD 005", 0x0F)
PHILIPS_SCALE = ("Philips MR Imaging DD 001", (0x0D, 0x0E))


def is_enhanced(image: Dataset) -> bool:
    """Tell whether an image is an enhanced multi-frame MR object."""
    try:
        return str(image.get("SOPClassUID", "")) == ENHANCED_MR
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
        TRUNCATED, TRAILING_DATA or TOO_LARGE if the pixels do not fit the frames.
    """
    try:
        return _unfold(enhanced)
    except PARSE_ERRORS:
        # The reader decodes a value when it is asked for; its message would quote it.
        raise _bad("an attribute that cannot be read") from None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of an object: its own functional groups, and those of all frames."""

    own: Dataset
    shared: Dataset

    def value(self, group: str, keyword: str) -> Any:
        """Return a value of a functional group, None where it is absent or empty."""
        found = [
            item[keyword].value
            for item in (_only(self.own, group), _only(self.shared, group))
            if keyword in item and item[keyword].value not in (None, "")
        ]
        if len(found) == 2 and found[0] != found[1]:
            raise _bad(f"two values of {keyword} for one frame")
        return found[0] if found else None

    def words(self, group: str, keyword: str) -> list[str]:
        """Return the values of a coded attribute in capitals."""
        return _words(self.value(group, keyword))


def _unfold(enhanced: Dataset) -> list[list[Dataset]]:
    if int(enhanced.get("InConcatenationTotalNumber") or 1) != 1:
        raise _unsupported("is one part of a larger one (a concatenation)")
    frames = _frames(enhanced)
    _check_dimensions(frames)
    parts = _parts(frames)
    pixels = frame_pixels(enhanced)
    template = _template(enhanced)
    volumes = [
        [_classic(enhanced, template, frames[index], index, pixels[index]) for index in part]
        for part in parts
    ]
    for volume in volumes:
        _check_physics(volume)
    return volumes


def _frames(enhanced: Dataset) -> list[Frame]:
    declared = int(enhanced.get("NumberOfFrames") or 0)
    groups = enhanced.get(PER_FRAME) or []
    if not groups:
        raise _unsupported("describes none of its frames")
    if declared != len(groups):
        raise _bad(f"{len(groups)} frames described where {declared} are announced")
    shared = _only(enhanced, SHARED)
    return [Frame(own, shared) for own in groups]


def _only(parent: Dataset, keyword: str) -> Dataset:
    """Return the only item of a sequence, an empty one where there is none."""
    items = parent.get(keyword) or []
    if len(items) > 1:
        raise _bad(f"several items in {keyword}")
    return items[0] if items else Dataset()


def _check_dimensions(frames: Sequence[Frame]) -> None:
    """Refuse frames whose places in the dimensions of the object are not one place each."""
    values = [frame.value("FrameContentSequence", "DimensionIndexValues") for frame in frames]
    if all(value is None for value in values):
        return
    indices = [_listed(value) for value in values]
    if len({len(index) for index in indices}) > 1 or len(set(indices)) != len(indices):
        raise _bad("dimension indices that contradict each other")


def _parts(frames: Sequence[Frame]) -> list[list[int]]:
    """Return the indices of the frames of each volume."""
    parts: dict[tuple[tuple[str, ...], ...], list[int]] = defaultdict(list)
    for index, frame in enumerate(frames):
        parts[_apart(frame)].append(index)
    if len(parts) > MOST_VOLUMES:
        raise _unsupported(
            f"holds {len(parts)} volumes, expected at most {MOST_VOLUMES}: a series of time "
            "points, diffusion or function"
        )
    for part in parts.values():
        _check_stack([frames[index] for index in part])
    return list(parts.values())


def _apart(frame: Frame) -> tuple[tuple[str, ...], ...]:
    return tuple(
        _listed(frame.value(group, keyword))
        for group, keywords in APART.items()
        for keyword in keywords
    )


def _check_stack(frames: Sequence[Frame]) -> None:
    """Refuse a stack that is not numbered from 1 without a gap: an end leaves no gap in place."""
    values = [frame.value("FrameContentSequence", "InStackPositionNumber") for frame in frames]
    if all(value is None for value in values):
        return
    if None in values:
        raise _bad("frames with and frames without a place in their stack")
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
        if element.VR != "SQ" and element.keyword != "NumberOfFrames":
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
        "ImageType": _image_type(enhanced, frame),
        **_geometry(frame),
        **_copied(frame),
        **_physics(enhanced, frame),
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
            raise _bad(f"no {keyword} for a frame, so its geometry is unknown")
    return found


def _copied(frame: Frame) -> dict[str, Any]:
    return {
        keyword: frame.value(group, keyword)
        for group, keywords in COPIED.items()
        for keyword in keywords
    }


def _image_type(enhanced: Dataset, frame: Frame) -> list[str] | None:
    """Return the kind of a frame in classic words; a derived object has no original frame."""
    whole = _words(enhanced.get("ImageType"))
    kind = frame.words("MRImageFrameTypeSequence", "FrameType") or whole
    if whole[:1] == ["DERIVED"] or whole[1:2] == ["SECONDARY"]:
        kind = whole[:2] + kind[2:]
    component = frame.words("MRImageFrameTypeSequence", "ComplexImageComponent") or _words(
        enhanced.get("ComplexImageComponent")
    )
    code = [COMPONENTS[part] for part in component if part in COMPONENTS]
    return [*kind[:2], *code, *(part for part in kind[2:] if part not in code)] or None


def _physics(enhanced: Dataset, frame: Frame) -> dict[str, Any]:
    philips = _philips_frame(frame)
    echo_ms = frame.value("MREchoSequence", "EffectiveEchoTime")
    kinds, variants = _kinds(enhanced, frame)
    return {
        "EchoTime": None if echo_ms is None else DSfloat(float(echo_ms), auto_format=True),
        "InversionTime": _inversion_time(frame, philips),
        "ScanningSequence": kinds or philips.get("ScanningSequence"),
        "SequenceVariant": variants or philips.get("SequenceVariant"),
    }


def _inversion_time(frame: Frame, philips: Dataset) -> Any:
    times = _numbers(frame.value("MRModifierSequence", "InversionTimes"))
    if len(times) > 1:
        raise _unsupported("was acquired with several inversions, a contrast that is not read")
    if times and times[0] > 0:
        return DSfloat(times[0], auto_format=True)
    # Hyperfine writes the classic attribute into the group, Philips beside the frame.
    time = frame.value("MRModifierSequence", "InversionTime") or philips.get("InversionTime")
    if not time and frame.words("MRModifierSequence", "InversionRecovery") == ["YES"]:
        # Without the time, fluid-attenuated images would be taken for T2-weighted ones.
        raise _bad("an inversion recovery without its inversion time")
    return time


def _kinds(enhanced: Dataset, frame: Frame) -> tuple[list[str], list[str]]:
    """Return the kinds and the variants of the sequence, in classic codes (PS3.3 C.8.3.1)."""
    kinds = [
        code
        for word in _words(enhanced.get("EchoPulseSequence"))
        for code in ECHO_PULSES.get(word, ())
    ]
    if _words(enhanced.get("EchoPlanarPulseSequence")) == ["YES"]:
        kinds.append("EP")
    inverted = frame.words("MRModifierSequence", "InversionRecovery") == ["YES"]
    variants = [STEADY[word] for word in _words(enhanced.get("SteadyStatePulseSequence"))
                if word in STEADY]  # fmt: skip
    if SPOILED.intersection(frame.words("MRModifierSequence", "Spoiling")):
        variants.append("SP")
    if inverted and "GR" in kinds:
        variants.append("MP")
    elif inverted and kinds:
        kinds.append("IR")
    return kinds, variants if kinds else []


def _check_physics(volume: Sequence[Dataset]) -> None:
    for keyword in SHARED_PHYSICS:
        if len({str(image.get(keyword, "")) for image in volume}) > 1:
            raise ImageError(
                FailureCode.MIXED_SERIES,
                f"The frames of an enhanced MR object differ in {keyword}. Export the series as "
                "classic MR images, one file per slice.",
            )


def _philips_frame(frame: Frame) -> Dataset:
    """Return the classic attributes that Philips stores beside each frame, or nothing."""
    creator, offset = PHILIPS_FRAME
    try:
        found: Dataset = frame.own.private_block(0x2005, creator)[offset].value[0]
        return found if isinstance(found, Dataset) else Dataset()
    except PARSE_ERRORS:
        return Dataset()


def _put_philips_scale(classic: Dataset, frame: Frame) -> None:
    """Lift the numbers that make signals of two scans comparable to where classic images have them.

    Whether they may stay, and that they are numbers, the procedure of de-identification decides.
    """
    creator, offsets = PHILIPS_SCALE
    philips = _philips_frame(frame)
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


def _listed(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    several = not isinstance(value, str) and hasattr(value, "__iter__")
    return tuple(str(part) for part in (value if several else [value]))


def _words(value: Any) -> list[str]:
    return [part.strip().upper() for part in _listed(value) if part.strip()]


def _numbers(value: Any) -> list[float]:
    return [float(part) for part in _listed(value)]


def _bad(found: str) -> ImageError:
    return ImageError(
        FailureCode.BAD_DICOM,
        f"Expected a sound enhanced MR object, found {found}. Export the series as classic MR "
        "images, one file per slice.",
    )


def _unsupported(what: str) -> ImageError:
    return ImageError(
        FailureCode.UNSUPPORTED_DICOM,
        f"An enhanced MR object {what}. Export the structural series as classic MR images, one "
        "file per slice.",
    )
