"""The findings of the review as rows of a table, with what was decided on them."""

from typing import Any

from django.db.models import Case, F, Q, QuerySet, TextField, Value, When
from django.db.models.functions import NullIf

from analytics.models import TrajectoryFlag
from mldtrial.trial.models import QueryState, Study


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
        "is_decided": _is_decided(),
        "disposition": NullIf(
            F("query__disposition"), Value("", output_field=TextField()), output_field=TextField()
        ),
    }


def _is_decided() -> Case:
    # What the rule itself closed is nobody's decision.
    by_person = Q(query__state=QueryState.CLOSED, query__closed_by_rule=False)
    yes, no = (Value(word, output_field=TextField()) for word in "YN")
    return Case(When(by_person, then=yes), default=no)
