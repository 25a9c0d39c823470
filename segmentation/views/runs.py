"""How a number was made."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.services import access
from segmentation import selectors, tasks
from segmentation.models import JobState, SegmentationResult, SegmentationRun
from segmentation.selectors import mask_reviews, quarantine, set_aside, tissue
from segmentation.selectors.cautions import caution_words
from segmentation.selectors.intervals import held_out_of
from segmentation.selectors.run_masks import why_not_taken
from segmentation.selectors.set_aside import ScanRow
from segmentation.selectors.training_sets import trained_on
from segmentation.services import run_requests


@require_safe
def run_page(request: HttpRequest, study_code: str, run_id: UUID) -> HttpResponse:
    """Show where a number comes from: images, model, versions, device."""
    study = trial.study(study_code, user=request.user)
    run = selectors.run(run_id, user=request.user)
    if run.visit.patient.study_id != study.pk:
        raise Http404("No such run.")
    result = selectors.result_of(run, user=request.user)
    sees_load = policies.may(request.user, "view_loads", run.visit)
    if result is not None:
        access.log_blinded_view(
            study=study, by=request.user, what="load", subject=run.visit.patient.subject_code
        )
    measured = None if result is None else tissue.measurement_of(run, user=request.user)
    rows = set_aside.rows_of_run(run, user=request.user)
    return render(
        request,
        "segmentation/run.html",
        {
            "run": run,
            "study": study,
            "patient": run.visit.patient,
            "result": result,
            "sees_load": sees_load and not hasattr(run, "result"),
            "is_hidden_candidate": sees_load and result is None,
            "cautions": caution_words(result),
            "held_out": held_out_of(result),
            "review": None if result is None else mask_reviews.decided(run, user=request.user),
            "tissue": measured,
            "volumes": [] if measured is None else tissue.shown_volumes(measured),
            "heading": _heading(run),
            "may_see_history": policies.may(request.user, "view_audit", run.visit),
            "images": _images(run, rows, user=request.user),
            **_left_out(run, rows),
            "trained": trained_on(run.visit.patient, run.model_version),
            "provenance": [
                (name, _in_words(value)) for name, value in sorted(run.provenance.items())
            ],
            "sees_snapshots": policies.may(request.user, "view_snapshots", run.visit),
            "may_place": policies.may(request.user, "place_scan", run.visit),
            "may_set_aside": policies.may(request.user, "set_scan_aside", run.visit),
            "in_quarantine": () if result else quarantine.of_visit(run.visit, user=request.user),
            "may_cancel": policies.may(request.user, "cancel_job", run.visit),
            "may_retry": policies.may(request.user, "retry_job", run.visit),
            **_mask(study, run, result, request.user),
        },
    )


def _in_words(value: Any, between: str = "\n") -> Any:
    """Return what stands in a provenance as people read it: each part of a mapping on a line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return between.join(f"{name} {_in_words(part, ', ')}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(str(_in_words(part, ", ")) for part in value) or "none"
    return value


def _heading(run: SegmentationRun) -> str:
    if run.state == JobState.SUCCEEDED:
        return "How this number was made"
    return "No number was made" if run.is_finished else "No number yet"


def _images(
    run: SegmentationRun, rows: Sequence[ScanRow], *, user: Any
) -> list[tuple[ScanRow, UUID | None]]:
    """Return the images of a run, each with the measurement of its quality that may be seen."""
    may_see = policies.may(user, "view_quality", run.visit)
    quality_ids = selectors.quality_ids_of(run, user=user) if may_see else {}
    return [(row, quality_ids.get(row.scan.pk)) for row in rows]


def _mask(
    study: Study, run: SegmentationRun, result: SegmentationResult | None, user: Any
) -> dict[str, Any]:
    """Return whether the mask may be taken out, and else why not to those who take images out."""
    if result is None or not policies.may(user, "export_images", study):
        return {"may_export": False}
    return {"may_export": True, "why_no_mask": why_not_taken(run, user=user)}


def _left_out(run: SegmentationRun, rows: Sequence[ScanRow]) -> dict[str, Any]:
    """Return why the load of a run counts nowhere though it is not void."""
    unused = [] if run.is_voided else [row for row in rows if row.is_left_out]
    return {
        "aside": [row.set_aside for row in unused if row.set_aside is not None],
        "by_rules": [row.scan for row in unused if row.set_aside is None],
    }


@require_POST
def run_retry(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Queue a failed segmentation again."""
    run = selectors.run(run_id, user=request.user)
    try:
        run = run_requests.retry_run(run=run, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        tasks.ring_segmentation()
        messages.success(request, "The visit will be segmented again.")
    return redirect("run", study_code=run.visit.patient.study.code, run_id=run.pk)
