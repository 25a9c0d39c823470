"""Pages of who gives cases to readers: the cases of a study, and one with its reads."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.reads import AssignForm, PartForm
from mldtrial.trial.models import AssignmentState, FinalStatus, ReadRole, Role, Study, Visit
from mldtrial.trial.selectors import reads as cases
from mldtrial.trial.selectors.asked import known
from mldtrial.trial.services import reads as services
from mldtrial.trial.views.answers import UNPROCESSABLE, posted

PER_PAGE = 50
TABS = (
    (cases.UNASSIGNED, "To assign"),
    (cases.READING, "In reading"),
    (cases.ADJUDICATION, "To adjudicate"),
    (cases.SETTLED, "Settled"),
)


@require_http_methods(["GET", "HEAD", "POST"])
def case_list(request: HttpRequest, study_code: str) -> HttpResponse:
    """List the cases of a study by how far they are read; give some or all to two readers."""
    study = selectors.study(study_code, user=request.user)
    policies.require(
        request.user, "assign_reads" if request.method == "POST" else "view_reads", study
    )
    state = known(request.GET, "state", dict(TABS), cases.UNASSIGNED)
    readers = cases.people_of_role(study, Role.READER)
    form = AssignForm(posted(request), readers=readers)
    if request.method == "POST" and form.is_valid() and _assign(request, study, form):
        return redirect("read_cases", study_code=study.code)
    found = cases.cases(study, user=request.user, state=state)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "form": form,
        "page": page,
        "rows": cases.case_rows(page),
        "state": state,
        "tabs": TABS,
        "reader_count": len(readers),
        "may_assign": policies.may(request.user, "assign_reads", study),
        "chosen": set(request.POST.getlist("visit")),
    }
    return render(
        request, "trial/read_cases.html", context, status=UNPROCESSABLE if form.errors else 200
    )


def _assign(request: HttpRequest, study: Study, form: AssignForm) -> bool:
    """Give the marked or all waiting visits out and say how many; False where it was refused."""
    waiting = list(cases.cases(study, user=request.user, state=cases.UNASSIGNED))
    asked = len(waiting)
    if request.POST.get("which") != "all":
        chosen = set(request.POST.getlist("visit"))
        if not chosen:
            form.add_error(None, "No visit is marked. Mark some in the table, or assign all.")
            return False
        asked = len(chosen)
        waiting = [visit for visit in waiting if str(visit.pk) in chosen]
    given = form.submit(
        lambda: services.assign_cases(
            visits=[_with_study(visit, study) for visit in waiting],
            **form.cleaned_data,
            by=request.user,
        )
    )
    if given is not None:
        _tell(request, given, asked - given)
    return given is not None


def _tell(request: HttpRequest, given: int, left: int) -> None:
    if given:
        messages.success(request, f"{given} case{'s were' if given != 1 else ' was'} given.")
    if left:
        noun = "1 visit does" if left == 1 else f"{left} visits do"
        begin = "" if given else "No case was given. "
        messages.warning(
            request,
            f"{begin}{noun} not wait for readers any more: somebody else has given them out, or "
            "they have no image now.",
        )
    elif not given:
        messages.warning(request, "No case was given: no visit waits for readers.")


def _with_study(visit: Visit, study: Study) -> Visit:
    visit.patient.study = study
    return visit


@require_http_methods(["GET", "HEAD", "POST"])
def read_case(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Show the reads of one case and what they came to; change who reads it."""
    study = selectors.study(study_code, user=request.user)
    visit = selectors.visit(study, visit_id, user=request.user)
    policies.require(
        request.user, "assign_reads" if request.method == "POST" else "view_reads", visit
    )
    assignments = cases.case_assignments(visit, user=request.user)
    final = getattr(visit, "mri_severity_final", None)
    parts = _parts(request, study, assignments, final)
    if request.method == "POST" and _change_part(request, visit, parts):
        return redirect("read_case", study_code=study.code, visit_id=visit.pk)
    context = {
        "study": study,
        "patient": visit.patient,
        "visit": visit,
        "final": final,
        "assignments": assignments,
        "reads": cases.case_reads(visit, user=request.user),
        "parts": parts,
    }
    has_errors = any(part["form"].errors for part in parts)
    return render(
        request, "trial/read_case.html", context, status=UNPROCESSABLE if has_errors else 200
    )


def _parts(
    request: HttpRequest, study: Study, assignments: list[Any], final: Any
) -> list[dict[str, Any]]:
    """Return the parts of a case that can go to somebody else, each with its form."""
    if not policies.may(request.user, "assign_reads", study):
        return []
    asked = request.POST.get("part", "")
    open_parts = [(a.role, a) for a in assignments if a.state == AssignmentState.ASSIGNED]
    has_adjudicator = any(
        a.role == ReadRole.ADJUDICATOR and a.state != AssignmentState.WITHDRAWN for a in assignments
    )
    if final is not None and final.status == FinalStatus.ADJUDICATION and not has_adjudicator:
        open_parts.append((ReadRole.ADJUDICATOR.value, None))
    return [
        {
            "role": role,
            "label": ReadRole(role).label,
            "assignment": assignment,
            "is_asked": asked == role,
            "form": PartForm(
                request.POST if asked == role else None,
                people=cases.people_of_role(study, services.NEEDED[ReadRole(role)]),
                is_change=assignment is not None,
                auto_id=f"{role}_%s",
            ),
        }
        for role, assignment in open_parts
    ]


def _change_part(request: HttpRequest, visit: Visit, parts: list[dict[str, Any]]) -> bool:
    part = next((part for part in parts if part["is_asked"]), None)
    if part is None:
        raise BadRequest("This part of the case cannot be given to anybody now.")
    form, assignment = part["form"], part["assignment"]
    if not form.is_valid():
        return False

    def change() -> Any:
        if assignment is None:
            return services.assign_adjudicator(
                visit=visit, adjudicator=form.cleaned_data["reader"], by=request.user
            )
        return services.replace_reader(assignment=assignment, **form.cleaned_data, by=request.user)

    saved = form.submit(change)
    if saved is not None:
        messages.success(request, f"{saved.get_role_display().capitalize()}: {saved.reader}.")
    return saved is not None
