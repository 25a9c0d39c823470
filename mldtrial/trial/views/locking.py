"""Pages of freezing, locking and unlocking: the list of a study, one record, one request."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mldtrial.audit.models import LockLevel
from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.base import ServiceForm
from mldtrial.trial.forms.locking import (
    FREEZE,
    LOCK,
    THAW,
    BulkForm,
    DecisionForm,
    HoldForm,
    UnlockRequestForm,
)
from mldtrial.trial.models import Study, Visit
from mldtrial.trial.selectors.asked import known
from mldtrial.trial.selectors.locks import Held, Lockable, kind_of
from mldtrial.trial.selectors.second_people import others_who_may
from mldtrial.trial.services import locking
from mldtrial.trial.views.answers import UNPROCESSABLE, posted

PER_PAGE = 50
TABS = [
    ("", "all"),
    ("complete", "complete"),
    ("open", "open"),
    ("frozen", "frozen"),
    ("locked", "locked"),
]
DONE = {"freeze": "frozen", "lock": "locked", "thaw": "open again"}


@require_http_methods(["GET", "HEAD", "POST"])
def lock_list(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show how every visit is held; freeze, lock or thaw several at once."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "view_locks", study)
    may_lock = policies.may(request.user, "lock_record", study)
    # Every signature of the study is compared for this, so only for whom it is of use.
    complete = selectors.complete_visits(study, user=request.user) if may_lock else []
    form = BulkForm(posted(request), complete=len(complete))
    if request.method == "POST":
        policies.require(request.user, "lock_record", study)
        if form.is_valid() and _set_several(request, study, form, complete):
            return redirect(request.get_full_path())
    state = known(request.GET, "state", dict(TABS))
    search = request.GET.get("q", "").strip()[:32]
    visits = selectors.visits_to_lock(study, user=request.user, state=state, search=search)
    page = Paginator(visits, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "form": form,
        "page": page,
        "rows": selectors.lock_rows(page),
        "chosen": request.POST.getlist("visits"),
        "tabs": TABS,
        "state": state,
        "search": search,
        "may_lock": may_lock,
        "held": selectors.lock_of(study),
        "requests": selectors.unlockings(study, user=request.user),
        "may_approve": policies.may(request.user, "approve_unlock", study),
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "trial/locks.html", context, status=status)


def _set_several(request: HttpRequest, study: Study, form: BulkForm, complete: list[Visit]) -> bool:
    """Do what the form says; False where nothing was chosen or nothing was done."""
    visits = complete
    if form.cleaned_data["which"] == BulkForm.CHOSEN:
        visits = selectors.chosen_visits(study, request.POST.getlist("visits"), user=request.user)
    if not visits:
        form.add_error("which", "No visit is chosen.")
        return False
    action = form.cleaned_data["action"]
    done, refused = locking.set_for_visits(
        visits=visits, action=action, reason=form.cleaned_data["reason"], by=request.user
    )
    for sentence in refused:
        form.add_error(None, sentence)
    if done:
        noun = "1 visit is" if done == 1 else f"{done} visits are"
        messages.success(request, f"{noun} {DONE[action]}.")
        for sentence in refused:
            messages.warning(request, sentence)
    return bool(done)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def visit_lock(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Freeze, lock or open again one visit."""
    study = selectors.study(study_code, user=request.user)
    visit = selectors.visit(study, visit_id, user=request.user)
    return _lock_page(request, study, visit, {"visit": visit, "patient": visit.patient})


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def patient_lock(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Freeze, lock or open again a patient with all visits."""
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    return _lock_page(request, study, patient, {"patient": patient})


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def study_lock(request: HttpRequest, study_code: str) -> HttpResponse:
    """Freeze, lock or open again a whole study."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "lock_record", study)
    return _lock_page(request, study, study, {})


def _lock_page(
    request: HttpRequest, study: Study, record: Lockable, about: dict[str, Any]
) -> HttpResponse:
    policies.require(request.user, "view_locks", record)
    held = selectors.lock_of(record)
    form = _form(request, record, held)
    if request.method == "POST":
        policies.require(request.user, "request_unlock", record)
        if form.is_valid() and _submit(request, record, form):
            return redirect(request.path)
    own = held if held is not None and held.is_own else None
    context = {
        **about,
        "study": study,
        "record": record,
        "kind": kind_of(record),
        "held": held,
        "form": form if _may_use(request, record, form, held) else None,
        "is_request": isinstance(form, UnlockRequestForm),
        "waiting": selectors.open_unlocking(own.lock, user=request.user) if own else None,
        "may_approve": policies.may(request.user, "approve_unlock", record),
        "locks": selectors.own_locks(record),
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "trial/lock.html", context, status=status)


def _form(request: HttpRequest, record: Lockable, held: Held | None) -> ServiceForm:
    """Return the form of what can be done next: hold, end a freeze, or ask for unlocking."""
    given = posted(request)
    is_locked = held is not None and held.level == LockLevel.LOCKED
    if is_locked or not policies.may(request.user, "lock_record", record):
        return UnlockRequestForm(given, user=request.user)
    actions = [FREEZE, LOCK] if held is None else [LOCK]
    if held is not None and held.is_own:
        actions.append(THAW)
    return HoldForm(given, actions=actions)


def _may_use(request: HttpRequest, record: Lockable, form: ServiceForm, held: Held | None) -> bool:
    if isinstance(form, HoldForm):
        return True
    is_locked = held is not None and held.is_own and held.level == LockLevel.LOCKED
    return is_locked and policies.may(request.user, "request_unlock", record)


def _submit(request: HttpRequest, record: Lockable, form: ServiceForm) -> bool:
    if isinstance(form, UnlockRequestForm):
        asked = form.submit(
            lambda: locking.request_unlock(record=record, **form.cleaned_data, by=request.user)
        )
        if asked is not None:
            messages.success(request, "You asked for the unlocking. Another person must approve.")
        return asked is not None
    services = {"freeze": locking.freeze, "lock": locking.lock, "thaw": locking.thaw}
    action = form.cleaned_data["action"]
    done = form.submit(
        lambda: services[action](record=record, reason=form.cleaned_data["reason"], by=request.user)
    )
    if done is not None:
        messages.success(request, f"The {kind_of(record)} is {DONE[action]}.")
    return done is not None


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def unlock_decision(request: HttpRequest, study_code: str, request_id: UUID) -> HttpResponse:
    """Show a request to unlock, and take the decision of the second person."""
    study = selectors.study(study_code, user=request.user)
    asked = selectors.unlocking(study, request_id, user=request.user)
    policies.require(request.user, "approve_unlock", asked.record)
    is_own = asked.request.requested_by_id == request.user.pk
    form = DecisionForm(
        posted(request),
        user=request.user,
        consequence="the record opens at once",
        is_own=is_own,
    )
    decided = form.submit(
        lambda: locking.decide_unlock(request=asked.request, **form.values(), by=request.user)
    )
    if decided is not None:
        what = "unlocked" if decided.is_approved else "still locked; the request was refused"
        messages.success(request, f"{asked.title} is {what}.")
        return redirect("locks", study_code=study.code)
    context = {
        "study": study,
        "asked": asked,
        "form": form,
        "is_own": is_own,
        "others": others_who_may("approve_unlock", study, user=request.user) if is_own else [],
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "trial/unlock_decision.html", context, status=status)
