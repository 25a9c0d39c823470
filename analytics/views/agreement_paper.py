"""The agreement of two methods as PDF: what the page shows, for a file or a discussion."""

from collections.abc import Sequence
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from analytics.figures import style
from analytics.figures.overlaps import MEASURES
from analytics.reports import ABSENT
from analytics.reports.agreement import AgreementPaper, OverviewPart, StratumPart, agreement_pdf
from analytics.reports.agreement_overlaps import OverlapPanel
from analytics.selectors import agreement
from analytics.selectors.agreement import Compared, Comparison
from analytics.services import agreement as agreements
from analytics.services import agreement_words, papers
from analytics.services.agreement import Stratum
from analytics.services.agreement_overview import Overview
from analytics.stats.method_table import Figure, TableRow
from analytics.stats.overlap_bands import FEWEST, FEWEST_FOR_BOX, Band, Quartiles
from analytics.stats.ranked import FEWEST_PATIENTS
from analytics.views import charts
from analytics.views.agreement import MOST_OUTLIERS, digits_of, is_counted, mark_of
from analytics.views.agreement_overlaps import SURFACE_MM, cells_of
from analytics.views.agreement_overview import HEADS, cells, note_on, overview_of
from analytics.views.agreement_pair import file_name, pair_asked_for, study_of
from analytics.views.paper import number, pdf_answer
from mldtrial.trial.models import Study
from mldtrial.trial.services import access
from segmentation.models import ModelVersion, ReleaseState


@require_safe
def agreement_pdf_file(request: HttpRequest, study_code: str) -> HttpResponse:
    """Send how far the method that counts agrees with another one, as PDF."""
    version = papers.data_version()
    study = study_of(request, study_code)
    methods = agreement.methods(study, user=request.user)
    pair = pair_asked_for(request, methods)
    compared, paper = None, _nothing(study)
    if pair is not None:
        compared = agreement.comparison(study, pair, user=request.user)
        overview = _overview(overview_of(study, methods, pair, user=request.user))
        if compared.scans or overview is not None:
            access.log_blinded_view(study=study, by=request.user, what="agreement of methods")
        paper = replace(_paper(study, compared), overview=overview)
    of = f"{study.code} · agreement of methods"
    origin = papers.origin(of=of, by=request.user, version=version)
    content = agreement_pdf(paper, origin)
    papers.take_agreement(content, study=study, comparison=compared, by=request.user, origin=origin)
    return pdf_answer(content, file_name(study, "agreement", compared, "pdf"))


def _nothing(study: Study) -> AgreementPaper:
    facts = [("Study", f"{study.code} {study.name}")]
    why = "Nothing to compare: it takes two methods with loads in this study."
    return AgreementPaper("Agreement of methods", facts, [why], ("", ""), [], "", [])


def _paper(study: Study, compared: Comparison) -> AgreementPaper:
    strata = agreements.strata(compared.scans)
    pairs = [one for one in compared.scans if one.is_pair]
    patients = len({one.row.patient_id for one in pairs})
    return AgreementPaper(
        title="Agreement of methods",
        facts=[
            ("Study", f"{study.code} {study.name}"),
            ("Scans by both", f"{len(pairs)} of {patients} patients"),
            ("Test", _method(compared.tested)),
            ("Reference", _method(compared.reference)),
        ],
        warnings=agreement_words.warnings(compared),
        methods=(str(compared.tested), str(compared.reference)),
        table=[_table_row(row) for row in agreements.table(study, compared)],
        note=_note(study, compared),
        strata=[_stratum(study, stratum) for stratum in strata],
    )


def _overview(found: Overview | None) -> OverviewPart | None:
    if found is None:
        return None
    return OverviewPart(
        title=f"All methods beside {found.reference}",
        heads=HEADS,
        rows=[
            [f"{row.tested}, {stratum}", *(cell.words for cell in cells(said))]
            for row in found.rows
            for stratum, said in row.strata
        ],
        notes=[
            note_on(found),
            *(f"{row.tested}: {' '.join(row.notes)}" for row in found.rows if row.notes),
        ],
    )


def _method(model: ModelVersion) -> str:
    counts = ", whose loads count" if model.state == ReleaseState.ACTIVE else ""
    return f"{model}, {model.get_method_display()}{counts}"


def _table_row(row: TableRow) -> list[str]:
    unit = {"": "", "rho": ", ρ"}.get(row.unit, f", {row.unit}")
    cells = [f"{row.quantity}{unit}"]
    for published, figure in zip(row.published, row.found, strict=True):
        cells.append(ABSENT if published is None else _published(row, published))
        cells.append(_figure(row, figure))
    return cells


def _figure(row: TableRow, figure: Figure) -> str:
    if figure.value is None:
        return figure.reason
    digits = digits_of(row)
    said = number(figure.value, digits)
    if figure.low is not None and figure.high is not None:
        said += f" ({number(figure.low, digits)} to {number(figure.high, digits)})"
    if figure.p_words:
        said += f", {figure.p_words}"
    return said if is_counted(row) else f"{said}, n {figure.n}"


def _published(row: TableRow, value: float) -> str:
    said = number(value, digits_of(row))
    return f"{said}, p {row.published_p}" if row.published_p else said


def _note(study: Study, compared: Comparison) -> str:
    unlike = ""
    if not compared.is_like_the_study:
        unlike = (
            ", and its numbers are not shown here: these are not a network and the "
            "conventional method"
        )
    return (
        "In brackets: quartiles of the Dice, limits of agreement of the loads, 95 % intervals of "
        f"ρ and its differences ({agreements.RESAMPLES} bootstrap resamples of patients with all "
        f"their scans, seed {agreements.SEED}, none of fewer than {FEWEST_PATIENTS} patients). p "
        "of ρ takes scans as independent, as the published p follows from ρ and the number of "
        "scans; several of one patient are not independent, so read the interval. 3D and 2D are "
        "never pooled. The reference study compared an nnU-Net with the conventional method on "
        "130 scans of 49 patients; a dash is "
        f"what its abstract does not give{unlike}. All rows but the first two are of the scans "
        "that both methods measured. The tolerance is that of the study's settings: "
        f"{agreement_words.tolerance(study)}. After treatment a fall may be real, and counts here "
        "like any other."
    )


def _stratum(study: Study, stratum: Stratum) -> StratumPart:
    found = stratum.differences.found
    count, patients = len(stratum.pairs), stratum.n_patients
    more = max(0, len(stratum.outliers) - MOST_OUTLIERS)
    after = f"{more} more lie beyond the limits." if more else ""
    if found is not None and not stratum.outliers:
        after = "No difference lies beyond the limits of agreement."
    return StratumPart(
        title=f"{stratum.name} scans",
        about=f"{style.scans_of_patients(count, patients)}, test minus reference",
        marks=[mark_of(study, pair) for pair in stratum.pairs],
        lines=[] if found is None else charts.agreement_lines(found),
        loads=_loads(stratum),
        bands=[_band(band) for band in stratum.bands],
        bands_note=_bands_note(stratum),
        overlaps=[OverlapPanel(one, cells_of(study, stratum, one)) for one in MEASURES],
        outliers=[_outlier(one) for one in stratum.outliers[:MOST_OUTLIERS]],
        after=after,
    )


def _bands_note(stratum: Stratum) -> str:
    thirds = f"Below {FEWEST} scans there are no thirds."
    if stratum.cuts_ml is not None:
        low, high = (number(cut, "1") for cut in stratum.cuts_ml)
        thirds = f"Thirds of the reference load, cut at {low} and {high} mL."
    return (
        f"Medians, with quartiles in brackets. {thirds} A small load has a small Dice for the same "
        f"error. Surface within {SURFACE_MM[stratum.name]} mm. In the figure a point is a scan; "
        "boxes from the first to the third quartile, whiskers to the ends; below "
        f"{FEWEST_FOR_BOX} scans points alone."
    )


def _loads(stratum: Stratum) -> list[tuple[str, str]]:
    """Return bias and limits in mL and as a ratio, and the trend, each with its interval."""
    rows = []
    if (one := stratum.differences.found) is None:
        rows.append(("Bias and limits", f"not estimable: {stratum.differences.reason}"))
    else:
        rows += [
            ("Bias, mL", _with_interval(one.bias, one.bias_ci, "1")),
            ("Lower limit, mL", _with_interval(one.lower_limit, one.lower_ci, "1")),
            ("Upper limit, mL", _with_interval(one.upper_limit, one.upper_ci, "1")),
        ]
    if (ratio := stratum.ratios.found) is None:
        rows.append(("As a ratio", f"not estimable: {stratum.ratios.reason}"))
    else:
        low, high = number(ratio.lower_limit, "1"), number(ratio.upper_limit, "1")
        rows += [
            ("Bias, as a ratio, %", _with_interval(ratio.bias, ratio.bias_ci, "1")),
            ("Limits, as a ratio, %", f"{low} to {high}"),
        ]
    name = "Difference per mL of mean load"
    if (trend := stratum.trend.found) is None:
        rows.append((name, f"not estimable: {stratum.trend.reason}"))
    else:
        rows.append((name, _with_interval(trend.slope, (trend.ci_low, trend.ci_high), "3")))
    return rows


def _with_interval(value: float, interval: Sequence[float], digits: str) -> str:
    low, high = (number(end, digits) for end in interval)
    return f"{number(value, digits)} ({low} to {high})"


def _band(band: Band) -> list[str]:
    return [
        band.name.capitalize(),
        str(band.n),
        f"{number(band.low_ml, '1')} to {number(band.high_ml, '1')}",
        _quartiles(band.dice, "2", band.n),
        _quartiles(band.hausdorff95_mm, "1", band.n),
        _quartiles(band.surface_dice, "2", band.n),
    ]


def _quartiles(found: Quartiles | None, digits: str, of: int) -> str:
    if found is None:
        return ABSENT
    counted = "" if found.n == of else f", n {found.n}"
    return _with_interval(found.median, (found.low, found.high), digits) + counted


def _outlier(one: Compared) -> list[str]:
    row = one.row
    loads = [point.load_ml for point in (row.counted, row.other) if point is not None]
    visit = f"{row.visit.visit_name}, {row.visit.visit_date.isoformat()}"
    dice = ABSENT if one.scan.dice is None else number(one.scan.dice, "2")
    numbers = [number(value, "1") for value in (*loads, one.difference_ml)]
    return [row.subject_code, visit, *numbers, dice]
