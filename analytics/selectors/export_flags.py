"""The findings of the review as rows of a table, with what was decided on them."""

from typing import Any

from django.db.models import F, Q, QuerySet

from analytics.models import TrajectoryFlag
from analytics.selectors.export_parts import or_missing, yes_no
from mldtrial.trial.models import QueryState, Study

DECIDED = Q(query__state=QueryState.CLOSED, query__closed_by_rule=False)
"""By a person: what the rule itself closed is nobody's decision."""


def current(study: Study) -> QuerySet[TrajectoryFlag]:
    """Return the findings of a study that stand now, not narrowed to anybody."""
    return TrajectoryFlag.objects.filter(patient__study=study, is_current=True)


def columns() -> dict[str, Any]:
    """Return the columns of a finding beside its visit; the words of a query are no column."""
    return {
        "flag_id": F("id"),
        "run_id": F("run_id"),
        "reference_run_id": F("reference_run_id"),
        "flag": F("kind"),
        "difference_ml": F("difference_ml"),
        "tolerance_ml": F("tolerance_ml"),
        "query_id": F("query_id"),
        "query_state": F("query__state"),
        "is_decided": yes_no(DECIDED),
        "disposition": or_missing(F("query__disposition")),
    }
