"""How far the masks of two methods overlap, as a figure by size of the load, and as rows."""

from html import escape

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics.figures import style
from analytics.figures.overlaps import MEASURES, Cell, Measure, OverlapMark, overlap_figure
from analytics.selectors.agreement import Compared
from analytics.services import agreement as agreements
from analytics.services import agreement_masks
from analytics.services.agreement import Stratum
from analytics.stats.method_table import STRATA
from analytics.stats.overlap_bands import THIRDS, Band
from analytics.views import charts
from analytics.views.agreement_pair import asked_for, csv_answer, file_name, study_of
from analytics.views.paper import number
from analytics.views.unchanged import unless_unchanged
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.services import access
from segmentation.imaging.overlap import SURFACE_TOLERANCE_MM

SURFACE_MM = {stratum: f"{found:g}" for stratum, found in SURFACE_TOLERANCE_MM.items()}


@require_safe
@unless_unchanged
def agreement_overlap(
    request: HttpRequest, study_code: str, stratum: str, slug: str
) -> HttpResponse:
    """Return the distribution of one figure of both masks in a stratum."""
    study = study_of(request, study_code)
    measure = next((one for one in MEASURES if one.slug == slug), None)
    if stratum not in STRATA or measure is None:
        raise Http404("No such figure.")
    compared = asked_for(request, study)
    scans = () if compared is None else compared.scans
    found = agreements.stratum(stratum, scans)
    if found.with_masks:
        access.log_blinded_view(study=study, by=request.user, what="agreement of methods")
    patients = len({one.row.patient_id for one in found.with_masks})
    figure = overlap_figure(
        cells_of(study, found, measure),
        measure=measure,
        title=f"{title_of(measure, stratum)}, {stratum}",
        subtitle=style.scans_of_patients(len(found.with_masks), patients),
    )
    return charts.answer(figure)


@require_safe
def agreement_masks_file(request: HttpRequest, study_code: str) -> HttpResponse:
    """Send the figures of both masks of each scan as CSV."""
    study = study_of(request, study_code)
    policies.require(request.user, "export_rows", study)
    compared = asked_for(request, study)
    content = agreement_masks.as_csv(study=study, comparison=compared, by=request.user)
    return csv_answer(content, file_name(study, agreement_masks.DATASET, compared, "csv"))


def title_of(measure: Measure, stratum: str) -> str:
    """Return the name of a figure, with the distance that a surface may be off."""
    return (
        f"{measure.name} within {SURFACE_MM[stratum]} mm"
        if measure.slug == "surface"
        else (measure.name)
    )


def cells_of(study: Study, stratum: Stratum, measure: Measure) -> list[Cell]:
    """Return the scans of a stratum by size of the load, each with its figure."""
    return [_cell(study, stratum, band, measure) for band in stratum.bands]


def _cell(study: Study, stratum: Stratum, band: Band, measure: Measure) -> Cell:
    scans = agreement_masks.members(stratum, band)
    valued = [(one, getattr(one.mask_pair, measure.field)) for one in scans]
    return Cell(
        name=band.name.capitalize() if band.name in THIRDS else "All scans",
        loads=_loads(stratum, band),
        n_scans=band.n,
        marks=[_mark(study, one, value) for one, value in valued if value is not None],
        box=getattr(band, measure.field),
    )


def _loads(stratum: Stratum, band: Band) -> str:
    """Return of which reference loads a size of load is, in few words."""
    if stratum.cuts_ml is None or band.name not in THIRDS:
        return "any load"
    low, high = (number(cut, 1) for cut in stratum.cuts_ml)
    return {
        THIRDS[0]: f"≤ {low} mL",
        THIRDS[1]: f"≤ {high} mL",
        THIRDS[2]: f"> {high} mL",
    }[band.name]


def _mark(study: Study, one: Compared, value: float) -> OverlapMark:
    return OverlapMark(
        value=value,
        label=escape(f"{one.row.subject_code}, {one.row.visit.visit_name}"),
        url=reverse("patient", args=[study.code, one.row.patient_id]),
    )
