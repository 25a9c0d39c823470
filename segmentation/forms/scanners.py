"""Forms of a scanner of the register: its name, its qualification."""

from django import forms

from mldtrial.trial.forms.base import SeenForm, ServiceForm, reason_field


class NameForm(SeenForm):
    """What the site calls a scanner."""

    RECORD_FIELDS = ("name",)

    name = forms.CharField(
        max_length=80,
        help_text="As the site calls it, for example Prisma, room 2.",
        error_messages={"required": "Give the name that the site uses."},
    )


class QualifyForm(ServiceForm):
    """On what a qualification rests."""

    qualification = reason_field(
        "On what does it rest?",
        missing="Say on what the qualification rests.",
        help_text="For example the phantom scan and its date.",
    )


class EndQualificationForm(ServiceForm):
    """Why a qualification ends."""

    reason = reason_field(help_text="For example the change of software.")
