"""Every method of a study beside one of them: what page and paper say of it, and the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics.selectors import agreement
from analytics.selectors.agreement import MethodPair
from analytics.services import agreement_overview as overviews
from analytics.services.agreement_overview import Overview
from analytics.stats.method_overview import (
    BIAS,
    DICE,
    DISTANCE,
    LOADS,
    SCORES,
    SURFACE,
    Summary,
)
from analytics.stats.paired import Figure
from analytics.views.agreement_pair import csv_answer, named, of_pair, pair_asked_for, study_of
from analytics.views.paper import number
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from segmentation.models import ModelVersion

HEADS = (
    "Scans (patients)",
    "Bias (limits), mL",
    "Dice",
    "Hausdorff 95 %, mm",
    "Surface Dice",
    "ρ GMFC-MLD",
    "ρ severity score",
)
DIGITS = {BIAS: "1", DICE: "2", DISTANCE: "1", SURFACE: "2"}
NO_PAIR = "No scan has a load by both methods."


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell: the number, what is told beside it, and of how many scans.

    Attributes
    ----------
    counted : str
        Empty where it is of all scans of its row.
    why : str
        Why there is no number; else empty.
    """

    value: str = ""
    beside: str = ""
    counted: str = ""
    why: str = ""

    @property
    def words(self) -> str:
        """All of it, for paper."""
        return self.why or " ".join(one for one in (self.value, self.beside, self.counted) if one)


def overview_of(
    study: Study, methods: Sequence[ModelVersion], pair: MethodPair, *, user: Any
) -> Overview | None:
    """Return every method beside the reference; None where there is no more than one pair."""
    if len(methods) < overviews.FEWEST:
        return None
    return overviews.overview(study, methods, pair.reference, user=user)


def shown(
    request: HttpRequest, study: Study, methods: Sequence[ModelVersion], pair: MethodPair
) -> dict[str, Any] | None:
    """Return what the page says of every method beside the reference."""
    found = overview_of(study, methods, pair, user=request.user)
    if found is None:
        return None
    of_id = {model.pk: model for model in methods}
    return {
        "heads": HEADS,
        "reference": found.reference,
        "others": [
            (str(model), f"{reverse('agreement', args=[study.code])}?reference={model.pk}")
            for model in methods
            if model != pair.reference
        ],
        "note": note_on(found),
        "rows": [
            {
                "method": row.tested,
                "stratum": stratum,
                "is_shown": row.tested_id == pair.tested.pk,
                "url": of_pair(
                    "agreement", MethodPair(of_id[row.tested_id], pair.reference), study.code
                ),
                "cells": list(zip(HEADS, cells(said), strict=False)),
                "is_empty": not said.n_scans,
            }
            for row in found.rows
            for stratum, said in row.strata
        ],
        "notes": [(row.tested, " ".join(row.notes)) for row in found.rows if row.notes],
        "file_url": of_pair("agreement_overview_file", pair, study.code),
    }


def note_on(found: Overview) -> str:
    """Return what the numbers are, in words."""
    return (
        f"Each method beside {found.reference}, on the scans that both measured from the same "
        f"images; a difference is the method minus {found.reference}. In brackets: limits of "
        "agreement of the loads, quartiles of the masks. ρ: of the method with GMFC-MLD and MRI "
        "severity score, then of the reference, on the same scans; without an interval here. The "
        "comparison of each pair has the intervals and whether two ρ differ. 3D and 2D are never "
        "pooled."
    )


def cells(said: Summary) -> list[Cell]:
    """Return the cells of a row below `HEADS`; one alone where no scan has both loads."""
    if not said.n_scans:
        return [Cell(why=NO_PAIR)]
    return [
        Cell(f"{said.n_scans}", f"({said.n_patients})"),
        *(_figure(said, key) for key in DIGITS),
        *(_ranks(said, score) for score in SCORES),
    ]


def _figure(said: Summary, key: str) -> Cell:
    figure, digits = said.figures[key], DIGITS[key]
    if figure.value is None or figure.low is None or figure.high is None:
        return Cell(why=figure.reason)
    low, high = number(figure.low, digits), number(figure.high, digits)
    return Cell(number(figure.value, digits), f"({low} to {high})", _counted(said, figure))


def _ranks(said: Summary, score: str) -> Cell:
    test, reference = (said.figures[f"{load} {score}"] for load in LOADS)
    if test.value is None and reference.value is None:
        return Cell(why=test.reason)
    first, second = (
        one.reason if one.value is None else number(one.value, "2") for one in (test, reference)
    )
    return Cell(f"{first}, {second}", "", _counted(said, test if test.n else reference))


def _counted(said: Summary, figure: Figure) -> str:
    return "" if figure.n == said.n_scans else f"n {figure.n}"


@require_safe
def agreement_overview_file(request: HttpRequest, study_code: str) -> HttpResponse:
    """Send every method beside the reference as CSV; of fewer than three methods its head alone."""
    study = study_of(request, study_code)
    policies.require(request.user, "export_rows", study)
    methods = agreement.methods(study, user=request.user)
    pair = pair_asked_for(request, methods)
    found = None if pair is None else overview_of(study, methods, pair, user=request.user)
    content = overviews.as_csv(study=study, found=found, by=request.user)
    beside = [] if found is None else ["beside", found.reference]
    return csv_answer(content, named(study, overviews.DATASET, *beside, ending="csv"))
