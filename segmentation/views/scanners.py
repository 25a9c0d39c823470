"""Pages of the register of scanners: all of a study, and one with its scans."""

from uuid import UUID

from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.views.acts import Act, Refusal, by_name, offered, perform
from mldtrial.trial.views.answers import UNPROCESSABLE
from segmentation.forms.scanners import EndQualificationForm, NameForm, QualifyForm
from segmentation.models import Scanner
from segmentation.selectors import scanners as selectors
from segmentation.services import scanners as services

PER_PAGE = 50


@require_safe
def scanner_list(request: HttpRequest, study_code: str) -> HttpResponse:
    """List the scanners of a study, and what has changed about them."""
    study = _study(request, study_code)
    events = selectors.events(study, user=request.user)
    context = {
        "study": study,
        "rows": selectors.register(study, user=request.user),
        "page": Paginator(events, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "segmentation/scanners.html", context)


ACTS = by_name(
    Act(
        name="name",
        policy="name_scanner",
        title="Name",
        submit="Save the name",
        done="The scanner was named.",
        states=("QUALIFIED", "NOT_QUALIFIED"),
        make=lambda scanner, data: NameForm(data, record=scanner),
        do=lambda scanner, form, by: services.name_scanner(
            scanner=scanner, name=form.cleaned_data["name"], by=by
        ),
        is_open=True,
        subject=lambda scanner: scanner.site,
    ),
    Act(
        name="qualify",
        policy="qualify_scanner",
        title="Qualify it for the study",
        submit="Mark as qualified",
        done="The scanner is qualified for the study.",
        states=("NOT_QUALIFIED",),
        make=lambda _scanner, data: QualifyForm(data),
        do=lambda scanner, form, by: services.qualify(scanner=scanner, by=by, **form.cleaned_data),
        subject=lambda scanner: scanner.site,
    ),
    Act(
        name="end",
        policy="qualify_scanner",
        title="End its qualification",
        submit="End the qualification",
        done="The scanner is no longer qualified.",
        states=("QUALIFIED",),
        make=lambda _scanner, data: EndQualificationForm(data),
        do=lambda scanner, form, by: services.end_qualification(
            scanner=scanner, by=by, **form.cleaned_data
        ),
        subject=lambda scanner: scanner.site,
    ),
)


@require_http_methods(["GET", "HEAD", "POST"])
def scanner_page(request: HttpRequest, study_code: str, scanner_id: UUID) -> HttpResponse:
    """Show a scanner with its software and its scans; name or qualify it."""
    study = trial.study(study_code, user=request.user)
    row = selectors.register_row(study, scanner_id, user=request.user)
    refused = _performed(request, row.scanner) if request.method == "POST" else None
    if request.method == "POST" and refused is None:
        return redirect("scanner", study_code=study.code, scanner_id=row.scanner.pk)
    software = request.GET.get("software", "")
    scans = selectors.scans_of(row.scanner, user=request.user, software=software)
    held = trial.lock_of(study)
    context = {
        "study": study,
        "row": row,
        "scanner": row.scanner,
        "events": selectors.events(study, user=request.user).filter(scanner=row.scanner),
        "page": Paginator(scans, PER_PAGE).get_page(request.GET.get("page")),
        "software": software,
        "held": held,
        "acts": offered(request, row.scanner, ACTS, refused) if held is None or refused else [],
        "may_see_history": policies.may(request.user, "view_study_audit", study),
    }
    status = UNPROCESSABLE if refused else 200
    return render(request, "segmentation/scanner.html", context, status=status)


def _performed(request: HttpRequest, scanner: Scanner) -> Refusal | None:
    policies.require(request.user, "name_scanner", scanner.site)
    if "action" not in request.POST:
        raise BadRequest("Say what to do with the scanner.")
    return perform(request, scanner, ACTS)


def _study(request: HttpRequest, study_code: str) -> Study:
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "view_patient", study)
    return study
