"""A training of a network on approved masks, and what became of each mask."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Scan, Study
from segmentation.models.job import ENDED_BADLY, MACHINE_COLUMNS, Job
from segmentation.models.mask_review import MaskReview
from segmentation.models.model_version import ModelVersion


class TrainedNetwork(models.TextChoices):
    """Which network is trained."""

    PLANNED = "planned", "as nnU-Net plans it, for a GPU"
    SMALL = "small", "small, at 2 mm, for a CPU"
    TINY = "tiny", "tiny (tests only)"


class TrainingDevice(models.TextChoices):
    """Where a training runs; declared, never chosen silently."""

    CPU = "cpu", "CPU"
    CUDA = "cuda", "GPU"


@never_locked("A method is made from masks of a study; no record of it changes.")
@tracked(exclude=[*MACHINE_COLUMNS, "epochs_done", "pseudo_dice"])
class TrainingRun(Job, ClinicalModel):
    """One training: what was ordered, on which masks, how far it is, and what came of it."""

    has_time_limit = False
    site = None  # type: ignore[assignment]  # the masks are those of a study
    study = models.ForeignKey(Study, models.PROTECT, related_name="trainings")
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    name = models.SlugField(max_length=64)
    version = models.CharField(max_length=32)
    network = models.CharField(max_length=8, choices=TrainedNetwork)
    device = models.CharField(max_length=4, choices=TrainingDevice)
    epochs = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(10_000)]
    )
    iterations = models.PositiveIntegerField(
        "steps of an epoch", validators=[MinValueValidator(1), MaxValueValidator(10_000)]
    )
    patience = models.PositiveIntegerField(
        help_text="Epochs without a better pseudo-Dice after which it ends; 0: never early."
    )
    trained_folds = models.PositiveSmallIntegerField(
        "folds trained", validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    held_out_percent = models.PositiveSmallIntegerField(validators=[MaxValueValidator(50)])
    seed = models.PositiveIntegerField()
    epochs_done = models.PositiveIntegerField(default=0)
    pseudo_dice = models.JSONField(
        default=list, blank=True, help_text="Smoothed, of the finished epochs of the fold."
    )
    seconds = models.FloatField(null=True, blank=True)
    model_version = models.OneToOneField(
        ModelVersion, models.PROTECT, related_name="training_run", null=True, blank=True
    )

    class Meta(ClinicalModel.Meta):
        ordering = ["-queued_at"]
        verbose_name = "training"
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["name", "version"],
                condition=~models.Q(state__in=ENDED_BADLY),
                name="training_run_name_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="SUCCEEDED") | models.Q(model_version__isnull=False),
                name="training_run_done_has_a_model",
            ),
            models.CheckConstraint(
                condition=models.Q(network__in=TrainedNetwork.values),
                name="training_run_network_known",
            ),
            models.CheckConstraint(
                condition=models.Q(device__in=TrainingDevice.values),
                name="training_run_device_known",
            ),
        ]
        indexes = Job.Meta.indexes

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@never_locked("A method is made from masks of a study; no record of it changes.")
@tracked()
class TrainingCase(ClinicalModel):
    """An approved mask of a training, and the made-up name that it has in the files.

    Who a name stands for is told here and nowhere else.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    training = models.ForeignKey(TrainingRun, models.PROTECT, related_name="cases")
    review = models.ForeignKey(MaskReview, models.PROTECT, related_name="+")
    t2w_scan = models.ForeignKey(Scan, models.PROTECT, related_name="+", null=True, blank=True)
    name = models.CharField(max_length=16)
    patient_name = models.CharField(max_length=16)
    acq_stratum = models.CharField(max_length=2)
    fold = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty for a patient whom no training sees."
    )
    left_out = models.TextField(blank=True, help_text="Why the mask was not used.")
    mask_ml = models.FloatField(null=True, blank=True)
    learnt_ml = models.FloatField(
        null=True, blank=True, help_text="At the voxel size of the network."
    )

    class Meta(ClinicalModel.Meta):
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["training", "name"], name="training_case_name_once"),
            models.UniqueConstraint(fields=["training", "review"], name="training_case_mask_once"),
        ]

    def __str__(self) -> str:
        return self.name
