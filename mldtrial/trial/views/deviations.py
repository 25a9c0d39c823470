"""Pages on protocol deviations: the list of a study, a new one, and one with its end."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.deviations import DescriptionForm, DeviationCloseForm, DeviationForm
from mldtrial.trial.models import DEVIATION_GROUPS, DeviationState
from mldtrial.trial.selectors.asked import known
from mldtrial.trial.services import deviations as services
from mldtrial.trial.views.acts import Act, by_name, offered, perform
from mldtrial.trial.views.answers import UNPROCESSABLE, form_page, posted

PER_PAGE = 50
ALL = "all"
PROPOSED = ("visit", "code", "description")


@require_safe
def deviation_list(request: HttpRequest, study_code: str) -> HttpResponse:
    """List the deviations of a study in reach, the open ones first asked for."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "view_deviations", study)
    state = known(request.GET, "state", (*DeviationState.values, ALL), DeviationState.OPEN)
    group = known(request.GET, "group", DEVIATION_GROUPS)
    found = selectors.deviations(
        study, user=request.user, state="" if state == ALL else state, group=group
    )
    context = {
        "study": study,
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "state": state,
        "group": group,
        "groups": list(DEVIATION_GROUPS),
        "tabs": [*DeviationState.choices, (ALL, "all")],
    }
    return render(request, "trial/deviations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def deviation_new(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Record a deviation of a patient; an address may propose visit, code and description."""
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, "record_deviation", patient)
    proposed = {name: request.GET[name] for name in PROPOSED if name in request.GET}
    form = DeviationForm(posted(request), visits=patient.visits.all(), initial=proposed)
    made = form.submit(
        lambda: services.record_deviation(patient=patient, **form.cleaned_data, by=request.user)
    )
    if made is not None:
        messages.success(request, f"The deviation {made.code} was recorded.")
        return redirect("deviation", study_code=study.code, deviation_id=made.pk)
    return form_page(request, "trial/deviation_new.html", form, {"patient": patient})


ACTS = by_name(
    Act(
        name="describe",
        policy="record_deviation",
        title="Describe it better",
        submit="Save description",
        done="The description was changed.",
        states=tuple(DeviationState.values),
        make=lambda deviation, data: DescriptionForm(data, record=deviation),
        do=lambda deviation, form, by: services.describe_deviation(
            deviation=deviation,
            description=form.cleaned_data["description"],
            reason=form.cleaned_data["reason"],
            by=by,
        ),
        is_open=True,
    ),
    Act(
        name="close",
        policy="close_deviation",
        title="Close the deviation",
        submit="Close deviation",
        done="The deviation was closed.",
        states=(DeviationState.OPEN,),
        make=lambda _deviation, data: DeviationCloseForm(data),
        do=lambda deviation, form, by: services.close_deviation(
            deviation=deviation, by=by, **form.cleaned_data
        ),
        is_open=True,
    ),
)


@require_http_methods(["GET", "HEAD", "POST"])
def deviation_page(request: HttpRequest, study_code: str, deviation_id: UUID) -> HttpResponse:
    """Show a deviation; describe it better or close it."""
    study = selectors.study(study_code, user=request.user)
    deviation = selectors.deviation(study, deviation_id, user=request.user)
    refused = perform(request, deviation, ACTS) if request.method == "POST" else None
    if request.method == "POST" and refused is None:
        return redirect("deviation", study_code=study.code, deviation_id=deviation.pk)
    context = {
        "study": study,
        "deviation": deviation,
        "steps": selectors.deviation_steps(deviation),
        "acts": offered(request, deviation, ACTS, refused),
        "may_see_history": policies.may(request.user, "view_audit", deviation),
    }
    status = UNPROCESSABLE if refused else 200
    return render(request, "trial/deviation.html", context, status=status)
