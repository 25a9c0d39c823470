"""Forms of taking part: a step, its correction, and the reason for an entry after the end."""

from django import forms

from mldtrial.trial.forms.base import Choices, CorrectionForm, DayField, ServiceForm, reason_field
from mldtrial.trial.models import DispositionStep, Patient


def ask_after_end(form: forms.Form, patient: Patient) -> None:
    """Add the question for a reason where the patient's follow-up has ended."""
    if patient.withdrawn_on is None:
        return
    field = reason_field(
        "Reason for an entry after the end of follow-up",
        required=False,
        help_text=f"The follow-up ended on {patient.withdrawn_on} "
        f"({patient.get_participation_display()}). Needed for what is dated after that day; "
        "kept in the history.",
    )
    # The form has dressed its own fields already.
    field.widget.attrs["class"] = "form-control"
    form.fields["after_end_reason"] = field


class StepForm(ServiceForm):
    """A consent, a withdrawal or an end of follow-up."""

    step = forms.ChoiceField(
        label="What happened?",
        choices=[(value, label.capitalize()) for value, label in DispositionStep.choices],
        widget=Choices,
        error_messages={"invalid_choice": "Choose one of the listed steps."},
    )
    happened_on = DayField(label="On which day?")
    form_version = forms.CharField(
        label="Version of the form",
        required=False,
        max_length=40,
        help_text="Of the consent or assent form that was signed.",
    )
    note = forms.CharField(
        required=False,
        max_length=300,
        help_text="For example why; never a name.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class StepEditForm(CorrectionForm, StepForm):
    """A correction of a step, or its voiding, with the reason."""

    RECORD_FIELDS = ("step", "happened_on", "form_version", "note", "is_void")

    is_void = forms.BooleanField(
        label="Entered in error: it never happened",
        required=False,
        help_text="The entry stays in the history and no longer counts.",
    )
