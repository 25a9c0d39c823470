"""Forms of clinical scores."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import (
    Choices,
    DayField,
    SeenForm,
    change_reason_field,
    reason_field,
)
from mldtrial.trial.forms.participation import ask_after_end
from mldtrial.trial.models import AssessmentStatus, AssessorRole, Patient, Source
from mldtrial.trial.rules.levels import LevelInstrument, level_instrument


def _level_choices(instrument: LevelInstrument) -> list[tuple[str, str]]:
    choices = []
    for level in instrument.levels:
        choices.append((level.label, level.text))
        choices += [(f"{level.label}{part.key}", part.text) for part in level.sublevels]
    return choices


def _level_field(instrument: LevelInstrument) -> forms.ChoiceField:
    field = forms.ChoiceField(
        label="Level",
        choices=_level_choices(instrument),
        required=False,
        widget=Choices(keyed=True),
        error_messages={
            "invalid_choice": f"{instrument.name} has levels 0 to {instrument.highest}; "
            "%(value)s is not one of them."
        },
    )
    field.always_asked = True  # type: ignore[attr-defined]
    return field


class LevelForm(SeenForm):
    """A level of a visit, or why there is none; a subclass names its instrument."""

    INSTRUMENT: LevelInstrument
    RECORD_FIELDS: tuple[str, ...] = (
        "status",
        "level",
        "source",
        "assessor_role",
        "assessor_name",
        "assessed_on",
        "reason",
    )

    status = forms.ChoiceField(
        label="Was the level assessed?",
        choices=[
            (AssessmentStatus.DONE, "Yes"),
            (AssessmentStatus.NOT_DONE, "Not done"),
            (AssessmentStatus.NOT_APPLICABLE, "Not applicable (age)"),
        ],
        widget=Choices(inline=True),
        initial=AssessmentStatus.DONE,
    )
    level = forms.ChoiceField(required=False)
    source = forms.ChoiceField(
        label="Source of the information",
        choices=Source.choices,
        widget=Choices(inline=True),
        initial=Source.EXAMINATION,
        error_messages={"invalid_choice": "Choose one of the listed sources."},
    )
    assessor_role = forms.ChoiceField(
        label="Role of the assessor",
        choices=AssessorRole.choices,
        initial=AssessorRole.UNKNOWN,
        required=False,
        error_messages={"invalid_choice": "Choose one of the listed roles."},
    )
    assessor_name = forms.CharField(
        label="Name of the assessor",
        max_length=200,
        required=False,
        help_text="Leave empty where you assessed the patient yourself.",
    )
    assessed_on = DayField(label="Assessed on")
    reason = reason_field(required=False)
    change_reason = change_reason_field("Kept in the history beside the old and the new level.")

    def __init__(self, *args: Any, record: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.fields["level"] = _level_field(self.INSTRUMENT)
        self.fields["assessor_role"].always_asked = True  # type: ignore[attr-defined]
        months = self.INSTRUMENT.applicable_from_months
        self.fields["reason"].help_text = "Needed where there is no level" + (
            f", and for a level below {months} months of age." if months else "."
        )
        if record is not None:
            return
        del self.fields["change_reason"]
        ask_after_end(self, patient)

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        given = dict(self.cleaned_data)
        del given["seen"]
        role = given.pop("assessor_role") or AssessorRole.UNKNOWN
        numbers = {level.label: level.level for level in self.INSTRUMENT.levels}
        return {**given, "assessor_role": role, "level": numbers.get(given["level"])}


class GmfcForm(LevelForm):
    """The GMFC-MLD level of a visit."""

    INSTRUMENT = level_instrument("GMFC-MLD")
    RECORD_FIELDS = (*LevelForm.RECORD_FIELDS, "sublevel")

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service; ``4a`` is level 4 with its sublevel."""
        label, sublevel = self.cleaned_data["level"][:1], self.cleaned_data["level"][1:]
        self.cleaned_data["level"] = label
        return {**super().values(), "sublevel": sublevel}


class ElfcForm(LevelForm):
    """The ELFC-MLD level of a visit."""

    INSTRUMENT = level_instrument("ELFC-MLD")
