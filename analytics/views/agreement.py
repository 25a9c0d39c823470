"""Two methods side by side, as in the reference study: page, charts, table."""

from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.views.decorators.http import require_safe

from analytics.figures.agreement import PairMark, bland_altman_figure
from analytics.figures.overlaps import MEASURES
from analytics.selectors import agreement
from analytics.selectors.agreement import Compared, Comparison
from analytics.services import agreement as agreements
from analytics.services import agreement_words
from analytics.services.agreement import Stratum
from analytics.stats.method_table import STRATA, TableRow
from analytics.stats.overlap_bands import FEWEST, FEWEST_FOR_BOX
from analytics.views import charts
from analytics.views.unchanged import unless_unchanged
from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.services import access
from segmentation.models import ModelVersion

MOST_OUTLIERS = 20


@require_safe
def agreement_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show how far two methods agree: the one that counts and another one, or any two."""
    study = study_of(request, study_code)
    methods = agreement.methods(study, user=request.user)
    context: dict[str, Any] = {"study": study, "methods": methods}
    compared = asked_for(request, study, methods)
    if compared is not None:
        if compared.scans:
            access.log_blinded_view(study=study, by=request.user, what="agreement of methods")
        context |= _context(request, study, compared)
    return render(request, "analytics/agreement.html", context)


def _context(request: HttpRequest, study: Study, compared: Comparison) -> dict[str, Any]:
    strata = agreements.strata(compared.scans)
    return {
        "compared": compared,
        "tested": compared.tested,
        "reference": compared.reference,
        "pair_count": sum(len(stratum.pairs) for stratum in strata),
        "patient_count": len({one.row.patient_id for one in compared.scans if one.is_pair}),
        "table": [_table_row(row) for row in agreements.table(study, compared)],
        "strata": [_panel(study, compared, stratum) for stratum in strata],
        "tolerance": agreement_words.tolerance(study),
        "seed": agreements.SEED,
        "resamples": agreements.RESAMPLES,
        "fewest_for_thirds": FEWEST,
        "fewest_for_box": FEWEST_FOR_BOX,
        "may_export": policies.may(request.user, "export_rows", study),
        "file_url": _of_pair("agreement_file", compared, study.code),
        "masks_url": _of_pair("agreement_masks_file", compared, study.code),
        "pdf_url": _of_pair("agreement_pdf", compared, study.code),
    }


def _table_row(row: TableRow) -> dict[str, Any]:
    is_count = is_counted(row)
    return {
        "row": row,
        "digits": digits_of(row),
        "is_count": is_count,
        "cells": [
            {"stratum": name, "published": published, "figure": figure}
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
        "url": _of_pair("agreement_chart", compared, study.code, stratum.name),
        "overlaps": [
            (
                measure.name,
                _of_pair("agreement_overlap", compared, study.code, stratum.name, measure.slug),
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
        access.log_blinded_view(study=study, by=request.user, what="agreement of methods")
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


def csv_answer(content: bytes, name: str) -> HttpResponse:
    """Return a table under a name, to be kept as a file."""
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def file_name(study: Study, what: str, compared: Comparison | None, ending: str) -> str:
    """Return the name of a file of a comparison, with both methods in it."""
    methods = [] if compared is None else [str(compared.tested), "beside", str(compared.reference)]
    return get_valid_filename(f"{'_'.join((study.code, what, *methods))}.{ending}")


def study_of(request: HttpRequest, study_code: str) -> Study:
    """Return the study of an address, for whoever may compare methods."""
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "view_impact", study)
    return study


def asked_for(
    request: HttpRequest, study: Study, methods: Sequence[ModelVersion] | None = None
) -> Comparison | None:
    """Return the comparison of the address; None where there are no two methods.

    Without names in the address, or with others than those of the study, the method that counts is
    under test, or a network where that is conventional, and the first other one the reference.
    """
    there = agreement.methods(study, user=request.user) if methods is None else methods
    if len(there) < 2:
        return None
    named = {str(model.pk): model for model in there}
    tested, reference = agreement.chosen_pair(
        there,
        tested=named.get(request.GET.get("test", "")),
        reference=named.get(request.GET.get("reference", "")),
    )
    return agreement.comparison(study, tested, reference, user=request.user)


def _of_pair(name: str, compared: Comparison, *arguments: str) -> str:
    pair = urlencode({"test": compared.tested.pk, "reference": compared.reference.pk})
    return f"{reverse(name, args=arguments)}?{pair}"


def mark_of(study: Study, pair: Compared) -> PairMark:
    """Return the mark of a pair; names are escaped, for plotly reads HTML."""
    return PairMark(
        mean_ml=pair.row.mean_ml or 0.0,
        difference_ml=pair.difference_ml,
        label=escape(f"{pair.row.subject_code}, {pair.row.visit.visit_name}"),
        url=reverse("patient", args=[study.code, pair.row.patient_id]),
    )
