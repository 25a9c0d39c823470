"""The forms of a person's own account: password and second factors."""

from typing import Any

from django import forms

from mldtrial.accounts.services import second_factors
from mldtrial.trial.forms.base import reason_field
from mldtrial.trial.forms.passwords import NewPasswordForm
from mldtrial.trial.forms.proof import ProofForm, code_field
from mldtrial.trial.forms.sign_in import PasskeyForm


class PasswordForm(ProofForm, NewPasswordForm):
    """The password as it is, and a new one, typed twice."""

    field_order = ["password", "code", "new_password", "again"]


class NameForm(ProofForm):
    """The person's own printed name, and why it changes."""

    full_name = forms.CharField(
        label="Printed name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Give your name as it shall stand on signatures."},
    )
    reason = reason_field(help_text="Kept in the history, for example “Married”.")


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
