"""The means of the change by visit, drawn: the numbers of the page's own table."""

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from analytics.figures.means import MeanMark, means_figure
from analytics.selectors.changes import VisitChange
from analytics.selectors.cohort import Filters
from analytics.views.cohort_figures import file_name
from mldtrial.trial.models import Study

CAPTION = (
    "The means of the table below. Each is of the patients who have a load at both visits, who may "
    "be others at the next: the line joins the means and is nobody's course. A visit whose mean "
    "the table does not give has no mark."
)
NOTHING_DRAWN = "No mean of {} scans is estimable: the table below says why, visit by visit."


def figures(changes: Sequence[VisitChange], study: Study, filters: Filters) -> list[dict[str, Any]]:
    """Return a figure for each stratum that the table has; 3D and 2D are never in one."""
    drawn = {one.stratum for one in changes if one.found is not None}
    return [
        {
            "numbers": f"changes-{stratum}",
            "label": f"Mean change by visit, {stratum}",
            "figure": json.dumps(_figure(changes, stratum), allow_nan=False),
            "file_name": file_name(study, f"changes-{stratum}", filters),
            "caption": CAPTION if stratum in drawn else NOTHING_DRAWN.format(stratum),
        }
        for stratum in dict.fromkeys(one.stratum for one in changes)
    ]


def _figure(changes: Sequence[VisitChange], stratum: str) -> dict[str, Any]:
    """Return the means of a stratum; names are escaped, for plotly reads HTML."""
    own = [one for one in changes if one.stratum == stratum]
    baseline = escape(own[0].baseline)
    marks = [
        MeanMark(
            f"{stratum} scans", one.visit_number, escape(one.visit_name), one.n,
            one.found.mean, one.found.ci_low, one.found.ci_high,
        )
        for one in own
        if one.found is not None
    ]  # fmt: skip
    return means_figure(
        marks,
        title=f"{stratum}: change since {baseline}",
        baseline=baseline,
        subtitle="means, 95 % intervals; n is patients",
    )
