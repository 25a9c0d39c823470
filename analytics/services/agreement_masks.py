"""The figures of both masks of each scan: by size of the load, and as rows to take out."""

from typing import Any

from analytics.selectors.agreement import Compared, Comparison
from analytics.services import agreement as agreements
from analytics.services import agreement_words
from analytics.services.agreement import Stratum
from analytics.services.table_out import number, take_out
from analytics.stats.overlap_bands import Band
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded

DATASET = "method_agreement_masks"
COLUMNS = (
    "study_code", "test_method", "reference_method", "subject_code", "visit_name", "visit_date",
    "acq_stratum", "reference_load_ml", "test_load_ml", "load_third", "cut_low_ml", "cut_high_ml",
    "dice", "hausdorff95_mm", "surface_dice", "warnings",
)  # fmt: skip


def members(stratum: Stratum, band: Band) -> list[Compared]:
    """Return the scans of a size of load."""
    return [stratum.with_masks[index] for index in band.members]


def as_csv(*, study: Study, comparison: Comparison | None, by: Any) -> bytes:
    """Return a row for each scan whose masks are compared, and log that they were taken.

    A figure that is not defined is empty; so is the third where there are none. Without a
    comparison it has no row.

    Raises
    ------
    PermissionDenied
        If the person may not see the comparison, or not export rows, of this study.
    """
    policies.require(by, "view_impact", study)
    policies.require(by, "export_rows", study)
    return take_out(
        dataset=DATASET,
        columns=COLUMNS,
        rows=[] if comparison is None else _lines(study, comparison),
        details={} if comparison is None else comparison.named,
        study=study,
        by=by,
    )


def _lines(study: Study, comparison: Comparison) -> list[list[str]]:
    methods = [guarded(str(model)) for model in (comparison.tested, comparison.reference)]
    warnings = guarded(" ".join(agreement_words.warnings(comparison)))
    rows = []
    for stratum in agreements.strata(comparison.scans):
        thirds = {
            index: band.name for band in stratum.bands if band.name != "all"
            for index in band.members
        }  # fmt: skip
        cuts = [""] * 2 if stratum.cuts_ml is None else [repr(cut) for cut in stratum.cuts_ml]
        for index, one in enumerate(stratum.with_masks):
            told = [thirds.get(index, ""), *cuts]
            rows.append([study.code, *methods, *_scan(one), *told, *_figures(one), warnings])
    return rows


def _scan(one: Compared) -> list[str]:
    visit = one.row.visit
    return [
        guarded(one.row.subject_code),
        guarded(visit.visit_name),
        visit.visit_date.isoformat(),
        visit.acq_stratum,
        number(one.scan.reference_ml),
        number(one.scan.test_ml),
    ]


def _figures(one: Compared) -> list[str]:
    found = one.mask_pair
    if found is None:
        return [""] * 3
    return [number(v) for v in (found.dice, found.hausdorff95_mm, found.surface_dice)]
