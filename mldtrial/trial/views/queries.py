"""Pages on queries: the list, and one with its answer and its end."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.queries import AnswerForm, CloseForm
from mldtrial.trial.models import Query, QueryState
from mldtrial.trial.services import queries as services
from mldtrial.trial.views.answers import UNPROCESSABLE

PER_PAGE = 50
ALL = "all"


@require_safe
def query_list(request: HttpRequest) -> HttpResponse:
    """List the queries in reach, open ones first asked for."""
    state = request.GET.get("state", QueryState.OPEN)
    if state not in (*QueryState.values, ALL):
        state = QueryState.OPEN
    found = selectors.all_queries(user=request.user, state="" if state == ALL else state)
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "state": state,
        "tabs": [*QueryState.choices, (ALL, "all")],
    }
    return render(request, "trial/queries.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def query_page(request: HttpRequest, query_id: UUID) -> HttpResponse:
    """Show a query; answer it or close it."""
    query = selectors.query(query_id, user=request.user)
    request.about_study = query.study  # type: ignore[attr-defined]  # for the frame of the page
    is_close = request.POST.get("action") == "close"
    if request.method == "POST":
        policies.require(request.user, "close_query" if is_close else "answer_query", query)
    answer = AnswerForm(request.POST if request.method == "POST" and not is_close else None)
    close = CloseForm(request.POST if request.method == "POST" and is_close else None)
    if request.method == "POST" and (
        _close(request, query, close) or _answer(request, query, answer)
    ):
        return redirect("query", query_id=query.pk)
    context = {
        "query": query,
        "steps": [(step, QueryState(step.state).label) for step in selectors.query_steps(query)],
        "answer_form": answer,
        "close_form": close,
        "may_answer": _is_open(query) and policies.may(request.user, "answer_query", query),
        "may_close": _is_open(query) and policies.may(request.user, "close_query", query),
    }
    status = UNPROCESSABLE if answer.errors or close.errors else 200
    return render(request, "trial/query.html", context, status=status)


def _is_open(query: Query) -> bool:
    return query.state != QueryState.CLOSED


def _answer(request: HttpRequest, query: Query, form: AnswerForm) -> bool:
    if not form.is_bound or not form.is_valid():
        return False
    saved = form.submit(
        lambda: services.answer_query(
            query=query, answer=form.cleaned_data["answer"], by=request.user
        )
    )
    if saved is not None:
        messages.success(request, "The query was answered.")
    return saved is not None


def _close(request: HttpRequest, query: Query, form: CloseForm) -> bool:
    if not form.is_bound or not form.is_valid():
        return False
    saved = form.submit(
        lambda: services.close_query(
            query=query, reason=form.cleaned_data["reason"], by=request.user
        )
    )
    if saved is not None:
        messages.success(request, "The query was closed.")
    return saved is not None
