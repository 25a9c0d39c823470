"""The picture behind a number: the mask of a run over its images, as far as a person may see it."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.services import access
from segmentation import selectors, tasks
from segmentation.models import JobState, SegmentationResult, SegmentationRun
from segmentation.models.run_picture import OUTLINE
from segmentation.selectors import run_pictures as pictures
from segmentation.services import run_pictures as services
from segmentation.services import store


@require_safe
def run_picture(request: HttpRequest, study_code: str, run_id: UUID) -> HttpResponse:
    """Show the picture of a run, large; whoever looks first orders it.

    ``?fragment=1`` answers with the part for the page of the run.
    """
    study, run, result = _run(request, study_code, run_id)
    why_not = pictures.why_not_shown(run)
    drawing = None
    if not why_not:
        drawing, is_to_be_told = services.ask_for(run=run)
        if is_to_be_told:
            tasks.ring_run_pictures()
    is_fragment = bool(request.GET.get("fragment"))
    context = {
        "study": study,
        "run": run,
        "patient": run.visit.patient,
        "why_not": why_not,
        "drawing": drawing,
        "is_large": not is_fragment,
    }
    if drawing is not None and drawing.state == JobState.SUCCEEDED:
        sheet = pictures.sheet_of(drawing, sees_load=result is not None)
        context |= {
            "sheet": sheet,
            "words": pictures.words_for(sheet, result),
            "is_empty": result is not None and not result.voxel_count,
            "nothing_marked": pictures.NOTHING_MARKED,
            "is_hidden_candidate": result is None
            and policies.may(request.user, "view_loads", run.visit),
        }
        if result is not None:
            _log(study, run, request, "load")
    template = "segmentation/_run_picture.html" if is_fragment else "segmentation/run_picture.html"
    return render(request, template, context)


@require_safe
def run_picture_file(
    request: HttpRequest, study_code: str, run_id: UUID, picture: str
) -> HttpResponse:
    """Return one picture of a run; those that the mask has to do with to who may see the load."""
    study, run, result = _run(request, study_code, run_id)
    drawn = pictures.drawn_of(run)
    sees_load = result is not None
    sha256 = None if drawn is None else pictures.sha256_of(drawn, picture, sees_load=sees_load)
    if sha256 is None or not store.mosaic_path(sha256).exists():
        raise Http404("No such picture.")
    if picture == OUTLINE:
        _log(study, run, request, "outline of the load")
    return HttpResponse(store.mosaic_path(sha256).read_bytes(), content_type="image/png")


def _run(
    request: HttpRequest, study_code: str, run_id: UUID
) -> tuple[Study, SegmentationRun, SegmentationResult | None]:
    """Return study and run, and the result where the person may see it."""
    study = trial.study(study_code, user=request.user)
    run = selectors.run(run_id, user=request.user)
    if run.visit.patient.study_id != study.pk:
        raise Http404("No such run.")
    policies.require(request.user, "view_snapshots", run.visit)
    return study, run, selectors.result_of(run, user=request.user)


def _log(study: Study, run: SegmentationRun, request: HttpRequest, what: str) -> None:
    subject = run.visit.patient.subject_code
    access.log_blinded_view(study=study, by=request.user, what=what, subject=subject)
