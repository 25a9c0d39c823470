"""Reading protocol deviations, narrowed to what the person may see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet
from django.http import Http404

from mldtrial.trial.models import (
    DEVIATION_GROUPS,
    DeviationCode,
    DeviationState,
    ProtocolDeviation,
    Study,
)
from mldtrial.trial.policies import visible_to


def deviations(
    of: Study, *, user: Any, state: str = "", code: str = "", group: str = ""
) -> QuerySet[ProtocolDeviation]:
    """Return the deviations of a study that a person may see, newest first.

    Parameters
    ----------
    state, code, group : str
        One of `DeviationState`, of `DeviationCode`, a key of `DEVIATION_GROUPS`; empty for all.
    """
    found = visible_to(user, ProtocolDeviation.objects.filter(study=of))
    if state:
        found = found.filter(state=state)
    if code:
        found = found.filter(code=code)
    if group:
        found = found.filter(code__in=DEVIATION_GROUPS[group])
    return found.select_related("patient__site", "visit", "opened_by")


def deviation(of: Study, deviation_id: UUID, *, user: Any) -> ProtocolDeviation:
    """Return a deviation.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = deviations(of, user=user).filter(pk=deviation_id).first()
    if found is None:
        raise Http404("No such deviation.")
    return found


@dataclass(frozen=True, slots=True)
class DeviationStep:
    """One step in the life of a deviation."""

    at: datetime
    by: str
    label: str
    words: str
    reason: str


def deviation_steps(of: ProtocolDeviation) -> list[DeviationStep]:
    """Return what happened to a deviation that the person may see, in order, from its history."""
    events = apps.get_model("trial", "ProtocolDeviationEvent").objects.filter(pgh_obj_id=of.pk)
    steps: list[DeviationStep] = []
    for event in events.order_by("pgh_id"):
        is_rule = not steps and event.opened_by_id is None
        by = "the schedule" if is_rule else event.pgh_context.get("user_name", "")
        label = "Recorded" if not steps else "Described"
        if event.state == DeviationState.CLOSED:
            label = "Closed"
        reason = event.pgh_context.get("reason", "") if steps else ""
        steps.append(DeviationStep(event.pgh_created_at, by, label, event.description, reason))
    return steps


def code_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the codes by group, as a form offers them."""
    return [
        (group, [(code.value, f"{code.value}: {DeviationCode(code).label}") for code in codes])
        for group, codes in DEVIATION_GROUPS.items()
    ]
