"""What a study's own repeated scans say of its tolerances."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.selectors import loads
from analytics.services.tolerances import what_rescans_say
from analytics.stats.own_tolerance import FEWEST_REPEATS, FEWEST_SUBJECTS
from analytics.stats.rescans import REPEAT_DAYS
from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.services import access


@require_safe
def rescans_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show the tolerances of a study beside what its repeated scans speak for; no load."""
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "view_impact", study)
    said = what_rescans_say(study, by=request.user)
    has_repeats = any(one.n_repeats for one in said.spoken)
    if has_repeats:
        access.log_blinded_view(study=study, by=request.user, what="tolerances from rescans")
    context = {
        "study": study,
        "method": loads.active_model(),
        "said": said,
        "has_repeats": has_repeats,
        "days": REPEAT_DAYS,
        "fewest_repeats": FEWEST_REPEATS,
        "fewest_patients": FEWEST_SUBJECTS,
        "may_see_settings": policies.may(request.user, "view_settings", study),
    }
    return render(request, "analytics/rescans.html", context)
