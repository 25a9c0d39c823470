"""The forms of a person's own account: password and second factors."""

from typing import Any

from django import forms

from mldtrial.accounts.services import second_factors
from mldtrial.trial.forms.base import ServiceForm
from mldtrial.trial.forms.sign_in import PasskeyForm, code_field


def password_field(label: str, *, is_new: bool = False, **more: Any) -> forms.CharField:
    """Return a field for a password, which is never stripped nor shown again."""
    complete = "new-password" if is_new else "current-password"
    return forms.CharField(
        label=label,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": complete, "class": "form-control"}),
        error_messages={"required": "Type in the password."},
        **more,
    )


class ConfirmForm(ServiceForm):
    """Password, and the code where an app is enrolled, to know who is at the keyboard.

    The first second factor is added without: the person has just signed in with a password.
    """

    password = password_field("Your password")
    code = code_field(
        label="Code", help_text="Six digits from your authenticator app, or a recovery code."
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not second_factors.asks_for_code(user):
            del self.fields["code"]

    def credentials(self) -> dict[str, str]:
        """Return what `reauthentication.confirm` asks for."""
        return {
            "password": self.cleaned_data["password"],
            "code": self.cleaned_data.get("code", ""),
        }


class PasswordForm(ConfirmForm):
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


class AppForm(ConfirmForm):
    """The first code of a new authenticator app."""

    code = code_field(
        label="Code of the app", help_text="Six digits; the app shows new ones every 30 seconds."
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        # The code asked for here is that of the new app: there is no other.
        self.fields["code"] = self.base_fields["code"]
        if not second_factors.is_enrolled(user):
            del self.fields["password"]


class PasskeyAddForm(ConfirmForm, PasskeyForm):
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
