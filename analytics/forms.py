"""Forms: a proposal that a candidate counts, and a reference cohort."""

from collections.abc import Iterable
from typing import Any

from django import forms

from mldtrial.trial.forms.base import MarkedForm, ServiceForm, reason_field
from mldtrial.trial.forms.proof import ProofForm
from mldtrial.trial.models import Study


class ProposalForm(MarkedForm, ProofForm):
    """Why a candidate shall count, with a mark of the impact that was shown, and the proof."""

    LAST = ("seen",)

    reason = reason_field("Why shall it count?")

    def why_refused(self, _seen: str, /) -> str:
        """Return that the impact is not what the person saw."""
        return (
            "The results have changed since you opened the page. The impact is shown as it is "
            "now: look at it again, then sign."
        )

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        given = dict(self.cleaned_data)
        return {"seen_sha256": given.pop("seen"), **given}


class FreezeForm(ServiceForm):
    """Which study's untreated loads are frozen, by what name and why."""

    source = forms.ChoiceField(
        label="Loads of", help_text="Untreated loads that count, of patients with a subtype."
    )
    name = forms.CharField(
        label="Name",
        max_length=60,
        help_text="Stands below every course, for example Natural course 2026.",
    )
    reason = reason_field("Why is it frozen now?")

    def __init__(self, *args: Any, studies: Iterable[Study], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._studies = {study.code: study for study in studies}
        field = self.fields["source"]
        field.choices = [(code, f"{code}, {one.name}") for code, one in self._studies.items()]

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        return {**self.cleaned_data, "source": self._studies[self.cleaned_data["source"]]}


class StopForm(ServiceForm):
    """Why no reference cohort is shown any more."""

    reason = reason_field("Why is it shown no longer?")
