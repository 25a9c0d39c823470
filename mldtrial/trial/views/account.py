"""A person's own account: name, password, second factors, memberships."""

import base64
from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.accounts.services import passwords, reauthentication, second_factors
from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.account import AppForm, NameForm, PasskeyAddForm, PasswordForm
from mldtrial.trial.forms.proof import ProofForm
from mldtrial.trial.services import logins
from mldtrial.trial.views.answers import asked_next, form_page, posted

FORM_METHODS = ["GET", "HEAD", "POST"]
secret = sensitive_post_parameters("password", "code", "new_password", "again", "credential")
"""Keeps what proves a person out of every report of an error."""


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show the person's name, second factors and memberships."""
    context = {
        "factors": second_factors.factors(request.user),
        "has_app": second_factors.asks_for_code(request.user),
        "codes_left": second_factors.recovery_codes_left(request.user),
        "memberships": policies.held(request.user),
    }
    return render(request, "accounts/account.html", context)


@secret
@require_http_methods(FORM_METHODS)
def password_change(request: HttpRequest) -> HttpResponse:
    """Give the person a new password."""
    form = PasswordForm(posted(request), user=request.user)

    def change() -> bool:
        reauthentication.confirm(user=request.user, **form.credentials())
        passwords.set_password(
            user=request.user, new_password=form.cleaned_data["new_password"], request=request
        )
        return True

    if form.submit(change):
        messages.success(request, "Your password was changed. Your other sessions have ended.")
        return redirect("account")
    return form_page(request, "accounts/password.html", form, {})


@secret
@require_http_methods(FORM_METHODS)
def name_change(request: HttpRequest) -> HttpResponse:
    """Change the person's own printed name, with a reason."""
    user = request.user
    form = NameForm(posted(request), user=user, initial={"full_name": str(user)})

    def change() -> bool:
        reauthentication.confirm(user=user, **form.credentials())
        logins.rename(
            user=user,
            full_name=form.cleaned_data["full_name"],
            reason=form.cleaned_data["reason"],
        )
        return True

    if form.submit(change):
        messages.success(request, "Your printed name was changed.")
        return redirect("account")
    return form_page(request, "accounts/name.html", form, {})


@secret
@require_http_methods(FORM_METHODS)
def app_new(request: HttpRequest) -> HttpResponse:
    """Enrol an authenticator app."""
    user = request.user
    if second_factors.asks_for_code(user):
        messages.info(request, "An authenticator app is enrolled already; remove it first.")
        return redirect("account")
    form = AppForm(posted(request), user=user)
    secret = totp.get_totp_secret()

    def enrol() -> list[str]:
        _confirm(request, form, code="")
        return second_factors.enrol_app(
            user=user, secret=secret, code=form.cleaned_data["code"], request=request
        )

    is_asked = selectors.must_enrol(user=user, held=policies.held(user))
    context = {"is_asked": is_asked, **_to_scan(user, secret)}
    return _enrolment(request, form, enrol, "accounts/app_new.html", context)


@secret
@require_http_methods(FORM_METHODS)
def passkey_new(request: HttpRequest) -> HttpResponse:
    """Enrol a passkey."""
    user = request.user
    form = PasskeyAddForm(posted(request), user=user)

    def enrol() -> list[str]:
        _confirm(request, form, code=form.cleaned_data.get("code", ""))
        return second_factors.enrol_passkey(
            user=user,
            name=form.cleaned_data["name"],
            credential=form.cleaned_data["credential"],
            request=request,
        )

    context = {"is_first": not second_factors.is_enrolled(user)}
    return _enrolment(request, form, enrol, "accounts/passkey_new.html", context)


@secret
@require_http_methods(FORM_METHODS)
def second_factor_remove(request: HttpRequest, factor_id: int) -> HttpResponse:
    """Remove one of the person's second factors."""
    factor = get_object_or_404(second_factors.factors(request.user), pk=factor_id)

    def remove() -> bool:
        second_factors.remove(factor=factor, request=request)
        return True

    def answer(_done: Any) -> HttpResponse:
        messages.success(request, "The second factor was removed. Your other sessions have ended.")
        return redirect("account")

    return _confirmed(
        request, remove, answer, "accounts/second_factor_remove.html", {"factor": factor}
    )


@secret
@require_http_methods(FORM_METHODS)
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes and show them once."""
    return _confirmed(
        request,
        lambda: second_factors.renew_recovery_codes(user=request.user, request=request),
        lambda codes: _show_codes(request, codes),
        "accounts/recovery_codes.html",
        {
            "codes_left": second_factors.recovery_codes_left(request.user),
            "is_enrolled": second_factors.is_enrolled(request.user),
        },
    )


def _confirmed(
    request: HttpRequest,
    action: Callable[[], Any],
    answer: Callable[[Any], HttpResponse],
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Ask who is at the keyboard, then act and answer."""
    form = ProofForm(posted(request), user=request.user)

    def act() -> Any:
        reauthentication.confirm(user=request.user, **form.credentials())
        return action()

    done = form.submit(act)
    if done is not None:
        return answer(done)
    return form_page(request, template, form, context)


def _enrolment(
    request: HttpRequest,
    form: ProofForm,
    enrol: Callable[[], list[str]],
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    codes = form.submit(enrol)
    if codes is not None:
        totp.clear_totp_secret(request)
        return _after_enrolment(request, codes)
    if isinstance(form, PasskeyAddForm):
        context["options"] = webauthn.begin_registration(request.user, passwordless=True)
    return form_page(request, template, form, {"next": asked_next(request), **context})


def _confirm(request: HttpRequest, form: ProofForm, *, code: str) -> None:
    if "password" in form.fields:
        reauthentication.confirm(
            user=request.user, password=form.cleaned_data["password"], code=code
        )


def _after_enrolment(request: HttpRequest, codes: list[str]) -> HttpResponse:
    if codes:
        return _show_codes(request, codes)
    messages.success(request, "The second factor was added. Your other sessions have ended.")
    return redirect(asked_next(request) or "account")


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    context = {"codes": [f"{code[:5]} {code[5:]}" for code in codes], "next": asked_next(request)}
    return render(request, "accounts/recovery_codes_new.html", context)


def _to_scan(user: Any, secret: str) -> dict[str, str]:
    adapter = get_adapter()
    drawn = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    image = base64.b64encode(drawn.encode()).decode()
    groups = [secret[start : start + 4] for start in range(0, len(secret), 4)]
    return {"qr_code": f"data:image/svg+xml;base64,{image}", "secret": " ".join(groups)}
