"""Pages for who has forgotten the password: ask for a link, and use it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mldtrial.accounts.addresses import client_address
from mldtrial.accounts.services import guesses
from mldtrial.trial.forms.passwords import ForgottenForm, NewPasswordForm
from mldtrial.trial.services import password_links
from mldtrial.trial.views.answers import form_page, posted

FORM_METHODS = ["GET", "HEAD", "POST"]
TOO_MANY_REQUESTS = 429


@login_not_required
@never_cache
@require_http_methods(FORM_METHODS)
def password_forgotten(request: HttpRequest) -> HttpResponse:
    """Send a link for a new password; the answer is the same whether anybody has the address."""
    form = ForgottenForm(posted(request))

    def send() -> bool:
        password_links.send_link(
            email=form.cleaned_data["email"],
            address=client_address(request),
            link_of=lambda user_id, token: request.build_absolute_uri(
                reverse("password_link", args=[user_id, token])
            ),
        )
        return True

    if form.submit(send):
        return render(request, "accounts/password_sent.html")
    answer = form_page(request, "accounts/password_forgotten.html", form, {})
    if form.has_error("__all__", guesses.TOO_MANY):
        answer.status_code = TOO_MANY_REQUESTS
    return answer


@login_not_required
@never_cache
@sensitive_post_parameters("new_password", "again")
@require_http_methods(FORM_METHODS)
def password_link(request: HttpRequest, user_id: UUID, token: str) -> HttpResponse:
    """Take a new password from whoever reads the e-mail."""
    if password_links.find(user_id, token) is None:
        return render(request, "accounts/password_link_gone.html", status=404)
    form = NewPasswordForm(posted(request))

    def use() -> bool:
        password_links.use_link(
            user_id=user_id, token=token, new_password=form.cleaned_data["new_password"]
        )
        return True

    if form.submit(use):
        messages.success(request, "Your password was changed and your sessions have ended.")
        return redirect("sign_in")
    return form_page(request, "accounts/password_link.html", form, {})
