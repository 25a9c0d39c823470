"""Reading the trial's records, always narrowed to what the person may see."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404

from mldtrial.trial import policies
from mldtrial.trial.models import (
    Membership,
    Patient,
    Query,
    QueryState,
    Site,
    Study,
    Visit,
    VisitDefinition,
)
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules.calendar import window


def memberships(*, user: Any) -> QuerySet[Membership]:
    """Return a person's own active memberships, with study and site, in order of study."""
    return (
        policies.memberships(user)
        .select_related("study", "site")
        .order_by("study__code", "role", "site__code")
    )


def studies(*, user: Any) -> QuerySet[Study]:
    """Return the studies a person takes part in."""
    return visible_to(user, Study.objects.all())


def study(code: str, *, user: Any) -> Study:
    """Return a study by its code.

    Raises
    ------
    Http404
        If there is none, or it is not this person's.
    """
    # The database refuses a NUL in a text, and no code holds one.
    found = None if "\0" in code else studies(user=user).filter(code=code).first()
    if found is None:
        raise Http404("No such study.")
    return found


def sites(of: Study, *, user: Any) -> QuerySet[Site]:
    """Return the sites of a study that a person may see."""
    return visible_to(user, Site.objects.filter(study=of))


def sites_for(action: str, of: Study, *, user: Any) -> QuerySet[Site]:
    """Return the sites of a study at which a person may do an action of site roles."""
    held = policies.memberships(user, of).filter(role__in=policies.ACTIONS[action])
    return sites(of, user=user).filter(pk__in=held.values("site"))


def patients(of: Study, *, user: Any) -> QuerySet[Patient]:
    """Return the patients of a study that a person may see, with their sites."""
    return visible_to(user, Patient.objects.filter(study=of)).select_related("site", "study")


def patient_list(of: Study, *, user: Any, search: str = "") -> QuerySet[Patient]:
    """Return the patients a person may see with number and date of their visits.

    Parameters
    ----------
    search : str
        Part of a subject code, in any case; empty for all.
    """
    found = patients(of, user=user)
    if search:
        found = found.filter(subject_code__icontains=search.replace("\0", ""))
    return found.annotate(visit_count=Count("visits"), last_visit_on=Max("visits__date")).order_by(
        "subject_code"
    )


def patient(of: Study, patient_id: UUID, *, user: Any) -> Patient:
    """Return a patient of a study.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = patients(of, user=user).filter(pk=patient_id).first()
    if found is None:
        raise Http404("No such patient.")
    return found


def visit(of: Study, visit_id: UUID, *, user: Any) -> Visit:
    """Return a visit of a study.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = (
        visible_to(user, Visit.objects.filter(patient__study=of, pk=visit_id))
        .select_related("patient__site", "patient__study", "definition", "gmfc_mld")
        .first()
    )
    if found is None:
        raise Http404("No such visit.")
    return found


def visits_without_gmfc(*, user: Any) -> QuerySet[Visit]:
    """Return visits whose GMFC-MLD this person may record and that have none, oldest first."""
    return (
        visible_to(user, Visit.objects.filter(gmfc_mld__isnull=True))
        .filter(policies.patients_of(user, policies.ENTRY_ROLES, "patient__"))
        .select_related("patient__site", "patient__study")
        .order_by("date", "patient__subject_code")
    )


def open_definitions(patient: Patient) -> QuerySet[VisitDefinition]:
    """Return the planned visits that a patient has not had yet, in order."""
    return VisitDefinition.objects.filter(study=patient.study_id).exclude(visits__patient=patient)


def first_visit_on(patient: Patient) -> date | None:
    """Return the day from which a patient's schedule counts, or None before the first visit."""
    planned = patient.visits.filter(definition__target_day=0).first()
    first = planned or patient.visits.order_by("date").first()
    return None if first is None else first.date


def window_of(
    patient: Patient, definition: VisitDefinition, *, first_visit: date | None
) -> tuple[date, date] | None:
    """Return first and last day of a planned visit; None while the schedule has no start."""
    if first_visit is None or definition.target_day == 0 or definition.study_id != patient.study_id:
        return None
    return window(
        first_visit,
        definition.target_day,
        definition.window_before_days,
        definition.window_after_days,
    )


def queries(of: Study, *, user: Any) -> QuerySet[Query]:
    """Return the queries of a study that a person may see, newest first."""
    return visible_to(user, Query.objects.filter(study=of)).select_related("patient__site", "visit")


def all_queries(*, user: Any, state: str = "") -> QuerySet[Query]:
    """Return the queries of all the person's studies, newest first.

    Parameters
    ----------
    state : str
        One of `QueryState`; empty for all.
    """
    found = visible_to(user, Query.objects.all())
    if state:
        found = found.filter(state=state)
    return found.select_related("study", "patient__site", "visit", "opened_by")


def query(query_id: UUID, *, user: Any) -> Query:
    """Return a query.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = all_queries(user=user).filter(pk=query_id).first()
    if found is None:
        raise Http404("No such query.")
    return found


@dataclass(frozen=True, slots=True)
class QueryStep:
    """One step in the life of a query."""

    at: datetime
    by: str
    state: str
    words: str


def query_steps(query: Query) -> list[QueryStep]:
    """Return what happened to a query that the person may see, in order, from its history."""
    events = apps.get_model("trial", "QueryEvent").objects.filter(pgh_obj_id=query.pk)
    steps = []
    for event in events.order_by("pgh_id"):
        why = event.pgh_context.get("reason", "")
        words = {QueryState.OPEN: event.question, QueryState.ANSWERED: event.answer}
        by = event.pgh_context.get("user_name", "")
        if event.state == QueryState.OPEN and query.opened_by_id is None:
            by = f"rule {query.rule}"
        steps.append(QueryStep(event.pgh_created_at, by, event.state, words.get(event.state, why)))
    return steps


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
        number=Count("pk"), without=Count("pk", filter=Q(gmfc_mld__isnull=True))
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
