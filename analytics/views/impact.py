"""What would change if another method counted: the page, its charts, its table as a file."""

from collections.abc import Sequence
from html import escape
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from analytics.figures.agreement import PairMark, bland_altman_figure
from analytics.selectors import impact, loads
from analytics.selectors.impact import Row
from analytics.selectors.impact_choice import SHOWN, Choice
from analytics.services import impact as impacts
from analytics.services import impact_export
from analytics.services.impact import Agreement
from analytics.views import charts
from analytics.views.unchanged import unless_unchanged
from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import AcqStratum, Study
from mldtrial.trial.services import access
from segmentation import selectors as segmentations
from segmentation import tasks
from segmentation.models import ModelVersion, ReleaseState
from segmentation.services import batches

PER_PAGE = 50


@require_safe
def impact_page(request: HttpRequest, study_code: str, model_id: UUID) -> HttpResponse:
    """Show what would change in a study if a method counted; with ``?fragment=1`` how far it is."""
    study, model = _asked(request, study_code, model_id)
    # Asked before the loads are read: the page then shows all of what it calls finished.
    is_moving = impact.is_moving(study, model, user=request.user)
    rows = impact.rows(study, model, user=request.user)
    progress = {**_progress(request, study, model, rows), "is_moving": is_moving}
    if request.GET.get("fragment"):
        answer = render(request, "analytics/_impact_progress.html", progress)
        if not progress["is_moving"]:
            answer["HX-Refresh"] = "true"  # all the rest of the page has changed as well
        return answer
    if rows:
        access.log_blinded_view(study=study, by=request.user, what="impact of a model")
    choice = Choice.of(request.GET, study)
    chosen = choice.apply(rows)
    context = {
        **progress,
        "choice": choice,
        "page": Paginator(chosen, PER_PAGE).get_page(request.GET.get("page")),
        "shown_count": len(chosen),
        "tabs": _tabs(choice, rows),
        "strata": AcqStratum.values,
        "crossing": [row for row in rows if row.crosses(choice.threshold_ml)],
        "agreements": [_agreement(study, model, found) for found in impacts.agreements(rows)],
        "flags": impacts.flag_changes(rows, study),
        "comparisons": impacts.comparisons(rows, study, user=request.user),
        "held": impacts.held_changes(rows),
        "trained_count": len({row.patient_id for row in rows if row.is_trained_on}),
        "is_training_known": any(row.is_trained_on is not None for row in rows),
        "may_export": policies.may(request.user, "export_rows", study),
        "file_url": _with_query(request, "model_impact_file", study, model),
        "may_promote": policies.may(request.user, "promote_model", study)
        and model.state == ReleaseState.CANDIDATE,
    }
    return render(request, "analytics/impact.html", context)


def _progress(
    request: HttpRequest, study: Study, model: ModelVersion, rows: Sequence[Row]
) -> dict[str, Any]:
    counting = [row for row in rows if row.counted is not None]
    gaps = [row.gap for row in counting if row.gap is not None]
    active = loads.active_model()
    lost = [row.gap for row in counting if row.is_lost and row.gap is not None]
    waiting = [gap for gap in gaps if not gap.is_final]
    return {
        "study": study,
        "model": model,
        "active": active,
        "active_name": "the method that counts" if active is None else str(active),
        "row_count": len(rows),
        "counted_count": len(counting),
        "compared_count": len(counting) - len(gaps),
        "new_count": len(rows) - len(counting),
        "open_count": len(waiting),
        "lost_count": len(lost),
        "apart_count": sum(row.is_apart for row in counting),
        "open_gaps": impact.grouped(waiting),
        "lost_gaps": impact.grouped(lost),
        "may_order": policies.may(request.user, "order_segmentations", study)
        and model.state == ReleaseState.CANDIDATE,
        "may_see_runs": policies.may(request.user, "view_segmentations", study),
    }


def _tabs(choice: Choice, rows: Sequence[Row]) -> list[dict[str, Any]]:
    labels = {
        "": "All",
        "crossing": "Cross the threshold",
        "uncompared": "Not compared",
        "held": "Frozen or locked",
    }
    here = [row for row in rows if choice.stratum in ("", row.visit.acq_stratum)]
    return [
        {
            "key": key,
            "label": labels[key],
            "count": sum(accepts(row, choice.threshold_ml) for row in here),
        }
        for key, accepts in SHOWN.items()
    ]


def _agreement(study: Study, model: ModelVersion, found: Agreement) -> dict[str, Any]:
    return {
        "agreement": found,
        "url": reverse("model_impact_chart", args=[study.code, model.pk, found.stratum]),
    }


@require_safe
@unless_unchanged
def impact_chart(
    request: HttpRequest, study_code: str, model_id: UUID, stratum: str
) -> HttpResponse:
    """Return the Bland-Altman plot of a stratum."""
    study, model = _asked(request, study_code, model_id)
    if stratum not in AcqStratum.values:
        raise Http404("No such stratum.")
    rows = [
        row
        for row in impact.rows(study, model, user=request.user)
        if row.difference_ml is not None and row.visit.acq_stratum == stratum
    ]
    if rows:
        access.log_blinded_view(study=study, by=request.user, what="impact of a model")
    found = next(one for one in impacts.agreements(rows) if one.stratum == stratum)
    figure = bland_altman_figure(
        [_mark(study, row) for row in rows],
        title=f"{stratum} scans",
        difference_label="Difference",
        n_patients=len({row.patient_id for row in rows}),
        lines=[] if found.found is None else charts.agreement_lines(found.found),
    )
    return charts.answer(figure)


def _mark(study: Study, row: Row) -> PairMark:
    return PairMark(
        mean_ml=row.mean_ml or 0.0,
        difference_ml=row.difference_ml or 0.0,
        label=escape(f"{row.subject_code}, {row.visit.visit_name}"),
        url=reverse("patient", args=[study.code, row.patient_id]),
    )


@require_safe
def impact_file(request: HttpRequest, study_code: str, model_id: UUID) -> HttpResponse:
    """Send the rows that the page shows, in its order, as CSV."""
    study, model = _asked(request, study_code, model_id)
    rows = Choice.of(request.GET, study).apply(impact.rows(study, model, user=request.user))
    content = impact_export.export(study=study, model=model, rows=rows, by=request.user)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"{study.code}_{impact_export.DATASET}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
def shadow_run(request: HttpRequest, study_code: str, model_id: UUID) -> HttpResponse:
    """Order a candidate over the whole cohort, beside the method that counts."""
    study, model = _asked(request, study_code, model_id)
    policies.require(request.user, "order_segmentations", study)
    try:
        batches.order(study=study, model=model, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        tasks.ring_batches()
        messages.success(request, f"{model} is run over the cohort. Nothing that counts changes.")
    return redirect("model_impact", study_code=study.code, model_id=model.pk)


def _asked(request: HttpRequest, study_code: str, model_id: UUID) -> tuple[Study, ModelVersion]:
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "view_impact", study)
    model = segmentations.model(model_id, user=request.user)
    if model.state == ReleaseState.ACTIVE:
        raise Http404("This method counts: there is nothing to compare it with.")
    return study, model


def _with_query(request: HttpRequest, name: str, study: Study, model: ModelVersion) -> str:
    url = reverse(name, args=[study.code, model.pk])
    query = request.GET.urlencode()
    return f"{url}?{query}" if query else url
