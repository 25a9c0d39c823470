"""Pages of the import of historical data: the table, its layout, its check, its end."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.imports import ApplyForm, LayoutForm, TableForm
from mldtrial.trial.models import ImportBatch, ImportState, Study
from mldtrial.trial.selectors.asked import known
from mldtrial.trial.services.imports import batches, files
from mldtrial.trial.services.imports.plan import Fate
from mldtrial.trial.sheets import report
from mldtrial.trial.sheets.layout import Layout
from mldtrial.trial.sheets.targets import targets
from mldtrial.trial.views.answers import form_page, posted

RECENT = 20
PER_PAGE = 100


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest, study_code: str) -> HttpResponse:
    """Take a table in, and list the imports so far."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "import_records", study)
    form = TableForm(posted(request), request.FILES or None)
    batch = form.submit(
        lambda: batches.receive(
            study=study, content=form.cleaned_data["file"].read(), by=request.user
        )
    )
    if batch is not None:
        return redirect("import_layout", study_code=study.code, batch_id=batch.pk)
    context = {
        "study": study,
        "batches": selectors.import_batches(study, user=request.user)[:RECENT],
        "meanings": [target.label for target in targets().values()],
    }
    return form_page(request, "trial/imports.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def import_layout(request: HttpRequest, study_code: str, batch_id: UUID) -> HttpResponse:
    """Say what the columns mean; then every row is checked, and nothing is written."""
    study, batch = _batch(request, study_code, batch_id)
    try:
        table = batches.table_of(batch)
    except ValidationError as error:
        context = {"study": study, "batch": batch, "why": " ".join(error.messages)}
        return render(request, "trial/import_gone.html", context)
    form = LayoutForm(
        posted(request),
        table=table,
        sites=selectors.sites(study, user=request.user),
        layout=Layout.from_json(batch.layout),
    )
    plan = form.submit(lambda: batches.check(batch=batch, layout=form.layout(), by=request.user))
    if plan is not None:
        return redirect("import_check", study_code=study.code, batch_id=batch.pk)
    context = {"study": study, "batch": batch, "table": table}
    return form_page(request, "trial/import_layout.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def import_check(request: HttpRequest, study_code: str, batch_id: UUID) -> HttpResponse:
    """Show the fate of each row; on the word of the person, write exactly that."""
    study, batch = _batch(request, study_code, batch_id)
    if batch.state == ImportState.RECEIVED:
        return redirect("import_layout", study_code=study.code, batch_id=batch.pk)
    form = ApplyForm(posted(request), initial={"shown": batch.plan_sha256})
    applied = form.submit(
        lambda: batches.apply(
            batch=batch,
            shown_sha256=form.cleaned_data["shown"],
            reason=form.cleaned_data["reason"],
            by=request.user,
        )
    )
    if applied is not None:
        messages.success(request, _announcement(applied))
        return redirect("patients", study_code=study.code)
    return form_page(request, "trial/import_check.html", form, _check_context(request, batch))


def _check_context(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    fate = known(request.GET, "fate", [one.value for one in Fate])
    rows = files.rows_of(batch.pk)
    shown = [row for row in rows if fate in ("", row["fate"])]
    counts = batch.counts
    return {
        "study": batch.study,
        "batch": batch,
        "fate": fate,
        "tabs": [
            ("", "All", batch.row_count),
            *[(f.value, f.value.capitalize(), counts.get(f.value, 0)) for f in Fate],
        ],
        "page": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
        "writes": counts.get(Fate.NEW, 0) + counts.get(Fate.CHANGED, 0),
        "refused": counts.get(Fate.REFUSED, 0),
        "is_open": batch.state == ImportState.CHECKED,
    }


def _announcement(batch: ImportBatch) -> str:
    counts = batch.counts
    return (
        f"The import was applied: {counts.get(Fate.NEW, 0)} rows new, "
        f"{counts.get(Fate.CHANGED, 0)} changed, {counts.get(Fate.SAME, 0)} the same, "
        f"{counts.get(Fate.REFUSED, 0)} left out."
    )


@require_GET
def import_report(request: HttpRequest, study_code: str, batch_id: UUID) -> HttpResponse:
    """Send the outcome of the check as CSV."""
    study, batch = _batch(request, study_code, batch_id)
    response = HttpResponse(
        report.as_csv(files.rows_of(batch.pk)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{study.code}_import_check.csv"'
    return response


@require_GET
def import_progress(request: HttpRequest, study_code: str, batch_id: UUID) -> JsonResponse:
    """Say how far the check or the import has come."""
    _, batch = _batch(request, study_code, batch_id)
    return JsonResponse(files.progress_of(batch.pk))


@require_POST
def import_discard(request: HttpRequest, study_code: str, batch_id: UUID) -> HttpResponse:
    """Give an import up; its file is removed."""
    study, batch = _batch(request, study_code, batch_id)
    try:
        batches.discard(batch=batch, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "The import was discarded and its file removed.")
    return redirect("imports", study_code=study.code)


def _batch(request: HttpRequest, study_code: str, batch_id: UUID) -> tuple[Study, ImportBatch]:
    study = selectors.study(study_code, user=request.user)
    batch = selectors.import_batch(study, batch_id, user=request.user)
    policies.require(request.user, "import_records", batch)
    return study, batch
