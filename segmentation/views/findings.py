"""Pages of what the protocol rules found: the list of a study, and one finding."""

from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import DeviationCode, Sequence, Study
from mldtrial.trial.views.acts import Act, Refusal, by_name, offered, perform
from mldtrial.trial.views.answers import UNPROCESSABLE, asked_next
from segmentation import tasks
from segmentation.forms.findings import AcceptForm, DismissForm, RecordForm, TakeBackForm
from segmentation.imaging.protocol.evaluation import Outcome, Result, evaluate
from segmentation.models import (
    FindingOutcome,
    FindingSeverity,
    FindingState,
    ProtocolFinding,
    ScanSetAside,
)
from segmentation.selectors import findings as found_rows
from segmentation.selectors import protocol, set_aside
from segmentation.selectors.findings import ANSWERED, TO_DECIDE, FindingFilters
from segmentation.services import finding_decisions, findings_export

PER_PAGE = 50


@require_safe
def finding_list(request: HttpRequest, study_code: str) -> HttpResponse:
    """List what the scans of a study do not meet, or of which that cannot be told."""
    study = _study(request, study_code)
    filters = FindingFilters.of(request.GET)
    found = found_rows.findings(study, user=request.user, filters=filters)
    context = {
        "study": study,
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "filters": filters,
        "tabs": FindingOutcome.choices,
        "selects": _selects(study, filters, request.user),
        "is_narrowed": filters != FindingFilters(outcome=filters.outcome),
        "version": protocol.in_force(study),
        "waiting": protocol.waiting(study),
        "may_export": policies.may(request.user, "export_rows", study),
        "may_see_rules": policies.may(request.user, "view_settings", study),
        "may_record": policies.may(request.user, "record_deviation", study),
    }
    return render(request, "segmentation/findings.html", context)


def _selects(study: Study, filters: FindingFilters, user: Any) -> list[dict[str, Any]]:
    sites = [(s.code, s.code) for s in found_rows.sites_with_findings(study, user=user)]
    sequences = [(name, name) for name in Sequence.values if name != Sequence.OTHER]
    decisions = [(TO_DECIDE, "waits for a person"), (ANSWERED, "nothing to decide")]
    wanted = [
        ("severity", "Severity", FindingSeverity.choices, filters.severity),
        ("sequence", "Sequence", sequences, filters.sequence),
        ("decision", "Decision", decisions, filters.decision),
        ("site", "Site", sites, filters.site),
    ]
    return [
        {"name": name, "label": label, "options": options, "chosen": chosen}
        for name, label, options, chosen in wanted
        if len(options) > 1
    ]


@require_safe
def findings_export_file(request: HttpRequest, study_code: str) -> HttpResponse:
    """Send the findings, narrowed as the page is, as CSV."""
    study = _study(request, study_code)
    content = findings_export.export(
        study=study, filters=FindingFilters.of(request.GET), by=request.user
    )
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"{study.code}_{findings_export.DATASET}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _record_note(finding: ProtocolFinding) -> str:
    code = finding_decisions.code_of(finding)
    return f"As {code}, {DeviationCode(code).label}, with the words above."


ACTS = by_name(
    Act(
        name="record",
        policy="record_deviation",
        title="Record it as a protocol deviation",
        submit="Record the deviation",
        done="The deviation was recorded.",
        states=(
            FindingState.PROPOSED, FindingState.NOTE, FindingState.LEFT_OUT,
            FindingState.ACCEPTED,
        ),
        make=lambda _finding, data: RecordForm(data),
        do=lambda finding, _form, by: finding_decisions.record_deviation(finding=finding, by=by),
        note=_record_note,
        is_open=True,
        subject=lambda finding: finding.visit,
    ),
    Act(
        name="accept",
        policy="decide_finding",
        title="Use the scan all the same",
        submit="Use the scan",
        done="The scan is used all the same.",
        states=(FindingState.LEFT_OUT, FindingState.LEFT_OUT_RECORDED),
        make=lambda _finding, data: AcceptForm(data),
        do=lambda finding, form, by: finding_decisions.accept_scan(
            finding=finding, by=by, **form.cleaned_data
        ),
        note=lambda _finding: "The visit is then segmented, and its load counts.",
        subject=lambda finding: finding.visit,
    ),
    Act(
        name="dismiss",
        policy="decide_finding",
        title="It is no deviation",
        submit="Save: no deviation",
        done="The finding is no deviation.",
        states=(FindingState.PROPOSED,),
        make=lambda _finding, data: DismissForm(data),
        do=lambda finding, form, by: finding_decisions.dismiss(
            finding=finding, by=by, **form.cleaned_data
        ),
        subject=lambda finding: finding.visit,
    ),
    Act(
        name="take_back",
        policy="decide_finding",
        title="Take the decision back",
        submit="Take it back",
        done="The decision was taken back.",
        states=(
            FindingState.DISMISSED, FindingState.ACCEPTED, FindingState.ACCEPTED_RECORDED,
        ),
        make=lambda _finding, data: TakeBackForm(data),
        do=lambda finding, form, by: finding_decisions.take_back(
            finding=finding, by=by, **form.cleaned_data
        ),
        subject=lambda finding: finding.visit,
    ),
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def finding_page(request: HttpRequest, study_code: str, finding_id: UUID) -> HttpResponse:
    """Show a finding with all rules asked of its scan; record it, or decide about it."""
    study = trial.study(study_code, user=request.user)
    finding = found_rows.finding(study, finding_id, user=request.user)
    held = trial.lock_of(finding.visit)
    refused = _performed(request, finding) if request.method == "POST" else None
    if request.method == "POST" and refused is None:
        tasks.ring_segmentation()
        tasks.ring_review()
        back = asked_next(request)
        return redirect(back) if back else redirect("finding", study.code, finding.pk)
    context = {
        "study": study,
        "finding": finding,
        "patient": finding.visit.patient,
        "held": held,
        "aside": _set_aside(request, finding),
        "sheet": _sheet(finding),
        "acts": offered(request, finding, ACTS, refused) if held is None or refused else [],
        "may_see_history": policies.may(request.user, "view_audit", finding.visit),
        "may_see_rules": policies.may(request.user, "view_settings", study),
    }
    status = UNPROCESSABLE if refused else 200
    return render(request, "segmentation/finding.html", context, status=status)


def _performed(request: HttpRequest, finding: ProtocolFinding) -> Refusal | None:
    policies.require(request.user, "record_deviation", finding.visit)
    if "action" not in request.POST:
        raise BadRequest("Say what to do with the finding.")
    return perform(request, finding, ACTS)


def _set_aside(request: HttpRequest, finding: ProtocolFinding) -> ScanSetAside | None:
    return None if finding.scan is None else set_aside.of_scan(finding.scan, user=request.user)


def _sheet(finding: ProtocolFinding) -> list[Result]:
    """Return what comes out of every rule of the finding's version for its scan, if it applies."""
    facts = protocol.facts_of_visits([finding.visit])[finding.visit_id]
    key = "" if finding.scan_id is None else str(finding.scan_id)
    results = evaluate(protocol.rules_of(finding.version), facts)
    return [
        result
        for result in results
        if result.scan_key == key and result.outcome != Outcome.NOT_APPLICABLE
    ]


def _study(request: HttpRequest, study_code: str) -> Study:
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "view_deviations", study)
    return study
