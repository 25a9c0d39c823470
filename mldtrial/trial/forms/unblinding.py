"""Forms of unblinding."""

from collections.abc import Iterable
from typing import Any

from django import forms

from mldtrial.trial.forms.base import Choices, reason_field
from mldtrial.trial.forms.proof import ProofForm
from mldtrial.trial.models import Membership


class EmergencyForm(ProofForm):
    """Why the arm of one patient must be known, and the proof of who asks."""

    reason = reason_field("Why must the arm be known?")


class StudyUnblindingForm(ProofForm):
    """To whom a study is to be unblinded, why, and the proof of who asks."""

    EVERYBODY = "everybody"

    to = forms.ChoiceField(
        label="Arms are told to",
        widget=Choices,
        error_messages={"required": "Choose to whom the arms are told."},
    )
    reason = reason_field()

    def __init__(self, *args: Any, statisticians: Iterable[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.statisticians = {str(held.pk): held for held in statisticians}
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            *((key, f"{held.user}, statistician") for key, held in self.statisticians.items()),
            (self.EVERYBODY, "every role that sees patients: the planned end of the blinding"),
        ]

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        given = dict(self.cleaned_data)
        return {"statistician": self.statisticians.get(given.pop("to")), **given}
