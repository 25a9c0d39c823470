"""How the images of a load were acquired, read the same way for objects and for columns."""

import json
from collections.abc import Collection
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import F, Func, JSONField, TextField
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from segmentation.imaging.acquisitions import Acquisition, Image, image_of
from segmentation.models import SegmentationResult

PARAMETERS = (
    "MRAcquisitionType", "SliceThickness", "RepetitionTime", "EchoTime", "InversionTime",
    "FlipAngle",
)  # fmt: skip


def _written(scan: str) -> Cast:
    """Return all that is compared of a scan as one text: alike scans are written alike.

    As an array: an object takes the database three times as long.
    """
    told = Func(
        F(f"{scan}__acq_stratum"),
        F(f"{scan}__voxel_size_mm"),
        F(f"{scan}__scanner"),
        *(KeyTransform(name, f"{scan}__acquisition") for name in PARAMETERS),
        function="jsonb_build_array",
        output_field=JSONField(),
    )
    return Cast(told, TextField())


COLUMNS: dict[str, Any] = {
    "t1w_written": _written("run__t1w_scan"),
    "t2w_written": _written("run__t2w_scan"),
}
"""Annotations of a result of segmentation, for `acquisition_of` in this order."""


def acquisition_of(t1w: str, t2w: str) -> Acquisition:
    """Return how a load was acquired, from the texts of `COLUMNS`."""
    image = _image(t1w)
    assert image is not None  # noqa: S101 - no run is without its T1w
    return _interned(image, _image(t2w))


def of_runs(runs: Collection[UUID]) -> dict[UUID, Acquisition]:
    """Return how the loads of runs were acquired, in one query."""
    rows = SegmentationResult.objects.filter(run__in=runs).annotate(**COLUMNS)
    return {run: acquisition_of(*texts) for run, *texts in rows.values_list("run_id", *COLUMNS)}


@lru_cache(maxsize=16_384)
def _interned(t1w: Image, t2w: Image | None) -> Acquisition:
    return Acquisition(t1w, t2w)


@lru_cache(maxsize=16_384)
def _image(text: str) -> Image | None:
    """Return an image from its text; None for a scan that there is not."""
    stratum, voxel_size_mm, scanner, *parameters = json.loads(text)
    if stratum is None:
        return None
    i, j, k = voxel_size_mm
    return image_of(
        acq_stratum=stratum,
        voxel_size_mm=(i, j, k),
        scanner=scanner or {},
        acquisition=dict(zip(PARAMETERS, parameters, strict=True)),
    )
