"""How a frame of an enhanced MR object was acquired, in the words of classic images.

Enhanced objects describe a sequence by its parts (PS3.3 C.8.13), classic ones by codes (C.8.3.1).
"""

from collections.abc import Sequence
from typing import Any

from pydicom import Dataset
from pydicom.valuerep import DSfloat

from segmentation.imaging.dicom.functional_groups import (
    Frame,
    numbers_of,
    philips_frame,
    unsound,
    unsupported,
    words_of,
)
from segmentation.imaging.errors import FailureCode, ImageError

SHARED_PHYSICS = ("RepetitionTime", "FlipAngle", "InversionTime", "ScanningSequence")
COMPONENTS = {"MAGNITUDE": "M", "PHASE": "P", "REAL": "R", "IMAGINARY": "I"}
ECHO_PULSES = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}
SPOILED = frozenset({"RF", "GRADIENT", "RF_AND_GRADIENT"})
STEADY = {
    "FREE_PRECESSION": "SS", "TRANSVERSE": "SS", "LONGITUDINAL": "SS", "TIME_REVERSED": "TRSS",
}  # fmt: skip


def image_type(enhanced: Dataset, frame: Frame) -> list[str] | None:
    """Return the kind of a frame in classic words; a derived object has no original frame."""
    whole = words_of(enhanced.get("ImageType"))
    kind = frame.words("MRImageFrameTypeSequence", "FrameType") or whole
    if whole[:1] == ["DERIVED"] or whole[1:2] == ["SECONDARY"]:
        kind = whole[:2] + kind[2:]
    component = frame.words("MRImageFrameTypeSequence", "ComplexImageComponent") or words_of(
        enhanced.get("ComplexImageComponent")
    )
    code = [COMPONENTS[part] for part in component if part in COMPONENTS]
    return [*kind[:2], *code, *(part for part in kind[2:] if part not in code)] or None


def acquisition(enhanced: Dataset, frame: Frame) -> dict[str, Any]:
    """Return echo and inversion time, in ms, and the codes of the sequence, None where not said.

    Raises
    ------
    ImageError
        UNSUPPORTED_DICOM for several inversions, BAD_DICOM for an inversion recovery without its
        time.
    """
    philips = philips_frame(frame)
    echo_ms = frame.value("MREchoSequence", "EffectiveEchoTime")
    kinds, variants = _kinds(enhanced, frame)
    return {
        "EchoTime": None if echo_ms is None else DSfloat(float(echo_ms), auto_format=True),
        "InversionTime": _inversion_time(frame, philips),
        "ScanningSequence": kinds or philips.get("ScanningSequence"),
        "SequenceVariant": variants or philips.get("SequenceVariant"),
    }


def _inversion_time(frame: Frame, philips: Dataset) -> Any:
    times = numbers_of(frame.value("MRModifierSequence", "InversionTimes"))
    if len(times) > 1:
        raise unsupported("was acquired with several inversions, a contrast that is not read")
    if times and times[0] > 0:
        return DSfloat(times[0], auto_format=True)
    # Hyperfine writes the classic attribute into the group, Philips beside the frame.
    time = frame.value("MRModifierSequence", "InversionTime") or philips.get("InversionTime")
    if not time and frame.words("MRModifierSequence", "InversionRecovery") == ["YES"]:
        # Without the time, fluid-attenuated images would be taken for T2-weighted ones.
        raise unsound("an inversion recovery without its inversion time")
    return time


def _kinds(enhanced: Dataset, frame: Frame) -> tuple[list[str], list[str]]:
    """Return the kinds and the variants of the sequence, in classic codes (PS3.3 C.8.3.1)."""
    kinds = [
        code
        for word in words_of(enhanced.get("EchoPulseSequence"))
        for code in ECHO_PULSES.get(word, ())
    ]
    if words_of(enhanced.get("EchoPlanarPulseSequence")) == ["YES"]:
        kinds.append("EP")
    inverted = frame.words("MRModifierSequence", "InversionRecovery") == ["YES"]
    variants = [STEADY[word] for word in words_of(enhanced.get("SteadyStatePulseSequence"))
                if word in STEADY]  # fmt: skip
    if SPOILED.intersection(frame.words("MRModifierSequence", "Spoiling")):
        variants.append("SP")
    if inverted and "GR" in kinds:
        variants.append("MP")
    elif inverted and kinds:
        kinds.append("IR")
    return kinds, variants if kinds else []


def check_same_acquisition(volume: Sequence[Dataset]) -> None:
    """Refuse a volume whose frames were acquired differently, with MIXED_SERIES."""
    for keyword in SHARED_PHYSICS:
        if len({str(image.get(keyword, "")) for image in volume}) > 1:
            raise ImageError(
                FailureCode.MIXED_SERIES,
                f"The frames of an enhanced MR object differ in {keyword}. Export the series as "
                "classic MR images, one file per slice.",
            )
