"""Where the conduct of the trial left its protocol."""

import uuid

from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.patient import Patient, Visit
from mldtrial.trial.models.study import Study


class DeviationCode(models.TextChoices):
    """The closed list of deviations, in the order of their groups."""

    WRONG_SEQ = "WRONG_SEQ", "wrong sequence"
    MISSING_T2 = "MISSING_T2", "T2w missing"
    THICKNESS = "THICKNESS", "slice thickness"
    GAP = "GAP", "gap between slices"
    COVERAGE = "COVERAGE", "coverage (vertex, cerebellum)"
    CONTRAST_BEFORE_T1 = "CONTRAST_BEFORE_T1", "contrast agent before T1w"
    DIFF_SCANNER = "DIFF_SCANNER", "another scanner"
    DIFF_FIELD = "DIFF_FIELD", "another field strength"
    DIFF_COIL = "DIFF_COIL", "another coil"
    SW_UPGRADE = "SW_UPGRADE", "scanner software upgraded"
    MOTION = "MOTION", "motion"
    WRAP = "WRAP", "wrap"
    METAL_SHUNT = "METAL_SHUNT", "metal or shunt (intrathecal device)"
    DEFACE_DAMAGE = "DEFACE_DAMAGE", "damage by defacing"
    SEDATION_NOT_GIVEN = "SEDATION_NOT_GIVEN", "sedation not given"
    OUT_OF_WINDOW = "OUT_OF_WINDOW", "visit outside its window"
    LATE_TRANSFER = "LATE_TRANSFER", "images transferred late"
    WRONG_SUBJECT_DATE = "WRONG_SUBJECT_DATE", "wrong subject or date"
    PHI_HEADER = "PHI_HEADER", "identifier in a header"
    PHI_BURNED_IN = "PHI_BURNED_IN", "identifier burned into the image"


DEVIATION_GROUPS: dict[str, tuple[DeviationCode, ...]] = {
    "Protocol": (
        DeviationCode.WRONG_SEQ,
        DeviationCode.MISSING_T2,
        DeviationCode.THICKNESS,
        DeviationCode.GAP,
        DeviationCode.COVERAGE,
        DeviationCode.CONTRAST_BEFORE_T1,
    ),
    "Scanner": (
        DeviationCode.DIFF_SCANNER,
        DeviationCode.DIFF_FIELD,
        DeviationCode.DIFF_COIL,
        DeviationCode.SW_UPGRADE,
    ),
    "Image": (
        DeviationCode.MOTION,
        DeviationCode.WRAP,
        DeviationCode.METAL_SHUNT,
        DeviationCode.DEFACE_DAMAGE,
    ),
    "Conduct": (
        DeviationCode.SEDATION_NOT_GIVEN,
        DeviationCode.OUT_OF_WINDOW,
        DeviationCode.LATE_TRANSFER,
    ),
    "Identity": (
        DeviationCode.WRONG_SUBJECT_DATE,
        DeviationCode.PHI_HEADER,
        DeviationCode.PHI_BURNED_IN,
    ),
}


class DeviationState(models.TextChoices):
    """Whether a deviation stands."""

    OPEN = "OPEN", "open"
    CLOSED = "CLOSED", "closed"


@never_locked("A departure from the protocol may be found when the data stand still.")
@tracked()
class ProtocolDeviation(ClinicalModel):
    """A departure from the protocol: recorded, never a reason to refuse data.

    Without `opened_by` a rule opened it, and the rule closes it when the data are mended.
    Without `described_by` the words are the rule's, which follow the data; what a person wrote
    stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="deviations")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="deviations")
    visit = models.ForeignKey(
        Visit, models.PROTECT, related_name="deviations", null=True, blank=True
    )
    code = models.CharField(max_length=24, choices=DeviationCode)
    state = models.CharField(max_length=8, choices=DeviationState, default=DeviationState.OPEN)
    description = models.TextField()
    days_outside = models.SmallIntegerField(
        null=True, blank=True, help_text="OUT_OF_WINDOW: days early (negative) or late."
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    described_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta(ClinicalModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__in=DeviationCode.values), name="deviation_code_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=DeviationState.values), name="deviation_state_known"
            ),
            models.UniqueConstraint(
                fields=["patient", "visit", "code"],
                condition=models.Q(state="OPEN"),
                name="deviation_open_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.code
