"""An image of a visit, kept by its content."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.patient import Visit
from mldtrial.trial.models.study import Origin


class Sequence(models.TextChoices):
    """The MRI contrast, with the suffixes of BIDS."""

    T1W = "T1w", "T1w"
    T2W = "T2w", "T2w"
    FLAIR = "FLAIR", "FLAIR"
    OTHER = "other", "other"


class AcqStratum(models.TextChoices):
    """How the slices were acquired; headline statistics never pool the two."""

    THREE_D = "3D", "3D"
    TWO_D = "2D", "2D"


class ScanState(models.TextChoices):
    """What became of an image at intake."""

    IMPORTED = "IMPORTED", "imported"
    QUARANTINED = "QUARANTINED", "in quarantine"
    VOIDED = "VOIDED", "voided"
    DISCARDED = "DISCARDED", "discarded, image destroyed"


class Conflict(models.TextChoices):
    """Why an image may belong to another patient or visit than it was sent for."""

    DATE_FAR = "DATE_FAR", "acquired far from the visit"
    SEX = "SEX", "sex differs"
    BIRTH_MONTH = "BIRTH_MONTH", "month of birth differs"
    AGE = "AGE", "age does not fit"
    TRIAL_SUBJECT = "TRIAL_SUBJECT", "names another subject"
    OTHER_PERSON = "OTHER_PERSON", "names another person"
    PERSON_CHANGED = "PERSON_CHANGED", "person differs from earlier scans"
    MANY_PERSONS = "MANY_PERSONS", "several persons in one upload"
    SAME_SERIES_ELSEWHERE = "SAME_SERIES_ELSEWHERE", "series known elsewhere"
    SAME_IMAGE_ELSEWHERE = "SAME_IMAGE_ELSEWHERE", "image known elsewhere"
    OTHER_HEAD = "OTHER_HEAD", "head differs from earlier scans"
    NOT_RECORDED = "NOT_RECORDED", "reason no longer on record"


@belongs_to("visit", "visit_id", signed={"state": ScanState.IMPORTED})
@tracked()
class Scan(ClinicalModel):
    """A checked, de-identified image in the content-addressed store.

    `image_sha256` names the stored NIfTI file; `voxels_sha256` is the hash of its
    voxels, by which the same image is found again under another patient. Only images that are
    `ScanState.IMPORTED` are used for anything; those in quarantine wait for a decision on their
    `conflicts`, and a discarded one has no file.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="scans")
    sequence = models.CharField(max_length=8, choices=Sequence)
    acq_stratum = models.CharField("acquisition (2D or 3D)", max_length=2, choices=AcqStratum)
    state = models.CharField(max_length=12, choices=ScanState, default=ScanState.IMPORTED)
    reason = models.TextField(blank=True, help_text="Why it is what it is, in words.")
    conflicts = ArrayField(
        models.CharField(max_length=24, choices=Conflict),
        default=list,
        blank=True,
        help_text="What did not fit when the image came in.",
    )
    person = models.CharField(
        "person, as a keyed hash",
        max_length=64,
        blank=True,
        help_text="Of the person named in the original header; the same person has the same.",
    )
    days_from_visit = models.SmallIntegerField(
        "days from the visit",
        null=True,
        blank=True,
        help_text="Acquisition date minus visit date, in days.",
    )
    shape = ArrayField(models.PositiveIntegerField(), size=3, verbose_name="voxels")
    voxel_size_mm = ArrayField(models.FloatField(), size=3, verbose_name="voxel size, mm")
    affine = ArrayField(
        ArrayField(models.FloatField(), size=4), size=4, verbose_name="voxel-to-world matrix, mm"
    )
    image_sha256 = models.CharField(max_length=64)
    voxels_sha256 = models.CharField(max_length=64)
    source_sha256 = models.CharField(
        "upload sha256", max_length=64, help_text="Of the upload as received."
    )
    source_format = models.CharField("format of the upload", max_length=8)
    deidentification_version = models.CharField("de-identification", max_length=32, blank=True)
    scanner = models.JSONField(default=dict, blank=True)
    acquisition = models.JSONField("acquisition parameters", default=dict, blank=True)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.CLINICAL)

    class Meta(ClinicalModel.Meta):
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sequence__in=Sequence.values), name="scan_sequence_known"
            ),
            models.CheckConstraint(
                condition=models.Q(acq_stratum__in=AcqStratum.values),
                name="scan_acq_stratum_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ScanState.values), name="scan_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(image_sha256__regex=r"^[0-9a-f]{64}$"),
                name="scan_image_sha256_is_hex",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=ScanState.QUARANTINED) | models.Q(conflicts__len__gt=0),
                name="scan_waits_for_a_reason",
            ),
            models.UniqueConstraint(
                fields=["visit", "image_sha256"],
                condition=models.Q(state__in=[ScanState.IMPORTED, ScanState.QUARANTINED]),
                name="scan_once_per_visit",
            ),
        ]
        indexes = [models.Index(fields=["person"], name="scan_person")]

    def __str__(self) -> str:
        return f"{self.sequence} {self.acq_stratum}"
