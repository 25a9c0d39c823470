"""The forms for who has forgotten the password."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import ServiceForm
from mldtrial.trial.forms.proof import password_field


class ForgottenForm(ServiceForm):
    """Where the link shall go."""

    email = forms.EmailField(
        label="E-mail address",
        help_text="The one that your invitation went to.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "form-control"}),
        error_messages={
            "required": "Type in your e-mail address.",
            "invalid": "Give one e-mail address, like name@example.org.",
        },
    )


class NewPasswordForm(ServiceForm):
    """A new password, typed twice."""

    new_password = password_field(
        "New password", is_new=True, help_text="At least 12 characters; a sentence is easiest."
    )
    again = password_field("New password again", is_new=True)

    def clean(self) -> dict[str, Any]:
        """Refuse two passwords that differ."""
        cleaned = super().clean() or {}
        if {"new_password", "again"} <= set(cleaned) and (
            cleaned["new_password"] != cleaned["again"]
        ):
            self.add_error("again", "The two passwords differ; type the new one twice.")
        return cleaned
