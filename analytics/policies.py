"""Who may see flags, the log of exports and the reports of a cohort."""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q, QuerySet

from analytics.models import (
    CohortReport,
    ExportRecord,
    ReferenceCohort,
    ReportSubscription,
    TrajectoryFlag,
)
from mldtrial.trial import policies as trial
from mldtrial.trial.models import Role, Study

ModelT = TypeVar("ModelT", bound=models.Model)


def _export_records(user: Any) -> Q:
    overseers = trial.memberships(user).filter(role__in=[Role.DATA_MANAGER, Role.AUDITOR])
    return Q(study__in=overseers.values("study")) | Q(user=user)


def _cohort_reports(user: Any) -> Q:
    """Return the person's own, each while the role is held for which it was made."""
    in_role = Q(pk__in=[])
    for membership in trial.held(user):
        if membership.role in trial.COHORT_ROLES:
            in_role |= Q(study=membership.study_id, role=membership.role)
    return Q(made_for=user) & in_role


VISIBLE: dict[type[models.Model], Callable[[Any], Q]] = {
    TrajectoryFlag: lambda user: trial.loads_of(user, "patient__"),
    ExportRecord: _export_records,
    # Figures of many patients, frozen to be shown beside the courses of a study.
    ReferenceCohort: lambda user: Q(study__in=trial.memberships(user).values("study")),
    ReportSubscription: lambda user: Q(user=user),
    CohortReport: _cohort_reports,
}


def promotes_in(user: Any, studies: Collection[Study]) -> None:
    """Refuse who may not promote a method in every one of these studies, or in none at all.

    A method counts for all studies alike: nobody signs for numbers that they do not see.

    Raises
    ------
    PermissionDenied
        With how many studies are out of reach, never which.
    """
    allowed = trial.ACTIONS["promote_model"]
    mine = {m.study_id for m in trial.held(user) if m.role in allowed}
    beyond = sum(study.pk not in mine for study in studies)
    if not mine:
        raise PermissionDenied("Your role does not allow this.")
    if beyond:
        noun = "study has" if beyond == 1 else "studies have"
        raise PermissionDenied(
            f"{beyond} {noun} results whose numbers you do not see. Who is data manager of every "
            "study with results proposes and confirms."
        )


def visible_to(user: Any, queryset: QuerySet[ModelT]) -> QuerySet[ModelT]:
    """Narrow a queryset to the rows a person may see; nothing for nobody.

    Raises
    ------
    KeyError
        If the model has no rule.
    """
    rule = VISIBLE[queryset.model]
    if not trial.is_known(user):
        return queryset.none()
    return queryset.filter(rule(user))
