"""Counting what a person may see of a study."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from mldtrial.trial.models import Query, QueryState, Study, Visit
from mldtrial.trial.policies import visible_to
from mldtrial.trial.selectors.owing import OWES_GMFC
from mldtrial.trial.selectors.records import patients

_WITHOUT_LEVEL = OWES_GMFC & Q(patient__withdrawn_on__isnull=True)


@dataclass(frozen=True, slots=True)
class StudyCounts:
    """How far a study has come, over the rows that a person may see."""

    patients: int
    visits: int
    visits_without_gmfc: int
    open_queries: int
    answered_queries: int


def study_counts(of: Study, *, user: Any) -> StudyCounts:
    """Count what a person may see of a study."""
    visits = visible_to(user, Visit.objects.filter(patient__study=of)).aggregate(
        number=Count("pk"), without=Count("pk", filter=_WITHOUT_LEVEL)
    )
    states = visible_to(user, Query.objects.filter(study=of)).aggregate(
        open=Count("pk", filter=Q(state=QueryState.OPEN)),
        answered=Count("pk", filter=Q(state=QueryState.ANSWERED)),
    )
    return StudyCounts(
        patients=patients(of, user=user).count(),
        visits=visits["number"],
        visits_without_gmfc=visits["without"],
        open_queries=states["open"],
        answered_queries=states["answered"],
    )
