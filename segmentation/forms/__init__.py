"""The upload form."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from mldtrial.trial.forms.base import DayField, FileInput
from mldtrial.trial.forms.participation import ask_after_end
from mldtrial.trial.models import Patient

AFTER_END = "after_end_reason"
FORM_ID = "plain-upload"


class UploadForm(forms.Form):
    """The images of one visit: a DICOM archive, or NIfTI files named by their sequence."""

    NIFTI = (("t1w", "T1w"), ("t2w", "T2w"), ("flair", "FLAIR"))

    dicom = forms.FileField(
        label="DICOM",
        required=False,
        widget=FileInput(".zip,.tar,.tgz,.gz"),
        help_text="The folder that the scanner exported as .zip, .tar or .tar.gz. Sequence and "
        "date are read from it; names and birth dates are removed before anything is kept.",
    )
    t1w = forms.FileField(
        label="T1w, NIfTI", required=False, widget=FileInput(".nii,.gz"), help_text=".nii, .nii.gz"
    )
    t2w = forms.FileField(
        label="T2w, NIfTI", required=False, widget=FileInput(".nii,.gz"), help_text=".nii, .nii.gz"
    )
    flair = forms.FileField(
        label="FLAIR, NIfTI",
        required=False,
        widget=FileInput(".nii,.gz"),
        help_text="Kept with the visit; not needed for the load.",
    )
    acquired_on = DayField(
        label="Acquired on",
        required=False,
        help_text="The day of the scan; needed for NIfTI, which does not say it.",
    )

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_after_end(self, patient)
        if AFTER_END in self.fields:
            # It stands above the form, where it is asked for the uploads of the script as well.
            self.fields[AFTER_END].widget.attrs["form"] = FORM_ID

    def file_fields(self) -> list[forms.BoundField]:
        """Return the fields of the plain form itself."""
        return [field for field in self if field.name != AFTER_END]

    def after_end(self) -> forms.BoundField | None:
        """Return the question for a reason where the follow-up has ended."""
        return self[AFTER_END] if AFTER_END in self.fields else None

    def files_given(self) -> list[tuple[str, str, UploadedFile]]:
        """Return field, sequence and file of each file; the sequence is empty for DICOM."""
        given = [(name, sequence, self.cleaned_data.get(name)) for name, sequence in self.NIFTI]
        given.append(("dicom", "", self.cleaned_data.get("dicom")))
        return [(name, sequence, file) for name, sequence, file in given if file]

    def clean(self) -> dict[str, Any]:
        """Demand at least one file, and the day where a NIfTI file is among them."""
        cleaned = super().clean() or {}
        if not any(cleaned.get(name) for name in ("t1w", "t2w", "flair", "dicom")):
            if not self.errors:
                self.add_error(None, "Choose a DICOM archive, or the T1w and T2w NIfTI files.")
        elif any(cleaned.get(n) for n, _ in self.NIFTI) and not cleaned.get("acquired_on"):
            self.add_error("acquired_on", "Give the day of the scan: NIfTI files do not say it.")
        return cleaned
