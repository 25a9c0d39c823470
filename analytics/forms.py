"""Forms: a proposal that a candidate counts, a reference cohort, and a trial that is planned."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from analytics.stats.power_closed import ANCOVA, SLOPES
from analytics.stats.trial_course import Course
from mldtrial.trial.forms.base import MarkedForm, ServiceForm, reason_field
from mldtrial.trial.forms.proof import ProofForm
from mldtrial.trial.models import Study


class ProposalForm(MarkedForm, ProofForm):
    """Why a candidate shall count, with a mark of the impact that was shown, and the proof."""

    LAST = ("seen",)

    reason = reason_field("Why shall it count?")

    def why_refused(self, _seen: str, /) -> str:
        """Return that the impact is not what the person saw."""
        return (
            "The results have changed since you opened the page. The impact is shown as it is "
            "now: look at it again, then sign."
        )

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        given = dict(self.cleaned_data)
        return {"seen_sha256": given.pop("seen"), **given}


class FreezeForm(ServiceForm):
    """Which study's untreated loads are frozen, by what name and why."""

    source = forms.ChoiceField(
        label="Loads of", help_text="Untreated loads that count, of patients with a subtype."
    )
    name = forms.CharField(
        label="Name",
        max_length=60,
        help_text="Stands below every course, for example Natural course 2026.",
    )
    reason = reason_field("Why is it frozen now?")

    def __init__(self, *args: Any, studies: Iterable[Study], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._studies = {study.code: study for study in studies}
        field = self.fields["source"]
        field.choices = [(code, f"{code}, {one.name}") for code, one in self._studies.items()]

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        return {**self.cleaned_data, "source": self._studies[self.cleaned_data["source"]]}


class StopForm(ServiceForm):
    """Why no reference cohort is shown any more."""

    reason = reason_field("Why is it shown no longer?")


MOST_VISITS, LONGEST_YEARS = 12, 10.0


def _number(label: str, unit: str, **more: Any) -> forms.FloatField:
    field = forms.FloatField(label=label, **more)
    field.unit = unit  # type: ignore[attr-defined]  # shown behind the input
    field.widget.attrs["step"] = "any"
    return field


class PlanForm(ServiceForm):
    """What a trial of two arms is planned on, with the load as endpoint."""

    difference_ml = _number(
        "The treatment lowers the change by", "mL per year", min_value=0.001, max_value=1000
    )
    level_sd_ml = _number("Patients differ at baseline by", "mL (SD)", min_value=0, max_value=1000)
    yearly_change_sd_ml = _number(
        "Patients differ in their change by", "mL per year (SD)", min_value=0, max_value=1000
    )
    correlation = forms.FloatField(
        label="Correlation of a patient's level and change", min_value=-1, max_value=1, initial=0
    )
    noise_sd_ml = _number(
        "A scan lies about the patient's line by", "mL (SD)", min_value=0.001, max_value=1000,
        help_text="What two scans of one state differ by is part of it.",
    )  # fmt: skip
    visits = forms.CharField(
        label="Years of the scans", initial="0, 0.5, 1, 1.5, 2", max_length=120,
        help_text="With commas, the first at 0.",
    )  # fmt: skip
    drop_out_percent = _number(
        "Patients who leave within a year", "%", min_value=0, max_value=90, initial=5
    )
    analysis = forms.ChoiceField(
        label="Analysis",
        choices=[
            (SLOPES, "Change per year (mixed model)"),
            (ANCOVA, "Last visit (ANCOVA)"),
        ],
    )
    power_percent = _number("Power", "%", min_value=50, max_value=99, initial=80)
    alpha_percent = _number("Two-sided error", "%", min_value=0.1, max_value=20, initial=5)
    seed = forms.IntegerField(label="Seed", min_value=0, max_value=999_999, initial=1)

    def clean_visits(self) -> tuple[float, ...]:
        """Return the years of the scans."""
        try:
            years = tuple(float(year) for year in self.cleaned_data["visits"].split(","))
        except ValueError:
            raise ValidationError("Give years with commas, for example 0, 0.5, 1.") from None
        is_rising = all(one < later for one, later in pairwise(years))
        if years[0] != 0 or not is_rising or not 2 <= len(years) <= MOST_VISITS:
            raise ValidationError(f"Give 2 to {MOST_VISITS} rising years, the first of them 0.")
        if years[-1] > LONGEST_YEARS:
            raise ValidationError(f"The last scan is within {LONGEST_YEARS:g} years.")
        return years

    def clean(self) -> dict[str, Any]:
        """Return the plan; slopes need three visits."""
        given = super().clean() or self.cleaned_data
        if given.get("analysis") == SLOPES and len(given.get("visits", (0, 1, 2))) < 3:
            self.add_error("visits", "Levels, rates and noise are told apart by three scans.")
        return given

    def plan(self) -> dict[str, Any]:
        """Return the arguments of `planned_size`."""
        given = self.cleaned_data
        course = Course(
            yearly_change_ml={"all": 0.0},
            shares={"all": 1.0},
            level_sd_ml=given["level_sd_ml"],
            yearly_change_sd_ml=given["yearly_change_sd_ml"],
            correlation=given["correlation"],
            noise_sd_ml=given["noise_sd_ml"],
            visits=given["visits"],
            drop_out=given["drop_out_percent"] / 100,
        )
        return {
            "course": course,
            "difference_ml": given["difference_ml"],
            "power": given["power_percent"] / 100,
            "analysis": given["analysis"],
            "alpha": given["alpha_percent"] / 100,
            "seed": given["seed"],
        }
