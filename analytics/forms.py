"""Form of a proposal that a candidate counts."""

from typing import Any

from mldtrial.trial.forms.base import MarkedForm, reason_field
from mldtrial.trial.forms.proof import ProofForm


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
