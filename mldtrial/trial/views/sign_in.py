"""Signing in and out: password and second factor, or a passkey, which is both."""

from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows import login as login_flow
from allauth.account.models import Login
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.internal import flows as webauthn_flows
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mldtrial.accounts.addresses import client_address
from mldtrial.accounts.middleware import ENDED
from mldtrial.accounts.services import guesses, passkeys, refusals, second_factors
from mldtrial.accounts.stages import SecondFactor
from mldtrial.trial.forms.sign_in import CodeForm, PasskeyForm, SignInForm
from mldtrial.trial.views.answers import UNPROCESSABLE, asked_next
from mldtrial.trial.views.oidc import list_providers

TOO_MANY_REQUESTS = 429


class SignIn(LoginView):
    """The page that asks for user name and password."""

    http_method_names = ["get", "head", "post"]
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = False

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Go on to the second factor, or into the session where none is enrolled."""
        login = Login(user=form.get_user(), redirect_url=asked_next(self.request) or None)
        login_flow.record_authentication(self.request, login.user, method="password")
        return login_flow.perform_login(self.request, login)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show the form again, as a refusal and not as a success."""
        context = self.get_context_data(form=form)
        return self.render_to_response(context, status=_status(form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add why the last session ended, and the passkey."""
        ended = self.request.session.pop(ENDED, False)
        more = {"ended": ended, "passkey_form": PasskeyForm(), "providers": list_providers()}
        return {**super().get_context_data(**kwargs), **more}


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """Ends the session and returns to the sign-in page."""

    http_method_names = ["post"]


@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "HEAD", "POST"])
@login_stage_required(stage=SecondFactor.key, redirect_urlname="sign_in")
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for a code, or for a passkey, after the right password."""
    stage = request._login_stage  # type: ignore[attr-defined]  # set by the decorator
    by_passkey = "credential" in request.POST
    code = CodeForm(request.POST if request.method == "POST" and not by_passkey else None)
    passkey = PasskeyForm(request.POST if request.method == "POST" and by_passkey else None)
    used = _used_code(request, code, stage) or _used_passkey(passkey, stage)
    if used is not None:
        post_authentication(request, used)
        return stage.exit()
    kinds = set(second_factors.factors(stage.login.user).values_list("type", flat=True))
    context = {
        "form": code,
        "passkey_form": passkey,
        "has_app": second_factors.APP in kinds,
        "options": webauthn.begin_authentication(stage.login.user)
        if second_factors.PASSKEY in kinds
        else None,
    }
    status = _status(code) if code.errors else (UNPROCESSABLE if passkey.errors else 200)
    return render(request, "accounts/second_factor.html", context, status=status)


@login_not_required
@never_cache
@sensitive_post_parameters("credential")
@require_http_methods(["GET", "HEAD", "POST"])
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Answer with a challenge for any passkey of this host; sign in whoever answers it."""
    if request.method != "POST":
        return JsonResponse(webauthn.begin_authentication(None))
    passkey = PasskeyForm(request.POST)
    if passkey.is_valid():
        used = passkey.submit(lambda: passkeys.verify_anyone(**passkey.cleaned_data))
        if used is not None:
            login = Login(user=used.user, redirect_url=asked_next(request) or None)
            return webauthn_flows.perform_passwordless_login(request, used, login)
    context = {
        "form": SignInForm(request),
        "passkey_form": passkey,
        "next": asked_next(request),
        "providers": list_providers(),
    }
    return render(request, "accounts/sign_in.html", context, status=UNPROCESSABLE)


def _used_code(request: HttpRequest, form: CodeForm, stage: SecondFactor) -> Any:
    return form.submit(
        lambda: _check_code(request, user=stage.login.user, code=form.cleaned_data["code"])
    )


def _check_code(request: HttpRequest, *, user: Any, code: str) -> Any:
    with refusals.told(refusals.CODE, user=user):
        taken = guesses.begin(account=user.get_username(), address=client_address(request))
        used = second_factors.use_code(user=user, code=code)
    guesses.forgive(taken)
    return used


def _used_passkey(form: PasskeyForm, stage: SecondFactor) -> Any:
    return form.submit(lambda: passkeys.verify(user=stage.login.user, **form.cleaned_data))


def _status(form: Any) -> int:
    is_locked = form.has_error("__all__", guesses.TOO_MANY)
    return TOO_MANY_REQUESTS if is_locked else UNPROCESSABLE
