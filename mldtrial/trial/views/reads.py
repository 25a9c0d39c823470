"""Pages of readers: their cases by reading id, and one read."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mldtrial.accounts.services import reauthentication
from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.reads import ReadForm, SignReadForm
from mldtrial.trial.models import MriSeverityRead, ReadAssignment, ReadRole
from mldtrial.trial.rules.severity import SeverityInstrument, severity_instrument
from mldtrial.trial.selectors import reads as case_selectors
from mldtrial.trial.services import reads as services
from mldtrial.trial.views.answers import UNPROCESSABLE, posted


@require_safe
def read_list(request: HttpRequest, study_code: str) -> HttpResponse:
    """List the cases that are given to the person, by reading id and nothing else."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "record_severity", study)
    cases = case_selectors.own_cases(user=request.user, study=study)
    context = {
        "study": study,
        "cases": cases,
        "waiting": sum(case.state != "signed" for case in cases),
    }
    return render(request, "trial/reads.html", context)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def read_page(request: HttpRequest, study_code: str, assignment_id: UUID) -> HttpResponse:
    """Show a case's item form; keep a draft, or sign the read."""
    study = selectors.study(study_code, user=request.user)
    assignment = case_selectors.own_assignment(study, assignment_id, user=request.user)
    policies.require(request.user, "record_severity", study)
    own = case_selectors.own_reads(assignment)
    data = posted(request)
    is_signing = data is not None and data.get("action") == "sign"
    form = ReadForm(data, read=own.draft or own.signed)
    sign = SignReadForm(
        data if is_signing else None, user=request.user, is_correction=own.signed is not None
    )
    if data is not None and form.is_valid() and (not is_signing or sign.is_valid()):
        saved = (
            _sign(request, assignment, form, sign)
            if is_signing
            else _keep(request, assignment, form)
        )
        if saved is not None:
            return redirect("reads" if is_signing else "read", **_where(assignment, is_signing))
    context = {
        "study": study,
        "assignment": assignment,
        "own": own,
        "is_adjudication": assignment.role == ReadRole.ADJUDICATOR,
        "form": form,
        "sign": sign,
        "groups": _groups(form, case_selectors.reads_to_settle(assignment)),
        "preview": _preview(_answers(form, own.draft or own.signed)),
        "settled_totals": [read.total for read in case_selectors.reads_to_settle(assignment)],
    }
    status = UNPROCESSABLE if form.errors or sign.errors else 200
    return render(request, "trial/read.html", context, status=status)


def _where(assignment: ReadAssignment, to_list: bool) -> dict[str, Any]:
    study_code = assignment.visit.patient.study.code
    return {"study_code": study_code} | ({} if to_list else {"assignment_id": assignment.pk})


def _keep(request: HttpRequest, assignment: ReadAssignment, form: ReadForm) -> Any:
    saved = form.submit(
        lambda: services.save_draft(assignment=assignment, **form.values(), by=request.user)
    )
    if saved is not None:
        messages.success(request, f"The draft of {assignment.reading_id} was kept.")
    return saved


def _sign(
    request: HttpRequest, assignment: ReadAssignment, form: ReadForm, sign: SignReadForm
) -> Any:
    given = sign.cleaned_data

    def confirmed() -> MriSeverityRead:
        reauthentication.confirm(user=request.user, **sign.credentials())
        return services.sign_read(
            assignment=assignment,
            **form.values(),
            reason=given.get("reason", ""),
            by=request.user,
        )

    saved = sign.submit(confirmed)
    if saved is not None:
        messages.success(request, f"The read of {assignment.reading_id} is signed.")
    return saved


@require_POST
def read_preview(request: HttpRequest, study_code: str, assignment_id: UUID) -> HttpResponse:
    """Return total and subscores of what is answered so far; nothing is kept."""
    study = selectors.study(study_code, user=request.user)
    assignment = case_selectors.own_assignment(study, assignment_id, user=request.user)
    form = ReadForm(request.POST, read=None)
    form.is_valid()
    context = {"preview": _preview(form.items()), "assignment": assignment}
    return render(request, "trial/_read_preview.html", context)


def _answers(form: ReadForm, read: MriSeverityRead | None) -> dict[str, int | None]:
    if form.is_bound:
        form.is_valid()
        return form.items()
    return {} if read is None else read.items


@dataclass(frozen=True, slots=True)
class Preview:
    """What the answers so far come to; a score is None until all its items have a value."""

    answered: int
    number: int
    not_evaluable: int
    total: int | None
    maximum: int
    subscores: list[tuple[Any, int | None]]


def _preview(items: dict[str, int | None]) -> Preview:
    instrument = severity_instrument()
    is_complete = len(items) == len(instrument.items)
    return Preview(
        answered=len(items),
        number=len(instrument.items),
        not_evaluable=sum(value is None for value in items.values()),
        total=instrument.total(items) if is_complete else None,
        maximum=instrument.maximum,
        subscores=[(part, part.value(items)) for part in instrument.subscores],
    )


def _groups(form: ReadForm, others: list[MriSeverityRead]) -> list[dict[str, Any]]:
    """Return the rows of the form by subscore, each with what the two readers gave."""
    instrument: SeverityInstrument = form.instrument
    items = {item.key: item for item in instrument.items}
    return [
        {
            "label": part.label,
            "rows": [
                {
                    "item": items[key],
                    "field": form[key],
                    "asymmetric": form[f"{key}_asymmetric"],
                    "others": [_shown(read, key) for read in others],
                }
                for key in part.items
            ],
        }
        for part in instrument.subscores
        if not part.overlaps
    ]


def _shown(read: MriSeverityRead, key: str) -> str:
    value = read.items.get(key)
    return ("not evaluable" if value is None else str(value)) + (
        " (worse side)" if key in read.asymmetric else ""
    )
