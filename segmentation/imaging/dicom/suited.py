"""Which DICOM objects are taken in: original MR images without text burned into them."""

from pydicom import Dataset

from segmentation.imaging.dicom.attributes import value_of
from segmentation.imaging.errors import FailureCode, ImageError

MR = "1.2.840.10008.5.1.4.1.1.4"


def refuse_unsuited(original: Dataset) -> None:
    """Refuse an object that is no original MR image, or says that text is burned into it.

    Raises
    ------
    ImageError
        UNSUPPORTED_DICOM.
    """
    _refuse_class(original)
    if str(value_of(original, "BurnedInAnnotation", "NO")).strip().upper() == "YES":
        raise _unsupported(
            "A series says that text is burned into its images. Export it without annotation."
        )
    value = value_of(original, "ImageType") or []
    kind = [str(part).upper() for part in ([value] if isinstance(value, str) else value)]
    if kind[:1] == ["DERIVED"] or kind[1:2] == ["SECONDARY"]:
        raise _unsupported(
            "A series was derived from another (reformatted or computed). Send the original."
        )
    if kind[:2] != ["ORIGINAL", "PRIMARY"]:
        raise _unsupported(
            "A series does not say that it is an original image (attribute ImageType). "
            "Send the original as the scanner exported it."
        )


def _refuse_class(original: Dataset) -> None:
    if str(value_of(original, "SOPClassUID", "")) != MR:
        raise _unsupported(
            "A series is not a plain MR image series (other modalities, reports and screenshots "
            "are not taken in). Leave it out."
        )


def _unsupported(message: str) -> ImageError:
    return ImageError(FailureCode.UNSUPPORTED_DICOM, message)
