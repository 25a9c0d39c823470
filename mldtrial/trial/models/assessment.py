"""Clinical scores recorded at a visit."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.patient import Visit


class AssessmentStatus(models.TextChoices):
    """Whether the score was taken."""

    DONE = "DONE", "done"
    NOT_DONE = "NOT_DONE", "not done"
    NOT_APPLICABLE = "NOT_APPLICABLE", "not applicable (age)"


class Source(models.TextChoices):
    """Where the information came from."""

    EXAMINATION = "EXAMINATION", "direct examination"
    VIDEO = "VIDEO", "video"
    PARENT = "PARENT", "parent interview"
    CHART = "CHART", "chart review"


class AssessorRole(models.TextChoices):
    """The profession of whoever assessed the patient."""

    MD = "MD", "physician"
    PA = "PA", "physician assistant"
    NP = "NP", "nurse practitioner"
    PT = "PT", "physiotherapist"
    SLP = "SLP", "speech therapist"
    PSYCHOLOGIST = "PSYCHOLOGIST", "psychologist"
    OTHER = "OTHER", "other"
    UNKNOWN = "UNKNOWN", "not recorded"


class LevelAssessment(ClinicalModel):
    """What the classifications by level share.

    `assessed_by` is who entered it and answers for it; `assessor_name` names another person
    who saw the patient, and is empty where that was the same.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(
        max_length=16, choices=AssessmentStatus, default=AssessmentStatus.DONE
    )
    source = models.CharField(max_length=16, choices=Source, default=Source.EXAMINATION)
    reason = models.CharField(max_length=300, blank=True)
    assessed_on = models.DateField()
    assessed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    assessor_role = models.CharField(
        max_length=16, choices=AssessorRole, default=AssessorRole.UNKNOWN
    )
    assessor_name = models.CharField(max_length=200, blank=True)
    instrument_version = models.CharField(max_length=32)

    class Meta(ClinicalModel.Meta):
        abstract = True

    @property
    def assessor(self) -> str:
        """Who saw the patient."""
        return self.assessor_name or str(self.assessed_by)


def _level_constraints(prefix: str, highest: int) -> list[models.CheckConstraint]:
    """Return what the database holds of every level: its range, or a reason for none."""
    is_none = models.Q(
        status__in=[AssessmentStatus.NOT_DONE, AssessmentStatus.NOT_APPLICABLE],
        level__isnull=True,
    )
    return [
        models.CheckConstraint(
            condition=models.Q(level__isnull=True) | models.Q(level__lte=highest),
            name=f"{prefix}_level_0_to_{highest}",
        ),
        models.CheckConstraint(
            condition=models.Q(status=AssessmentStatus.DONE, level__isnull=False)
            | (is_none & ~models.Q(reason="")),
            name=f"{prefix}_level_or_reason",
        ),
        models.CheckConstraint(
            condition=models.Q(source__in=Source.values), name=f"{prefix}_source_known"
        ),
        models.CheckConstraint(
            condition=models.Q(assessor_role__in=AssessorRole.values),
            name=f"{prefix}_assessor_role_known",
        ),
    ]


@belongs_to("visit", "visit_id", signed=True)
@tracked()
class GmfcMldAssessment(LevelAssessment):
    """Gross motor function in MLD, level 0 (best) to 6 (worst) (Kehrer 2011)."""

    visit = models.OneToOneField(Visit, models.PROTECT, related_name="gmfc_mld")
    level = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(6)]
    )
    sublevel = models.CharField(max_length=1, blank=True, choices=[("a", "4a"), ("b", "4b")])
    instrument_version = models.CharField(max_length=32, default="GMFCMLD-1")

    class Meta(LevelAssessment.Meta):
        constraints = [
            *_level_constraints("gmfc_mld", 6),
            models.CheckConstraint(
                condition=models.Q(sublevel="") | models.Q(level=4), name="gmfc_mld_4a_4b"
            ),
        ]

    def __str__(self) -> str:
        return f"GMFC-MLD {self.level}" if self.level is not None else self.get_status_display()


@belongs_to("visit", "visit_id", signed=True)
@tracked()
class ElfcMldAssessment(LevelAssessment):
    """Expressive language function in MLD, E0 (best) to E4 (worst) (Kehrer 2014)."""

    visit = models.OneToOneField(Visit, models.PROTECT, related_name="elfc_mld")
    level = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(4)]
    )
    instrument_version = models.CharField(max_length=32, default="ELFCMLD-1")

    class Meta(LevelAssessment.Meta):
        constraints = _level_constraints("elfc_mld", 4)

    def __str__(self) -> str:
        return f"ELFC-MLD E{self.level}" if self.level is not None else self.get_status_display()
