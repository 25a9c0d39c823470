"""Forms of a protocol deviation: a new one, its description, its end."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import CorrectionForm, ServiceForm, reason_field
from mldtrial.trial.models import Visit
from mldtrial.trial.selectors import code_choices


def _description() -> forms.CharField:
    return forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="What happened and why; no names.",
        error_messages={"required": "Describe what happened."},
    )


class DeviationForm(ServiceForm):
    """A deviation that a person has seen."""

    visit = forms.ModelChoiceField(
        Visit.objects.none(), required=False, empty_label="Whole record of the patient"
    )
    code = forms.ChoiceField(
        choices=code_choices,
        label="What deviates",
        error_messages={"invalid_choice": "Choose one of the listed codes."},
    )
    description = _description()

    def __init__(self, *args: Any, visits: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["visit"]
        field.queryset = visits
        field.label_from_instance = lambda visit: f"{visit.name} on {visit.date}"
        field.always_asked = True


class DescriptionForm(CorrectionForm):
    """A better description of a deviation."""

    RECORD_FIELDS = ("description",)

    description = _description()


class DeviationCloseForm(ServiceForm):
    """The end of a deviation."""

    reason = reason_field(
        "Reason for closing",
        missing="Give the reason for closing.",
        help_text="For example how it was assessed. Deviations of the visit windows close "
        "themselves when the data are mended.",
    )
