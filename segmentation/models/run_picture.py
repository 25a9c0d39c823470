"""The pictures of what a run measured."""

from typing import Any

from django.db import models

from segmentation.models.job import Job
from segmentation.models.run import SegmentationRun

PLAIN, MARKED = "plain", "marked"
OUTLINE = "outline"


class RunPicture(Job):
    """The pictures behind a number, drawn by a worker for whoever looks first.

    No record of the trial: mask and images are there, and it can be drawn again from them. `sheets`
    holds two sets: ``plain``, which depends on the images alone, and ``marked``, whose slices are
    chosen by the mask and which has its outline. In each lies the sha256 of every picture in
    ``pictures``, the height of the slices in ``places_mm``, the size of one in ``tile_px``.
    """

    run = models.ForeignKey(SegmentationRun, models.PROTECT, related_name="pictures")
    drawing_version = models.CharField(max_length=16)
    sheets = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["run", "drawing_version"], name="run_picture_once_per_version"
            ),
        ]
        indexes = Job.Meta.indexes

    def __str__(self) -> str:
        return str(self.id)

    @property
    def hashes(self) -> list[str]:
        """The sha256 of every picture."""
        return [sha256 for sheet in self.sheets.values() for sha256 in _pictures(sheet).values()]


def _pictures(sheet: dict[str, Any]) -> dict[str, str]:
    return dict(sheet["pictures"])
