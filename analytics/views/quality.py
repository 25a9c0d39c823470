"""The quality of images: of a study, of one scan, and as a chart."""

from collections.abc import Sequence
from html import escape
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics.figures.quality import QualityMark, strip_figure
from analytics.selectors import quality as selectors
from analytics.selectors.quality import Row
from analytics.views import charts
from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import ScanState, Study, Visit
from mldtrial.trial.models import Sequence as MriSequence
from mldtrial.trial.selectors import reads
from mldtrial.trial.selectors.asked import known
from mldtrial.trial.selectors.consent import has_ended_for_images
from segmentation import tasks
from segmentation.imaging.quality.metrics import BY_KEY, METHOD_VERSION, METRICS, Metric
from segmentation.imaging.quality.outliers import FEWEST_SCANS, OUTLYING
from segmentation.selectors import set_aside
from segmentation.services import quality
from segmentation.views.quality import picture

PER_PAGE = 50
COLUMNS = ("snr_brain", "cnr", "ghosting_percent", "brain_cut_percent", "brain_volume_ml")
"""Metrics that the list shows; a scan's own page has all of them."""
FLAGS = "flags"


@require_safe
def study_quality(request: HttpRequest, study_code: str) -> HttpResponse:
    """List the measured scans of a study in reach, those that stand out first."""
    study = _study(request, study_code)
    found = selectors.rows(study, user=request.user)
    flagged = sum(bool(row.flags) for row in found)
    sequence = known(request.GET, "sequence", MriSequence.values)
    order = known(request.GET, "sort", {*BY_KEY, FLAGS}, FLAGS)
    metric = BY_KEY[known(request.GET, "metric", BY_KEY, METRICS[0].key)]
    shown = [row for row in found if sequence in ("", row.scan.sequence)]
    columns = [BY_KEY[key] for key in COLUMNS]
    sees_others = policies.may(request.user, "view_quality_distribution", study)
    context: dict[str, Any] = {
        "study": study,
        "page": Paginator(_lines(selectors.ordered(shown, order), columns), PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "count": len(found),
        "flagged": flagged,
        "waiting": selectors.waiting(study, user=request.user),
        "failed": selectors.failed(study, user=request.user),
        "columns": columns,
        "metrics": METRICS,
        "metric": metric,
        "sequence": sequence,
        "sequences": sorted({row.scan.sequence for row in found}),
        "order": order,
        "fewest": FEWEST_SCANS,
        "outlying": OUTLYING,
        "method_version": METHOD_VERSION,
        "chart_url": reverse("quality_chart", args=[study.code, metric.key])
        if sees_others and found
        else "",
    }
    return render(request, "analytics/study_quality.html", context)


def _lines(found: Sequence[Row], columns: Sequence[Metric]) -> list[dict[str, Any]]:
    return [{"row": row, "cells": [row.by_key[metric.key] for metric in columns]} for row in found]


@require_safe
def scan_quality(request: HttpRequest, study_code: str, quality_id: UUID) -> HttpResponse:
    """Show one scan: its picture, its metrics, and which of them stand out."""
    study = trial.study(study_code, user=request.user)
    row = selectors.row(study, quality_id, user=request.user)
    visit = row.scan.visit
    policies.require(request.user, "view_quality", visit)
    context = {
        "study": study,
        "row": row,
        "visit": visit,
        "patient": visit.patient,
        "sees_others": policies.may(request.user, "view_quality_distribution", study),
        "sees_snapshots": policies.may(request.user, "view_snapshots", visit),
        "has_consent_ended": has_ended_for_images(visit.patient),
        "may_retry": policies.may(request.user, "retry_job", visit),
        "may_set_aside": row.scan.state == ScanState.IMPORTED
        and policies.may(request.user, "set_scan_aside", visit),
        "aside": set_aside.of_scan(row.scan, user=request.user),
        "fewest": FEWEST_SCANS,
        "outlying": OUTLYING,
    }
    return render(request, "analytics/scan_quality.html", context)


@require_safe
def read_pictures(request: HttpRequest, study_code: str, assignment_id: UUID) -> HttpResponse:
    """Answer with the pictures of a reader's case and what stands out, by reading id alone.

    The first look has drawn what is missing; ``?waits=1`` looks again and orders nothing.
    """
    study, visit = _case(request, study_code, assignment_id)
    if not request.GET.get("waits") and quality.ask_for_pictures(visit=visit):
        tasks.ring_quality()
    rows = selectors.rows_of_case(visit)
    context = {
        "study": study,
        "rows": rows,
        "assignment_id": assignment_id,
        "has_consent_ended": has_ended_for_images(visit.patient),
        "is_held": trial.lock_of(visit) is not None,
        "waits": any(not row.quality.is_finished for row in rows),
    }
    return render(request, "analytics/_read_pictures.html", context)


@require_safe
def read_picture(
    request: HttpRequest, study_code: str, assignment_id: UUID, picture_number: int
) -> HttpResponse:
    """Return one picture of a reader's case; its address names no scan."""
    _, visit = _case(request, study_code, assignment_id)
    rows = selectors.rows_of_case(visit)
    if not 1 <= picture_number <= len(rows):
        raise Http404("No such picture.")
    return picture(rows[picture_number - 1].quality)


def _case(request: HttpRequest, study_code: str, assignment_id: UUID) -> tuple[Study, Visit]:
    """Return the visit of the person's own case."""
    study = trial.study(study_code, user=request.user)
    assignment = reads.own_assignment(study, assignment_id, user=request.user)
    policies.require(request.user, "record_severity", study)
    return study, assignment.visit


@require_safe
def quality_chart(request: HttpRequest, study_code: str, name: str) -> HttpResponse:
    """Return the values of one metric over the study, for roles without site limits."""
    study = _study(request, study_code)
    policies.require(request.user, "view_quality_distribution", study)
    metric = BY_KEY.get(name)
    if metric is None:
        raise Http404("No such chart.")
    groups: dict[str, list[QualityMark]] = {}
    centres: dict[str, float] = {}
    for row in selectors.rows(study, user=request.user):
        value = row.by_key[metric.key]
        if value.value is None or value.distribution is None:
            continue
        group = " ".join(selectors.group_of(row.scan))
        groups.setdefault(group, []).append(_mark(study, row, value.value, value.is_outlier))
        centres[group] = value.distribution.centre
    axis = f"{metric.label} ({metric.unit})" if metric.unit else metric.label
    figure = strip_figure(
        dict(sorted(groups.items())), title=metric.label, axis=axis, centres=centres
    )
    return charts.answer(figure)


def _mark(study: Study, row: Row, value: float, is_outlier: bool) -> QualityMark:
    visit = row.scan.visit
    return QualityMark(
        value=value,
        label=escape(f"{visit.patient.subject_code}, {visit.name}"),
        url=reverse("scan_quality", args=[study.code, row.quality.pk]),
        is_outlier=is_outlier,
    )


def _study(request: HttpRequest, study_code: str) -> Study:
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "view_quality", study)
    return study
