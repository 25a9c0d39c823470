"""A patient, the documented treatments and the visits."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.study import CODE, Origin, Site, Study, VisitDefinition
from mldtrial.trial.rules.participation import ENDED, State
from mldtrial.trial.rules.subtype import GenotypeClass


class Sex(models.TextChoices):
    """Sex as in CDISC SDTM (codelist C66731)."""

    FEMALE = "F", "female"
    MALE = "M", "male"
    UNKNOWN = "U", "unknown"


class FirstSymptom(models.TextChoices):
    """Of which kind the first symptom was; a motor one foretells a faster decline (Kehrer)."""

    MOTOR = "MOTOR", "motor"
    COGNITIVE = "COGNITIVE", "cognitive or behavioural"
    BOTH = "BOTH", "both"


class Genotype(models.TextChoices):
    """Class of the two ARSA alleles: 0 has no residual activity, R has some."""

    NULL_NULL = GenotypeClass.NULL_NULL.value, "0/0"
    NULL_RESIDUAL = GenotypeClass.NULL_RESIDUAL.value, "0/R"
    RESIDUAL_RESIDUAL = GenotypeClass.RESIDUAL_RESIDUAL.value, "R/R"
    UNKNOWN = GenotypeClass.UNKNOWN.value, "unknown"


class ArsaResult(models.TextChoices):
    """Arylsulfatase A activity against the laboratory's own range."""

    LOW = "LOW", "low"
    NORMAL = "NORMAL", "normal"


class Sulfatides(models.TextChoices):
    """Sulfatides in urine against the laboratory's own range."""

    ELEVATED = "ELEVATED", "elevated"
    NORMAL = "NORMAL", "normal"


class ParticipationState(models.TextChoices):
    """How a patient takes part now, in the words of the pages."""

    UNRECORDED = State.UNRECORDED.value, "no consent recorded"
    FOLLOWED = State.FOLLOWED.value, "in follow-up"
    WITHDRAWN = State.WITHDRAWN.value, "withdrawn"
    LOST = State.LOST.value, "lost to follow-up"
    COMPLETED = State.COMPLETED.value, "completed"
    DIED = State.DIED.value, "died"


ENDED_STATES = sorted(state.value for state in ENDED)


@belongs_to("patient", "id", "study_id")
@tracked()
class Patient(ClinicalModel):
    """A subject of the study, known by a code only.

    Birth is kept as year and month; ages are computed from the middle of that month.
    `participation` and `withdrawn_on` follow from the dispositions, by the rule
    `rules.participation`; the services keep them in the same transaction.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="patients")
    site = models.ForeignKey(Site, models.PROTECT, related_name="patients")
    subject_code = models.CharField(max_length=32, validators=[CODE])
    sex = models.CharField(max_length=1, choices=Sex)
    birth_month = models.DateField(help_text="First day of the month of birth.")
    onset_age_months = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(1200)],
        help_text="Age at first symptom, in months; empty while there is none.",
    )
    enrolled_on = models.DateField(
        null=True, blank=True, help_text="The day from which the schedule counts."
    )
    first_study_dose_on = models.DateField(
        null=True,
        blank=True,
        help_text="Date of the first study dose, recorded identically in every arm.",
    )
    first_symptom = models.CharField(max_length=12, choices=FirstSymptom, blank=True)
    genotype_class = models.CharField(
        max_length=8, choices=Genotype, default=Genotype.UNKNOWN, blank=True
    )
    allele_1 = models.CharField(max_length=64, blank=True)
    allele_2 = models.CharField(max_length=64, blank=True)
    arsa_activity = models.DecimalField(
        max_digits=10, decimal_places=3, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    arsa_unit = models.CharField(max_length=32, blank=True)
    arsa_result = models.CharField(max_length=8, choices=ArsaResult, blank=True)
    urinary_sulfatides = models.CharField(max_length=8, choices=Sulfatides, blank=True)
    pseudodeficiency_ruled_out = models.BooleanField(null=True, blank=True)
    affected_sibling = models.BooleanField(null=True, blank=True)
    sibling_onset_age_months = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(1200)]
    )
    diagnosed_on = models.DateField(null=True, blank=True)
    participation = models.CharField(
        max_length=12, choices=ParticipationState, default=ParticipationState.UNRECORDED
    )
    withdrawn_on = models.DateField(
        null=True, blank=True, help_text="The day the follow-up ended; empty while followed."
    )
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.CLINICAL)

    class Meta(ClinicalModel.Meta):
        ordering = ["subject_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "subject_code"], name="patient_code_once_per_study"
            ),
            models.CheckConstraint(
                condition=models.Q(sex__in=Sex.values), name="patient_sex_known"
            ),
            models.CheckConstraint(
                condition=models.Q(birth_month__day=1), name="patient_birth_is_a_month"
            ),
            models.CheckConstraint(
                condition=models.Q(onset_age_months__isnull=True)
                | models.Q(onset_age_months__lte=1200),
                name="patient_onset_age_plausible",
            ),
            models.CheckConstraint(
                condition=models.Q(first_study_dose_on__isnull=True)
                | models.Q(first_study_dose_on__gte=models.F("birth_month")),
                name="patient_dose_after_birth",
            ),
            models.CheckConstraint(
                condition=models.Q(first_symptom__in=["", *FirstSymptom.values]),
                name="patient_first_symptom_known",
            ),
            models.CheckConstraint(
                condition=models.Q(genotype_class__in=Genotype.values),
                name="patient_genotype_known",
            ),
            models.CheckConstraint(
                condition=models.Q(arsa_activity__isnull=True)
                | (models.Q(arsa_activity__gte=0) & ~models.Q(arsa_unit="")),
                name="patient_arsa_has_a_unit",
            ),
            models.CheckConstraint(
                condition=models.Q(arsa_result__in=["", *ArsaResult.values]),
                name="patient_arsa_result_known",
            ),
            models.CheckConstraint(
                condition=models.Q(urinary_sulfatides__in=["", *Sulfatides.values]),
                name="patient_sulfatides_known",
            ),
            models.CheckConstraint(
                condition=models.Q(sibling_onset_age_months__isnull=True)
                | models.Q(
                    sibling_onset_age_months__lte=1200,
                    affected_sibling=True,
                    affected_sibling__isnull=False,
                ),
                name="patient_sibling_onset_of_a_sibling",
            ),
            models.CheckConstraint(
                condition=models.Q(diagnosed_on__isnull=True)
                | models.Q(diagnosed_on__gte=models.F("birth_month")),
                name="patient_diagnosed_after_birth",
            ),
            models.CheckConstraint(
                condition=models.Q(participation__in=ParticipationState.values),
                name="patient_participation_known",
            ),
            models.CheckConstraint(
                condition=models.Q(participation__in=ENDED_STATES, withdrawn_on__isnull=False)
                | (~models.Q(participation__in=ENDED_STATES) & models.Q(withdrawn_on__isnull=True)),
                name="patient_end_has_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(enrolled_on__isnull=True)
                | models.Q(enrolled_on__gte=models.F("birth_month")),
                name="patient_enrolled_after_birth",
            ),
        ]

    def __str__(self) -> str:
        return self.subject_code


class TreatmentKind(models.TextChoices):
    """Documented non-study therapies of MLD."""

    HSCT = "HSCT", "stem cell transplantation (HSCT)"
    GENE_THERAPY = "GENE_THERAPY", "gene therapy"
    ERT = "ERT", "enzyme replacement"
    OTHER = "OTHER", "other"


class Donor(models.TextChoices):
    """Whose cells were transplanted."""

    MATCHED_RELATED = "MATCHED_RELATED", "matched related"
    UNRELATED = "UNRELATED", "unrelated"
    HAPLOIDENTICAL = "HAPLOIDENTICAL", "haploidentical"
    CORD_BLOOD = "CORD_BLOOD", "cord blood"


class SymptomStatus(models.TextChoices):
    """How far the disease was when the treatment started."""

    PRESYMPTOMATIC = "PRESYMPTOMATIC", "presymptomatic"
    EARLY = "EARLY", "early symptomatic"
    SYMPTOMATIC = "SYMPTOMATIC", "symptomatic"


@belongs_to("patient", "patient_id")
@tracked()
class Treatment(ClinicalModel):
    """A documented therapy that is not the study product; visible to every role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="treatments")
    kind = models.CharField(max_length=16, choices=TreatmentKind)
    started_on = models.DateField()
    stopped_on = models.DateField(null=True, blank=True)
    dose = models.CharField(max_length=100, blank=True, help_text="Dose or cohort, with unit.")
    symptom_status = models.CharField(max_length=16, choices=SymptomStatus, blank=True)
    conditioning = models.CharField(max_length=100, blank=True)
    donor = models.CharField(max_length=16, choices=Donor, blank=True)
    chimerism_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )

    class Meta(ClinicalModel.Meta):
        ordering = ["started_on"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=TreatmentKind.values), name="treatment_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(stopped_on__isnull=True)
                | models.Q(stopped_on__gte=models.F("started_on")),
                name="treatment_stops_after_start",
            ),
            models.UniqueConstraint(
                fields=["patient", "kind", "started_on"], name="treatment_once"
            ),
            models.CheckConstraint(
                condition=models.Q(symptom_status__in=["", *SymptomStatus.values]),
                name="treatment_symptom_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(donor="", chimerism_percent__isnull=True)
                | models.Q(
                    donor__in=["", *Donor.values],
                    kind=TreatmentKind.HSCT,
                ),
                name="treatment_donor_of_a_transplantation",
            ),
            models.CheckConstraint(
                condition=models.Q(chimerism_percent__isnull=True)
                | models.Q(chimerism_percent__gte=0, chimerism_percent__lte=100),
                name="treatment_chimerism_0_to_100",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


@belongs_to("visit", "id", "patient_id", signed=True)
@tracked()
class Visit(ClinicalModel):
    """One visit of one patient."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="visits")
    definition = models.ForeignKey(
        VisitDefinition,
        models.PROTECT,
        related_name="visits",
        null=True,
        blank=True,
        verbose_name="planned visit",
    )
    number = models.DecimalField(max_digits=6, decimal_places=2, validators=[MinValueValidator(0)])
    name = models.CharField(max_length=100)
    date = models.DateField()

    class Meta(ClinicalModel.Meta):
        ordering = ["date", "number"]
        constraints = [
            models.UniqueConstraint(fields=["patient", "number"], name="visit_number_once"),
            models.UniqueConstraint(fields=["patient", "date"], name="visit_date_once"),
            models.UniqueConstraint(fields=["patient", "definition"], name="visit_definition_once"),
            models.CheckConstraint(
                condition=models.Q(number__gte=0), name="visit_number_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name
