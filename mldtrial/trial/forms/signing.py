"""The form of a signature."""

from typing import Any

from django import forms

from mldtrial.audit.models import Meaning
from mldtrial.trial.forms.base import Choices
from mldtrial.trial.forms.proof import ProofForm


class SignForm(ProofForm):
    """What a person says by signing, and the proof of who says it."""

    meaning = forms.ChoiceField(
        label="By signing I say",
        choices=Meaning.choices,
        widget=Choices,
        error_messages={"required": "Choose what you say by signing."},
    )
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
