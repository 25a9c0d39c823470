"""Pages of the administrator on people: who takes part, who is invited, what ends."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.people import InvitationForm, ReasonForm, RowExportForm
from mldtrial.trial.models import Invitation, Study
from mldtrial.trial.services import invitations, logins, memberships
from mldtrial.trial.views.answers import form_page, posted

FORM_METHODS = ["GET", "HEAD", "POST"]


@require_safe
def people(request: HttpRequest, study_code: str) -> HttpResponse:
    """List who takes part in a study and who is invited."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "view_people", study)
    context = {
        "study": study,
        "people": selectors.people(study, user=request.user),
        "invitations": selectors.open_invitations(study, user=request.user),
        "may_manage": policies.may(request.user, "manage_people", study),
    }
    return render(request, "accounts/people.html", context)


@require_http_methods(FORM_METHODS)
def invitation_new(request: HttpRequest, study_code: str) -> HttpResponse:
    """Invite a person by e-mail."""
    study = _managed(request, study_code)
    sites = selectors.sites(study, user=request.user)
    form = InvitationForm(posted(request), sites=sites)
    made = form.submit(
        lambda: invitations.invite_person(study=study, **form.cleaned_data, by=request.user)
    )
    if made is not None:
        return _send(request, *made)
    return form_page(request, "accounts/invitation_new.html", form, {"study": study})


@require_POST
def invitation_renew(request: HttpRequest, study_code: str, invitation_id: UUID) -> HttpResponse:
    """Send a new link for an invitation; the earlier link ends."""
    study = _managed(request, study_code)
    offered = selectors.invitation(study, invitation_id, user=request.user)
    made = invitations.invite_person(
        study=study, email=offered.email, role=offered.role, site=offered.site, by=request.user
    )
    return _send(request, *made)


@require_POST
def invitation_withdraw(request: HttpRequest, study_code: str, invitation_id: UUID) -> HttpResponse:
    """Make the link of an invitation void."""
    study = _managed(request, study_code)
    offered = selectors.invitation(study, invitation_id, user=request.user)
    invitations.withdraw_invitation(invitation=offered, by=request.user)
    messages.success(request, f"The invitation of {offered.email} was withdrawn.")
    return redirect("people", study_code=study.code)


@require_http_methods(FORM_METHODS)
def membership_end(request: HttpRequest, study_code: str, membership_id: UUID) -> HttpResponse:
    """End a person's role, with a reason."""
    study = _managed(request, study_code)
    membership = selectors.membership(study, membership_id, user=request.user)
    form = ReasonForm(posted(request))
    ended = form.submit(
        lambda: memberships.end_membership(
            membership=membership, **form.cleaned_data, by=request.user
        )
    )
    if ended is not None:
        messages.success(request, f"{ended.user} is no longer {ended.get_role_display()}.")
        return redirect("people" if _still_here(request, study) else "home", **_of(request, study))
    context = {"study": study, "membership": membership}
    return form_page(request, "accounts/membership_end.html", form, context)


@require_http_methods(FORM_METHODS)
def login_state(request: HttpRequest, study_code: str, membership_id: UUID) -> HttpResponse:
    """Deactivate the login of a person, or activate it again, with a reason."""
    study = _managed(request, study_code)
    membership = selectors.membership(study, membership_id, user=request.user)
    was_active = membership.user.is_active
    form = ReasonForm(posted(request))
    changed = form.submit(
        lambda: logins.set_active(
            membership=membership, is_active=not was_active, **form.cleaned_data, by=request.user
        )
    )
    if changed is not None:
        state = "deactivated" if was_active else "active again"
        messages.success(request, f"The login of {changed} is {state}.")
        return redirect("people", study_code=study.code)
    context = {"study": study, "membership": membership, "is_active": was_active}
    return form_page(request, "accounts/login_state.html", form, context)


@require_http_methods(FORM_METHODS)
def membership_export(request: HttpRequest, study_code: str, membership_id: UUID) -> HttpResponse:
    """Grant row exports to a sponsor, or take them back."""
    study = _managed(request, study_code)
    membership = selectors.membership(study, membership_id, user=request.user)
    form = RowExportForm(
        posted(request),
        record=membership,
        initial={"is_granted": "yes" if membership.may_export_rows else "no"},
    )
    changed = form.submit(
        lambda: memberships.set_row_export(membership=membership, **form.values(), by=request.user)
    )
    if changed is not None:
        state = "may" if changed.may_export_rows else "may not"
        messages.success(request, f"{changed.user} {state} export rows.")
        return redirect("people", study_code=study.code)
    context = {"study": study, "membership": membership}
    return form_page(request, "accounts/membership_export.html", form, context)


def _managed(request: HttpRequest, study_code: str) -> Study:
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "manage_people", study)
    return study


def _send(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    link = request.build_absolute_uri(reverse("invitation", args=[token]))
    try:
        invitations.send_invitation(invitation=invitation, link=link)
    except OSError:
        messages.error(
            request,
            f"The invitation of {invitation.email} is stored, but the mail server did not take the "
            "e-mail. Send it again when the server answers.",
        )
    else:
        messages.success(request, f"{invitation.email} was invited.")
    return redirect("people", study_code=invitation.study.code)


def _still_here(request: HttpRequest, study: Study) -> bool:
    return policies.may(request.user, "view_people", study)


def _of(request: HttpRequest, study: Study) -> dict[str, Any]:
    return {"study_code": study.code} if _still_here(request, study) else {}
