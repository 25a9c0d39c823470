"""Upload the images of a visit, and watch what becomes of them."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Sequence, Visit
from mldtrial.trial.views.answers import form_page
from segmentation import selectors, tasks
from segmentation.forms import UploadForm
from segmentation.imaging.errors import ImageError
from segmentation.selectors import findings, quarantine
from segmentation.services import receiving
from segmentation.views.upload_facts import unfinished_uploads, upload_facts

PER_PAGE = 50
SHOWN_IN_PROGRESS = 8


@require_http_methods(["GET", "HEAD", "POST"])
def upload_new(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Send the images of a visit; each refused file is named at its field."""
    study = trial.study(study_code, user=request.user)
    visit = trial.visit(study, visit_id, user=request.user)
    policies.require(request.user, "upload_scan", visit)
    patient = visit.patient
    form = UploadForm(patient=patient, initial={"acquired_on": visit.date})
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES, patient=patient)
        if form.is_valid() and _receive(request, visit, form):
            return redirect("patient", study_code=study.code, patient_id=visit.patient_id)
    context = {
        "visit": visit,
        "patient": patient,
        "missing": selectors.sequences_missing(visit),
        "unfinished": unfinished_uploads(visit, user=request.user),
        "facts": upload_facts(visit, user=request.user),
        "sequences": UploadForm.NIFTI,
    }
    return form_page(request, "segmentation/upload_new.html", form, context, changes=visit)


def _receive(request: HttpRequest, visit: Visit, form: UploadForm) -> bool:
    """Hand every file to intake; return whether all of them were accepted."""
    accepted = 0
    for field, sequence, file in form.files_given():
        if _accepted(request, visit, form, field, sequence, file):
            accepted += 1
    if accepted:
        tasks.ring_intake()
        noun = "file was" if accepted == 1 else "files were"
        messages.success(request, f"{accepted} {noun} received and will be checked now.")
    return not form.errors


def _accepted(
    request: HttpRequest,
    visit: Visit,
    form: UploadForm,
    field: str,
    sequence: str,
    file: UploadedFile,
) -> bool:
    try:
        receiving.receive_upload(
            visit=visit,
            chunks=file.chunks(),
            declared_sequence=sequence,
            declared_acquired_on=form.cleaned_data["acquired_on"] if sequence else None,
            after_end_reason=form.cleaned_data.get("after_end_reason", ""),
            by=request.user,
        )
    except ImageError as error:
        form.add_error(field, error.message)
        return False
    except ValidationError as error:
        _add_errors(form, field, error)
        return False
    return True


def _add_errors(form: UploadForm, field: str, error: ValidationError) -> None:
    if not hasattr(error, "error_dict"):
        form.add_error(field, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else field, errors)


@require_safe
def upload_list(request: HttpRequest) -> HttpResponse:
    """List the uploads of the own sites with their states and reasons.

    With ``?fragment=1`` it answers with what of the images waits for the person or is in
    progress, for the work list.
    """
    if request.GET.get("fragment"):
        shown = {
            "in_progress": selectors.visits_in_progress(
                user=request.user, at_most=SHOWN_IN_PROGRESS
            ),
            "waiting": quarantine.waiting(user=request.user),
            "findings": findings.waiting(user=request.user),
        }
        return render(request, "segmentation/_work.html", shown)
    page = Paginator(selectors.uploads(user=request.user), PER_PAGE).get_page(
        request.GET.get("page")
    )
    waiting = quarantine.visits_waiting(page.object_list, user=request.user)
    rows = [(upload, waiting.get(upload.visit_id)) for upload in page.object_list]
    return render(request, "segmentation/uploads.html", {"page": page, "rows": rows})


@require_safe
def visit_status(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Answer with the state of a visit's images; the page asks again while something moves."""
    study = trial.study(study_code, user=request.user)
    visit = trial.visit(study, visit_id, user=request.user)
    status = selectors.visit_status(visit, user=request.user)
    response = render(
        request,
        "segmentation/_visit_status.html",
        {
            "status": status,
            "visit": visit,
            "study": study,
            "may_place": policies.may(request.user, "place_scan", visit),
            "may_set_aside": policies.may(request.user, "set_scan_aside", visit),
            "may_import": _may_import(request, visit, status),
            "may_record": policies.may(request.user, "record_deviation", visit),
        },
    )
    was_moving = request.GET.get("moving") == "1"
    if was_moving and not status.is_moving:
        # The chart and the table of the page show a new number now.
        response["HX-Trigger"] = "visit-finished"
    return response


def _may_import(request: HttpRequest, visit: Visit, status: selectors.VisitStatus) -> bool:
    """Return whether a mask can be imported: the visit is open and has an image to hold it to."""
    has_t1w = any(scan.sequence == Sequence.T1W for scan in status.scans)
    may = has_t1w and policies.may(request.user, "import_mask", visit)
    return may and trial.lock_of(visit) is None


@require_POST
def job_retry(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Queue a failed intake again."""
    upload = selectors.upload(upload_id, user=request.user)
    try:
        receiving.retry_upload(upload=upload, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        tasks.ring_intake()
        messages.success(request, "The upload will be checked again.")
    return redirect("uploads")
