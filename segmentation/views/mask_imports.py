"""Import a mask of a visit that was made elsewhere."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study, Visit
from mldtrial.trial.selectors.asked import UnknownFilterError
from mldtrial.trial.services import access
from mldtrial.trial.views.answers import form_page, posted
from segmentation import selectors as runs
from segmentation import tasks
from segmentation.forms.mask_import import MaskImportForm
from segmentation.models import CORRECTED, Method
from segmentation.selectors import imported_masks as selectors
from segmentation.selectors.mask_reviews import has_read_to_sign
from segmentation.services import mask_receiving


@require_http_methods(["GET", "HEAD", "POST"])
def mask_import(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Check a mask while the person waits, and lead to the run that it became."""
    study = trial.study(study_code, user=request.user)
    visit = trial.visit(study, visit_id, user=request.user)
    policies.require(request.user, "import_mask", visit)
    is_yet_to_read = has_read_to_sign(request.user, visit)
    before = [] if is_yet_to_read else selectors.shown_imports(visit, user=request.user)
    if before:
        access.log_blinded_view(
            study=study, by=request.user, what="load", subject=visit.patient.subject_code
        )
    grids = selectors.grids(visit)
    form = MaskImportForm(
        posted(request),
        request.FILES or None,
        has_before=bool(before),
        scans=grids,
        initial=_as_corrected(request, visit) or _as_last_time(study, request.user),
    )
    run = form.submit(
        lambda: mask_receiving.receive_mask(visit=visit, by=request.user, **form.values())
    )
    if run is not None:
        tasks.ring_review()
        tasks.ring_overlaps()
        if run in before:
            messages.info(request, "This very mask was imported before; this is its run.")
        else:
            messages.success(request, "The mask was checked and taken in.")
        return redirect("run", study_code=study.code, run_id=run.pk)
    context = {
        "visit": visit,
        "patient": visit.patient,
        "imports": before,
        "grids": grids,
        "read_first": mask_receiving.READ_FIRST if is_yet_to_read else "",
        "largest_mib": mask_receiving.LARGEST_MIB,
    }
    return form_page(request, "segmentation/mask_import.html", form, context, changes=visit)


CORRECTS = "corrects"
"""In the address: the run whose mask was corrected."""


def _as_corrected(request: HttpRequest, visit: Visit) -> dict[str, str]:
    """Return what is known of the correction of a run's mask; empty where none is named.

    Raises
    ------
    Http404, UnknownFilterError
        If there is no such run in the person's reach, or it is of another visit.
    """
    named = request.GET.get(CORRECTS, "")
    if not named:
        return {}
    run = runs.run(_uuid(named), user=request.user)
    if run.visit_id != visit.pk:
        raise UnknownFilterError(CORRECTS, named)
    model = run.model_version
    return {
        "method": Method.CORRECTED,
        "software": model.name,
        "version": model.version,
        "scan": str(run.t1w_scan_id),
    }


def _uuid(named: str) -> UUID:
    try:
        return UUID(named)
    except ValueError:
        raise UnknownFilterError(CORRECTS, named) from None


def _as_last_time(study: Study, user: Any) -> dict[str, str]:
    """Return what is the same for most masks of a study; who operated is asked each time."""
    method = selectors.latest_method(study, user=user)
    if method is None:
        return {}
    software = method.name.removesuffix(CORRECTED)
    return {"software": software, "version": method.version, "method": method.method}
