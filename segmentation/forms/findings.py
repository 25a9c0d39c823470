"""Forms of a finding of the protocol rules: what a person decides about it."""

from mldtrial.trial.forms.base import ServiceForm, reason_field


class RecordForm(ServiceForm):
    """The finding as a deviation: its words are there already."""


class DismissForm(ServiceForm):
    """Why a finding is no deviation."""

    reason = reason_field(
        "Why is it none?", missing="Say why it is no deviation.", help_text="Kept in the history."
    )


class AcceptForm(ServiceForm):
    """Why a scan is used all the same."""

    reason = reason_field(
        "Why is the scan used?",
        missing="Say why the scan is used.",
        help_text="For example how the brain was found to be covered. Kept in the history.",
    )


class TakeBackForm(ServiceForm):
    """Why a decision is taken back."""

    reason = reason_field("Reason")
