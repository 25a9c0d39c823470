"""What an enhanced MR object says of its frames, in functional groups (PS3.3 C.7.6.16).

Some groups hold for all frames, some for one; a value is asked of both.
"""

from dataclasses import dataclass
from typing import Any

from pydicom import Dataset

from segmentation.imaging.dicom.reading import PARSE_ERRORS
from segmentation.imaging.errors import FailureCode, ImageError

PER_FRAME, SHARED = "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"
PHILIPS_FRAME = ("Philips MR Imaging DD 005", 0x0F)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of an object: its own functional groups, and those of all frames."""

    own: Dataset
    shared: Dataset

    def value(self, group: str, keyword: str) -> Any:
        """Return a value of a functional group, None where it is absent or empty."""
        found = [
            item[keyword].value
            for item in (only_item(self.own, group), only_item(self.shared, group))
            if keyword in item and item[keyword].value not in (None, "")
        ]
        if len(found) == 2 and found[0] != found[1]:
            raise unsound(f"two values of {keyword} for one frame")
        return found[0] if found else None

    def words(self, group: str, keyword: str) -> list[str]:
        """Return the values of a coded attribute in capitals."""
        return words_of(self.value(group, keyword))


def frames_of(enhanced: Dataset) -> list[Frame]:
    """Return the frames of an enhanced MR object in their order.

    Raises
    ------
    ImageError
        UNSUPPORTED_DICOM if no frame is described, BAD_DICOM if their number is not the announced
        one or a group that may stand once stands several times.
    """
    declared = int(enhanced.get("NumberOfFrames") or 0)
    groups = enhanced.get(PER_FRAME) or []
    if not groups:
        raise unsupported("describes none of its frames")
    if declared != len(groups):
        raise unsound(f"{len(groups)} frames described where {declared} are announced")
    shared = only_item(enhanced, SHARED)
    return [Frame(own, shared) for own in groups]


def only_item(parent: Dataset, keyword: str) -> Dataset:
    """Return the only item of a sequence, an empty one where there is none."""
    items = parent.get(keyword) or []
    if len(items) > 1:
        raise unsound(f"several items in {keyword}")
    return items[0] if items else Dataset()


def philips_frame(frame: Frame) -> Dataset:
    """Return the classic attributes that Philips stores beside each frame, or nothing."""
    creator, offset = PHILIPS_FRAME
    try:
        found: Dataset = frame.own.private_block(0x2005, creator)[offset].value[0]
        return found if isinstance(found, Dataset) else Dataset()
    except PARSE_ERRORS:
        return Dataset()


def values_of(value: Any) -> tuple[str, ...]:
    """Return the values of an attribute as text, none for one that is absent."""
    if value is None:
        return ()
    several = not isinstance(value, str) and hasattr(value, "__iter__")
    return tuple(str(part) for part in (value if several else [value]))


def words_of(value: Any) -> list[str]:
    """Return the values of a coded attribute in capitals, without empty ones."""
    return [part.strip().upper() for part in values_of(value) if part.strip()]


def numbers_of(value: Any) -> list[float]:
    """Return the values of a numeric attribute, none for one that is absent."""
    return [float(part) for part in values_of(value)]


def unsound(found: str) -> ImageError:
    """Return the refusal of an object that contradicts itself or lacks what it needs."""
    return ImageError(
        FailureCode.BAD_DICOM,
        f"Expected a sound enhanced MR object, found {found}. Export the series as classic MR "
        "images, one file per slice.",
    )


def unsupported(what: str) -> ImageError:
    """Return the refusal of an object that may be sound and is not read."""
    return ImageError(
        FailureCode.UNSUPPORTED_DICOM,
        f"An enhanced MR object {what}. Export the structural series as classic MR images, one "
        "file per slice.",
    )
