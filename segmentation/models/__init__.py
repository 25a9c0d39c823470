"""Uploads, models, runs and their results."""

from segmentation.models.job import ENDED_BADLY, WORTH_ANOTHER_TRY, Job, JobState
from segmentation.models.model_version import Method, ModelVersion, ReleaseState
from segmentation.models.quality import ScanQuality
from segmentation.models.run import SegmentationResult, SegmentationRun
from segmentation.models.transfer import Transfer, TransferState
from segmentation.models.upload import Upload

__all__ = [
    "ENDED_BADLY",
    "WORTH_ANOTHER_TRY",
    "Job",
    "JobState",
    "Method",
    "ModelVersion",
    "ReleaseState",
    "ScanQuality",
    "SegmentationResult",
    "SegmentationRun",
    "Transfer",
    "TransferState",
    "Upload",
]
