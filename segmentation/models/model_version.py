"""A registered segmentation method."""

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.guards import FROZEN, GATE, refuse_from
from mldtrial.audit.tracking import ClinicalModel, tracked

MADE_ELSEWHERE = "made_elsewhere"
"""Where the manifest of a method says that its masks are imported."""

CORRECTED = " corrected"
"""Ends the name of a method whose masks began as those of the method of the other words."""


class Method(models.TextChoices):
    """The kind of method, as the reference study names them."""

    CNN = "CNN", "nnU-Net"
    CONVENTIONAL = "CONVENTIONAL", "conventional"
    MANUAL = "MANUAL", "drawn by hand"
    CORRECTED = "CORRECTED", "corrected by hand"
    TEST = "TEST", "test method"


class ReleaseState(models.TextChoices):
    """Whether a model's results are used."""

    CANDIDATE = "CANDIDATE", "candidate"
    ACTIVE = "ACTIVE", "active"
    RETIRED = "RETIRED", "retired"


COUNTS_AT_HELD_VISITS = f"""
IF (OLD.state = '{ReleaseState.ACTIVE}') = (NEW.state = '{ReleaseState.ACTIVE}') THEN
    RETURN NEW;
END IF;
PERFORM pg_advisory_xact_lock_shared({GATE});
SELECT max(locked.level) INTO held
    FROM segmentation_segmentationrun run
    JOIN audit_lockedrecord locked ON locked.record_id = run.visit_id
    WHERE run.model_version_id = NEW.id AND run.analysis_flag;
"""  # noqa: S608 - a number and a word of our own
"""A method whose loads stand at a frozen or locked visit neither begins nor ceases to count:
another number would be shown of a record that must not change."""


BY_TWO_PEOPLE = """
IF OLD.state = 'ACTIVE' AND NEW.state <> 'ACTIVE' AND EXISTS (
    SELECT FROM segmentation_segmentationrun run
    WHERE run.model_version_id = OLD.id AND run.analysis_flag
) AND NOT EXISTS (
    SELECT FROM segmentation_modelpromotion promotion
    JOIN audit_approvalrequest request ON request.id = promotion.request_id
    WHERE promotion.replaces_id = OLD.id AND request.action = 'PROMOTE' AND request.is_approved
    AND request.decided_by_id <> request.requested_by_id
    AND request.decided_at >= transaction_timestamp()
) THEN
    RAISE EXCEPTION 'A method whose results count is replaced by two people.'
    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
        CONSTRAINT = 'model_replaced_by_two_people';
END IF;
RETURN NEW;
"""
"""While results of the active method count, it goes only in the transaction in which a second
person has approved what takes its place."""


@pgtrigger.register(
    pgtrigger.Trigger(
        name="replaced_by_two_people",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=BY_TWO_PEOPLE,
    ),
    pgtrigger.Trigger(
        name="keep_held_loads",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        declare=[("held", "smallint")],
        func=COUNTS_AT_HELD_VISITS + refuse_from(FROZEN),
    ),
)
@never_locked("A method belongs to no study; its results do.")
@tracked()
class ModelVersion(ClinicalModel):
    """One version of a method; a trajectory never mixes two."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    method = models.CharField(max_length=12, choices=Method)
    sha256 = models.CharField(max_length=64, help_text="Of the manifest of the model folder.")
    folder = models.CharField(max_length=200, blank=True)
    sequences = ArrayField(models.CharField(max_length=8))
    is_demonstration = models.BooleanField()
    state = models.CharField(max_length=10, choices=ReleaseState, default=ReleaseState.CANDIDATE)
    card = models.TextField(blank=True)
    manifest = models.JSONField(
        default=dict,
        blank=True,
        help_text="As registered, without the second names of tensors; empty: not recorded.",
    )

    class Meta(ClinicalModel.Meta):
        ordering = ["name", "version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="model_version_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=ReleaseState.values), name="model_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(method__in=Method.values), name="model_method_known"
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state=ReleaseState.ACTIVE),
                name="model_one_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def began_as(self) -> tuple[str, str] | None:
        """Name and version of the method whose masks were corrected; None where none were."""
        if self.method != Method.CORRECTED:
            return None
        return self.name.removesuffix(CORRECTED), self.version

    @property
    def shifted_from(self) -> str | None:
        """Return the sha256 of the manifest whose threshold was moved to make this; None: none."""
        shift = self.manifest.get("shift", {})
        return shift.get("of_manifest_sha256") if isinstance(shift, dict) else None

    def corrects(self, other: "ModelVersion") -> bool:
        """Return whether the masks of this method began as those of another one."""
        return self.began_as == (other.name, other.version)
