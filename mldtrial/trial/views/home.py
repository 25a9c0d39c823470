"""The work list: what waits for the person who signed in."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mldtrial.trial import policies, selectors
from mldtrial.trial.models import Membership, QueryState, Study

SHOWN = 8
SHOWN_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class StudyCard:
    """One study on the work list."""

    study: Study
    roles: str
    may: set[str]
    counts: selectors.StudyCounts | None


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for the person, first what is theirs to do."""
    user = request.user
    held = list(selectors.memberships(user=user))
    actions = policies.actions_of(held)
    context = {
        "cards": _cards(held, user),
        "may_anywhere": actions,
        "visits": _first(
            selectors.visits_without_gmfc(user=user),
            SHOWN_AT_MOST if request.GET.get("visits") == "all" else SHOWN,
        ),
        "queries": _first(selectors.all_queries(user=user, state=QueryState.OPEN)),
        "answered": _first(selectors.all_queries(user=user, state=QueryState.ANSWERED))
        if "close_query" in actions
        else None,
    }
    return render(request, "trial/home.html", context)


def _first(rows: Any, shown: int = SHOWN) -> dict[str, Any]:
    return {"rows": list(rows[:shown]), "count": rows.count()}


def _cards(held: list[Membership], user: Any) -> list[StudyCard]:
    cards = []
    for study in {m.study_id: m.study for m in held}.values():
        here = [m for m in held if m.study_id == study.pk]
        may = policies.actions_of(here)
        counts = selectors.study_counts(study, user=user) if "view_patient" in may else None
        roles = dict.fromkeys(
            m.get_role_display() + (f" at site {m.site.code}" if m.site else "") for m in here
        )
        cards.append(StudyCard(study, ", ".join(roles), may, counts))
    return cards
