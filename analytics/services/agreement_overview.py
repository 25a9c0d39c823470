"""Every method of a study beside one of them, at one look: for the page, the paper and a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from analytics.selectors import agreement, kept
from analytics.selectors.agreement import Comparison, MethodPair
from analytics.services import agreement as agreements
from analytics.services import agreement_words
from analytics.services.table_out import number, take_out
from analytics.stats.method_overview import QUANTITIES, Summary, summary
from analytics.stats.paired import Figure
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
from segmentation.models import ModelVersion

DATASET = "method_overview"
FEWEST = 3
"""Methods from which on there is more to look at than one pair."""
COLUMNS = (
    "study_code", "test_method", "reference_method", "acq_stratum", "scans", "patients",
    "quantity", "unit", "value", "low", "high", "low_and_high_are", "n", "why_none", "warnings",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """A method beside the reference; no single scan is in it, so that it can be kept.

    Attributes
    ----------
    tested_id : UUID
        Of the method; `tested` is its name with the version.
    strata : tuple of (str, Summary)
        3D, then 2D.
    warnings, notes : tuple of str
        What is to be said against the numbers, and who and what is not in them: all of it, and
        what is not said for the whole page already.
    """

    tested_id: UUID
    tested: str
    strata: tuple[tuple[str, Summary], ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Every other method of a study beside a reference."""

    reference: str
    rows: tuple[OverviewRow, ...]


def overview(
    study: Study, methods: Sequence[ModelVersion], reference: ModelVersion, *, user: Any
) -> Overview:
    """Return every method beside the reference as a person sees it, kept while the records stand.

    Parameters
    ----------
    methods : sequence of ModelVersion
        Those with loads in the study, as `agreement.methods` returns them to this person.
    """
    others = [model for model in methods if model != reference]
    known = tuple(kept.as_read(model) for model in (reference, *others))
    asked = ("agreement overview", kept.as_read(study), user.pk, known)

    def rows() -> tuple[OverviewRow, ...]:
        pairs = (MethodPair(model, reference) for model in others)
        return tuple(_row(agreement.comparison(study, pair, user=user)) for pair in pairs)

    return Overview(str(reference), kept.by_state(asked, rows))


def _row(compared: Comparison) -> OverviewRow:
    strata = agreements.strata(compared.scans)
    return OverviewRow(
        tested_id=compared.tested.pk,
        tested=str(compared.tested),
        strata=tuple(
            (
                stratum.name,
                summary(
                    [one.scan for one in stratum.pairs],
                    [pair for one in stratum.with_masks if (pair := one.mask_pair) is not None],
                ),
            )
            for stratum in strata
        ),
        warnings=tuple(agreement_words.warnings(compared)),
        notes=tuple(agreement_words.notes(compared)),
    )


def as_csv(*, study: Study, found: Overview | None, by: Any) -> bytes:
    """Return the overview as CSV, a row for each method, stratum and quantity, and log it.

    Without an overview there is no row.

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
        rows=[] if found is None else _lines(study, found),
        details={} if found is None else {"reference": found.reference},
        study=study,
        by=by,
    )


def _lines(study: Study, found: Overview) -> list[list[str]]:
    return [
        [
            *(study.code, guarded(row.tested), guarded(found.reference), stratum),
            *(str(said.n_scans), str(said.n_patients), one.words, one.unit),
            *_numbers(said.figures[one.key], one.beside),
            guarded(" ".join(row.warnings)),
        ]
        for row in found.rows
        for stratum, said in row.strata
        for one in QUANTITIES
    ]


def _numbers(figure: Figure, beside: str) -> list[str]:
    numbers = [number(value) for value in (figure.value, figure.low, figure.high)]
    return [*numbers, "" if figure.low is None else beside, str(figure.n), figure.reason]
