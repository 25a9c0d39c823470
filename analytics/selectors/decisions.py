"""What people decided on the findings of the review."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from analytics.selectors.patient_page import Flag
from mldtrial.trial.models import Query
from mldtrial.trial.policies import visible_to


def queries_of(flags: Iterable[Flag], *, user: Any) -> dict[UUID, Query]:
    """Return the queries that flags opened, closed ones as well, as far as a person may see."""
    ids = {flag.query_id for flag in flags if flag.query_id is not None}
    if not ids:
        return {}
    return {query.pk: query for query in visible_to(user, Query.objects.filter(pk__in=ids))}
