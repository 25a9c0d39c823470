"""Pages of the exports: what there is, and the files themselves."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from analytics.exports import columns as dictionary
from analytics.selectors import exports as exports_of
from analytics.services import all_tables, exporting
from mldtrial.trial import policies, selectors
from mldtrial.trial.models import Study
from mldtrial.trial.views.streaming import streamed

RECENT = 10
CSV = "text/csv; charset=utf-8"


@require_safe
def exports_page(request: HttpRequest) -> HttpResponse:
    """List the tables of each study whose rows the person may take, and the last exports."""
    mine = list(selectors.studies(user=request.user))
    if not mine:
        raise Http404("No study.")
    allowed = [study for study in mine if policies.may(request.user, "export_rows", study)]
    if not allowed:
        raise PermissionDenied("Your role does not allow this.")
    context = {
        "version": dictionary.VERSION,
        "sections": [_section(study, request.user) for study in allowed],
    }
    return render(request, "analytics/exports.html", context)


def _section(study: Study, user: Any) -> dict[str, Any]:
    return {
        "study": study,
        "may_export_images": policies.may(user, "export_images", study),
        "tables": [
            {
                "dataset": dataset,
                "description": dictionary.DESCRIPTIONS[dataset],
                "columns": dictionary.columns(dataset),
                "row_count": exports_of.row_count(dataset, study, user=user),
            }
            for dataset in exports_of.DATASETS
        ],
        "records": exports_of.export_records(study, user=user)[:RECENT],
    }


@require_GET
def export_file(request: HttpRequest, study_code: str, dataset: str) -> StreamingHttpResponse:
    """Send a table as CSV while it is read; the record of the export comes first."""
    study = _study(request, study_code, dataset)
    export = exporting.begin(study=study, dataset=dataset, by=request.user, origin="web")
    # Each kind of server needs its own kind of generator: it would read the other to the
    # end before it sends the first byte.
    is_asgi = isinstance(request, ASGIRequest)
    response = StreamingHttpResponse(
        export.pieces_async() if is_asgi else export.pieces(), content_type=CSV
    )
    response["Content-Disposition"] = f'attachment; filename="{study.code}_{dataset}.csv"'
    response["X-Accel-Buffering"] = "no"
    return response


@require_GET
def export_all(request: HttpRequest, study_code: str) -> StreamingHttpResponse:
    """Send every table of a study in one file while they are read, all of one state."""
    study = selectors.study(study_code, user=request.user)
    exports = all_tables.begin(study=study, by=request.user, origin="web")
    name = f"{study.code}_tables_{datetime.now(UTC):%Y-%m-%dT%H%MZ}.zip"
    return streamed(
        request, all_tables.pieces(study, exports), name=name, content_type="application/zip"
    )


@require_safe
def export_dictionary(request: HttpRequest, study_code: str, dataset: str) -> HttpResponse:
    """Send the description of a table's columns as CSV."""
    study = _study(request, study_code, dataset)
    response = HttpResponse(dictionary.as_csv(dataset), content_type=CSV)
    name = f"{study.code}_{dataset}.dictionary.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _study(request: HttpRequest, study_code: str, dataset: str) -> Study:
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "export_rows", study)
    if dataset not in exports_of.DATASETS:
        raise Http404("No such table.")
    return study
