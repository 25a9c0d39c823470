"""Who may see flags and the log of exports."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models
from django.db.models import Q, QuerySet

from analytics.models import ExportRecord, TrajectoryFlag
from mldtrial.trial import policies as trial
from mldtrial.trial.models import Role

ModelT = TypeVar("ModelT", bound=models.Model)


def _export_records(user: Any) -> Q:
    overseers = trial.memberships(user).filter(role__in=[Role.DATA_MANAGER, Role.AUDITOR])
    return Q(study__in=overseers.values("study")) | Q(user=user)


VISIBLE: dict[type[models.Model], Callable[[Any], Q]] = {
    TrajectoryFlag: lambda user: trial.loads_of(user, "patient__"),
    ExportRecord: _export_records,
}


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
