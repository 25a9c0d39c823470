"""Pages of the rules for the images of a study: in force, draft, difference, earlier versions."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.views.answers import form_page, posted
from segmentation import tasks
from segmentation.forms.protocol import ForceForm, RuleForm
from segmentation.imaging.protocol import words
from segmentation.imaging.protocol.rules import NAMES, Rule, Severity
from segmentation.imaging.protocol.starting import STARTING_RULES
from segmentation.models import ProtocolVersion
from segmentation.selectors import protocol as selectors
from segmentation.selectors.protocol_difference import difference
from segmentation.services import protocols

PER_PAGE = 100


@require_safe
def protocol_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show the rules in force, or the draft beside them, and the versions before."""
    study = _study(request, study_code, "view_settings")
    in_force, draft = selectors.in_force(study), selectors.draft(study)
    held = trial.lock_of(study)
    context = {
        "study": study,
        "version": in_force,
        "draft": draft,
        "rows": _rows(in_force, draft),
        "versions": selectors.versions(study, user=request.user),
        "waiting": selectors.waiting(study),
        "starting_count": len(STARTING_RULES),
        "may_change": held is None and policies.may(request.user, "change_protocol", study),
        "held": held,
    }
    return render(request, "segmentation/protocol.html", context)


def _rows(in_force: ProtocolVersion | None, draft: ProtocolVersion | None) -> list[dict[str, Any]]:
    """Return the rules as the page shows them; of a draft, with what it changes."""
    before = {rule.key: rule for rule in selectors.rules_of(in_force)}
    if draft is None:
        return [_row(rule) for rule in before.values()]
    rules = selectors.rules_of(draft)
    rows = [_row(rule, _step(rule, before)) for rule in rules]
    kept = {rule.key for rule in rules}
    return rows + [_row(rule, "removed") for rule in before.values() if rule.key not in kept]


def _step(rule: Rule, before: dict[str, Rule]) -> str:
    if rule.key not in before:
        return "new"
    return "" if before[rule.key] == rule else "changed"


def _row(rule: Rule, step: str = "") -> dict[str, Any]:
    return {
        "rule": rule,
        "name": NAMES[rule.quantity],
        "asked": words.asked(rule),
        "scanners": words.scanners(rule),
        "severity": SEVERITY_WORDS[rule.severity],
        "absent": "" if rule.absent == "unknown" else "a missing value is not met",
        "step": step,
    }


SEVERITY_WORDS: dict[Severity, str] = {
    Severity.NOTE: "note",
    Severity.DEVIATION: "deviation",
    Severity.EXCLUDE: "exclude the scan",
}


@require_POST
def protocol_draft(request: HttpRequest, study_code: str) -> HttpResponse:
    """Begin a draft: from the starting rules, or from an earlier version to go back to it."""
    study = _study(request, study_code, "change_protocol")
    number = request.POST.get("version", "")
    rules = None
    if number.isdecimal():
        rules = selectors.rules_of(selectors.version(study, int(number), user=request.user))
    try:
        protocols.start_draft(study=study, rules=rules, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("protocol", study_code=study.code)
    target = "protocol" if rules is None else "protocol_difference"
    return redirect(target, study_code=study.code)


@require_POST
def protocol_discard(request: HttpRequest, study_code: str) -> HttpResponse:
    """Give the draft up."""
    study = _study(request, study_code, "change_protocol")
    try:
        protocols.discard_draft(study=study, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "The draft was discarded; what is in force stays.")
    return redirect("protocol", study_code=study.code)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_new(request: HttpRequest, study_code: str) -> HttpResponse:
    """Add a rule to the draft, which begins with it where there is none."""
    study = _study(request, study_code, "change_protocol")
    form = RuleForm(posted(request))

    def add() -> ProtocolVersion:
        protocols.start_draft(study=study, by=request.user)
        return protocols.add_rule(study=study, rule=form.rule(uuid4().hex[:12]), by=request.user)

    return _rule_page(request, study, form, "Add a rule", add)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_edit(request: HttpRequest, study_code: str, rule_key: str) -> HttpResponse:
    """Change a rule in the draft, which begins with it where there is none."""
    study = _study(request, study_code, "change_protocol")
    rule = _rule(study, rule_key)
    form = RuleForm(posted(request), rule=rule)

    def change() -> ProtocolVersion:
        protocols.start_draft(study=study, by=request.user)
        return protocols.change_rule(study=study, rule=form.rule(rule_key), by=request.user)

    return _rule_page(request, study, form, f"Change {rule.sequence}: {NAMES[rule.quantity]}",
                      change)  # fmt: skip


def _rule_page(
    request: HttpRequest, study: Study, form: RuleForm, title: str, save: Any
) -> HttpResponse:
    if form.submit(save) is not None:
        messages.success(request, "Saved in the draft. Nothing is asked of a scan by it yet.")
        return redirect("protocol", study_code=study.code)
    context = {"study": study, "title": title}
    return form_page(request, "segmentation/protocol_rule.html", form, context, changes=study)


@require_POST
def rule_remove(request: HttpRequest, study_code: str, rule_key: str) -> HttpResponse:
    """Take a rule out of the draft, which begins with that where there is none."""
    study = _study(request, study_code, "change_protocol")
    _rule(study, rule_key)
    try:
        protocols.start_draft(study=study, by=request.user)
        protocols.remove_rule(study=study, key=rule_key, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "Removed in the draft. What is in force stays until then.")
    return redirect("protocol", study_code=study.code)


@require_http_methods(["GET", "HEAD", "POST"])
def protocol_difference(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show what the draft would change about every scan; put it in force with a reason."""
    study = _study(request, study_code, "change_protocol")
    draft = selectors.draft(study)
    mark = "" if draft is None else protocols.mark(draft)
    form = ForceForm(posted(request), initial={"seen": mark})

    def force() -> ProtocolVersion:
        return protocols.put_in_force(study=study, by=request.user, **form.cleaned_data)

    made = form.submit(force)
    if made is not None:
        tasks.ring_checks()
        messages.success(
            request, f"{str(made).capitalize()} is in force; all scans are asked its rules now."
        )
        return redirect("protocol", study_code=study.code)
    if form.is_bound:
        form.data = {**form.data.dict(), "seen": mark}  # type: ignore[attr-defined]  # a QueryDict
    found = None if draft is None else difference(study, selectors.rules_of(draft))
    context = {
        "study": study,
        "draft": draft,
        "version": selectors.in_force(study),
        "waiting": selectors.waiting(study),
        "difference": found,
        "page": Paginator(found.rows if found else [], PER_PAGE).get_page(request.GET.get("page")),
    }
    return form_page(request, "segmentation/protocol_difference.html", form, context, changes=study)


@require_safe
def protocol_version(request: HttpRequest, study_code: str, number: int) -> HttpResponse:
    """Show a version as it was, with who put it in force and why."""
    study = _study(request, study_code, "view_settings")
    version = selectors.version(study, number, user=request.user)
    context = {
        "study": study,
        "version": version,
        "rows": [_row(rule) for rule in selectors.rules_of(version)],
        "may_go_back": version.state == "SUPERSEDED"
        and policies.may(request.user, "change_protocol", study),
        "may_see_history": policies.may(request.user, "view_study_audit", study),
    }
    return render(request, "segmentation/protocol_version.html", context)


def _rule(study: Study, key: str) -> Rule:
    """Return a rule of the draft, or where there is none of the version in force.

    Raises
    ------
    Http404
        If there is none with this key.
    """
    version = selectors.draft(study) or selectors.in_force(study)
    found = next((rule for rule in selectors.rules_of(version) if rule.key == key), None)
    if found is None:
        raise Http404("No such rule.")
    return found


def _study(request: HttpRequest, study_code: str, action: str) -> Study:
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, action, study)
    return study
