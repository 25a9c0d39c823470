"""A mask that was given to a person to look at, and what that person said."""

import pgtrigger
from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Scan
from segmentation.models.job import MACHINE_COLUMNS, Job
from segmentation.models.run import SegmentationRun


class MaskDecision(models.TextChoices):
    """What became of a mask that was given out."""

    WAITING = "WAITING", "to look at"
    APPROVED = "APPROVED", "approved"
    REJECTED = "REJECTED", "rejected"
    SUPERSEDED = "SUPERSEDED", "no longer stands"
    WITHDRAWN = "WITHDRAWN", "given again"


DECIDED = (MaskDecision.APPROVED, MaskDecision.REJECTED)
STANDING = (MaskDecision.WAITING, *DECIDED)
"""What holds of a mask: one review at most."""


@never_locked("Whether a mask may teach a method is said of the mask, and changes no value.")
@tracked(exclude=MACHINE_COLUMNS)
class MaskReview(Job, ClinicalModel):
    """A mask given to a reviewer; its job draws the pictures, the decision is a person's.

    The reviewer knows the mask by its `review_id`, which is drawn at random: it says nothing of
    patient, visit or site. A decision is never changed: a later one takes its place and the
    earlier one stays. It is about `mask_sha256` beside `t2w_scan`, and counts while the run is
    not void and that image is the T2w in use.
    """

    review_id = models.CharField(max_length=16, unique=True)
    run = models.ForeignKey(SegmentationRun, models.PROTECT, related_name="mask_reviews")
    mask_sha256 = models.CharField(max_length=64)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_no_operator = models.BooleanField(
        default=False,
        help_text="Who gave an imported mask confirmed that the reviewer did not make it.",
    )
    t2w_scan = models.ForeignKey(
        Scan,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="The T2w in the pictures; empty for a mask that is not drawn or has none.",
    )
    pictures = models.JSONField(
        default=dict, blank=True, help_text="sha256 by name, and how far the slices lie apart."
    )
    decision = models.CharField(max_length=12, choices=MaskDecision, default=MaskDecision.WAITING)
    note = models.TextField(blank=True, help_text="What was looked at, or why it is rejected.")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["review_id"]
        verbose_name = "review of a mask"
        constraints = [
            *Job.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(decision__in=MaskDecision.values),
                name="mask_review_decision_known",
            ),
            models.UniqueConstraint(
                fields=["run"],
                condition=models.Q(decision__in=STANDING),
                name="mask_review_one_stands",
            ),
            models.CheckConstraint(
                condition=~models.Q(decision__in=DECIDED) | models.Q(decided_at__isnull=False),
                name="mask_review_decided_at_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(decision=MaskDecision.REJECTED) | ~models.Q(note=""),
                name="mask_review_rejected_for_a_reason",
            ),
        ]
        indexes = Job.Meta.indexes
        triggers = [
            *ClinicalModel.Meta.triggers,
            pgtrigger.FSM(
                name="declared_steps",
                field="decision",
                transitions=[
                    (MaskDecision.WAITING, MaskDecision.APPROVED),
                    (MaskDecision.WAITING, MaskDecision.REJECTED),
                    (MaskDecision.WAITING, MaskDecision.WITHDRAWN),
                    (MaskDecision.APPROVED, MaskDecision.SUPERSEDED),
                    (MaskDecision.REJECTED, MaskDecision.SUPERSEDED),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.review_id
