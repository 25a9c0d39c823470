"""The work list: what waits for the person who signed in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from mldtrial.trial import policies, selectors
from mldtrial.trial.models import Membership, QueryState, Role, Study
from mldtrial.trial.selectors import Kind
from mldtrial.trial.selectors.reads import own_cases
from mldtrial.trial.services import access
from mldtrial.trial.views import work
from mldtrial.trial.views.context import Link, links_into

SHOWN = work.SHOWN
CHASED = (Kind.OVERDUE, Kind.DUE, Kind.SCAN, Kind.SCORE)


@dataclass(frozen=True, slots=True)
class StudyCard:
    """One study on the work list."""

    study: Study
    roles: str
    may: set[str]
    counts: selectors.StudyCounts | None
    links: list[Link]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for the person, first what is theirs to do."""
    user = request.user
    held = policies.held(user)
    actions = policies.actions_of(held)
    waiting = _first(selectors.all_queries(user=user, state=QueryState.OPEN))
    answered = None
    if "close_query" in actions:
        answered = _first(selectors.all_queries(user=user, state=QueryState.ANSWERED))
    told = [*waiting["rows"], *(answered["rows"] if answered else [])]
    access.log_queries_on_loads(told, by=user)
    context = {
        "cards": _cards(held, user),
        "may_anywhere": actions,
        "sections": _sections(held, actions, user, whole=request.GET.get("all", "")),
        "cases": _first_cases(user) if "record_severity" in actions else None,
        "queries": waiting,
        "answered": answered,
        "promotions": selectors.promotions_to_confirm(user=user)
        if "promote_model" in actions
        else [],
        "by_assignment": _by_assignment(held),
    }
    return render(request, "trial/home.html", context)


@require_safe
def study_home(request: HttpRequest, study_code: str) -> HttpResponse:
    """Send on to the first page of a study that the person may open; it has none of its own."""
    study = selectors.study(study_code, user=request.user)
    links = links_into(study, policies.actions_of(policies.held(request.user, study)))
    return redirect(links[0].url if links else "home")


def _sections(
    held: Sequence[Membership], actions: Collection[str], user: Any, *, whole: str
) -> list[work.Section]:
    """Return what is chased, for the roles that chase or are chased."""
    if "view_work" not in actions:
        return []
    kinds = (*CHASED, Kind.SIGN) if "sign_visit" in actions else CHASED
    sites = {m.site_id for m in held if m.role in policies.ENTRY_ROLES and m.site_id is not None}
    return work.sections(selectors.work(user=user), kinds=kinds, sites=sites, whole=whole)


def _by_assignment(held: Sequence[Membership]) -> bool:
    """Return whether somebody's work comes case by case, and not from a site's patients."""
    return any(m.role in (Role.READER, Role.ADJUDICATOR, Role.OPERATOR) for m in held)


def _first_cases(user: Any) -> dict[str, Any]:
    waiting = [case for case in own_cases(user=user) if case.state != "signed"]
    return {"rows": waiting[:SHOWN], "count": len(waiting)}


def _first(rows: Any, shown: int = SHOWN) -> dict[str, Any]:
    return {"rows": list(rows[:shown]), "count": rows.count()}


def _cards(held: Sequence[Membership], user: Any) -> list[StudyCard]:
    cards = []
    for study in {m.study_id: m.study for m in held}.values():
        here = [m for m in held if m.study_id == study.pk]
        may = policies.actions_of(here)
        counts = selectors.study_counts(study, user=user) if "view_patient" in may else None
        roles = dict.fromkeys(
            m.get_role_display() + (f" at site {m.site.code}" if m.site else "") for m in here
        )
        cards.append(StudyCard(study, ", ".join(roles), may, counts, links_into(study, may)))
    return cards
