"""Consent given and withdrawn, and how the follow-up of a patient ended."""

import uuid

from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.patient import Patient
from mldtrial.trial.rules.participation import Step


class DispositionStep(models.TextChoices):
    """The steps of taking part, in the words of the pages."""

    CONSENT = Step.CONSENT.value, "consent given"
    RECONSENT = Step.RECONSENT.value, "consent renewed"
    ASSENT = Step.ASSENT.value, "assent of the child given"
    IMAGE_CONSENT = Step.IMAGE_CONSENT.value, "consent for images given again"
    IMAGES_WITHDRAWN = Step.IMAGES_WITHDRAWN.value, "consent for images withdrawn"
    TREATMENT_WITHDRAWN = Step.TREATMENT_WITHDRAWN.value, "withdrawn from treatment"
    FOLLOW_UP_WITHDRAWN = Step.FOLLOW_UP_WITHDRAWN.value, "withdrawn from follow-up"
    LOST = Step.LOST.value, "lost to follow-up"
    COMPLETED = Step.COMPLETED.value, "completed the study"
    DIED = Step.DIED.value, "died"


@belongs_to("patient", "patient_id")
@tracked()
class Disposition(ClinicalModel):
    """One dated step of taking part; what was entered in error is voided, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="dispositions")
    step = models.CharField(max_length=24, choices=DispositionStep)
    happened_on = models.DateField()
    form_version = models.CharField(
        max_length=40, blank=True, help_text="Version of the consent or assent form."
    )
    note = models.CharField(max_length=300, blank=True)
    is_void = models.BooleanField(default=False, help_text="Entered in error.")

    class Meta(ClinicalModel.Meta):
        ordering = ["happened_on", "created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(step__in=DispositionStep.values), name="disposition_step_known"
            ),
            models.UniqueConstraint(
                fields=["patient", "step", "happened_on"],
                condition=models.Q(is_void=False),
                name="disposition_once",
            ),
        ]

    def __str__(self) -> str:
        return self.get_step_display()
