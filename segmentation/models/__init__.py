"""Uploads, models, runs and their results."""

from segmentation.models.job import ENDED_BADLY, Job, JobState
from segmentation.models.model_version import Method, ModelVersion, ReleaseState
from segmentation.models.run import SegmentationResult, SegmentationRun
from segmentation.models.upload import Upload

__all__ = [
    "ENDED_BADLY",
    "Job",
    "JobState",
    "Method",
    "ModelVersion",
    "ReleaseState",
    "SegmentationResult",
    "SegmentationRun",
    "Upload",
]
