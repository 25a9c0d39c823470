"""Forms of clinical scores."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import Choices, DayField, ServiceForm
from mldtrial.trial.forms.participation import ask_after_end
from mldtrial.trial.models import AssessmentStatus, Patient, Source
from mldtrial.trial.rules.gmfc import gmfc_levels


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

    def __init__(self, *args: Any, is_change: bool, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].always_asked = True  # type: ignore[attr-defined]
        if is_change:
            return
        del self.fields["change_reason"]
        ask_after_end(self, patient)

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service; ``4a`` is level 4 with its sublevel."""
        given = dict(self.cleaned_data)
        chosen = given.pop("level")
        return {
            **given,
            "level": int(chosen[0]) if chosen else None,
            "sublevel": chosen[1:],
        }
