"""Forms of a visit: a new one, a correction, and what was not done."""

from collections.abc import Callable
from typing import Any

from django import forms

from mldtrial.trial.forms.base import (
    Choices,
    CorrectionForm,
    DayField,
    SeenForm,
    ServiceForm,
    change_reason_field,
    reason_field,
)
from mldtrial.trial.forms.participation import ask_after_end
from mldtrial.trial.models import Patient, VisitDefinition


class VisitForm(ServiceForm):
    """A planned or an unscheduled visit."""

    definition = forms.ModelChoiceField(
        VisitDefinition.objects.none(),
        label="Visit",
        required=False,
        empty_label="Unscheduled",
        help_text="Planned visits that this patient has not had yet, with their window.",
        error_messages={"invalid_choice": "This visit is not planned, or recorded already."},
    )
    date = DayField(label="Date of the visit")

    def __init__(
        self,
        *args: Any,
        patient: Patient,
        definitions: Any,
        label: Callable[[VisitDefinition], str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        ask_after_end(self, patient)
        field = self.fields["definition"]
        field.queryset = definitions
        field.label_from_instance = label
        field.initial = next(iter(definitions), None)
        field.always_asked = True


def _reason() -> forms.CharField:
    return reason_field(help_text="For example: family could not travel, no sedation. No names.")


class VisitEditForm(CorrectionForm):
    """A correction of a visit's date."""

    RECORD_FIELDS = ("date",)

    date = DayField(label="Date of the visit")


class VisitNotDoneForm(ServiceForm):
    """A planned visit that did not take place."""

    reason = _reason()


class ScanNotDoneForm(ServiceForm):
    """A sequence that was not acquired."""

    sequence = forms.ChoiceField(
        label="Sequence",
        widget=Choices(inline=True),
        error_messages={"invalid_choice": "Choose one of the sequences that are missing."},
    )
    reason = _reason()

    def __init__(self, *args: Any, sequences: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["sequence"]
        field.choices = [(name, name) for name in sequences]
        field.initial = next(iter(sequences), None)


class NotDoneEditForm(SeenForm):
    """A declaration corrected, or taken back."""

    RECORD_FIELDS = ("reason", "is_current")
    KEEP, TAKE_BACK = "keep", "take-back"

    what = forms.ChoiceField(
        label="What to change",
        choices=[(KEEP, "Correct the reason"), (TAKE_BACK, "Take it back: it is asked for again")],
        widget=Choices(),
        initial=KEEP,
    )
    reason = _reason()
    change_reason = change_reason_field()
