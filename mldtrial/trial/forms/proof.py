"""The fields by which a person proves again who is there: password, and code of an app."""

from typing import Any

from django import forms

from mldtrial.accounts.services import second_factors
from mldtrial.trial.forms.base import ServiceForm


def password_field(label: str, *, is_new: bool = False, **more: Any) -> forms.CharField:
    """Return a field for a password, which is never stripped nor shown again."""
    complete = "new-password" if is_new else "current-password"
    missing = "Type in the password." if is_new else "Give your password."
    return forms.CharField(
        label=label,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": complete, "class": "form-control"}),
        error_messages={"required": missing},
        **more,
    )


def code_field(**more: Any) -> forms.CharField:
    """Return a field for a code of an authenticator app, or a recovery code."""
    attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
    return forms.CharField(
        max_length=20,
        widget=forms.TextInput(attrs={**attributes, "class": "form-control code"}),
        error_messages={"required": "Type in the code."},
        **more,
    )


class ProofForm(ServiceForm):
    """A form that asks at its end who is at the keyboard: the password, and the code of an app.

    The code is asked for only of a person who has enrolled an authenticator app.
    """

    password = password_field(
        "Your password", help_text="Asked for again, to prove that it is you."
    )
    code = code_field(
        label="Code", help_text="Six digits from your authenticator app, or a recovery code."
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not second_factors.asks_for_code(user):
            del self.fields["code"]
        if self.field_order is None:
            self.order_fields([*(name for name in self.fields if name not in PROOF), *PROOF])

    def credentials(self) -> dict[str, str]:
        """Return what `reauthentication.confirm` asks for."""
        return {
            "password": self.cleaned_data["password"],
            "code": self.cleaned_data.get("code", ""),
        }


PROOF = ("password", "code")
