"""Forms of the allocation: a file to check, and the same file to keep."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import FileInput, ServiceForm
from mldtrial.trial.forms.proof import ProofForm
from mldtrial.trial.sheets.allocation import MAX_BYTES


class AllocationForm(ServiceForm):
    """A file of subject codes and arms."""

    file = forms.FileField(
        label="Allocation",
        widget=FileInput(".csv"),
        help_text="CSV in UTF-8 with the columns subject_code and arm, one row per patient.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError("The file is larger than 1 MB; an allocation is not.")
        return file

    def content(self) -> bytes:
        """Return the file."""
        return bytes(self.cleaned_data["file"].read())


class AllocationLoadForm(ProofForm, AllocationForm):
    """The file that was checked, once more, and the proof of who keeps it."""

    field_order = ["file", "password", "code", "checked"]

    checked = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        return {
            "content": self.content(),
            "checked": self.cleaned_data["checked"],
            **self.credentials(),
        }
