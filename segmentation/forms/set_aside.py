"""Forms to set a scan aside, and to take it back."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import Choices, MarkedForm, reason_field
from segmentation.models import SetAsideCause
from segmentation.selectors.set_aside import Outcome

KEPT = "Kept in the history. No names and no loads."
SHOWN = "Kept in the history, and shown to all who see the scan. No names and no loads."


class OutcomeForm(MarkedForm):
    """A decision on sight of what it would do."""

    def __init__(self, *args: Any, outcome: Outcome, **kwargs: Any) -> None:
        ids = (outcome.scan.pk, outcome.scan.visit_id, *map(_id, (outcome.before, outcome.after)))
        known = "known" if outcome.is_load_known else "unknown"
        super().__init__(*args, mark=" ".join(map(str, (*ids, known))), **kwargs)

    def why_refused(self, _seen: str, /) -> str:
        """Return that the decision would do something else than the page said."""
        return (
            "Meanwhile something changed: the scans of the visit, or what was measured from this "
            "one. Read again what happens, then send again."
        )


class SetAsideForm(OutcomeForm):
    """Why a scan is of no use."""

    cause = forms.ChoiceField(
        label="What is wrong with it",
        choices=SetAsideCause.choices,
        widget=Choices(inline=True),
        error_messages={"required": "Choose what is wrong with the scan."},
    )
    reason = reason_field("In words", missing="Say what you saw or know.", help_text=SHOWN)


class TakeBackForm(OutcomeForm):
    """Why a scan is used again."""

    reason = reason_field(missing="Say why the scan is used again.", help_text=KEPT)


def _id(scan: Any) -> Any:
    return None if scan is None else scan.pk
