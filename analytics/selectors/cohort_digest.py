"""What the regular report of a cohort says: the numbers of its pages for one person, in words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.template.defaultfilters import floatformat

from analytics.models import FlagKind, TrajectoryFlag
from analytics.policies import visible_to as visible_flags
from analytics.reports import ABSENT
from analytics.reports.cohort import Correlation, Section
from analytics.selectors import causes, correlations, loads, overview
from analytics.selectors.cohort import windows_of
from analytics.selectors.columns import Columns
from analytics.selectors.correlations import Row
from analytics.selectors.estimates import BY_SUBTYPE, WITHIN, Estimate
from analytics.selectors.relations import Estimated
from analytics.selectors.tally import Row as Counted
from analytics.stats.ranked import FEWEST_PATIENTS
from mldtrial.trial.models import AcqStratum, QueryState, Study
from mldtrial.trial.rules.subtype import SUBTYPE_NAMES, Subtype


def scans(columns: Columns) -> Section:
    """Return how many scans of how many patients have a load, by stratum."""
    rows = []
    for stratum in AcqStratum.values:
        here = columns.stratum == stratum
        rows.append((stratum, str(int(here.sum())), str(columns.count_patients(here))))
    return Section("Segmented scans", ("Acquisition", "Scans", "Patients"), tuple(rows), "")


def estimable(found: Iterable[Estimated]) -> tuple[Correlation, ...]:
    """Return the correlations over all subtypes that are estimable, for the figure."""
    return tuple(
        Correlation(one.relation.title, row.stratum, row.rho, row.ci_low, row.ci_high)
        for one in found
        for row in one.rows
        if not row.subtype
        and row.rho is not None
        and row.ci_low is not None
        and row.ci_high is not None
    )


ADJUSTED = {BY_SUBTYPE: "within subtypes, together", WITHIN: "within patients (r)"}
"""The estimates beside that of all subtypes, which mixes them."""


def relation(found: Estimated, study: Study, *, caution: str) -> Section:
    """Return the correlations of one score, as the cohort page has them.

    Parameters
    ----------
    caution : str
        How to read them, as the page says.
    """
    return Section(
        found.relation.title,
        ("Group", "Scans (patients)", "Correlation (95 % interval)"),
        tuple(row for stratum in AcqStratum.values for row in _of_stratum(found, stratum)),
        found.relation.note.format(**asdict(windows_of(study)))
        + f" ρ; intervals: {correlations.RESAMPLES} bootstrap resamples of patients with all their "
        f"scans, seed {correlations.SEED}, none of fewer than {FEWEST_PATIENTS} patients; within "
        f"patients one common slope, interval by Fisher's z. 3D and 2D are never pooled. {caution}",
    )


def _of_stratum(found: Estimated, stratum: str) -> list[tuple[str, str, str]]:
    """Return the whole stratum, the same within subtypes and patients, and each subtype."""
    whole, kinds = [], []
    for row in found.rows:
        if row.stratum == stratum:
            name = SUBTYPE_NAMES[Subtype(row.subtype)] if row.subtype else "all subtypes"
            said = _row(stratum, name, row, row.rho)
            (kinds if row.subtype else whole).append(said)
    sides = [side for side in found.side_by_side if side.stratum == stratum]
    adjusted = [
        _row(stratum, name, side.estimates[key], side.estimates[key].value)
        for side in sides
        for key, name in ADJUSTED.items()
    ]
    return [*whole, *adjusted, *kinds]


def _row(stratum: str, name: str, one: Row | Estimate, value: float | None) -> tuple[str, str, str]:
    counted = f"{one.n} ({one.n_patients})" if one.n else ABSENT
    if one.reason:
        return f"{stratum}, {name}", counted, f"not estimable: {one.reason}"
    said, low, high = (floatformat(number, 2) for number in (value, one.ci_low, one.ci_high))
    return f"{stratum}, {name}", counted, f"{said} ({low} to {high})"


def flags(study: Study, *, user: Any) -> Section:
    """Return how many flags there are to review and decided, by kind, as far as one may see."""
    found = TrajectoryFlag.objects.filter(patient__study=study, is_current=True)
    counted = Counter(visible_flags(user, found).values_list("kind", "query__state"))
    rows = []
    for kind in sorted({kind for kind, _ in counted}):
        decided = counted[kind, QueryState.CLOSED]
        waiting = sum(n for (one, _), n in counted.items() if one == kind) - decided
        rows.append((FlagKind(kind).label.capitalize(), str(waiting), str(decided)))
    note = "A flag changes no number; it asks somebody to look."
    return Section("Flags of the review", ("Kind", "To review", "Decided"), tuple(rows), note)


def falls(study: Study, *, user: Any, smallest_group: int) -> Section:
    """Return what the falls of a study were due to, as the cohort page has it."""
    found = causes.causes(study, user=user, smallest_group=smallest_group)
    rows = [
        (
            row.name.capitalize(),
            str(row.untreated),
            str(row.after_treatment),
            ABSENT if row.percent is None else f"{floatformat(row.percent, 1)} %",
        )
        for row in found.rows
    ]
    if found.reason:
        rows = [(found.reason, "", "", "")]
    heads = ("Due to", "Untreated", "After treatment", "Of the decided")
    note = "Falls that the review flags now, by what was chosen when their query was closed."
    return Section("What falls were due to", heads, tuple(rows), note)


def open_queries(study: Study, *, user: Any) -> Section:
    """Return the open queries by age, as the overview has them."""
    rows = overview.open_queries(overview.scope_of(study, user=user))
    note = "As far as your role sees them."
    return _counted("Open queries", "Of", rows, overview.QUERY_BANDS, note)


def visits(study: Study, *, user: Any) -> Section:
    """Return which planned visits were done and missed, as the overview has them."""
    rows = overview.completeness(overview.scope_of(study, user=user))
    return _counted("Planned visits", "Visit", rows, overview.COLUMNS, "")


def _counted(
    title: str, head: str, rows: Iterable[Counted], columns: Sequence[str], note: str
) -> Section:
    made = tuple((row.name, *_cells(row, len(columns))) for row in rows)
    return Section(title, (head, *(column.capitalize() for column in columns)), made, note)


def _cells(row: Counted, count: int) -> tuple[str, ...]:
    if row.is_hidden:
        return ("group too small, not shown", *[""] * (count - 1))
    return tuple(str(cell) for cell in row.cells)


def method() -> tuple[str, bool]:
    """Return the method whose loads count in words, and whether it is for demonstration."""
    active = loads.active_model()
    if active is None:
        return "none is active yet", False
    words = f"{active.get_method_display()}, {active.name} {active.version}"
    return words, active.is_demonstration
