"""Pages of the audit trail: a study, a record, the access log, the verification."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from mldtrial.trial import policies, selectors
from mldtrial.trial.models import Study
from mldtrial.trial.selectors import audit
from mldtrial.trial.selectors.versions import Version
from mldtrial.trial.services import access, audit_check, trail_export
from mldtrial.trial.views.streaming import streamed

PER_PAGE = 50
CSV = "text/csv; charset=utf-8"


@require_safe
def audit_home(request: HttpRequest) -> HttpResponse:
    """Choose a study, or read the trail of the only one."""
    mine = _studies(request)
    if len(mine) == 1:
        return audit_study(request, mine[0].code)
    return render(request, "trial/audit.html", {"studies": mine, **_verification(request, mine)})


@require_safe
def audit_study(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show the trail of a study, newest first, narrowed by what is asked for."""
    study = _study(request, study_code, "view_audit")
    filters = audit.Filters.of(request.GET)
    found = audit.timeline(study, user=request.user, filters=filters)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    patients = audit.audited_patients(study, user=request.user)
    versions = audit.versions(page.object_list, study, user=request.user)
    _log_loads(request, study, versions)
    context = {
        "study": study,
        "filters": filters,
        "page": page,
        "versions": versions,
        "kinds": audit.kinds(study, user=request.user),
        "people": [
            (str(person.pk), person) for person in audit.people_of(study, user=request.user)
        ],
        "actions": audit.ACTIONS.items(),
        "subjects": patients.order_by("subject_code").values_list("subject_code", flat=True),
        "may_export": policies.may(request.user, "export_audit", study),
        "may_see_access": policies.may(request.user, "view_study_audit", study),
        **_verification(request, [study]),
    }
    return render(request, "trial/audit_study.html", context)


@require_safe
def audit_record(request: HttpRequest, study_code: str, kind: str, record_id: UUID) -> HttpResponse:
    """Show every version of one record."""
    study = selectors.study(study_code, user=request.user)
    versions = audit.history(study, kind, record_id, user=request.user)
    _log_loads(request, study, versions)
    context = {"study": study, "versions": versions, "newest": versions[0]}
    return render(request, "trial/audit_record.html", context)


@require_safe
def audit_access(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show who came in, who was refused, who saw blinded data and who took rows out."""
    study = _study(request, study_code, "view_study_audit")
    found = audit.access_events(study, user=request.user)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "trial/audit_access.html", {"study": study, "page": page})


@require_GET
def audit_export(request: HttpRequest, study_code: str) -> StreamingHttpResponse:
    """Send the trail, narrowed as the page is, as CSV while it is read."""
    study = _study(request, study_code, "export_audit")
    pieces = trail_export.begin(
        study=study, filters=audit.Filters.of(request.GET), by=request.user, origin="web"
    )
    return streamed(request, pieces, name=f"{study.code}_audit_trail.csv", content_type=CSV)


@require_safe
def audit_dictionary(request: HttpRequest, study_code: str) -> HttpResponse:
    """Send the meaning of the columns, with the head of the hash chain."""
    study = _study(request, study_code, "export_audit")
    response = HttpResponse(trail_export.dictionary(study), content_type=CSV)
    name = f"{study.code}_audit_trail.dictionary.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
def audit_verify(request: HttpRequest) -> HttpResponse:
    """Verify the whole chain now, within the time that a page may take."""
    allowed = [
        study for study in _studies(request) if policies.may(request.user, "verify_audit", study)
    ]
    if not allowed:
        raise PermissionDenied("Your role does not allow this.")
    result = audit_check.verify_now(study=allowed[0], by=request.user)
    if not result.is_whole:
        messages.error(request, f"The audit trail is broken. First: {result.first}.")
    elif not result.is_complete:
        messages.warning(
            request,
            f"The first {result.links} of {result.head.seq} links are whole; the time ran out. Not "
            f"verified: {', '.join(result.not_done)}. Let the administrator run verify_audit.",
        )
    else:
        messages.success(request, f"The audit trail is whole: {result.links} links.")
    return redirect("audit")


def _studies(request: HttpRequest) -> list[Study]:
    mine = audit.audited_studies(user=request.user)
    if not mine:
        if not selectors.studies(user=request.user).exists():
            raise Http404("No study.")
        raise PermissionDenied("Your role does not allow this.")
    return mine


def _study(request: HttpRequest, study_code: str, action: str) -> Study:
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, action, study)
    return study


def _log_loads(request: HttpRequest, study: Study, versions: list[Version]) -> None:
    """Log once that the versions on a page told loads."""
    if any(version.tells_loads for version in versions):
        access.log_blinded_view(study=study, by=request.user, what="history with loads")


def _verification(request: HttpRequest, studies: list[Study]) -> dict[str, Any]:
    """Return the last verification, for those who oversee a study."""
    is_overseer = any(policies.may(request.user, "view_study_audit", s) for s in studies)
    return {
        "is_overseer": is_overseer,
        "verified": audit.last_verification() if is_overseer else None,
        "may_verify": any(policies.may(request.user, "verify_audit", s) for s in studies),
    }
