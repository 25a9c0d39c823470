"""Order the images of a study as an archive, watch it being made, take it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.views.answers import form_page, posted
from mldtrial.trial.views.streaming import streamed
from segmentation import tasks
from segmentation.forms.image_exports import ImageExportForm
from segmentation.selectors import image_exports as selectors
from segmentation.services import image_orders

RECENT = 10
PIECE_BYTES = 1024 * 1024


@require_http_methods(["GET", "HEAD", "POST"])
def image_exports_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show the orders of a study and take a new one; ``?fragment=1`` answers with the orders.

    ``?visit=CODE`` chooses a visit of the schedule beforehand.
    """
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "export_images", study)
    if request.GET.get("fragment"):
        return render(request, "segmentation/_image_exports.html", _orders(request, study))
    form = ImageExportForm(
        posted(request),
        definitions=study.visit_definitions.all(),
        initial={"visit_code": request.GET.get("visit", "")},
    )
    ordered = form.submit(lambda: image_orders.order(study=study, by=request.user, **form.values()))
    if ordered is not None:
        tasks.ring_image_exports()
        messages.success(request, "The images are put together now. They appear below.")
        return redirect("image_exports", study_code=study.code)
    return form_page(request, "segmentation/image_exports.html", form, _orders(request, study))


def _orders(request: HttpRequest, study: Study) -> dict[str, object]:
    found = list(selectors.image_exports(study, user=request.user)[:RECENT])
    return {
        "study": study,
        "exports": found,
        "is_moving": any(not one.is_finished for one in found),
        "days_kept": image_orders.DAYS_KEPT,
    }


@require_GET
def image_export_file(request: HttpRequest, study_code: str, export_id: UUID) -> HttpResponseBase:
    """Send an archive piece by piece; who takes it is logged before its first byte."""
    study = trial.study(study_code, user=request.user)
    export = selectors.image_export(study, export_id, user=request.user)
    try:
        path = image_orders.hand_out(export=export, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("image_exports", study_code=study.code)
    name = f"{study.code}_images.zip"
    response = streamed(request, _pieces(path), name=name, content_type="application/zip")
    response["Content-Length"] = str(path.stat().st_size)
    return response


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while piece := handle.read(PIECE_BYTES):
            yield piece
