"""The form of a signature, and the fields by which a person proves again who is there."""

from typing import Any

from django import forms

from mldtrial.audit.models import Meaning
from mldtrial.trial.forms.base import Choices, ServiceForm


def password_field() -> forms.CharField:
    """Return the field of the password of the person who is signed in."""
    return forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "current-password", "class": "form-control"}
        ),
        help_text="Asked for again, to prove that it is you.",
        error_messages={"required": "Give your password."},
    )


def code_field() -> forms.CharField:
    """Return the field of the code of the second factor."""
    return forms.CharField(
        label="Code of your second factor",
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text="From your authenticator app; empty if you have none.",
    )


class SignForm(ServiceForm):
    """What a person says by signing, and the proof of who says it."""

    meaning = forms.ChoiceField(
        label="By signing I say",
        choices=Meaning.choices,
        widget=Choices,
        error_messages={"required": "Choose what you say by signing."},
    )
    password = password_field()
    code = code_field()
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def show_again(self, sha256: str) -> None:
        """Bind the form to the record as it is shown now."""
        if self.is_bound:
            self.data = {**self.data.dict(), "seen": sha256}  # type: ignore[attr-defined]
        self.initial["seen"] = sha256

    def refuse_stale(self) -> None:
        """Say that the record has changed since it was shown."""
        self.add_error(
            None,
            "This record has changed since you opened the page. It is shown as it is now: "
            "look at it again, then sign.",
        )

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        given = dict(self.cleaned_data)
        return {"seen_sha256": given.pop("seen"), **given}
