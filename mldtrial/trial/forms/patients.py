"""Forms of a patient's record: a new patient, a correction, a treatment."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import Choices, CorrectionForm, DayField, MonthField, ServiceForm
from mldtrial.trial.forms.participation import ask_after_end
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
    consented_on = DayField(
        label="Consent given on",
        required=False,
        help_text="The day the consent form was signed; it can be added later.",
    )
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


class PatientEditForm(CorrectionForm):
    """A correction of a patient's record, with its reason."""

    RECORD_FIELDS = (
        "subject_code",
        "sex",
        "birth_month",
        "onset_age_months",
        "first_study_dose_on",
    )

    subject_code = PatientForm.base_fields["subject_code"]
    sex = PatientForm.base_fields["sex"]
    birth_month = PatientForm.base_fields["birth_month"]
    onset_age_months = PatientForm.base_fields["onset_age_months"]
    first_study_dose_on = PatientForm.base_fields["first_study_dose_on"]


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

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_after_end(self, patient)
