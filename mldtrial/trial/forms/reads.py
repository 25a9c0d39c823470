"""Forms of the MRI severity score: the read itself, and who reads which case."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import ServiceForm, reason_field
from mldtrial.trial.forms.proof import ProofForm
from mldtrial.trial.models import MriSeverityRead
from mldtrial.trial.rules.severity import Item, severity_instrument

NOT_EVALUABLE = "NE"


def _item_field(item: Item) -> forms.ChoiceField:
    choices = [(str(value), text) for value, text in enumerate(item.level_labels)]
    return forms.ChoiceField(
        label=item.label,
        required=False,
        choices=[*choices, (NOT_EVALUABLE, "not evaluable")],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": f"{item.label} has values 0 to {item.maximum}."},
    )


class ReadForm(ServiceForm):
    """The items of a read, with a mark for each whose worse side was scored."""

    def __init__(self, *args: Any, read: MriSeverityRead | None, **kwargs: Any) -> None:
        super().__init__(*args, initial=_initial(read), **kwargs)
        self.instrument = severity_instrument()
        for item in self.instrument.items:
            self.fields[item.key] = _item_field(item)
            self.fields[f"{item.key}_asymmetric"] = forms.BooleanField(
                label=f"{item.label}: worse side scored", required=False
            )

    def items(self) -> dict[str, int | None]:
        """Return the items that have an answer."""
        answers = {item.key: self.cleaned_data.get(item.key) for item in self.instrument.items}
        return {
            key: None if answer == NOT_EVALUABLE else int(answer)
            for key, answer in answers.items()
            if answer
        }

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        keys = [item.key for item in self.instrument.items]
        return {
            "items": self.items(),
            "asymmetric": [k for k in keys if self.cleaned_data.get(f"{k}_asymmetric")],
        }


def _initial(read: MriSeverityRead | None) -> dict[str, Any]:
    if read is None:
        return {}
    answers = {
        key: NOT_EVALUABLE if value is None else str(value) for key, value in read.items.items()
    }
    return {**answers, **{f"{key}_asymmetric": True for key in read.asymmetric}}


class SignReadForm(ProofForm):
    """What a signature of a read needs: a reason where it corrects one, and who signs."""

    reason = reason_field(
        "Reason for the correction",
        missing="Give the reason for the correction.",
        help_text="The signed version stays beside the new one.",
    )

    def __init__(self, *args: Any, is_correction: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_correction:
            del self.fields["reason"]


class PersonField(forms.ModelChoiceField):
    """One of the people who hold a role."""

    def __init__(self, label: str) -> None:
        super().__init__(
            queryset=None,
            label=label,
            empty_label="Choose",
            error_messages={
                "required": "Choose somebody.",
                "invalid_choice": "Choose somebody of the list.",
            },
        )


class AssignForm(ServiceForm):
    """Two readers for some cases, or for all that have none."""

    first = PersonField("Reader 1")
    second = PersonField("Reader 2")

    def __init__(self, *args: Any, readers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second"):
            self.fields[name].queryset = readers


class PartForm(ServiceForm):
    """Somebody else for one part of a case, with the reason."""

    reader = PersonField("Give to")
    reason = reason_field(missing="Give the reason for the change of reader.")

    def __init__(self, *args: Any, people: Any, is_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reader"].queryset = people
        if not is_change:
            del self.fields["reason"]
