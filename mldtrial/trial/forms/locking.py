"""Forms of freezing, locking and unlocking."""

from collections.abc import Sequence
from typing import Any

from django import forms

from mldtrial.trial.forms.base import Choices, ServiceForm, reason_field
from mldtrial.trial.forms.proof import ProofForm

FREEZE = ("freeze", "Freeze: nothing changes for now; one person ends it; queries stay usable")
LOCK = ("lock", "Lock: nothing changes any more; two people end it")
THAW = ("thaw", "End the freeze")


class HoldForm(ServiceForm):
    """What to do with one record, and why."""

    action = forms.ChoiceField(
        label="Action", widget=Choices, error_messages={"required": "Choose what to do."}
    )
    reason = reason_field()

    def __init__(self, *args: Any, actions: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = actions  # type: ignore[attr-defined]


class BulkForm(ServiceForm):
    """What to do with several visits, and why."""

    CHOSEN, COMPLETE = "chosen", "complete"

    which = forms.ChoiceField(label="Visits", widget=Choices, initial=CHOSEN)
    action = forms.ChoiceField(
        label="Action",
        choices=[FREEZE, LOCK, THAW],
        widget=Choices,
        error_messages={"required": "Choose what to do."},
    )
    reason = reason_field()

    def __init__(self, *args: Any, complete: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["which"].choices = [  # type: ignore[attr-defined]
            (self.CHOSEN, "The visits marked in the table"),
            (self.COMPLETE, f"All complete visits of the study ({complete})"),
        ]


class UnlockRequestForm(ProofForm):
    """Why a record must be unlocked, and the proof of who asks."""

    reason = reason_field("Why must it be unlocked?")


class DecisionForm(ProofForm):
    """The decision of the second person, and the proof of who decides.

    Who asked for it is offered no more than to take it back.
    """

    decision = forms.ChoiceField(
        widget=Choices,
        error_messages={"required": "Approve or refuse."},
    )
    reason = reason_field()

    def __init__(self, *args: Any, consequence: str, is_own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        decision = self.fields["decision"]
        decision.choices = [  # type: ignore[attr-defined]  # a field of choices
            ("approve", f"Approve: {consequence}"),
            ("refuse", "Refuse"),
        ]
        if is_own:
            decision.choices = [("refuse", "Take it back")]  # type: ignore[attr-defined]
            decision.initial = "refuse"
            decision.error_messages["invalid_choice"] = (
                "You asked for this yourself: another person must approve it."
            )

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        given = dict(self.cleaned_data)
        return {"is_approved": given.pop("decision") == "approve", **given}
