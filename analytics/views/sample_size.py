"""How many patients a trial with the load as endpoint needs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.forms import PlanForm
from analytics.selectors import cohort, loads
from analytics.selectors.cohort import Filters
from analytics.selectors.longitudinal import OwnCourse, own_courses
from analytics.selectors.trained import trained_among
from analytics.stats.errors import NotEstimableError, as_clause
from analytics.stats.planned_size import planned_size
from analytics.stats.power_closed import SLOPES
from analytics.views.cohort_figures import study_of
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.services import access

WHAT = "sample size from own loads"
ASKED = "difference_ml"
"""In the address once the form was sent."""


@require_safe
def sample_size_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show the form with what the study's own scans say, or the size for what was typed in."""
    study = study_of(request, study_code)
    context: dict[str, Any] = {"study": study}
    if ASKED in request.GET:
        form = PlanForm(request.GET)
        if form.is_valid():
            context |= _planned(form)
    else:
        own, patient_ids = _own(request, study)
        method = loads.active_model()
        form = PlanForm(initial=_initial(own, str(request.GET.get("stratum", ""))))
        context |= {
            "own": own,
            "has_asked_nothing": True,
            "method": method,
            "trained": trained_among(study, method, patient_ids),
        }
    return render(request, "analytics/sample_size.html", {**context, "form": form})


def _planned(form: PlanForm) -> dict[str, Any]:
    plan = form.plan()
    try:
        found = planned_size(**plan)
    except NotEstimableError as error:
        return {"reason": as_clause(str(error))}
    return {
        "found": found,
        "why_not": as_clause(found.why_not),
        "plan": plan,
        "years": plan["course"].visits[-1],
        "is_of_slopes": plan["analysis"] == SLOPES,
        "command": _command(plan),
    }


def _command(plan: dict[str, Any]) -> str:
    """Return the command that searches the size by simulation alone."""
    course = plan["course"]
    options = {
        "difference": plan["difference_ml"],
        "level-sd": course.level_sd_ml,
        "yearly-sd": course.yearly_change_sd_ml,
        "noise-sd": course.noise_sd_ml,
        "correlation": course.correlation,
        "drop-out": course.drop_out,
        "power": plan["power"],
        "alpha": plan["alpha"],
    }
    said = [f"--{name}={value:g}" for name, value in options.items()]
    visits = ",".join(f"{year:g}" for year in course.visits)
    return " ".join(
        ["python manage.py sample_size", *said, f"--visits={visits}",
         f"--analysis={plan['analysis']}", f"--seed={plan['seed']}"]
    )  # fmt: skip


def _own(request: HttpRequest, study: Study) -> tuple[list[OwnCourse], set[str]]:
    """Return what the study's own scans say, and of which patients."""
    smallest = policies.smallest_group(request.user, study)
    part = cohort.part(study, user=request.user, filters=Filters(), smallest_group=smallest)
    if part.size:
        access.log_blinded_view(study=study, by=request.user, what=WHAT)
    return own_courses(part, smallest_group=smallest), part.columns.patients()


def _initial(own: list[OwnCourse], stratum: str) -> dict[str, Any]:
    """Return what a form begins with: of the stratum asked for, else the first that tells it."""
    told = [one for one in own if one.found is not None]
    chosen = next((one for one in told if one.stratum == stratum), told[0] if told else None)
    if chosen is None or chosen.found is None:
        return {}
    found = chosen.found
    return {
        "level_sd_ml": round(found.level_sd, 1),
        "yearly_change_sd_ml": round(found.rate_sd, 1),
        "correlation": round(found.correlation, 2),
        "noise_sd_ml": round(found.noise_sd, 1),
    }
