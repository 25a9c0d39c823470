"""Forms of a study's settings: the study itself, a site, a visit of the schedule."""

from typing import Any

from django import forms

from mldtrial.trial.forms.base import (
    Choices,
    CorrectionForm,
    DayField,
    ServiceForm,
    change_reason_field,
)
from mldtrial.trial.models import (
    PresymptomaticRule,
    SeverityRule,
    SubtypeRule,
    TreatmentKind,
    VisitAnchor,
)


def _decimal(label: str, unit: str, *, smallest: float = 0, help_text: str = "") -> forms.Field:
    field = forms.DecimalField(
        label=label,
        min_value=smallest,
        max_digits=6,
        decimal_places=2,
        help_text=help_text,
        error_messages={"invalid": "Give a number, for example 5 or 7.5."},
    )
    field.unit = unit  # type: ignore[attr-defined]  # shown behind the input
    return field


def _whole(label: str, unit: str, *, low: int, high: int, help_text: str = "") -> forms.Field:
    field = forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        help_text=help_text,
        error_messages={"invalid": "Give a whole number."},
    )
    field.unit = unit  # type: ignore[attr-defined]
    return field


def _yes_or_no(label: str, help_text: str = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=[("True", "Yes"), ("False", "No")],
        coerce=lambda value: value == "True",
        widget=Choices(inline=True),
        help_text=help_text,
    )


AMENDMENT = "Kept in the history, for example the protocol amendment."


class StudySettingsForm(CorrectionForm):
    """The settings of a study."""

    name = forms.CharField(max_length=200)
    subtype_rule = forms.ChoiceField(label="Subtype rule", choices=SubtypeRule.choices)
    presymptomatic_rule = forms.ChoiceField(
        label="Subtype before the first symptom", choices=PresymptomaticRule.choices
    )
    tolerance_same_ml = _decimal(
        "Tolerance, same scanner and protocol",
        "mL",
        help_text="A load may lie this far below an earlier one; the larger of mL and percent.",
    )
    tolerance_same_percent = _decimal("Tolerance, same scanner and protocol", "%")
    tolerance_changed_ml = _decimal("Tolerance, any of them changed", "mL")
    tolerance_changed_percent = _decimal("Tolerance, any of them changed", "%")
    jump_ml_per_month = _decimal("Largest plausible rise", "mL per month", smallest=0.01)
    largest_load_ml = _decimal(
        "Largest plausible load", "mL", smallest=0.01, help_text="A larger one is flagged."
    )
    largest_load_percent = _decimal(
        "Largest share of the white matter",
        "%",
        smallest=100,
        help_text="A load above so much of the white matter of its head is flagged, and always one "
        "above the whole brain. Volumes are measured with an error, so leave room above 100 %.",
    )
    pairing_days_late_infantile = _whole(
        "Pairing window, late-infantile",
        "days",
        low=0,
        high=365,
        help_text="How far a clinical score may lie from the scan it is paired with.",
    )
    pairing_days_others = _whole("Pairing window, other subtypes", "days", low=0, high=365)
    scan_days_from_visit = _whole(
        "Scan and visit apart",
        "days",
        low=0,
        high=365,
        help_text="A scan acquired further from its visit waits until somebody says that it "
        "belongs there.",
    )
    severity_tolerance = _whole(
        "Difference of two reads",
        "points",
        low=0,
        high=34,
        help_text="Of the MRI severity totals; readers further apart get an adjudicator.",
    )
    severity_rule = forms.ChoiceField(
        label="Score of two readers who agree", choices=SeverityRule.choices
    )
    site_roles_see_loads = _yes_or_no(
        "Site roles see loads",
        "Coordinators and investigators then see the loads of their own site. Whoever scores "
        "a patient should not know what the images say.",
    )
    requires_mfa = _yes_or_no(
        "A second factor is asked for", "Of everybody who takes part, at sign-in."
    )
    retain_patient_characteristics = _yes_or_no(
        "Images keep sex, age, height and weight",
        "Age in whole months or years. For images that arrive from now on; see option 113108 of "
        "DICOM PS3.15. Otherwise these go like all else about the patient.",
    )
    retain_safe_private = _yes_or_no(
        "Images keep reviewed private attributes",
        "The scale factors of Philips scanners, without which two scans of one patient cannot be "
        "compared; option 113111 of DICOM PS3.15.",
    )
    sponsor_name = forms.CharField(
        label="Sponsor",
        max_length=64,
        required=False,
        help_text="Written into kept images; images say unspecified where it is left empty.",
    )
    accrual_target = forms.IntegerField(
        label="Patients wanted", min_value=1, required=False, help_text="For the overview."
    )
    accrual_target_on = DayField(label="Wanted by", required=False)

    RECORD_FIELDS = (
        "name",
        "subtype_rule",
        "presymptomatic_rule",
        "tolerance_same_ml",
        "tolerance_same_percent",
        "tolerance_changed_ml",
        "tolerance_changed_percent",
        "jump_ml_per_month",
        "largest_load_ml",
        "largest_load_percent",
        "pairing_days_late_infantile",
        "pairing_days_others",
        "scan_days_from_visit",
        "severity_tolerance",
        "severity_rule",
        "site_roles_see_loads",
        "requires_mfa",
        "retain_patient_characteristics",
        "retain_safe_private",
        "sponsor_name",
        "accrual_target",
        "accrual_target_on",
    )


class SiteForm(ServiceForm):
    """A new site."""

    code = forms.CharField(
        max_length=32,
        help_text="Short, for tables; it stays as it is.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(max_length=200)
    time_zone = forms.CharField(
        label="Time zone", max_length=64, initial="UTC", help_text="For example Europe/Berlin."
    )
    reason = change_reason_field(AMENDMENT)


class SiteEditForm(CorrectionForm):
    """A site renamed, or its clock moved."""

    name = SiteForm.base_fields["name"]
    time_zone = SiteForm.base_fields["time_zone"]
    RECORD_FIELDS = ("name", "time_zone")


class _DefinitionFields(forms.Form):
    """What the schedule says about a visit."""

    name = forms.CharField(max_length=100)
    anchor = forms.ChoiceField(
        label="Counts from", choices=VisitAnchor.choices, widget=Choices(inline=True)
    )
    anchor_therapy = forms.ChoiceField(
        label="Which treatment",
        choices=[("", "First study dose"), *TreatmentKind.choices],
        required=False,
        help_text="Only for a visit that counts from treatment.",
    )
    target_day = _whole(
        "Target", "days after that", low=-3650, high=36500, help_text="0 is the day itself."
    )
    window_before_days = _whole("Window before", "days", low=0, high=365)
    window_after_days = _whole("Window after", "days", low=0, high=365)
    has_scans = _yes_or_no("T1w and T2w belong to this visit")
    has_gmfc_mld = _yes_or_no("A GMFC-MLD level belongs to this visit")


SCHEDULE_FIELDS = (
    "name",
    "anchor",
    "anchor_therapy",
    "target_day",
    "window_before_days",
    "window_after_days",
    "has_scans",
    "has_gmfc_mld",
)


class DefinitionForm(_DefinitionFields, ServiceForm):
    """A new visit of the schedule."""

    code = forms.CharField(max_length=16, help_text="Short, such as M03; it stays as it is.")
    number = forms.DecimalField(
        min_value=0,
        max_digits=6,
        decimal_places=2,
        help_text="Its place in the schedule; it stays as it is.",
    )
    reason = change_reason_field(AMENDMENT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        initial = {
            "anchor": VisitAnchor.ENROLMENT,
            "window_before_days": 14,
            "window_after_days": 14,
            "has_scans": True,
            "has_gmfc_mld": True,
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["anchor_therapy"].always_asked = True  # type: ignore[attr-defined]
        self.order_fields(["code", "number", *SCHEDULE_FIELDS, "reason"])


class DefinitionEditForm(_DefinitionFields, CorrectionForm):
    """A visit of the schedule changed or retired."""

    is_retired = _yes_or_no(
        "Retired", "A retired visit is planned for nobody any more; visits that took place stay."
    )
    RECORD_FIELDS = (*SCHEDULE_FIELDS, "is_retired")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["anchor_therapy"].always_asked = True  # type: ignore[attr-defined]
