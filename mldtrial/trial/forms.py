"""Forms: they check the shape of what was typed; the services decide whether it is right."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from mldtrial.trial.models import (
    AssessmentStatus,
    Patient,
    Sex,
    Site,
    Source,
    TreatmentKind,
    VisitDefinition,
)
from mldtrial.trial.rules.gmfc import gmfc_levels

ResultT = TypeVar("ResultT")

CONTROLS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.Select, "form-select"),
    (forms.TextInput, "form-control"),
    (forms.NumberInput, "form-control"),
    (forms.Textarea, "form-control"),
)


class Choices(forms.RadioSelect):
    """Radio buttons, each as a box that can be clicked as a whole.

    Parameters
    ----------
    inline : bool
        Side by side instead of one below the other.
    keyed : bool
        The value stands before the text, for scales whose values people know.
    """

    def __init__(self, *, inline: bool = False, keyed: bool = False) -> None:
        super().__init__()
        self.inline = inline
        self.keyed = keyed


class DayInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MonthInput(forms.DateInput):
    """The browser's own month picker; a text field where it has none."""

    input_type = "month"

    def __init__(self) -> None:
        super().__init__(
            format="%Y-%m", attrs={"placeholder": "YYYY-MM", "pattern": r"\d{4}-\d{2}"}
        )


class DayField(forms.DateField):
    """A day; typed as ISO 8601 where there is no date picker."""

    widget = DayInput
    default_error_messages = {"invalid": "Give the day as YYYY-MM-DD, for example 2024-05-31."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class MonthField(forms.Field):
    """A year and a month, kept as the first day of that month."""

    widget = MonthInput
    default_error_messages = {"invalid": "Give year and month as YYYY-MM, for example 2020-03."}

    def to_python(self, value: Any) -> date | None:
        """Return the first day of the month, or None where nothing was typed."""
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value.replace(day=1)
        try:
            return datetime.strptime(str(value).strip(), "%Y-%m").date()  # noqa: DTZ007 - a month
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class ServiceForm(forms.Form):
    """A form whose values go to a service, and whose refusals come back to its fields."""

    required_css_class = "required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            for kind, css in CONTROLS:
                if isinstance(field.widget, kind):
                    field.widget.attrs.setdefault("class", css)

    def submit(self, action: Callable[[], ResultT]) -> ResultT | None:
        """Call a service; None where it refused, with its reasons at the fields."""
        try:
            return action()
        except ValidationError as error:
            self._place(error)
            return None

    def _place(self, error: ValidationError) -> None:
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for field, reasons in error.error_dict.items():
            known = field if field in self.fields and field != NON_FIELD_ERRORS else None
            self.add_error(known, reasons)


class SignInForm(AuthenticationForm):
    """User name and password."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "User name and password do not belong together. Please try again.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["username"].label = "User name"
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


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
        self, *args: Any, definitions: Any, label: Callable[[VisitDefinition], str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["definition"]
        field.queryset = definitions
        field.label_from_instance = label
        field.initial = next(iter(definitions), None)
        field.always_asked = True


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


def _level_choices() -> list[tuple[str, str]]:
    choices = []
    for level in gmfc_levels():
        choices.append((str(level.level), level.text))
        choices += [(f"{level.level}{part.key}", part.text) for part in level.sublevels]
    return choices


class GmfcForm(ServiceForm):
    """The GMFC-MLD level of a visit, or why there is none."""

    status = forms.ChoiceField(
        label="Was the level assessed?",
        choices=[
            (AssessmentStatus.DONE, "Yes"),
            (AssessmentStatus.NOT_DONE, "Not done"),
            (AssessmentStatus.NOT_APPLICABLE, "Not applicable (age below 18 months)"),
        ],
        widget=Choices(inline=True),
        initial=AssessmentStatus.DONE,
    )
    level = forms.ChoiceField(
        label="Level",
        choices=_level_choices,
        required=False,
        widget=Choices(keyed=True),
        error_messages={
            "invalid_choice": "GMFC-MLD has levels 0 to 6; %(value)s is not one of them."
        },
    )
    source = forms.ChoiceField(
        label="Source of the information",
        choices=Source.choices,
        widget=Choices(inline=True),
        initial=Source.EXAMINATION,
        error_messages={"invalid_choice": "Choose one of the listed sources."},
    )
    assessed_on = DayField(label="Assessed on")
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        required=False,
        help_text="Needed where there is no level, and for a level below 18 months of age.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    change_reason = forms.CharField(
        label="Reason for the change",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept in the history beside the old and the new level.",
        error_messages={"required": "Give the reason for the change."},
    )

    def __init__(self, *args: Any, is_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].always_asked = True  # type: ignore[attr-defined]
        if not is_change:
            del self.fields["change_reason"]

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service; ``4a`` is level 4 with its sublevel."""
        given = dict(self.cleaned_data)
        chosen = given.pop("level")
        return {
            **given,
            "level": int(chosen[0]) if chosen else None,
            "sublevel": chosen[1:],
        }


class AnswerForm(ServiceForm):
    """The answer to a query."""

    answer = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        error_messages={"required": "Write an answer."},
    )


class CloseForm(ServiceForm):
    """The end of a query."""

    reason = forms.CharField(
        label="Reason for closing",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        error_messages={"required": "Give the reason for closing."},
    )
