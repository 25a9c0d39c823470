"""The regular report of a cohort: how often, which are there, one of them, its PDF."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from analytics.models import Rhythm
from analytics.reports import cohort, svg
from analytics.selectors import cohort_reports as selectors
from analytics.services import cohort_reports as services
from analytics.views.paper import pdf_answer
from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.views.answers import UNPROCESSABLE
from segmentation import tasks

RECENT = 24


@require_http_methods(["GET", "HEAD", "POST"])
def cohort_reports_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show a person's reports of a study and how often they come, and change that."""
    study = _study(request, study_code)
    if request.method == "POST":
        return _act(request, study)
    return _page(request, study)


def _act(request: HttpRequest, study: Study) -> HttpResponse:
    action = request.POST.get("action", "")
    try:
        if action == "choose":
            rhythm = request.POST.get("rhythm", "")
            services.choose_rhythm(study=study, rhythm=rhythm, by=request.user)
            messages.success(request, "Your choice was saved.")
        elif action == "now":
            _ask_for_one(request, study)
        elif action == "retry":
            _try_again(request, study)
        else:
            raise ValidationError("Choose what to do.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _page(request, study, status=UNPROCESSABLE)
    tasks.ring_reports()
    return redirect("cohort_reports", study_code=study.code)


def _ask_for_one(request: HttpRequest, study: Study) -> None:
    report = services.ask_for_one(study=study, by=request.user, on=services.today())
    if report.is_there:
        messages.info(request, "Today's report is there already.")
    else:
        messages.success(request, "The report is made now. It appears below.")


def _try_again(request: HttpRequest, study: Study) -> None:
    try:
        report_id = UUID(request.POST.get("report", ""))
    except ValueError as error:
        raise ValidationError("Choose which report.") from error
    report = selectors.report(study, report_id, user=request.user)
    services.try_again(report=report, by=request.user)
    messages.success(request, "The report is tried again.")


def _page(request: HttpRequest, study: Study, status: int = 200) -> HttpResponse:
    reports = list(selectors.reports_of(study, user=request.user)[:RECENT])
    context: dict[str, Any] = {
        "study": study,
        "reports": [(report, services.damage(report)) for report in reports],
        "rhythm": selectors.rhythm_of(study, user=request.user),
        "rhythms": Rhythm.choices,
        "is_moving": any(not one.is_finished for one in reports),
    }
    name = "_cohort_reports" if request.GET.get("fragment") else "cohort_reports"
    return render(request, f"analytics/{name}.html", context, status=status)


@require_safe
def cohort_report(request: HttpRequest, study_code: str, report_id: UUID) -> HttpResponse:
    """Show one report as it was made."""
    study = trial.study(study_code, user=request.user)
    report = selectors.report(study, report_id, user=request.user)
    try:
        content = services.read(report=report, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("cohort_reports", study_code=study.code)
    drawing = cohort.correlation_drawing(content.correlations)
    figure = ""
    if drawing is not None:
        # Our own drawing: its texts are escaped where it is written.
        figure = mark_safe(svg.as_svg(drawing, label=cohort.FIGURE_LABEL))  # noqa: S308
    context = {"study": study, "report": report, "content": content, "figure": figure}
    return render(request, "analytics/cohort_report.html", context)


@require_safe
def cohort_report_pdf(request: HttpRequest, study_code: str, report_id: UUID) -> HttpResponse:
    """Send one report as PDF; who takes it is logged."""
    study = trial.study(study_code, user=request.user)
    report = selectors.report(study, report_id, user=request.user)
    try:
        content = services.hand_out(report=report, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("cohort_reports", study_code=study.code)
    return pdf_answer(content, f"{study.code}_cohort_{report.period}.pdf")


def _study(request: HttpRequest, study_code: str) -> Study:
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "view_cohort", study)
    return study
