"""The forms of signing in: user name and password, and the second factor."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from mldtrial.accounts.addresses import UNKNOWN, client_address
from mldtrial.accounts.services import guesses, refusals
from mldtrial.trial.forms.base import ServiceForm
from mldtrial.trial.forms.proof import code_field


class SignInForm(AuthenticationForm):
    """User name and password."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "User name and password do not belong together. Please try again.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["username"].label = "User name"
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"

    def clean(self) -> dict[str, Any]:
        """Check the password, unless too many wrong ones came before it."""
        if self.errors:
            return self.cleaned_data
        address = client_address(self.request) if self.request is not None else UNKNOWN
        name = self.cleaned_data["username"]
        with refusals.told(refusals.PASSWORD, username=name):
            taken = guesses.begin(account=name, address=address)
        cleaned = super().clean()  # tells of a refusal by itself
        guesses.forgive(taken)
        return cleaned


class CodeForm(ServiceForm):
    """The second factor, where it is a code."""

    code = code_field(help_text="Six digits from your authenticator app, or a recovery code.")


class PasskeyForm(ServiceForm):
    """What a passkey answers; filled by passkeys.js."""

    credential = forms.JSONField(
        widget=forms.HiddenInput,
        error_messages={
            "required": "No passkey answered. Please try again.",
            "invalid": "No passkey answered. Please try again.",
        },
    )
