"""The models of how the load goes on, as a statistician declares and reads them."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics.selectors import cohort, loads
from analytics.selectors.cohort import Filters
from analytics.selectors.longitudinal import BY
from analytics.selectors.longitudinal_numbers import Numbers, numbers
from analytics.selectors.milestone_question import ARM, SUBTYPE, TOGETHER
from analytics.services.longitudinal_export import model_tables
from analytics.stats import arms_by_visit, level_odds, visit_change
from analytics.views import cohort_filters
from analytics.views import longitudinal_words as words
from analytics.views.cohort_figures import study_of, with_query
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.selectors.asked import known
from mldtrial.trial.services import access

WHAT = "longitudinal models"


@require_safe
def longitudinal_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show change by visit, change per year and the motor level's odds, 3D and 2D apart."""
    study = study_of(request, study_code)
    arms = cohort.arms_to_choose(study, user=request.user)
    by = _by(request, arms)
    said = _numbers(request, study, by)
    together = None if "by" in request.GET or _has_change(said) else _together(request, study)
    if together is not None:
        by, said = TOGETHER, together
    if said.n_scans:
        access.log_blinded_view(study=study, by=request.user, what=WHAT)
    asked = _asked(said.filters, by)
    context = {
        "study": study,
        "is_withheld": said.is_withheld,
        "by": by,
        "asked": asked,
        "apart_url": "" if together is None else _apart_url(study, said.filters),
        "groups_by": words.GROUPINGS[by],
        "selects": [
            words.grouping(arms, by),
            *cohort_filters.selects(said.filters, said.sites, arms),
        ],
        "narrowed_to": cohort_filters.words(said.filters),
        "scan_count": said.n_scans,
        "patient_count": said.n_patients,
        "strata": [words.shown(one, by) for one in said.strata],
        "together_url": _together_url(study, by, said),
        "method": loads.active_model(),
        "trained": said.trained,
        "fewest_patients": visit_change.FEWEST_PATIENTS,
        "enough": arms_by_visit.ENOUGH,
        "fewest_for_odds": level_odds.FEWEST_PATIENTS,
        "fewest_to_check": level_odds.FEWEST_TO_CHECK,
        "file_name": _file_name(study, asked),
        "csv_url": with_query(reverse("longitudinal_data", args=[study.code]), asked),
    }
    return render(request, "analytics/longitudinal.html", context)


@require_safe
def longitudinal_data(request: HttpRequest, study_code: str) -> HttpResponse:
    """Send the tables of the page as CSV."""
    study = study_of(request, study_code)
    policies.require(request.user, "export_rows", study)
    by = _by(request, cohort.arms_to_choose(study, user=request.user))
    said = _numbers(request, study, by)
    asked = _asked(said.filters, by)
    content = model_tables(
        study=study, found=said.strata, method=loads.active_model(), asked=asked, by=request.user
    )
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"{_file_name(study, asked)}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _by(request: HttpRequest, arms: Sequence[str]) -> str:
    """Return who is to be compared; arms only where they are told."""
    return known(request.GET, "by", [by for by in BY if by != ARM or arms], SUBTYPE)


def _numbers(request: HttpRequest, study: Study, by: str) -> Numbers:
    smallest = policies.smallest_group(request.user, study)
    filters = Filters.of(request.GET)
    return numbers(study, user=request.user, filters=filters, by=by, smallest_group=smallest)


def _has_change(said: Numbers) -> bool:
    return any(one.change.found is not None for one in said.strata)


def _together(request: HttpRequest, study: Study) -> Numbers | None:
    """Return the numbers of all patients together; None where these are too few as well."""
    said = _numbers(request, study, TOGETHER)
    return said if _has_change(said) else None


def _apart_url(study: Study, filters: Filters) -> str:
    url = reverse("longitudinal_models", args=[study.code])
    return with_query(url, {**filters.asked, "by": SUBTYPE})


def _together_url(study: Study, by: str, said: Numbers) -> str:
    """Return where patients are not told apart, for who compares groups too small for any model."""
    if by == TOGETHER or _has_change(said):
        return ""
    url = reverse("longitudinal_models", args=[study.code])
    return with_query(url, _asked(said.filters, TOGETHER))


def _asked(filters: Filters, by: str) -> dict[str, Any]:
    return {**filters.asked, **({"by": by} if by != SUBTYPE else {})}


def _file_name(study: Study, asked: dict[str, Any]) -> str:
    day = timezone.localdate().isoformat()
    return "_".join([study.code, "longitudinal-models", *asked.values(), day])
