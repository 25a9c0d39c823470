"""What would change if another method counted: agreement, flags, correlations."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from analytics.models import FlagKind
from analytics.selectors import cohort, correlations, impact
from analytics.selectors.columns import Columns
from analytics.selectors.correlations import Relation
from analytics.selectors.loads import LoadPoint
from analytics.services import findings
from analytics.stats.agreement import BlandAltman, bland_altman
from analytics.stats.errors import NotEstimableError
from mldtrial.trial.models import AcqStratum, Study
from segmentation.selectors import tissue

MeasuredT = TypeVar("MeasuredT")

RELATIONS = tuple(correlations.RELATIONS.values())


@dataclass(frozen=True, slots=True)
class Agreement:
    """Bias and limits of one stratum; `found` is None where `reason` says why."""

    stratum: str
    n: int
    found: BlandAltman | None
    reason: str


def agreements(rows: Iterable[impact.Row]) -> list[Agreement]:
    """Return the agreement of both methods in 3D and in 2D, which are never pooled."""
    by_stratum: dict[str, list[impact.Row]] = defaultdict(list)
    for row in rows:
        if row.difference_ml is not None:
            by_stratum[row.visit.acq_stratum].append(row)
    return [_agreement(stratum, by_stratum[stratum]) for stratum in AcqStratum.values]


def _agreement(stratum: str, rows: Sequence[impact.Row]) -> Agreement:
    if not rows:
        return Agreement(stratum, 0, None, "no scan with both loads")
    differences = [row.difference_ml for row in rows if row.difference_ml is not None]
    try:
        found = bland_altman(differences, [row.patient_id for row in rows])
    except NotEstimableError as error:
        return Agreement(stratum, len(rows), None, str(error))
    return Agreement(stratum, len(rows), found, "")


@dataclass(frozen=True, slots=True)
class HeldChanges:
    """What would become of the loads of frozen and locked visits.

    Attributes
    ----------
    visits : int
        Frozen and locked visits with a load of either method.
    differences_ml : tuple of float
        Of those that are compared, the lowest first.
    losing, apart, first_loads, unknown : int
        Visits that would show no load any more, that would show one of other images, that have none
        yet, and of which nothing can be said yet.
    """

    visits: int
    differences_ml: tuple[float, ...]
    losing: int
    apart: int
    first_loads: int
    unknown: int

    @property
    def words(self) -> str:
        """Return the changes as one would say them."""
        said = []
        if self.differences_ml:
            low, high = self.differences_ml[0], self.differences_ml[-1]
            by = f"{low:+.1f}" if low == high else f"{low:+.1f} to {high:+.1f}"
            said.append(f"{len(self.differences_ml)} changing by {by} mL")
        counts = (
            (self.losing, "without a load"),
            (self.apart, "with a load of other images"),
            (self.first_loads, "with a first load"),
            (self.unknown, "not compared yet"),
        )
        return ", ".join([*said, *(f"{count} {what}" for count, what in counts if count)])


def held_changes(rows: Iterable[impact.Row]) -> HeldChanges:
    """Return what would become of the loads of frozen and locked visits."""
    held = [row for row in rows if row.held]
    return HeldChanges(
        visits=len(held),
        differences_ml=tuple(sorted(r.difference_ml for r in held if r.difference_ml is not None)),
        losing=sum(row.is_lost for row in held),
        apart=sum(row.is_apart for row in held),
        first_loads=sum(row.counted is None for row in held),
        unknown=sum(row.gap is not None and not row.gap.is_final for row in held),
    )


@dataclass(frozen=True, slots=True)
class FlagChange:
    """A finding of the review that would come or go."""

    patient_id: UUID
    subject_code: str
    visit_id: UUID
    visit_name: str
    kind: str
    appears: bool
    sentence: str

    @property
    def label(self) -> str:
        """What the review calls it."""
        return str(FlagKind(self.kind).label)


@dataclass(frozen=True, slots=True)
class FlagChanges:
    """What the review would find more and less, and how much it would find again.

    Attributes
    ----------
    unjudged_patients : int
        Patients of whom a load is still to come: a series in parts says nothing about its flags.
    """

    changes: tuple[FlagChange, ...]
    kept: int
    unjudged_patients: int

    @property
    def appearing(self) -> int:
        """How many findings would come."""
        return sum(change.appears for change in self.changes)

    @property
    def vanishing(self) -> int:
        """How many findings would go."""
        return len(self.changes) - self.appearing


def flag_changes(rows: Sequence[impact.Row], study: Study) -> FlagChanges:
    """Return what the review finds in the series of either method; nothing is written.

    A patient of whom a load of the other method is still to come is not judged: their flags would
    all seem to go. A finding stays where the same visit shows the same kind of it by both methods.
    A load is held to the volumes of its head by whichever run they were measured for: those of a
    candidate's run come later, and a flag must not seem to go for want of them.
    """
    open_patients = {row.patient_id for row in rows if row.gap and not row.gap.is_final}
    judged = [row for row in rows if row.patient_id not in open_patients]
    codes: dict[UUID, str] = {}
    now: dict[UUID, list[LoadPoint]] = defaultdict(list)
    then: dict[UUID, list[LoadPoint]] = defaultdict(list)
    for row in judged:
        codes[row.patient_id] = row.subject_code
        if row.counted is not None:
            now[row.patient_id].append(row.counted)
        if row.other is not None:
            then[row.patient_id].append(row.other)
    series = [*now.values(), *then.values()]
    runs = [point.run_id for points in series for point in points]
    volumes = _of_each_head(judged, tissue.volumes_of(runs))
    versions = _of_each_head(judged, tissue.versions_of(runs))
    changes: list[FlagChange] = []
    kept = 0
    for patient_id, code in codes.items():
        before = _found(now[patient_id], study, volumes, versions)
        after = _found(then[patient_id], study, volumes, versions)
        kept += len(before.keys() & after.keys())
        for found, missing_in, appears in ((after, before, True), (before, after, False)):
            changes += [
                FlagChange(patient_id, code, visit_id, point.visit_name, kind, appears, sentence)
                for (visit_id, kind), (point, sentence) in found.items()
                if (visit_id, kind) not in missing_in
            ]
    return FlagChanges(tuple(changes), kept, len(open_patients))


def _of_each_head(
    rows: Sequence[impact.Row], measured: Mapping[UUID, MeasuredT]
) -> Mapping[UUID, MeasuredT]:
    """Lend what was measured for one run to the other one of the same images, where it has none."""
    lent = dict(measured)
    for row in rows:
        if row.difference_ml is None or row.counted is None or row.other is None:
            continue
        for one, other in ((row.counted, row.other), (row.other, row.counted)):
            if one.run_id in measured:
                lent.setdefault(other.run_id, measured[one.run_id])
    return lent


def _found(
    series: Sequence[LoadPoint],
    study: Study,
    volumes: findings.Volumes,
    versions: Mapping[UUID, str],
) -> dict[tuple[UUID, str], tuple[LoadPoint, str]]:
    by_run = {point.run_id: point for point in series}
    named = findings.named(series, volumes, versions)
    found = {}
    for finding in findings.find(series, study, volumes):
        here = by_run[finding.run_id]
        found[here.visit_id, finding.kind] = (here, findings.in_words(finding, named))
    return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """The correlation of both methods with one score, on the same scans of one stratum."""

    relation: Relation
    stratum: str
    counted: correlations.Row
    other: correlations.Row


def comparisons(rows: Iterable[impact.Row], study: Study, *, user: Any) -> list[Comparison]:
    """Return how either method goes with each score, on the scans that both have measured."""
    pairs = [row for row in rows if row.difference_ml is not None]
    now, then = (
        Columns.of(cohort.with_scores(study, [load for load in side if load], user=user))
        for side in ([row.counted for row in pairs], [row.other for row in pairs])
    )
    return [
        Comparison(
            relation,
            stratum,
            correlations.of_stratum(now, relation, stratum),
            correlations.of_stratum(then, relation, stratum),
        )
        for relation in RELATIONS
        for stratum in AcqStratum.values
    ]
