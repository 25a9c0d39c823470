"""Forms of masks that people look at: who gets them, and what is said of one."""

from collections.abc import Collection
from typing import Any

from django import forms

from mldtrial.trial.forms.base import ServiceForm, reason_field
from mldtrial.trial.forms.reads import PersonField


class GiveForm(ServiceForm):
    """A reviewer for some masks, or for all that wait.

    Parameters
    ----------
    operators : collection of str
        Codes of who made the imported ones; with none there is nothing to confirm.
    """

    reviewer = PersonField("Give to")
    is_no_operator = forms.BooleanField(
        label="The reviewer is none of the operators who made the imported masks", required=False
    )

    def __init__(
        self, *args: Any, people: Any, operators: Collection[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reviewer"].queryset = people
        if operators:
            self.fields["is_no_operator"].help_text = (
                f"They are known by codes: {', '.join(operators)}. Without this, no imported mask "
                "is given. It is kept with the review."
            )
        else:
            del self.fields["is_no_operator"]


class SetAsideForm(ServiceForm):
    """Why a decision about a mask stands no longer."""

    reason = reason_field()


class DecisionForm(ServiceForm):
    """What is said of a mask; the decision itself is the button."""

    note = forms.CharField(
        label="Note",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to reject: say where the outline is wrong.",
    )
