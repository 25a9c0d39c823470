"""The page behind the link of an invitation."""

from typing import Any

from allauth.account.internal.flows import login as login_flow
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mldtrial.trial.forms.base import ServiceForm
from mldtrial.trial.forms.people import WelcomeForm
from mldtrial.trial.models import Invitation
from mldtrial.trial.services import invitations
from mldtrial.trial.views.answers import form_page, posted


@login_not_required
@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Welcome a new person, or let a known one accept."""
    offered = invitations.find(token)
    if offered is None:
        return render(request, "accounts/invitation_gone.html", status=404)
    if request.user.is_authenticated or invitations.login_of(offered) is not None:
        return _of_a_known_person(request, offered, token)
    form = WelcomeForm(posted(request))
    user = form.submit(lambda: invitations.accept_as_new_person(token=token, **form.person()))
    if user is not None:
        return _signed_in(request, user)
    return form_page(request, "accounts/invitation.html", form, {"invitation": offered})


def _of_a_known_person(request: HttpRequest, offered: Invitation, token: str) -> HttpResponse:
    user: Any = request.user
    is_theirs = user.is_authenticated and user.email.casefold() == offered.email.casefold()
    form = ServiceForm(posted(request))
    if request.method == "POST" and is_theirs:
        form.submit(lambda: invitations.accept_invitation(token=token, by=user))
        if not form.errors:
            messages.success(request, f"You now take part in {offered.study.code}.")
            return _signed_in(request, user)
    context = {"invitation": offered, "is_theirs": is_theirs, "link": request.path}
    return form_page(request, "accounts/invitation_known.html", form, context)


def _signed_in(request: HttpRequest, user: Any) -> HttpResponse:
    """Begin a session for a person who has just proved to read the address."""
    if request.user.is_authenticated:
        # A new role ends every session, this one too: it goes on as a new one.
        login_flow.get_adapter().login(request, user)
        return redirect("home")
    return login_flow.perform_login(request, Login(user=user))
