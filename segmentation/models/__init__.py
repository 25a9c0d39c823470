"""Uploads, models, runs and their results."""

from segmentation.models.batch import SegmentationBatch
from segmentation.models.calibration import IntervalCalibration
from segmentation.models.evaluation import ModelEvaluation
from segmentation.models.image_export import ImageExport
from segmentation.models.job import ENDED_BADLY, WORTH_ANOTHER_TRY, Job, JobState, Priority
from segmentation.models.mask_review import MaskDecision, MaskReview
from segmentation.models.model_version import (
    CORRECTED,
    MADE_ELSEWHERE,
    Method,
    ModelVersion,
    ReleaseState,
)
from segmentation.models.overlap import MaskOverlap
from segmentation.models.promotion import ModelPromotion
from segmentation.models.protocol import (
    FindingDecision,
    FindingOutcome,
    FindingSeverity,
    FindingState,
    ProtocolCheck,
    ProtocolFinding,
    ProtocolVersion,
    VersionState,
)
from segmentation.models.quality import ScanQuality
from segmentation.models.run import (
    MENDABLE,
    RUNS_WORTH_ANOTHER_TRY,
    SegmentationResult,
    SegmentationRun,
)
from segmentation.models.run_picture import RunPicture
from segmentation.models.scanner import ScannedOn, Scanner, ScannerChange, ScannerChangeKind
from segmentation.models.set_aside import ScanSetAside, SetAsideCause
from segmentation.models.tissue import TissueCode, TissueMeasurement, TissueVolume
from segmentation.models.training import TrainingCase, TrainingRun
from segmentation.models.training_set import TrainingMember, TrainingSet
from segmentation.models.transfer import Transfer, TransferState
from segmentation.models.upload import Upload

__all__ = [
    "CORRECTED",
    "ENDED_BADLY",
    "MADE_ELSEWHERE",
    "MENDABLE",
    "RUNS_WORTH_ANOTHER_TRY",
    "WORTH_ANOTHER_TRY",
    "FindingDecision",
    "FindingOutcome",
    "FindingSeverity",
    "FindingState",
    "ImageExport",
    "IntervalCalibration",
    "Job",
    "JobState",
    "MaskDecision",
    "MaskOverlap",
    "MaskReview",
    "Method",
    "ModelEvaluation",
    "ModelPromotion",
    "ModelVersion",
    "Priority",
    "ProtocolCheck",
    "ProtocolFinding",
    "ProtocolVersion",
    "ReleaseState",
    "RunPicture",
    "ScanQuality",
    "ScanSetAside",
    "ScannedOn",
    "Scanner",
    "ScannerChange",
    "ScannerChangeKind",
    "SegmentationBatch",
    "SegmentationResult",
    "SegmentationRun",
    "SetAsideCause",
    "TissueCode",
    "TissueMeasurement",
    "TissueVolume",
    "TrainingCase",
    "TrainingMember",
    "TrainingRun",
    "TrainingSet",
    "Transfer",
    "TransferState",
    "Upload",
    "VersionState",
]
