"""Forms of the decision where an image belongs."""

from collections.abc import Sequence
from typing import Any

from django import forms

from mldtrial.trial.forms.base import MarkedForm, reason_field
from mldtrial.trial.models import Patient, Scan, Visit
from segmentation.selectors.quarantine import Place

NO_NAMES = "Kept in the history. No names."
Places = Sequence[tuple[Patient, list[Place]]]


class DecisionForm(MarkedForm):
    """A decision about the scans that the page showed, and about no other."""

    def __init__(self, *args: Any, scans: Sequence[Scan], **kwargs: Any) -> None:
        mark = " ".join(sorted(str(scan.pk) for scan in scans))
        super().__init__(*args, mark=mark, **kwargs)

    def why_refused(self, _seen: str, /) -> str:
        """Return that the decision would reach scans that the page did not show."""
        return (
            "Other scans are concerned than when you opened the page. Look at them, then send "
            "again."
        )


class MoveForm(DecisionForm):
    """To which visit images go."""

    to = forms.ChoiceField(
        label="The right visit",
        error_messages={
            "required": "Choose the visit to which the scan belongs.",
            "invalid_choice": "Choose one of the listed visits.",
        },
    )
    reason = reason_field(help_text=NO_NAMES)

    def __init__(self, *args: Any, places: Places, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._visits = {str(p.visit.pk): p.visit for _, found in places for p in found}
        field = self.fields["to"]
        field.choices = [
            ("", "Choose a visit"),
            *(
                (
                    f"{patient.subject_code}, site {patient.site.code}",
                    [(str(place.visit.pk), place.label) for place in found],
                )
                for patient, found in places
            ),
        ]
        suggested = [p for _, found in places for p in found if p.is_suggested]
        if suggested:
            field.initial = str(suggested[0].visit.pk)
            field.help_text = f"Suggested: {suggested[0].visit}, nearest to the day of the scan."

    def visit(self) -> Visit:
        """Return the chosen visit."""
        return self._visits[self.cleaned_data["to"]]


class KeepForm(DecisionForm):
    """That images belong where they were sent, and of which they are a repeat."""

    is_repeat = forms.BooleanField(required=False, initial=True, label="It is a repeat")
    reason = reason_field(help_text=NO_NAMES)

    def __init__(self, *args: Any, repeated: Sequence[Scan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not repeated:
            del self.fields["is_repeat"]
            return
        taken_in = (
            f"{scan.sequence} {scan.acq_stratum} taken in on {scan.created_at:%Y-%m-%d}"
            for scan in repeated
        )
        names = " and ".join(dict.fromkeys(taken_in))
        self.fields["is_repeat"].label = f"It is a repeat: it replaces {names}"
        self.fields["is_repeat"].help_text = "What was measured from the replaced one is voided."


class DiscardForm(DecisionForm):
    """That images belong to nobody of this trial."""

    reason = reason_field(help_text=NO_NAMES)
