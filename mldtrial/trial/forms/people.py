"""Forms on people: an invitation, its acceptance, the end of a role."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import Choices, SeenForm, ServiceForm, reason_field
from mldtrial.trial.forms.proof import password_field
from mldtrial.trial.models import SITE_ROLES, Role, Site


class InvitationForm(ServiceForm):
    """Whom to invite, to which role, at which site."""

    email = forms.EmailField(
        label="E-mail address",
        help_text="The link in the e-mail works once, and for seven days.",
        error_messages={"invalid": "Give one e-mail address, like name@example.org."},
    )
    role = forms.ChoiceField(choices=Role.choices)
    site = forms.ModelChoiceField(
        Site.objects.none(),
        required=False,
        empty_label="No site: the whole study",
        help_text="Site coordinators, investigators and monitors need one; other roles have none.",
        error_messages={"invalid_choice": "Choose a site of this study."},
    )

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        field.queryset = sites
        field.label_from_instance = lambda site: f"{site.code} · {site.name}"
        self.fields["email"].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        """Ask for a site where the role needs one, and for none elsewhere."""
        cleaned = super().clean() or {}
        needs_site = cleaned.get("role") in SITE_ROLES
        if "site" in cleaned and needs_site != (cleaned["site"] is not None):
            sentence = "This role needs a site." if needs_site else "This role has no site."
            self.add_error("site", sentence)
        return cleaned


class WelcomeForm(ServiceForm):
    """A new person's name and password."""

    full_name = forms.CharField(
        label="Your name",
        max_length=200,
        help_text="As it shall stand beside your signatures.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    username = forms.CharField(
        label="User name",
        max_length=150,
        help_text="You sign in with it. Letters, digits and @ . + - _",
        widget=forms.TextInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    password = password_field(
        "Password", is_new=True, help_text="At least 12 characters; a sentence is easiest."
    )
    again = password_field("Password again", is_new=True)

    def clean(self) -> dict[str, Any]:
        """Refuse two passwords that differ."""
        cleaned = super().clean() or {}
        if {"password", "again"} <= set(cleaned) and cleaned["password"] != cleaned["again"]:
            self.add_error("again", "The two passwords differ; type it twice.")
        return cleaned

    def person(self) -> dict[str, str]:
        """Return what the service asks for."""
        return {name: self.cleaned_data[name] for name in ("full_name", "username", "password")}


class ReasonForm(ServiceForm):
    """Why a role ends or changes."""

    reason = reason_field(help_text="Kept in the history.")


class RowExportForm(SeenForm, ReasonForm):
    """Whether a sponsor may export rows, and why."""

    RECORD_FIELDS = ("may_export_rows",)

    is_granted = forms.TypedChoiceField(
        label="Row exports",
        choices=[("yes", "granted"), ("no", "not granted")],
        coerce=lambda value: value == "yes",
        widget=Choices(inline=True),
        error_messages={"required": "Choose whether row exports are granted."},
    )

    field_order = ["is_granted", "reason"]

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        return {name: self.cleaned_data[name] for name in ("is_granted", "reason")}
