"""Two methods side by side, as in the reference study: page, charts, table."""

import hashlib
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics.figures.agreement import PairMark, bland_altman_figure
from analytics.figures.overlaps import MEASURES
from analytics.selectors import agreement
from analytics.selectors.agreement import Compared, Comparison, MethodPair
from analytics.services import agreement as agreements
from analytics.services import agreement_words
from analytics.services.agreement import Stratum
from analytics.stats.method_table import STRATA, TableRow
from analytics.stats.overlap_bands import FEWEST, FEWEST_FOR_BOX
from analytics.stats.ranked import FEWEST_PATIENTS, Pending
from analytics.views import agreement_overview, charts
from analytics.views.agreement_pair import (
    asked_for,
    csv_answer,
    file_name,
    is_itself,
    of_pair,
    pair_asked_for,
    study_of,
)
from analytics.views.unchanged import unless_unchanged
from analytics.views.waited_for import asked_again, ordered
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.services import access

MOST_OUTLIERS = 20


@require_safe
def agreement_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show how far two methods agree; with ``?fragment=1`` the intervals that were waited for."""
    study = study_of(request, study_code)
    methods = agreement.methods(study, user=request.user)
    pair = pair_asked_for(request, methods)
    if request.GET.get("fragment"):
        return _fragment(request, study, pair)
    context: dict[str, Any] = {"study": study, "methods": methods}
    if pair is not None:
        compared = agreement.comparison(study, pair, user=request.user)
        overview = agreement_overview.shown(request, study, methods, pair)
        if compared.scans or overview is not None:
            _log_look(request, study)
        context |= {**_context(request, study, compared), "overview": overview}
    return render(request, "analytics/agreement.html", context)


def _fragment(request: HttpRequest, study: Study, pair: MethodPair | None) -> HttpResponse:
    """Return where the order stands, or the table once it is done."""
    drawn = request.GET.get(DRAWN, "")
    if pair is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    standing = asked_again(study, by=request.user, asked=pair)
    if standing is not None:
        waiting = {"standing": standing, "fragment_url": _fragment_url(study, pair, drawn)}
        return render(request, "analytics/_intervals.html", waiting)
    compared = agreement.comparison(study, pair, user=request.user)
    if drawn != _drawn(compared):
        # The rest of the page is of other records by now: one page tells of one state.
        return HttpResponse(headers={"HX-Refresh": "true"})
    if compared.scans:
        _log_look(request, study)
    shown = {**_table(request, study, compared), "is_fragment": True}
    return render(request, "analytics/_agreement_numbers.html", shown)


def _log_look(request: HttpRequest, study: Study) -> None:
    access.log_blinded_view(study=study, by=request.user, what="agreement of methods")


DRAWN = "drawn"
"""In the address of the fragment: what names the loads and masks that the page is of."""


def _drawn(compared: Comparison) -> str:
    scans = [(one.scan.test_ml, one.scan.reference_ml, one.scan.dice) for one in compared.scans]
    said = (compared.masks_waiting, compared.trained_patients, scans)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _fragment_url(study: Study, pair: MethodPair, drawn: str) -> str:
    return f"{of_pair('agreement', pair, study.code)}&{urlencode({'fragment': 1, DRAWN: drawn})}"


def _table(request: HttpRequest, study: Study, compared: Comparison) -> dict[str, Any]:
    """Return the table with those intervals that are there; the others are ordered."""
    rows = agreements.table_at_once(study, compared)
    standing = None
    if any(row.is_pending for row in rows):
        standing = ordered(study, by=request.user, asked=compared.pair)
    return {
        "table": [_table_row(row) for row in rows],
        "standing": standing,
        "fragment_url": _fragment_url(study, compared.pair, _drawn(compared)),
    }


def _context(request: HttpRequest, study: Study, compared: Comparison) -> dict[str, Any]:
    strata = agreements.strata(compared.scans)
    return {
        **_table(request, study, compared),
        "compared": compared,
        "is_itself": is_itself(request),
        "tested": compared.tested,
        "reference": compared.reference,
        "pair_count": sum(len(stratum.pairs) for stratum in strata),
        "patient_count": len({one.row.patient_id for one in compared.scans if one.is_pair}),
        "strata": [_panel(study, compared, stratum) for stratum in strata],
        "tolerance": agreement_words.tolerance(study),
        "seed": agreements.SEED,
        "resamples": agreements.RESAMPLES,
        "fewest_patients": FEWEST_PATIENTS,
        "fewest_for_thirds": FEWEST,
        "fewest_for_box": FEWEST_FOR_BOX,
        "may_export": policies.may(request.user, "export_rows", study),
        "file_url": of_pair("agreement_file", compared.pair, study.code),
        "masks_url": of_pair("agreement_masks_file", compared.pair, study.code),
        "pdf_url": of_pair("agreement_pdf", compared.pair, study.code),
    }


def _table_row(row: TableRow) -> dict[str, Any]:
    is_count = is_counted(row)
    return {
        "row": row,
        "digits": digits_of(row),
        "is_count": is_count,
        "cells": [
            {
                "stratum": name,
                "published": published,
                "figure": figure,
                "is_pending": isinstance(figure, Pending),
            }
            for name, published, figure in zip(STRATA, row.published, row.found, strict=True)
        ],
    }


def is_counted(row: TableRow) -> bool:
    """Return whether a row counts scans or patients."""
    return not row.unit and not row.beside


def digits_of(row: TableRow) -> str:
    """Return how many decimals the numbers of a row have."""
    return "0" if is_counted(row) else {"rho": "2", "": "2", "mL": "1", "%": "0"}[row.unit]


def _panel(study: Study, compared: Comparison, stratum: Stratum) -> dict[str, Any]:
    def figure_name(what: str) -> str:
        return file_name(study, f"{what}_{stratum.name}", compared, "").rstrip(".")

    return {
        "stratum": stratum,
        "file_name": figure_name(agreements.DATASET),
        "url": of_pair("agreement_chart", compared.pair, study.code, stratum.name),
        "overlaps": [
            (
                measure.name,
                of_pair("agreement_overlap", compared.pair, study.code, stratum.name, measure.slug),
                figure_name(measure.slug),
            )
            for measure in MEASURES
        ],
        "outliers": stratum.outliers[:MOST_OUTLIERS],
        "more_outliers": max(0, len(stratum.outliers) - MOST_OUTLIERS),
    }


@require_safe
@unless_unchanged
def agreement_chart(request: HttpRequest, study_code: str, stratum: str) -> HttpResponse:
    """Return the Bland-Altman plot of a stratum."""
    study = study_of(request, study_code)
    if stratum not in STRATA:
        raise Http404("No such stratum.")
    compared = asked_for(request, study)
    scans = () if compared is None else compared.scans
    found = agreements.stratum(stratum, scans)
    if found.pairs:
        _log_look(request, study)
    figure = bland_altman_figure(
        [mark_of(study, pair) for pair in found.pairs],
        title=f"{stratum} scans",
        difference_label="Difference",
        n_patients=found.n_patients,
        lines=[]
        if found.differences.found is None
        else charts.agreement_lines(found.differences.found),
    )
    return charts.answer(figure)


@require_safe
def agreement_file(request: HttpRequest, study_code: str) -> HttpResponse:
    """Send the table of the page as CSV; without two methods it has its head alone."""
    study = study_of(request, study_code)
    policies.require(request.user, "export_rows", study)
    compared = asked_for(request, study)
    content = agreements.as_csv(study=study, comparison=compared, by=request.user)
    return csv_answer(content, file_name(study, agreements.DATASET, compared, "csv"))


def mark_of(study: Study, pair: Compared) -> PairMark:
    """Return the mark of a pair; names are escaped, for plotly reads HTML."""
    return PairMark(
        mean_ml=pair.row.mean_ml or 0.0,
        difference_ml=pair.difference_ml,
        label=escape(f"{pair.row.subject_code}, {pair.row.visit.visit_name}"),
        url=reverse("patient", args=[study.code, pair.row.patient_id]),
    )
