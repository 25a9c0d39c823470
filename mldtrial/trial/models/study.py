"""A study, its sites, its people and its schedule."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from mldtrial.audit.belonging import belongs_to, never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.rules.schedule import Anchor
from mldtrial.trial.rules.subtype import NEVER_BEFORE_ONSET, WITH_SIBLING_AND_GENOTYPE

CODE = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
    "Use letters, digits, hyphen and underscore, at most 32 characters, starting with a "
    "letter or digit.",
)


class Origin(models.TextChoices):
    """Whether a record is a patient's or was made up for demonstration."""

    CLINICAL = "CLINICAL", "clinical"
    DEMO = "DEMO", "demonstration"


class Blinding(models.TextChoices):
    """Whether the treatment arms are known to the roles of the study."""

    OPEN = "OPEN", "open"
    BLINDED = "BLINDED", "blinded"


class SubtypeRule(models.TextChoices):
    """Named rules that derive the subtype from the age at first symptom."""

    EJ6 = "MLD-SUBTYPE-EJ6", "juvenile boundary at 6 years (Kehrer cohort, NICE HST18)"
    EJ7 = "MLD-SUBTYPE-EJ7", "juvenile boundary at 7 years (OTL-200 US label)"


class PresymptomaticRule(models.TextChoices):
    """Named rules for the subtype of whoever has no symptom yet."""

    SIBLING_GENOTYPE = (
        WITH_SIBLING_AND_GENOTYPE,
        "before the first symptom by an affected sibling's onset, then by genotype",
    )
    NEVER = NEVER_BEFORE_ONSET, "no subtype before the first symptom"


class SeverityRule(models.TextChoices):
    """What the charter takes for the score of two readers who agree."""

    MEAN = "MEAN", "the mean of both readers"
    FIRST_READER = "FIRST_READER", "the first reader's score"


@belongs_to("study", "id")
@tracked()
class Study(ClinicalModel):
    """A trial, with the settings that a study may choose.

    The tolerances are those of the working noise model: two lesion-volume readings
    of one scanner, or of two, may differ so much without any change in the patient.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=32, unique=True, validators=[CODE])
    name = models.CharField(max_length=200)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.CLINICAL)
    blinding = models.CharField(max_length=8, choices=Blinding, default=Blinding.BLINDED)
    subtype_rule = models.CharField(max_length=16, choices=SubtypeRule, default=SubtypeRule.EJ6)
    presymptomatic_rule = models.CharField(
        max_length=24, choices=PresymptomaticRule, default=PresymptomaticRule.SIBLING_GENOTYPE
    )
    site_roles_see_loads = models.BooleanField(
        default=False, help_text="Coordinators and investigators see their own site's loads."
    )
    requires_mfa = models.BooleanField(
        "second factor",
        default=True,
        help_text="Everybody who takes part needs a second factor at sign-in.",
    )
    tolerance_same_ml = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal("5"))
    tolerance_same_percent = models.DecimalField(
        max_digits=5, decimal_places=2, default=Decimal("8")
    )
    tolerance_changed_ml = models.DecimalField(
        max_digits=6, decimal_places=2, default=Decimal("10")
    )
    tolerance_changed_percent = models.DecimalField(
        max_digits=5, decimal_places=2, default=Decimal("17")
    )
    jump_ml_per_month = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal("15"))
    largest_load_ml = models.DecimalField(
        "largest plausible load",
        max_digits=6,
        decimal_places=2,
        default=Decimal("300"),
        help_text="A load above it is flagged.",
    )
    largest_load_percent = models.DecimalField(
        "largest share of the white matter",
        max_digits=5,
        decimal_places=2,
        default=Decimal("105"),
        help_text="A load above so many percent of the white matter of its head is flagged.",
    )
    pairing_days_late_infantile = models.PositiveSmallIntegerField(
        default=30,
        help_text="How far a score may lie from a scan: late-infantile MLD changes within weeks.",
    )
    pairing_days_others = models.PositiveSmallIntegerField(default=90)
    scan_days_from_visit = models.PositiveSmallIntegerField(
        "scan and visit apart, days",
        default=14,
        help_text="A scan acquired further from its visit waits until somebody says it belongs.",
    )
    accrual_target = models.PositiveIntegerField(null=True, blank=True)
    accrual_target_on = models.DateField(null=True, blank=True)
    settings_version = models.PositiveIntegerField(default=1, editable=False)
    severity_tolerance = models.PositiveSmallIntegerField(
        default=2,
        validators=[MaxValueValidator(34)],
        help_text="Points by which two MRI severity totals may differ without an adjudicator.",
    )
    severity_rule = models.CharField(max_length=16, choices=SeverityRule, default=SeverityRule.MEAN)
    sponsor_name = models.CharField(
        "sponsor",
        max_length=64,
        blank=True,
        help_text="Written into kept DICOM images (0012,0010).",
    )
    retain_patient_characteristics = models.BooleanField(
        "images keep sex, age, height and weight",
        default=False,
        help_text="Option 113108 of DICOM PS3.15.",
    )
    retain_safe_private = models.BooleanField(
        "images keep reviewed private attributes",
        default=True,
        help_text="Option 113111 of DICOM PS3.15.",
    )

    class Meta(ClinicalModel.Meta):
        verbose_name_plural = "studies"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(blinding__in=Blinding.values), name="study_blinding_known"
            ),
            models.CheckConstraint(
                condition=models.Q(origin__in=Origin.values), name="study_origin_known"
            ),
            models.CheckConstraint(
                condition=models.Q(subtype_rule__in=SubtypeRule.values),
                name="study_subtype_rule_known",
            ),
            models.CheckConstraint(
                condition=models.Q(presymptomatic_rule__in=PresymptomaticRule.values),
                name="study_presymptomatic_rule_known",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    tolerance_same_ml__gte=0,
                    tolerance_same_percent__gte=0,
                    tolerance_changed_ml__gte=0,
                    tolerance_changed_percent__gte=0,
                    jump_ml_per_month__gt=0,
                ),
                name="study_tolerances_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(largest_load_ml__gt=0, largest_load_percent__gte=100),
                name="study_largest_loads",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    pairing_days_late_infantile__lte=365, pairing_days_others__lte=365
                ),
                name="study_pairing_within_a_year",
            ),
            models.CheckConstraint(
                condition=models.Q(accrual_target__isnull=True, accrual_target_on__isnull=True)
                | models.Q(accrual_target__gt=0, accrual_target_on__isnull=False),
                name="study_accrual_target_has_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(scan_days_from_visit__lte=365),
                name="study_scan_within_a_year",
            ),
            models.CheckConstraint(
                condition=models.Q(severity_tolerance__lte=34), name="study_severity_tolerance"
            ),
            models.CheckConstraint(
                condition=models.Q(severity_rule__in=SeverityRule.values),
                name="study_severity_rule_known",
            ),
        ]

    def __str__(self) -> str:
        return self.code


@belongs_to("study", "study_id")
@tracked()
class Site(ClinicalModel):
    """A hospital that takes part in a study."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="sites")
    code = models.CharField(max_length=32, validators=[CODE])
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC")

    class Meta(ClinicalModel.Meta):
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="site_code_once_per_study"),
        ]

    def __str__(self) -> str:
        return self.code


class Role(models.TextChoices):
    """What a person does in a study."""

    COORDINATOR = "coordinator", "site coordinator"
    INVESTIGATOR = "investigator", "investigator"
    READER = "reader", "image reader"
    ADJUDICATOR = "adjudicator", "adjudicator"
    OPERATOR = "operator", "segmentation operator"
    DATA_MANAGER = "data_manager", "data manager"
    MONITOR = "monitor", "monitor"
    STATISTICIAN = "statistician", "statistician"
    SPONSOR = "sponsor", "sponsor"
    ADMINISTRATOR = "administrator", "administrator"
    AUDITOR = "auditor", "auditor"


SITE_ROLES = (Role.COORDINATOR, Role.INVESTIGATOR, Role.MONITOR)


@never_locked("People come and go while the data stand still.")
@tracked()
class Membership(ClinicalModel):
    """A role that a person holds in a study, at one site or at all of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    study = models.ForeignKey(Study, models.PROTECT, related_name="memberships")
    site = models.ForeignKey(
        Site, models.PROTECT, related_name="memberships", null=True, blank=True
    )
    role = models.CharField(max_length=16, choices=Role)
    is_active = models.BooleanField(default=True)
    may_export_rows = models.BooleanField(
        default=False, help_text="Grants row exports to a sponsor."
    )

    class Meta(ClinicalModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user", "study", "site", "role"],
                name="membership_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=SITE_ROLES, site__isnull=False)
                | (~models.Q(role__in=SITE_ROLES) & models.Q(site__isnull=True)),
                name="membership_site_roles_have_a_site",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} in {self.study_id}"


class VisitAnchor(models.TextChoices):
    """The day from which the target of a planned visit counts."""

    ENROLMENT = Anchor.ENROLMENT.value, "enrolment"
    TREATMENT = Anchor.TREATMENT.value, "treatment"
    PREVIOUS_VISIT = Anchor.PREVIOUS_VISIT.value, "the previous visit"


@belongs_to("study", "study_id")
@tracked()
class VisitDefinition(ClinicalModel):
    """A planned visit of the study's schedule.

    Its target counts from an anchor. For `VisitAnchor.TREATMENT` that is the first study
    dose, recorded identically in every arm, or the first documented therapy of the kind that
    `anchor_therapy` names. A definition is retired, never deleted: visits refer to it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="visit_definitions")
    code = models.CharField(max_length=16, validators=[CODE])
    name = models.CharField(max_length=100)
    number = models.DecimalField(max_digits=6, decimal_places=2, validators=[MinValueValidator(0)])
    anchor = models.CharField(max_length=16, choices=VisitAnchor, default=VisitAnchor.ENROLMENT)
    anchor_therapy = models.CharField(
        max_length=16, blank=True, help_text="One of TreatmentKind; empty for the study dose."
    )
    target_day = models.IntegerField(
        validators=[MinValueValidator(-3650), MaxValueValidator(36500)],
        help_text="Days after the anchor.",
    )
    window_before_days = models.PositiveSmallIntegerField(
        default=14, validators=[MaxValueValidator(365)]
    )
    window_after_days = models.PositiveSmallIntegerField(
        default=14, validators=[MaxValueValidator(365)]
    )
    has_scans = models.BooleanField(default=True, help_text="T1w and T2w belong to this visit.")
    has_gmfc_mld = models.BooleanField(
        default=True, help_text="A GMFC-MLD level belongs to this visit."
    )
    is_retired = models.BooleanField(default=False)

    class Meta(ClinicalModel.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="visit_definition_code_once"),
            models.UniqueConstraint(
                fields=["study", "number"], name="visit_definition_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(anchor__in=VisitAnchor.values),
                name="visit_definition_anchor_known",
            ),
            models.CheckConstraint(
                condition=models.Q(anchor_therapy="") | models.Q(anchor=VisitAnchor.TREATMENT),
                name="visit_definition_therapy_for_treatment",
            ),
        ]

    def __str__(self) -> str:
        return self.code
