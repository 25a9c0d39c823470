"""Forms of the protocol rules: one rule, and the coming into force of a draft."""

import hashlib
import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mldtrial.trial.forms.base import Choices, ServiceForm, reason_field
from segmentation.imaging.protocol import words
from segmentation.imaging.protocol.rules import (
    KINDS,
    MANUFACTURERS,
    NAMES,
    OF_KIND,
    SEQUENCES,
    UNITS,
    Absent,
    Quantity,
    Rule,
    Severity,
)

SEVERITIES = (
    (Severity.NOTE.value, "Note: it is shown"),
    (Severity.DEVIATION.value, "Deviation: a protocol deviation is proposed"),
    (Severity.EXCLUDE.value, "Exclude: the scan is used for no load until it is accepted"),
)
ABSENT = (
    (Absent.UNKNOWN.value, "Cannot be told: neither met nor a deviation"),
    (Absent.NOT_MET.value, "Not met"),
)


def _quantities() -> list[tuple[str, list[tuple[str, str]]]]:
    def named(quantity: Quantity) -> tuple[str, str]:
        unit = UNITS.get(quantity)
        return quantity.value, f"{NAMES[quantity]}, {unit}" if unit else NAMES[quantity]

    numbers = [q for q in Quantity if q in UNITS]
    return [
        ("With limits", [named(quantity) for quantity in numbers]),
        ("2D or 3D", [named(quantity) for quantity in OF_KIND]),
        ("There or not", [named(Quantity.PRESENT)]),
    ]


def _limit(label: str, help_text: str) -> forms.FloatField:
    return forms.FloatField(
        label=label,
        required=False,
        help_text=help_text,
        error_messages={"invalid": "Give a number, for example 80 or 1.2."},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )


class RuleForm(ServiceForm):
    """One demand of the protocol."""

    MORE = ("manufacturer", "model", "field_strength_t", "absent", "why")
    MORE_TITLE = "Only for some scanners, missing values, where it comes from"
    LAST = ("seen",)

    sequence = forms.ChoiceField(
        choices=[(name, name) for name in SEQUENCES], widget=Choices(inline=True)
    )
    quantity = forms.ChoiceField(label="What is asked about", choices=_quantities)
    lowest = _limit("Lowest", "Included. Empty leaves this side open.")
    highest = _limit("Highest", "Included. Empty leaves this side open.")
    kind = forms.ChoiceField(
        label="2D or 3D",
        required=False,
        choices=[("", "–"), *((kind, kind) for kind in KINDS)],
        help_text="Only for what is 2D or 3D.",
    )
    severity = forms.ChoiceField(label="If it is not met", choices=SEVERITIES, widget=Choices())
    manufacturer = forms.ChoiceField(
        required=False, choices=[("", "any"), *((name, name) for name in MANUFACTURERS)]
    )
    model = forms.CharField(
        required=False,
        max_length=40,
        help_text="A part of the model's name, for example Prisma; empty for any.",
    )
    field_strength_t = _limit("Field strength of the scanner, T", "For example 3; empty for any.")
    absent = forms.ChoiceField(
        label="If the file does not say it", choices=ABSENT, widget=Choices(), required=False
    )
    why = forms.CharField(
        label="Where it comes from",
        required=False,
        max_length=200,
        help_text="For example a section of the imaging charter.",
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, rule: Rule | None = None, **kwargs: Any) -> None:
        self.stored = rule
        initial: dict[str, Any] = {"absent": Absent.UNKNOWN.value}
        if rule is not None:
            initial = {**rule.as_json(), "seen": mark_of(rule)}
            for name in ("lowest", "highest", "field_strength_t"):
                if initial[name] is not None:
                    initial[name] = words.number(initial[name])
        super().__init__(*args, initial=initial, **kwargs)

    def more_is_open(self) -> bool:
        """Open the optional part where it holds more than its defaults."""
        names = ("manufacturer", "model", "field_strength_t", "why")
        is_used = any(self[name].value() for name in names)
        return is_used or any(self[name].errors for name in self.MORE)

    def clean(self) -> dict[str, Any]:
        """Refuse a form that would undo another person's change without a word."""
        cleaned = super().clean() or {}
        if self.stored is not None and cleaned.get("seen") != mark_of(self.stored):
            data: Any = self.data.copy()  # type: ignore[attr-defined]  # what was sent is fixed
            data["seen"] = mark_of(self.stored)
            self.data = data
            raise ValidationError(
                "Somebody else has changed this rule since you opened it. It now asks for "
                f"{words.asked(self.stored)}. What you typed is kept: compare, then save again."
            )
        return cleaned

    def rule(self, key: str) -> Rule:
        """Return the rule that was typed."""
        typed = self.cleaned_data
        quantity = Quantity(typed["quantity"])
        return Rule(
            key=key,
            sequence=typed["sequence"],
            quantity=quantity,
            severity=Severity(typed["severity"]),
            lowest=typed["lowest"],
            highest=typed["highest"],
            kind=typed["kind"] if quantity in OF_KIND else "",
            absent=Absent(typed["absent"] or Absent.UNKNOWN),
            manufacturer=typed["manufacturer"],
            model=typed["model"].strip(),
            field_strength_t=typed["field_strength_t"],
            why=typed["why"].strip(),
        )


def mark_of(rule: Rule) -> str:
    """Return what a rule is recognised by."""
    content = json.dumps(rule.as_json(), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


class ForceForm(ServiceForm):
    """A draft that comes into force."""

    LAST = ("seen",)

    reason = reason_field(
        missing="Give the reason, for example the protocol amendment.",
        help_text="Kept with the version, for example the protocol amendment.",
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
