"""Forms of a query: its answer and its end."""

from django import forms

from mldtrial.trial.forms.base import ServiceForm


class AnswerForm(ServiceForm):
    """The answer to a query."""

    answer = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        error_messages={"required": "Write an answer."},
    )


class CloseForm(ServiceForm):
    """The end of a query."""

    reason = forms.CharField(
        label="Reason for closing",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        error_messages={"required": "Give the reason for closing."},
    )
