"""The page by which the allocation of a study comes in; it never shows an arm."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.allocation import AllocationForm, AllocationLoadForm
from mldtrial.trial.services import allocation as services
from mldtrial.trial.views.answers import UNPROCESSABLE, posted


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def allocation(request: HttpRequest, study_code: str) -> HttpResponse:
    """Check a file and show the fate of each row; keep it on the word of the person."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "load_allocation", study)
    is_load = request.POST.get("action") == "load"
    files = request.FILES or None
    form = AllocationForm(None if is_load else posted(request), None if is_load else files)
    load = AllocationLoadForm(
        posted(request) if is_load else None,
        files if is_load else None,
        user=request.user,
        auto_id="load_%s",
    )
    kept = load.submit(lambda: services.load(study=study, **load.values(), by=request.user))
    if kept is not None:
        noun = "1 patient was" if kept == 1 else f"{kept} patients were"
        messages.success(request, f"The arms of {noun} kept. Destroy the file now.")
        return redirect("allocation", study_code=study.code)
    checked = form.submit(
        lambda: services.check(study=study, content=form.content(), by=request.user)
    )
    if checked is not None:
        load.initial["checked"] = checked.mark
    context = {
        "study": study,
        "form": form,
        "load_form": load,
        "checked": checked,
        "may_load": is_load or (checked is not None and not checked.refused),
    }
    status = UNPROCESSABLE if form.errors or load.errors else 200
    return render(request, "trial/allocation.html", context, status=status)
