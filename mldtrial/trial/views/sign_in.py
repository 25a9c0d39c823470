"""Signing in and out."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.utils.decorators import method_decorator

from mldtrial.trial.forms.sign_in import SignInForm


class SignIn(LoginView):
    """The page that asks for user name and password."""

    http_method_names = ["get", "head", "post"]
    template_name = "trial/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = False

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show the form again, as a refusal and not as a success."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """Ends the session and returns to the sign-in page."""

    http_method_names = ["post"]
