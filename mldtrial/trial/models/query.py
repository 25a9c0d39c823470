"""A question to whoever provided or made a piece of data."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.patient import Patient, Visit
from mldtrial.trial.models.study import Role, Study

LOAD_RULES = "LOAD-"
"""How the codes of rules begin that read demyelination loads."""


class Audience(models.TextChoices):
    """Who may see a query: one born from loads is never shown to a site."""

    SITE = "SITE", "site"
    IMAGING = "IMAGING", "imaging"


class QueryState(models.TextChoices):
    """How far a query has come."""

    OPEN = "OPEN", "open"
    ANSWERED = "ANSWERED", "answered"
    CLOSED = "CLOSED", "closed"


class QueryDisposition(models.TextChoices):
    """What a query on loads was found to be due to (domain section 8.5)."""

    SEGMENTATION = "SEGMENTATION", "segmentation error"
    ACQUISITION = "ACQUISITION", "acquisition or image quality"
    SCANNER = "SCANNER", "change of scanner"
    ATROPHY = "ATROPHY", "atrophy"
    TREATMENT = "TREATMENT", "effect of treatment"
    TRUE = "TRUE", "true change"
    OTHER = "OTHER", "other"


TRANSITIONS: tuple[tuple[str, str], ...] = (
    (QueryState.OPEN, QueryState.ANSWERED),  # the site
    (QueryState.OPEN, QueryState.CLOSED),  # the data manager, or the rule itself
    (QueryState.ANSWERED, QueryState.CLOSED),
    (QueryState.ANSWERED, QueryState.OPEN),  # the data manager asks again
    (QueryState.CLOSED, QueryState.OPEN),
)
"""Every step that a query may take; the database refuses any other."""


@belongs_to("visit", "visit_id", "patient_id", usable_while_frozen=True)
@tracked()
class Query(ClinicalModel):
    """A query; a rule that fires twice on the same subject opens one query only.

    It waits for a role of the patient's site or study, or for one person. `answer` is the
    latest answer; all that was said is in its messages.
    """

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
    assigned_role = models.CharField(max_length=16, choices=Role, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    closed_by_rule = models.BooleanField(
        default=False, help_text="The rule no longer found the fault."
    )
    disposition = models.CharField(
        max_length=12,
        choices=QueryDisposition,
        blank=True,
        help_text="What a query on loads was due to; empty where it is not recorded.",
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
            models.CheckConstraint(
                condition=models.Q(assigned_role="") | models.Q(assigned_role__in=Role.values),
                name="query_assigned_role_known",
            ),
            models.CheckConstraint(
                condition=models.Q(assigned_role="") | models.Q(assigned_to__isnull=True),
                name="query_waits_for_a_role_or_a_person",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_by_rule=False) | models.Q(state=QueryState.CLOSED),
                name="query_closed_by_rule_is_closed",
            ),
            models.CheckConstraint(
                condition=models.Q(disposition="")
                | models.Q(disposition__in=QueryDisposition.values),
                name="query_disposition_known",
            ),
            models.CheckConstraint(
                condition=models.Q(disposition="")
                | models.Q(
                    rule__startswith=LOAD_RULES, state=QueryState.CLOSED, closed_by_rule=False
                ),
                name="query_disposition_is_of_a_person_on_loads",
            ),
            models.CheckConstraint(
                condition=~models.Q(rule__startswith=LOAD_RULES)
                | models.Q(audience=Audience.IMAGING),
                name="query_of_loads_is_not_for_a_site",
            ),
        ]
        triggers = [
            *ClinicalModel.Meta.triggers,
            pgtrigger.FSM(name="declared_steps", field="state", transitions=list(TRANSITIONS)),
            pgtrigger.Protect(
                name="audience_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__audience__df=pgtrigger.F("new__audience")),
            ),
        ]

    def __str__(self) -> str:
        return self.rule

    @property
    def is_on_loads(self) -> bool:
        """True where a rule that reads loads asks: who closes it says what it was due to."""
        return self.rule.startswith(LOAD_RULES)


class ThreadStep(models.TextChoices):
    """What a message of a thread did to its query."""

    ANSWERED = "ANSWERED", "answered"
    COMMENTED = "COMMENTED", "added"
    ASSIGNED = "ASSIGNED", "assigned"
    REOPENED = "REOPENED", "opened again"
    CLOSED = "CLOSED", "closed"


@belongs_to("visit", "query__visit_id", "query__patient_id", usable_while_frozen=True)
@tracked()
class QueryMessage(ClinicalModel):
    """One thing said in the thread of a query, after its question; it stays as it was said."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    query = models.ForeignKey(Query, models.PROTECT, related_name="messages")
    step = models.CharField(max_length=12, choices=ThreadStep)
    words = models.TextField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Empty where the rule itself speaks.",
    )

    class Meta(ClinicalModel.Meta):
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(step__in=ThreadStep.values), name="query_message_step_known"
            ),
        ]
        triggers = [
            *ClinicalModel.Meta.triggers,
            pgtrigger.Protect(name="refuse_update", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return self.get_step_display()
