"""What forms are made of: fields that say how they want to be typed, and refusals at fields."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from mldtrial.trial.selectors.seen import NOTHING, changed_since, mark_of, values_of

ResultT = TypeVar("ResultT")

EMPTY = (None, "", "UNKNOWN")
"""What a field of the optional part holds while nothing is known."""

CONTROLS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.Select, "form-select"),
    (forms.TextInput, "form-control"),
    (forms.NumberInput, "form-control"),
    (forms.Textarea, "form-control"),
    (forms.CheckboxInput, "form-check-input"),
)


class Choices(forms.RadioSelect):
    """Radio buttons, each as a box that can be clicked as a whole.

    Parameters
    ----------
    inline : bool
        Side by side instead of one below the other.
    keyed : bool
        The value stands before the text, for scales whose values people know.
    """

    def __init__(self, *, inline: bool = False, keyed: bool = False) -> None:
        super().__init__()
        self.inline = inline
        self.keyed = keyed


class FileInput(forms.ClearableFileInput):
    """A file picker that keeps nothing."""

    template_name = "django/forms/widgets/input.html"
    input_type = "file"

    def __init__(self, accept: str) -> None:
        super().__init__(attrs={"class": "form-control", "accept": accept})


class DayInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MonthInput(forms.DateInput):
    """The browser's own month picker; a text field where it has none."""

    input_type = "month"

    def __init__(self) -> None:
        super().__init__(
            format="%Y-%m", attrs={"placeholder": "YYYY-MM", "pattern": r"\d{4}-\d{2}"}
        )


class DayField(forms.DateField):
    """A day; typed as ISO 8601 where there is no date picker."""

    widget = DayInput
    default_error_messages = {"invalid": "Give the day as YYYY-MM-DD, for example 2024-05-31."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class MonthField(forms.Field):
    """A year and a month, kept as the first day of that month."""

    widget = MonthInput
    default_error_messages = {"invalid": "Give year and month as YYYY-MM, for example 2020-03."}

    def to_python(self, value: Any) -> date | None:
        """Return the first day of the month, or None where nothing was typed."""
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value.replace(day=1)
        try:
            return datetime.strptime(str(value).strip(), "%Y-%m").date()  # noqa: DTZ007 - a month
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


def reason_field(
    label: str = "Reason", *, missing: str = "Give the reason.", **more: Any
) -> forms.CharField:
    """Return the field of a reason that is kept in the history.

    Parameters
    ----------
    missing : str
        What is said where nothing was typed.
    """
    return forms.CharField(
        label=label,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": missing},
        **more,
    )


def change_reason_field(
    help_text: str = "Kept in the history beside the old and the new value.",
) -> forms.CharField:
    """Return the field of the reason why a stored value changes."""
    return reason_field(
        "Reason for the change", missing="Give the reason for the change.", help_text=help_text
    )


class ServiceForm(forms.Form):
    """A form whose values go to a service, and whose refusals come back to its fields."""

    required_css_class = "required"
    MORE: tuple[str, ...] = ()
    """Fields of the optional part, which is folded until it holds something."""
    MORE_TITLE = "More, where it is known"
    LAST: tuple[str, ...] = ()
    """Fields that stand below the optional part."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            for kind, css in CONTROLS:
                if isinstance(field.widget, kind):
                    field.widget.attrs.setdefault("class", css)
            if isinstance(field.widget, forms.Textarea):
                # The browser would cut what is pasted without a word; the server counts and says.
                field.widget.attrs.pop("maxlength", None)

    def main_fields(self) -> list[forms.BoundField]:
        """Return the fields that everybody fills, in order."""
        return [field for field in self if field.name not in (*self.MORE, *self.LAST)]

    def more_fields(self) -> list[forms.BoundField]:
        """Return the fields of the optional part, in order."""
        return [self[name] for name in self.MORE if name in self.fields]

    def last_fields(self) -> list[forms.BoundField]:
        """Return the fields below the optional part, in order."""
        return [self[name] for name in self.LAST if name in self.fields]

    def more_is_open(self) -> bool:
        """Return whether the optional part holds something, or something wrong."""
        return any(field.errors or field.value() not in EMPTY for field in self.more_fields())

    def submit(self, action: Callable[[], ResultT]) -> ResultT | None:
        """Call a service with a form that was sent and has no fault.

        None where the form was only shown, or was refused: by its own checks, or by the
        service, whose reasons stand at the fields.
        """
        if not self.is_valid():
            return None
        try:
            return action()
        except ValidationError as error:
            self._place(error)
            return None

    def _place(self, error: ValidationError) -> None:
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for field, reasons in error.error_dict.items():
            known = field if field in self.fields and field != NON_FIELD_ERRORS else None
            self.add_error(known, reasons)


class MarkedForm(ServiceForm):
    """A form with a mark of what the person saw; where that is no longer so, it is refused.

    What was typed is kept, and the mark renewed: to send it again is then a decision.
    """

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, mark: str, **kwargs: Any) -> None:
        self.mark = mark
        initial = {**kwargs.pop("initial", {}), "seen": mark}
        super().__init__(*args, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Refuse a form that was filled in on sight of something else."""
        cleaned = super().clean() or {}
        if cleaned.get("seen") != self.mark:
            data: Any = self.data.copy()  # type: ignore[attr-defined]  # what was sent is fixed
            data[self.add_prefix("seen")] = self.mark
            self.data = data
            raise ValidationError(self.why_refused(cleaned.get("seen", "")))
        return cleaned

    def why_refused(self, seen: str, /) -> str:
        """Return what is no longer as the person saw it, in words."""
        raise NotImplementedError


class SeenForm(MarkedForm):
    """A form on a stored record, with a mark of what the person saw of it.

    A subclass names the fields that belong to the record in `RECORD_FIELDS`. Where somebody
    else has changed them meanwhile, nothing is saved, and the person is told what.
    """

    RECORD_FIELDS: tuple[str, ...] = ()

    def __init__(self, *args: Any, record: Any, **kwargs: Any) -> None:
        self.record = record
        self.stored = values_of(record, self.RECORD_FIELDS)
        initial = {**self.stored, **kwargs.pop("initial", {})}
        super().__init__(*args, mark=mark_of(self.stored), initial=initial, **kwargs)

    def why_refused(self, seen: str, /) -> str:
        """Return who has changed what of the record meanwhile."""
        return _since(self.record, self.RECORD_FIELDS, seen)


def _since(record: Any, fields: tuple[str, ...], mark: str) -> str:
    found = None if record is None else changed_since(record, fields, mark)
    if found is None:
        return (
            "This record is not as it was when you opened the page. What you typed is kept: "
            "look at the record again, then save."
        )
    who = ", ".join(name for name in found.people if name) or "An automatic step"
    if mark == NOTHING:
        begin = "Somebody else has recorded this since you opened the page"
        what = [f"{c.label}: {c.new}" for c in found.changes]
    else:
        begin = "Somebody else has changed this record since you opened it"
        what = [f"{c.label} from {c.old or 'empty'} to {c.new or 'empty'}" for c in found.changes]
    return (
        f"{begin}. {who}, {found.at:%Y-%m-%d %H:%M} UTC: {'; '.join(what)}. "
        "What you typed is kept: compare, then save again."
    )


class CorrectionForm(SeenForm):
    """A correction of a stored record, with its reason."""

    LAST = ("reason", "seen")

    reason = change_reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([*self.RECORD_FIELDS, "reason", "seen"])

    def clean(self) -> dict[str, Any]:
        """Refuse a form that changes nothing."""
        cleaned = super().clean()
        if not self.errors and not self.changes():
            raise ValidationError("Nothing differs from the record.")
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        return {"changes": self.changes(), "reason": self.cleaned_data["reason"]}

    def changes(self) -> dict[str, Any]:
        """Return what differs from the record."""
        return {
            name: self.cleaned_data[name]
            for name in self.RECORD_FIELDS
            if name in self.cleaned_data and self.cleaned_data[name] != self.stored[name]
        }
