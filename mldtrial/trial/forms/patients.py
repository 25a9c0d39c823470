"""Forms of a patient's record: a new patient, a correction, a treatment."""

import hashlib
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mldtrial.trial.forms.base import Choices, DayField, MonthField, ServiceForm
from mldtrial.trial.models import Patient, Sex, Site, TreatmentKind


def _onset_field() -> forms.IntegerField:
    field = forms.IntegerField(
        label="Age at first symptom",
        required=False,
        min_value=0,
        max_value=1200,
        help_text="In whole months; leave empty while there is no symptom. "
        "The subtype is derived from it.",
        error_messages={
            "invalid": "Give whole months, for example 20.",
            "min_value": "The age cannot be below 0 months.",
            "max_value": "The age at first symptom is given in months, at most 1200.",
        },
    )
    field.unit = "months"  # type: ignore[attr-defined]  # shown behind the input
    return field


class PatientForm(ServiceForm):
    """A new patient, known by a subject code only."""

    site = forms.ModelChoiceField(
        Site.objects.none(),
        error_messages={"invalid_choice": "Choose one of your sites."},
    )
    subject_code = forms.CharField(
        max_length=32,
        help_text="As on the study's screening log; never a name, initials or a birth date.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    sex = forms.ChoiceField(
        choices=Sex.choices,
        widget=Choices(inline=True),
        error_messages={"invalid_choice": "Choose female, male or unknown."},
    )
    birth_month = MonthField(
        label="Month of birth",
        help_text="Year and month only; ages count from the middle of the month.",
    )
    onset_age_months = _onset_field()
    first_study_dose_on = DayField(
        label="First study dose",
        required=False,
        help_text="Recorded in the same way in every arm.",
    )

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        field.queryset = sites
        field.label_from_instance = lambda site: f"{site.code} · {site.name}"
        if len(sites) == 1:
            field.initial = sites[0]
            field.empty_label = None


class PatientEditForm(ServiceForm):
    """A correction of a patient's record, with its reason."""

    subject_code = PatientForm.base_fields["subject_code"]
    sex = PatientForm.base_fields["sex"]
    birth_month = PatientForm.base_fields["birth_month"]
    onset_age_months = PatientForm.base_fields["onset_age_months"]
    first_study_dose_on = PatientForm.base_fields["first_study_dose_on"]
    reason = forms.CharField(
        label="Reason for the change",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept in the history beside the old and the new value.",
        error_messages={"required": "Give the reason for the change."},
    )

    RECORD_FIELDS = (
        "subject_code",
        "sex",
        "birth_month",
        "onset_age_months",
        "first_study_dose_on",
    )

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        initial = {name: getattr(patient, name) for name in self.RECORD_FIELDS}
        self.mark = hashlib.sha256(repr(initial).encode()).hexdigest()
        super().__init__(*args, initial={**initial, "seen": self.mark}, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Refuse a form that would undo another person's change, or change nothing."""
        cleaned = super().clean() or {}
        if cleaned.get("seen") != self.mark:
            raise ValidationError(
                "Somebody else has changed this record since you opened it; open the page again."
            )
        if not self.errors and not self.changes():
            raise ValidationError("Nothing differs from the record.")
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return what differs from the record."""
        return {
            name: self.cleaned_data[name]
            for name in self.RECORD_FIELDS
            if name in self.changed_data and name in self.cleaned_data
        }


class TreatmentForm(ServiceForm):
    """A documented therapy that is not the study product."""

    kind = forms.ChoiceField(
        label="Treatment",
        choices=TreatmentKind.choices,
        widget=Choices,
        error_messages={"invalid_choice": "Choose one of the listed kinds of treatment."},
    )
    started_on = DayField(label="Started on", help_text="For a transplantation, its day.")
    stopped_on = DayField(
        label="Stopped on",
        required=False,
        help_text="Empty for a single event or while it goes on.",
    )
