"""Form of an order of images."""

from collections.abc import Iterable
from typing import Any

from django import forms

from mldtrial.trial.forms.base import Choices, ServiceForm, reason_field
from mldtrial.trial.models import VisitDefinition

REMOVED, KEPT = "removed", "kept"


class ImageExportForm(ServiceForm):
    """Which images of a study are taken out, and what becomes of the faces."""

    visit_code = forms.ChoiceField(label="Visits", required=False)
    faces = forms.ChoiceField(
        label="Faces",
        choices=[
            (REMOVED, "Removed with the ears; no voxel of the brain changes"),
            (KEPT, "Kept: a person can be recognised from such an image"),
        ],
        widget=Choices(),
        initial=REMOVED,
        error_messages={"required": "Say what becomes of the faces."},
    )
    reason = reason_field(
        "Why faces are needed",
        required=False,
        help_text="Only where they are kept. It goes to the access log.",
    )

    def __init__(self, *args: Any, definitions: Iterable[VisitDefinition], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["visit_code"]
        field.always_asked = True
        field.choices = [("", "All visits"), *((one.code, one.name) for one in definitions)]

    def clean(self) -> dict[str, Any]:
        """Ask for the reason where faces are kept."""
        cleaned = super().clean() or {}
        if cleaned.get("faces") == KEPT and not cleaned.get("reason", "").strip():
            self.add_error("reason", "Say why the images are given out with their faces.")
        return cleaned

    def values(self) -> dict[str, str]:
        """Return the arguments of the service."""
        keeps = self.cleaned_data["faces"] == KEPT
        return {
            "visit_code": self.cleaned_data["visit_code"],
            "reason_for_faces": self.cleaned_data["reason"] if keeps else "",
        }
