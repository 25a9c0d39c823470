"""Form of a mask that was made elsewhere."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from mldtrial.trial.forms.base import Choices, FileInput, ServiceForm, reason_field
from mldtrial.trial.models import Scan
from segmentation.models import CORRECTED, Method
from segmentation.selectors.imported_masks import words_for
from segmentation.services.mask_import import MadeElsewhere

YES, NO, UNKNOWN = "yes", "no", "UNKNOWN"
LARGEST_LABEL = 255


def _number(label: str, *, unit: str, help_text: str = "") -> forms.FloatField:
    field = forms.FloatField(label=label, required=False, min_value=0, help_text=help_text)
    field.unit = unit
    return field


class MaskImportForm(ServiceForm):
    """The mask, what made it, and how."""

    MORE = (
        "label",
        "minutes",
        "second_operator",
        "voxels_changed",
        "has_t1w_fluid_mask",
        "lowest_percent",
        "step_percent",
        "smallest_cluster_voxels",
    )
    LAST = ("reason",)

    mask = forms.FileField(
        label="Mask",
        widget=FileInput(".nii,.gz"),
        help_text="NIfTI (.nii.gz, .nii) in the voxels of the T1w image, 0 and 1. "
        "Its name is not kept.",
        error_messages={
            "required": "Choose the file of the mask.",
            "empty": "The file is empty. Choose it again.",
        },
    )
    scan = forms.TypedChoiceField(
        label="Drawn on",
        coerce=UUID,
        empty_value=None,
        required=False,
        widget=Choices(),
        help_text="This visit has several T1w images in use. Needed where more than one of them "
        "has the voxels of the mask.",
        error_messages={
            "invalid_choice": "The T1w images in use have changed. Choose one of those listed."
        },
    )
    method = forms.ChoiceField(
        label="Made by",
        choices=[
            (Method.CONVENTIONAL, "Software with an operator"),
            (Method.MANUAL, "Tracing by hand"),
            (Method.CORRECTED, "Correction of a mask here"),
        ],
        widget=Choices(inline=True),
        initial=Method.CONVENTIONAL,
        error_messages={"required": "Say how the mask was made."},
    )
    software = forms.CharField(
        label="Software",
        max_length=64 - len(CORRECTED),
        help_text="For a correction: the method whose mask was corrected, as it is named here.",
        error_messages={"required": "Say which software made the mask."},
    )
    version = forms.CharField(
        label="Version of the software",
        max_length=32,
        error_messages={"required": "Give the version: other versions are other methods."},
    )
    operator = forms.CharField(
        label="Operator",
        max_length=32,
        help_text="A code, for example OP-2. Never a name.",
        error_messages={"required": "Give the code of who operated it."},
    )
    is_edited = forms.ChoiceField(
        label="Voxels changed by hand afterwards",
        choices=[(NO, "no"), (YES, "yes")],
        widget=Choices(inline=True),
        error_messages={"required": "Say whether voxels were changed by hand."},
    )
    label = forms.IntegerField(
        label="Label of the demyelinated white matter",
        required=False,
        min_value=1,
        max_value=LARGEST_LABEL,
        help_text="Only where the mask has other values than 0 and 1.",
    )
    minutes = _number("Working time", unit="min")
    second_operator = forms.CharField(
        label="Second operator",
        required=False,
        max_length=32,
        help_text="Who looked at it as well; a code.",
    )
    voxels_changed = forms.IntegerField(
        label="How many voxels were changed by hand",
        required=False,
        min_value=0,
        help_text="Counted where it is a correction of a mask here.",
    )
    has_t1w_fluid_mask = forms.ChoiceField(
        label="Fluid removed by the T1w image",
        required=False,
        choices=[(UNKNOWN, "not known"), (YES, "yes"), (NO, "no")],
        widget=Choices(inline=True),
        initial=UNKNOWN,
    )
    lowest_percent = _number("Lowest threshold", unit="%", help_text="t_L of a method by clusters.")
    step_percent = _number("Step of the threshold", unit="%")
    smallest_cluster_voxels = forms.IntegerField(
        label="Smallest cluster, voxels", required=False, min_value=0
    )
    reason = reason_field(
        "Why it takes the place of the mask before it",
        required=False,
        help_text="Only for another mask of the same software and version. Kept in the history.",
    )

    def __init__(self, *args: Any, has_before: bool, scans: Sequence[Scan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(scans) > 1:
            self.fields["scan"].choices = [(str(scan.pk), words_for(scan)) for scan in scans]
            self.fields["scan"].always_asked = True
        else:
            del self.fields["scan"]
        if not has_before:
            # Where somebody else was faster, the refusal asks for it.
            del self.fields["reason"]

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        given = self.cleaned_data
        fluid = given["has_t1w_fluid_mask"]
        return {
            "chunks": given["mask"].chunks(),
            "label": given["label"],
            "scan_id": given.get("scan"),
            "reason": given.get("reason", ""),
            "made": MadeElsewhere(
                software=given["software"],
                version=given["version"],
                method=Method(given["method"]),
                operator=given["operator"],
                second_operator=given["second_operator"],
                minutes=given["minutes"],
                is_edited=given["is_edited"] == YES,
                voxels_changed=given["voxels_changed"],
                lowest_percent=given["lowest_percent"],
                step_percent=given["step_percent"],
                smallest_cluster_voxels=given["smallest_cluster_voxels"],
                has_t1w_fluid_mask={YES: True, NO: False}.get(fluid),
            ),
        }
