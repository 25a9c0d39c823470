"""Forms of an import: the table, what its columns mean, and the word to go ahead."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django import forms

from mldtrial.trial.forms.base import Choices, FileInput, ServiceForm, reason_field
from mldtrial.trial.models import Site
from mldtrial.trial.sheets.cells import DateOrder, DecimalSign, Formats, as_text
from mldtrial.trial.sheets.layout import Layout
from mldtrial.trial.sheets.table import MAX_BYTES, Table
from mldtrial.trial.sheets.targets import targets

SAMPLES = 3


class TableForm(ServiceForm):
    """The table itself."""

    file = forms.FileField(
        label="Table",
        widget=FileInput(".csv,.txt,.xlsx"),
        help_text="A workbook (.xlsx) or CSV with one row per visit, patient or treatment and a "
        "header. Subject codes only: no names, no initials.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            limit = MAX_BYTES // 1024**2
            raise forms.ValidationError(f"The file is larger than {limit} MB. Divide it.")
        return file


def _meanings() -> list[Any]:
    grouped = groupby(targets().values(), key=lambda target: target.group)
    options = [
        (str(group).capitalize() if group.islower() else str(group), [(t.key, t.label) for t in of])
        for group, of in grouped
    ]
    return [("", "not imported"), *options]


class LayoutForm(ServiceForm):
    """What the columns mean, how the file writes days and decimals, and who may be added."""

    date_order = forms.ChoiceField(
        label="Days are written as",
        choices=[
            (DateOrder.ISO.value, "2021-04-03, or as date cells of a workbook"),
            (DateOrder.DAY_FIRST.value, "03.04.2021 for 3 April: day first"),
            (DateOrder.MONTH_FIRST.value, "04/03/2021 for 3 April: month first"),
        ],
        widget=Choices,
        help_text="A day that is not written so is refused at its cell, never guessed.",
    )
    decimal_sign = forms.ChoiceField(
        label="Decimals are written with",
        choices=[
            (DecimalSign.POINT.value, "a point: 3.5"),
            (DecimalSign.COMMA.value, "a comma: 3,5"),
        ],
        widget=Choices(inline=True),
    )
    site = forms.ModelChoiceField(
        Site.objects.none(),
        label="Site of new patients",
        required=False,
        empty_label="as in the column of the site",
        help_text="For rows that name no site.",
    )
    creates_patients = forms.BooleanField(
        label="Add subjects that the study does not know",
        required=False,
        help_text="Otherwise their rows are refused.",
    )

    def __init__(self, *args: Any, table: Table, sites: Any, layout: Layout, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table, self.sites = table, sites
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        self.fields["site"].label_from_instance = lambda s: f"{s.code} · {s.name}"  # type: ignore[attr-defined]
        self.initial = {
            **self.initial,
            "date_order": layout.formats.date_order.value,
            "decimal_sign": layout.formats.decimal_sign.value,
            "creates_patients": layout.creates_patients,
            "site": next((s.pk for s in sites if s.code == layout.site_code), None),
        }
        for place, name in enumerate(table.header):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=name,
                choices=_meanings,
                required=False,
                initial=layout.columns.get(name, ""),
                widget=forms.Select(
                    attrs={
                        "class": "form-select form-select-sm",
                        "aria-label": f"Meaning of {name}",
                    }
                ),
            )

    def column_rows(self) -> Iterator[dict[str, Any]]:
        """Yield each column with its name, its first values and its field."""
        for place, name in enumerate(self.table.header):
            values = (row.cells[place] for row in self.table.rows)
            yield {
                "name": name,
                "samples": _first(as_text(value) for value in values if value is not None),
                "field": self[f"column_{place}"],
            }

    def setting_fields(self) -> list[forms.BoundField]:
        """Return the fields that concern the whole table."""
        names = ("date_order", "decimal_sign", "creates_patients", "site")
        return [self[name] for name in names]

    def layout(self) -> Layout:
        """Return what was declared."""
        given = self.cleaned_data
        columns = {
            name: given[f"column_{place}"]
            for place, name in enumerate(self.table.header)
            if given.get(f"column_{place}")
        }
        return Layout(
            columns=columns,
            formats=Formats(DateOrder(given["date_order"]), DecimalSign(given["decimal_sign"])),
            creates_patients=given["creates_patients"],
            site_code=given["site"].code if given["site"] else "",
        )


def _first(values: Iterable[str]) -> str:
    found: list[str] = []
    for value in values:
        if value[:30] not in found:
            found.append(value[:30])
        if len(found) == SAMPLES:
            break
    return ", ".join(found)


class ApplyForm(ServiceForm):
    """The word to write what the check showed."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = reason_field(
        "Reason for the changes",
        required=False,
        help_text="Needed where stored values change; kept in the history of each record.",
    )
