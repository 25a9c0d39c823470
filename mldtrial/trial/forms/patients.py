"""Forms of a patient's record: a new patient, a correction, a treatment."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import Choices, CorrectionForm, DayField, MonthField, ServiceForm
from mldtrial.trial.forms.participation import ask_after_end
from mldtrial.trial.models import (
    ArsaResult,
    Donor,
    FirstSymptom,
    Genotype,
    Patient,
    Sex,
    Site,
    Sulfatides,
    SymptomStatus,
    TreatmentKind,
)


def _months(label: str, help_text: str) -> forms.IntegerField:
    field = forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=1200,
        help_text=help_text,
        error_messages={
            "invalid": "Give whole months, for example 20.",
            "min_value": "The age cannot be below 0 months.",
            "max_value": "The age at first symptom is given in months, at most 1200.",
        },
    )
    field.unit = "months"  # type: ignore[attr-defined]  # shown behind the input
    return field


def _percent() -> forms.DecimalField:
    field = forms.DecimalField(
        label="Chimerism",
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        help_text="Donor cells at the last control.",
        error_messages={"invalid": "Give a number with a decimal point, for example 97.5."},
    )
    field.unit = "%"  # type: ignore[attr-defined]  # shown behind the input
    return field


def _optional_choice(choices: list[tuple[str, str]], **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[("", "not known"), *choices],
        required=False,
        error_messages={"invalid_choice": "Choose one of the listed answers."},
        **kwargs,
    )


def _yes_no(label: str, help_text: str = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        help_text=help_text,
        choices=[("", "not known"), (True, "yes"), (False, "no")],
        coerce=lambda value: value == "True",
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": "Choose yes, no or not known."},
    )


class DetailsForm(ServiceForm):
    """Covariates of diagnosis and family, each of which may be missing."""

    MORE = (
        "first_symptom",
        "diagnosed_on",
        "genotype_class",
        "allele_1",
        "allele_2",
        "arsa_result",
        "arsa_activity",
        "arsa_unit",
        "urinary_sulfatides",
        "pseudodeficiency_ruled_out",
        "affected_sibling",
        "sibling_onset_age_months",
    )
    MORE_TITLE = "Diagnosis, genetics and family"

    first_symptom = _optional_choice(FirstSymptom.choices, label="Kind of the first symptom")
    diagnosed_on = DayField(label="Diagnosed on", required=False)
    genotype_class = forms.TypedChoiceField(
        label="Genotype class",
        choices=Genotype.choices,
        required=False,
        empty_value=Genotype.UNKNOWN,
        initial=Genotype.UNKNOWN,
        help_text="0: an allele without residual activity, R: one with some.",
        error_messages={"invalid_choice": "Choose 0/0, 0/R, R/R or unknown."},
    )
    allele_1 = forms.CharField(
        label="First allele", required=False, max_length=64, help_text="For example c.465+1G>A."
    )
    allele_2 = forms.CharField(label="Second allele", required=False, max_length=64)
    arsa_result = _optional_choice(ArsaResult.choices, label="ARSA activity")
    arsa_activity = forms.DecimalField(
        label="ARSA activity, measured",
        required=False,
        min_value=0,
        max_digits=10,
        decimal_places=3,
        help_text="The number of the laboratory report, with its unit below.",
        error_messages={"invalid": "Give a number with a decimal point, for example 3.5."},
    )
    arsa_unit = forms.CharField(
        label="Unit of the ARSA activity",
        required=False,
        max_length=32,
        help_text="For example nmol/h/mg.",
    )
    urinary_sulfatides = _optional_choice(Sulfatides.choices, label="Urinary sulfatides")
    pseudodeficiency_ruled_out = _yes_no("Pseudodeficiency ruled out")
    affected_sibling = _yes_no("Affected sibling")
    sibling_onset_age_months = _months(
        "Age at the sibling's first symptom",
        "The earliest, where there are several; the subtype is derived from it while this "
        "patient has no symptom.",
    )


class PatientForm(DetailsForm):
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
    onset_age_months = _months(
        "Age at first symptom",
        "In whole months; leave empty while there is no symptom. The subtype is derived from it.",
    )
    consented_on = DayField(
        label="Consent given on",
        required=False,
        help_text="The day the consent form was signed; it can be added later.",
    )
    enrolled_on = DayField(
        label="Enrolled on",
        required=False,
        help_text="The planned visits count from this day; the baseline visit gives it "
        "where it is empty.",
    )
    first_study_dose_on = DayField(
        label="First study dose",
        required=False,
        help_text="Recorded in the same way in every arm.",
    )

    is_another = forms.BooleanField(
        label="This is another patient",
        required=False,
        help_text="The records were compared; the two are not one person.",
    )

    LAST = ("is_another",)

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        field.queryset = sites
        field.label_from_instance = lambda site: f"{site.code} · {site.name}"
        if len(sites) == 1:
            field.initial = sites[0]
            field.empty_label = None

    def last_fields(self) -> list[forms.BoundField]:
        """Return the confirmation, which is asked for only where a patient looks alike."""
        field = self["is_another"]
        return [field] if field.errors or field.value() else []

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        given = dict(self.cleaned_data)
        details = {name: given.pop(name) for name in self.MORE}
        return {**given, "details": details}


class PatientEditForm(CorrectionForm, DetailsForm):
    """A correction of a patient's record, with its reason."""

    RECORD_FIELDS = (
        "subject_code",
        "sex",
        "birth_month",
        "onset_age_months",
        "enrolled_on",
        "first_study_dose_on",
        *DetailsForm.MORE,
    )

    subject_code = PatientForm.base_fields["subject_code"]
    sex = PatientForm.base_fields["sex"]
    birth_month = PatientForm.base_fields["birth_month"]
    onset_age_months = PatientForm.base_fields["onset_age_months"]
    enrolled_on = PatientForm.base_fields["enrolled_on"]
    first_study_dose_on = PatientForm.base_fields["first_study_dose_on"]


class TreatmentFields(ServiceForm):
    """A documented therapy that is not the study product."""

    MORE = ("dose", "symptom_status", "conditioning", "donor", "chimerism_percent")
    MORE_TITLE = "Dose, transplantation and state at the start"

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
    dose = forms.CharField(
        label="Dose or cohort", required=False, max_length=100, help_text="With its unit."
    )
    symptom_status = _optional_choice(SymptomStatus.choices, label="Symptoms at the start")
    conditioning = forms.CharField(
        label="Conditioning", required=False, max_length=100, help_text="For example busulfan."
    )
    donor = _optional_choice(
        Donor.choices, label="Donor", help_text="Of a stem cell transplantation."
    )
    chimerism_percent = _percent()


class TreatmentForm(TreatmentFields):
    """A new therapy."""

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_after_end(self, patient)

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        given = dict(self.cleaned_data)
        details = {name: given.pop(name) for name in self.MORE}
        return {**given, "details": details}


class TreatmentEditForm(CorrectionForm, TreatmentFields):
    """A correction of a therapy, with its reason."""

    RECORD_FIELDS = ("kind", "started_on", "stopped_on", *TreatmentFields.MORE)
