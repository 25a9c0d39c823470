"""The form of a visit."""

from collections.abc import Callable
from typing import Any

from django import forms

from mldtrial.trial.forms.base import DayField, ServiceForm
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
