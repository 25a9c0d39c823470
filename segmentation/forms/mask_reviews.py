"""Forms of masks that people look at: who gets them, and what is said of one."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import ServiceForm
from mldtrial.trial.forms.reads import PersonField


class GiveForm(ServiceForm):
    """A reviewer for some masks, or for all that wait."""

    reviewer = PersonField("Give to")

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reviewer"].queryset = people


class DecisionForm(ServiceForm):
    """What is said of a mask; the decision itself is the button."""

    note = forms.CharField(
        label="Note",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to reject: say where the outline is wrong.",
    )
