"""Pages on queries: the list, a new one, and one with its thread."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.audit.models import LockLevel
from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.queries import (
    AnswerForm,
    AssignForm,
    CloseForm,
    CommentForm,
    QueryForm,
    ReopenForm,
)
from mldtrial.trial.models import Audience, Query, QueryState, Role
from mldtrial.trial.rules.plausibility import RULES
from mldtrial.trial.selectors import QueryFilters
from mldtrial.trial.services import access
from mldtrial.trial.services import queries as services
from mldtrial.trial.views.acts import Act, by_name, offered, perform
from mldtrial.trial.views.answers import UNPROCESSABLE, form_page, posted

PER_PAGE = 50


@require_safe
def query_list(request: HttpRequest) -> HttpResponse:
    """List the queries in reach, open ones first asked for."""
    filters = QueryFilters.of(request.GET)
    found = selectors.filtered_queries(filters, user=request.user)
    choices = selectors.query_choices(user=request.user)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    access.log_queries_on_loads(page.object_list, by=request.user)
    context = {
        "page": page,
        "filters": filters,
        "state": filters.state,
        "tabs": [*QueryState.choices, (selectors.ALL, "all")],
        "selects": _selects(filters, choices),
        "is_narrowed": filters != QueryFilters(state=filters.state),
    }
    return render(request, "trial/queries.html", context)


def _selects(filters: QueryFilters, choices: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Return the filters beside the state: name, label, options and what is chosen."""
    roles = [(r.value, r.label) for r in (Role.COORDINATOR, Role.INVESTIGATOR, Role.DATA_MANAGER)]
    ages = [(str(days), f"more than {days} days ago") for days in selectors.AGES_DAYS]
    table = (
        ("audience", "For", Audience.choices, filters.audience),
        ("rule", "Rule", [(rule, rule) for rule in choices["rules"]], filters.rule),
        ("site", "Site", [(code, code) for code in choices["sites"]], filters.site),
        ("assignee", "Waits for", [(selectors.MINE, "me"), *roles], filters.assignee),
        ("age", "Opened", ages, str(filters.older_than_days or "")),
    )
    return [
        {"name": name, "label": label, "options": options, "chosen": chosen}
        for name, label, options, chosen in table
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def query_new(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Ask a question about a patient or one of the visits."""
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, "open_query", patient)
    form = QueryForm(
        posted(request),
        visits=patient.visits.all(),
        may_ask_imaging=policies.may(request.user, "close_query", patient),
    )
    query = form.submit(
        lambda: services.open_query(
            patient=patient,
            rule=services.MANUAL,
            by=request.user,
            **{"audience": Audience.SITE, **form.cleaned_data},
        )
    )
    if query is not None:
        messages.success(request, "The query was opened.")
        return redirect("query", query_id=query.pk)
    return form_page(
        request,
        "trial/query_new.html",
        form,
        {"patient": patient},
        changes=patient,
        held_from=LockLevel.LOCKED,
    )


NOT_CLOSED = (QueryState.OPEN, QueryState.ANSWERED)


def _read_by_site(query: Query) -> str:
    return "The site reads this: name no load." if query.audience == Audience.SITE else ""


def _assign_form(query: Query, data: Any) -> AssignForm:
    return AssignForm(
        data,
        record=query,
        roles=policies.answering_roles(query),
        people=selectors.people_who_may_answer(query),
        initial={"assignee": f"role:{query.assigned_role}"},
    )


ACTS = by_name(
    Act(
        name="answer",
        policy="answer_query",
        title="Answer",
        submit="Send answer",
        done="The query was answered.",
        states=NOT_CLOSED,
        make=lambda _query, data: AnswerForm(data),
        do=lambda query, form, by: services.answer_query(query=query, by=by, **form.cleaned_data),
        is_open=True,
    ),
    Act(
        name="reopen",
        policy="reopen_query",
        title="Ask again",
        submit="Ask again",
        done="The query is open again.",
        states=(QueryState.ANSWERED, QueryState.CLOSED),
        make=lambda _query, data: ReopenForm(data),
        do=lambda query, form, by: services.reopen_query(query=query, by=by, **form.cleaned_data),
        note=_read_by_site,
    ),
    Act(
        name="close",
        policy="close_query",
        title="Close the query",
        submit="Close query",
        done="The query was closed.",
        states=NOT_CLOSED,
        make=lambda query, data: CloseForm(data, is_on_loads=query.is_on_loads),
        do=lambda query, form, by: services.close_query(query=query, by=by, **form.cleaned_data),
        note=_read_by_site,
    ),
    Act(
        name="comment",
        policy="comment_on_query",
        title="Add a remark",
        submit="Add remark",
        done="The remark was added.",
        states=NOT_CLOSED,
        make=lambda _query, data: CommentForm(data),
        do=lambda query, form, by: services.comment_on_query(
            query=query, by=by, **form.cleaned_data
        ),
        note=_read_by_site,
    ),
    Act(
        name="assign",
        policy="assign_query",
        title="Pass on",
        submit="Pass on",
        done="The query was passed on.",
        states=NOT_CLOSED,
        make=_assign_form,
        do=lambda query, form, by: services.assign_query(query=query, by=by, **form.values()),
    ),
)


@require_http_methods(["GET", "HEAD", "POST"])
def query_page(request: HttpRequest, query_id: UUID) -> HttpResponse:
    """Show a query with its thread, and do what was asked with it."""
    query = selectors.query(query_id, user=request.user)
    request.about_study = query.study  # type: ignore[attr-defined]  # for the frame of the page
    refused = perform(request, query, ACTS) if request.method == "POST" else None
    if request.method == "POST" and refused is None:
        return redirect("query", query_id=query.pk)
    access.log_queries_on_loads([query], by=request.user, subject=query.patient.subject_code)
    context = {
        "query": query,
        "steps": selectors.query_steps(query, user=request.user),
        "acts": offered(request, query, ACTS, refused),
        "rule": RULES.get(query.rule),
        "may_see_history": policies.may(request.user, "view_audit", query),
    }
    return render(request, "trial/query.html", context, status=UNPROCESSABLE if refused else 200)
