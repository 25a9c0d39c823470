"""A question to whoever provided or made a piece of data."""

import uuid

from django.conf import settings
from django.db import models

from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.patient import Patient, Visit
from mldtrial.trial.models.study import Study


class Audience(models.TextChoices):
    """Who may see a query: one born from loads is never shown to a site."""

    SITE = "SITE", "site"
    IMAGING = "IMAGING", "imaging"


class QueryState(models.TextChoices):
    """How far a query has come."""

    OPEN = "OPEN", "open"
    ANSWERED = "ANSWERED", "answered"
    CLOSED = "CLOSED", "closed"


@tracked()
class Query(ClinicalModel):
    """A query; a rule that fires twice on the same subject opens one query only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="queries")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="queries")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="queries", null=True, blank=True)
    audience = models.CharField(max_length=8, choices=Audience)
    state = models.CharField(max_length=8, choices=QueryState, default=QueryState.OPEN)
    rule = models.CharField(max_length=48, help_text="Code of the rule, or MANUAL.")
    question = models.TextField()
    answer = models.TextField(blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta(ClinicalModel.Meta):
        verbose_name_plural = "queries"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(audience__in=Audience.values), name="query_audience_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=QueryState.values), name="query_state_known"
            ),
            models.UniqueConstraint(
                fields=["patient", "visit", "rule"],
                condition=models.Q(state__in=["OPEN", "ANSWERED"]) & ~models.Q(rule="MANUAL"),
                name="query_once_per_rule_and_visit",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.rule
