"""The reports of a cohort that a person has, and the choices that they made."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from analytics.models import CohortReport, ReportSubscription, Rhythm
from analytics.policies import visible_to
from analytics.reports.periods import period_of
from mldtrial.trial import policies
from mldtrial.trial.models import Role, Study
from segmentation.models import JobState

# A report is computed as the person, with all that their roles show, and is gone with the broadest
# of them. Queries about images, whose counts it holds, are for data managers and auditors alone.
BROADEST_FIRST = (Role.DATA_MANAGER, Role.AUDITOR, Role.STATISTICIAN, Role.SPONSOR)


def reports_of(study: Study, *, user: Any) -> QuerySet[CohortReport]:
    """Return a person's reports of a study, the newest first, of the roles they hold."""
    return visible_to(user, CohortReport.objects.filter(study=study)).order_by("-queued_at")


def report(study: Study, report_id: UUID, *, user: Any) -> CohortReport:
    """Return one report.

    Raises
    ------
    Http404
        If there is none, it is another person's, or its role has ended.
    """
    found = reports_of(study, user=user).filter(pk=report_id).select_related("study").first()
    if found is None:
        raise Http404("No such report.")
    return found


def rhythm_of(study: Study, *, user: Any) -> Rhythm:
    """Return how often a person wants the report of a study; never, before they chose."""
    own = visible_to(user, ReportSubscription.objects.filter(study=study)).first()
    return Rhythm.NEVER if own is None else Rhythm(own.rhythm)


def role_of(study: Study, *, user: Any) -> Role | None:
    """Return the role in which a person reads the cohort; None for who may not."""
    held = policies.roles(user, study) & set(policies.ACTIONS["view_cohort"])
    return next((role for role in BROADEST_FIRST if role in held), None)


def wanted(day: date) -> list[tuple[ReportSubscription, Role, str]]:
    """Return whose report of this week or month was not made yet, in which role, with its period.

    One that was cancelled when the role had ended is wanted again by whoever holds the role again.
    Not narrowed to a person: for the worker alone.
    """
    found = []
    chosen = ReportSubscription.objects.exclude(rhythm=Rhythm.NEVER).select_related("study", "user")
    for one in chosen.order_by("pk"):
        role = role_of(one.study, user=one.user)
        if role is None:
            continue
        period = period_of(one.rhythm, day)
        made = CohortReport.objects.filter(
            study=one.study, made_for=one.user, role=role, period=period
        )
        if not made.exclude(state=JobState.CANCELLED).exists():
            found.append((one, role, period))
    return found
