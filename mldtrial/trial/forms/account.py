"""The forms of a person's own account: password and second factors."""

from typing import Any

from django import forms

from mldtrial.accounts.services import second_factors
from mldtrial.trial.forms.proof import ProofForm, code_field, password_field
from mldtrial.trial.forms.sign_in import PasskeyForm


class PasswordForm(ProofForm):
    """A new password, typed twice."""

    new_password = password_field(
        "New password", is_new=True, help_text="At least 12 characters; a sentence is easiest."
    )
    again = password_field("New password again", is_new=True)

    field_order = ["password", "code", "new_password", "again"]

    def clean(self) -> dict[str, Any]:
        """Refuse two passwords that differ."""
        cleaned = super().clean() or {}
        if {"new_password", "again"} <= set(cleaned) and (
            cleaned["new_password"] != cleaned["again"]
        ):
            self.add_error("again", "The two passwords differ; type the new one twice.")
        return cleaned


class AppForm(ProofForm):
    """The first code of a new authenticator app."""

    code = code_field(
        label="Code of the app", help_text="Six digits; the app shows new ones every 30 seconds."
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        # The code asked for here is that of the new app: there is no other.
        self.fields["code"] = self.base_fields["code"]
        # The first second factor needs none: the person has just signed in with a password.
        if not second_factors.is_enrolled(user):
            del self.fields["password"]


class PasskeyAddForm(ProofForm, PasskeyForm):
    """A passkey just made by this browser, and its name."""

    name = forms.CharField(
        label="Name of the passkey",
        max_length=60,
        initial="This computer",
        help_text="So that you know it again, for example “ward laptop” or “blue key”.",
    )

    field_order = ["name", "password", "code", "credential"]

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        if not second_factors.is_enrolled(user):
            del self.fields["password"]
