"""The register of scanners: which there are, on which each scan was made, what changed."""

import uuid

from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import belongs_to, never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import DeviationCode, Scan, Site, Study

REPEATS = "It repeats what the header of a scan says, and adds nothing to the record."


@belongs_to("study", "study_id")
@tracked()
class Scanner(ClinicalModel):
    """A scanner of a site, recognised from the headers of its scans.

    `device` is the keyed pseudonym of its serial number: without it, scanners of one kind at
    one site are taken for one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="scanners")
    site = models.ForeignKey(Site, models.PROTECT, related_name="scanners")
    key = models.CharField("recognised by", max_length=200)
    manufacturer = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=64, blank=True)
    field_strength_t = models.FloatField("field strength, T", null=True, blank=True)
    device = models.CharField("serial number, as pseudonym", max_length=80, blank=True)
    name = models.CharField(max_length=80, blank=True, help_text="As the site calls it.")
    is_qualified = models.BooleanField("qualified for the study", default=False)
    qualification = models.CharField(max_length=300, blank=True)
    qualified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta(ClinicalModel.Meta):
        ordering = ["site__code", "created_at"]
        constraints = [
            models.UniqueConstraint(fields=["site", "key"], name="scanner_once_per_site"),
            models.CheckConstraint(
                condition=models.Q(is_qualified=False)
                | (~models.Q(qualification="") & models.Q(qualified_by__isnull=False)),
                name="scanner_qualified_by_a_person_with_words",
            ),
        ]

    def __str__(self) -> str:
        kind = " ".join(part for part in (self.manufacturer, self.model) if part)
        return self.name or kind or "scanner"

    @property
    def state(self) -> str:
        """Whether it is qualified for the study."""
        return "QUALIFIED" if self.is_qualified else "NOT_QUALIFIED"


@never_locked(REPEATS)
@tracked()
class ScannedOn(ClinicalModel):
    """On which scanner a scan was made, with which software, and when.

    The day is that of the acquisition, or that of the visit where the file does not say it.
    """

    scan = models.OneToOneField(Scan, models.PROTECT, primary_key=True, related_name="scanned_on")
    scanner = models.ForeignKey(Scanner, models.PROTECT, related_name="scans")
    software = models.CharField(max_length=200, blank=True)
    acquired_on = models.DateField()

    class Meta(ClinicalModel.Meta):
        verbose_name = "scanner of a scan"
        verbose_name_plural = "scanners of scans"
        ordering = ["acquired_on"]

    def __str__(self) -> str:
        return str(self.scanner_id)


class ScannerChangeKind(models.TextChoices):
    """What was seen."""

    NEW = "NEW", "new scanner"
    SOFTWARE = "SOFTWARE", "software changed"


@never_locked(REPEATS)
@tracked()
class ScannerChange(ClinicalModel):
    """A scanner that was new, or whose software had changed, with the first scan that shows it.

    The days are those of scans: the change lies between `last_before_on` and `first_after_on`.
    Where an earlier scan comes in later, the event is replaced and no longer current.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scanner = models.ForeignKey(Scanner, models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=8, choices=ScannerChangeKind)
    scan = models.ForeignKey(Scan, models.PROTECT, related_name="scanner_changes")
    before = models.CharField("software before", max_length=200, blank=True)
    after = models.CharField("software after", max_length=200, blank=True)
    last_before_on = models.DateField(null=True, blank=True)
    first_after_on = models.DateField()
    is_current = models.BooleanField(default=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["-first_after_on"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=ScannerChangeKind.values),
                name="scanner_change_kind_known",
            ),
            models.UniqueConstraint(
                fields=["scanner", "kind", "scan"],
                condition=models.Q(is_current=True),
                name="scanner_change_once",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def deviation_code(self) -> str:
        """The code under which a person may record this as a protocol deviation."""
        is_new = self.kind == ScannerChangeKind.NEW
        return (DeviationCode.DIFF_SCANNER if is_new else DeviationCode.SW_UPGRADE).value

    @property
    def sentence(self) -> str:
        """What was seen, in words for people."""
        if self.kind == ScannerChangeKind.NEW:
            return "First scan on this scanner."
        return f"First scan after the software changed from {self.before} to {self.after}."
