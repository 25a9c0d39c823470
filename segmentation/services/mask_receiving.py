"""Receive a mask that a person sends: looked at while they wait, and kept or refused at once."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError

from mldtrial.trial import policies
from mldtrial.trial.models import Visit
from segmentation.imaging.errors import ImageError
from segmentation.models import SegmentationRun
from segmentation.selectors.mask_reviews import has_read_to_sign
from segmentation.services import mask_import, store
from segmentation.services.mask_import import MadeElsewhere

LARGEST_MIB = 256
"""As many bytes as the largest image has voxels; a compressed mask has a thousandth of it."""
READ_FIRST = (
    "You have yet to sign a severity read of this visit, which its mask must not sway. "
    "Another data manager imports it, or you do after the signature."
)


def receive_mask(
    *,
    visit: Visit,
    chunks: Iterable[bytes],
    made: MadeElsewhere,
    label: int | None = None,
    scan_id: UUID | None = None,
    reason: str = "",
    by: Any,
) -> SegmentationRun:
    """Import a mask as it comes in, as `import_mask` does; nothing of a refused one stays.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, has yet to sign a read of this visit, or as `import_mask`; what is
        wrong with the file stands under ``mask``.
    """
    policies.require(by, "import_mask", visit)
    if has_read_to_sign(by, visit):
        raise ValidationError(READ_FIRST)
    with store.temporary_folder(uuid4()) as folder:
        path = folder / "sent"
        try:
            store.receive(chunks, path, at_most_bytes=LARGEST_MIB * 2**20)
            return mask_import.import_mask(
                visit=visit, path=path, made=made, label=label, scan_id=scan_id, reason=reason
            )
        except ImageError as error:
            raise ValidationError({"mask": error.message}) from error
