"""What the page of one patient shows, in a number of queries that does not grow."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from analytics import flag_words
from analytics.models import FlagKind, TrajectoryFlag
from analytics.policies import visible_to as visible_flags
from analytics.selectors import acquired
from analytics.selectors.cohort import windows_of
from analytics.selectors.loads import LoadPoint
from mldtrial.trial import selectors
from mldtrial.trial.models import (
    AcqStratum,
    MriSeverityFinal,
    NotDone,
    Patient,
    Query,
    QueryState,
    Scan,
    ScanState,
    Sequence,
    Treatment,
    Visit,
)
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules import pairing
from mldtrial.trial.rules.age import age_months
from mldtrial.trial.selectors import ASKED_SEQUENCES
from segmentation.models import SegmentationRun, TissueCode
from segmentation.selectors import tissue
from segmentation.selectors.set_aside import ScanRow, rows_of
from segmentation.selectors.tissue import Share

NO_SHARES: Mapping[UUID, Share] = {}
OF_NO_IMAGE = "at the day of the visit, since no T1w scan counts"
"""Where an MRI score stands whose images are left out."""


@dataclass(frozen=True, slots=True)
class AskedAbout:
    """A load that a query is about: the one in question, or one that it was compared with."""

    run: SegmentationRun
    is_in_question: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """A current finding of the review, in words."""

    kind: str
    label: str
    sentence: str
    hint: str
    visit_id: UUID
    visit_name: str
    run_id: UUID
    query_id: UUID | None
    query_state: str
    """Empty where nobody was asked."""
    is_closed_by_rule: bool
    disposition: str
    """What it was due to, in words; empty where it is not decided or not recorded."""

    @property
    def is_settled(self) -> bool:
        """Return whether somebody has decided on it."""
        return self.query_state == QueryState.CLOSED


@dataclass(slots=True)
class VisitRow:
    """One visit with all that belongs to it and that the person may see."""

    visit: Visit
    age_months: float
    gmfc: Any = None
    elfc: Any = None
    severity_total: float | None = None
    load: LoadPoint | None = None
    share: Share | None = None
    scans: list[ScanRow] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    signatures: list[selectors.ShownSignature] = field(default_factory=list)
    not_done: list[NotDone] = field(default_factory=list)
    held: selectors.Held | None = None

    @property
    def imaged_on(self) -> date:
        """Day of the images that the MRI score is read from: of the load's, else of the T1w.

        Of repeats the one that a load would be made from, and none that is left out of loads;
        where there is none, the day of the visit.
        """
        if self.load is not None:
            return self.load.scanned_on
        days = [
            (scan.acq_stratum == AcqStratum.THREE_D, scan.days_from_visit or 0)
            for scan in self._t1w(is_left_out=False)
        ]
        return self.visit.date + timedelta(days=max(days)[1] if days else 0)

    @property
    def has_score_of_no_image(self) -> bool:
        """Whether its MRI score stands at the day of the visit since every T1w is left out."""
        if self.severity_total is None or self.load is not None:
            return False
        return bool(self._t1w(is_left_out=True)) and not self._t1w(is_left_out=False)

    def _t1w(self, *, is_left_out: bool) -> list[Scan]:
        return [
            row.scan
            for row in self.scans
            if row.scan.sequence == Sequence.T1W and row.is_left_out == is_left_out
        ]

    @property
    def other_days(self) -> list[tuple[str, date]]:
        """What was done on another day than the visit's, in words, and when."""
        done = [("scanned", self.imaged_on)]
        for score, words in ((self.gmfc, "GMFC-MLD assessed"), (self.elfc, "ELFC-MLD assessed")):
            if score is not None and score.level is not None:
                done.append((words, score.assessed_on))
        return [(words, day) for words, day in done if day != self.visit.date]

    @property
    def is_to_review(self) -> bool:
        """True where a flag waits for a decision."""
        return any(not flag.is_settled for flag in self.flags)

    @property
    def missing_sequences(self) -> list[str]:
        """T1w and T2w that are neither there nor declared not done; one set aside is not there."""
        here = {row.scan.sequence for row in self.scans if row.set_aside is None}
        here |= {declared.sequence for declared in self.not_done}
        return [name for name in ASKED_SEQUENCES if name not in here]


def visit_rows(
    patient: Patient,
    *,
    user: Any,
    series: list[LoadPoint],
    flags: list[Flag],
    shares: Mapping[UUID, Share] = NO_SHARES,
) -> list[VisitRow]:
    """Return the visits of a patient, the latest first, with scores, scans, load and flags.

    Parameters
    ----------
    shares : mapping
        The loads in percent, by run.
    """
    visits = (
        visible_to(user, Visit.objects.filter(patient=patient))
        .select_related("gmfc_mld", "elfc_mld", "definition")
        .order_by("-date")
    )
    in_use = Scan.objects.filter(visit__patient=patient, state=ScanState.IMPORTED)
    scans: dict[UUID, list[ScanRow]] = defaultdict(list)
    for row in rows_of(visible_to(user, in_use), user=user):
        scans[row.scan.visit_id].append(row)
    finals = dict(
        visible_to(user, MriSeverityFinal.objects.filter(visit__patient=patient)).values_list(
            "visit_id", "total"
        )
    )
    signatures = selectors.signatures_of([visit.pk for visit in visits], user=user)
    not_done = _by_visit(
        visible_to(user, NotDone.objects.filter(visit__patient=patient, is_current=True))
    )
    held = selectors.locks_on([visit.pk for visit in visits])
    load_at = {point.visit_id: point for point in series}
    return [
        VisitRow(
            visit=visit,
            age_months=age_months(patient.birth_month, visit.date),
            gmfc=getattr(visit, "gmfc_mld", None),
            elfc=getattr(visit, "elfc_mld", None),
            severity_total=None if (total := finals.get(visit.pk)) is None else float(total),
            load=(load := load_at.get(visit.pk)),
            share=None if load is None else shares.get(load.run_id),
            scans=scans.get(visit.pk, []),
            flags=[flag for flag in flags if flag.visit_id == visit.pk],
            signatures=signatures.get(visit.pk, []),
            not_done=not_done.get(visit.pk, []),
            held=held.get(visit.pk),
        )
        for visit in visits
    ]


def held_visits(rows: Iterable[VisitRow]) -> set[UUID]:
    """Return the visits that are frozen or locked."""
    return {row.visit.pk for row in rows if row.held is not None}


def _by_visit(found: QuerySet[Any]) -> dict[UUID, list[Any]]:
    rows: dict[UUID, list[Any]] = defaultdict(list)
    for row in found:
        rows[row.visit_id].append(row)
    return dict(rows)


def flags(patient: Patient, *, user: Any) -> list[Flag]:
    """Return the current findings on a patient's series; nothing for who may not see loads."""
    return _flags(TrajectoryFlag.objects.filter(patient=patient, is_current=True), user)


def flags_of_run(run: SegmentationRun, *, user: Any) -> list[Flag]:
    """Return the current findings on one load; nothing for who may not see loads."""
    return _flags(TrajectoryFlag.objects.filter(run=run, is_current=True), user)


def runs_asked_about(query: Query, *, user: Any) -> list[AskedAbout]:
    """Return the loads that a query asks about, each with what it was compared with.

    As they were found when the query was opened; nothing for who may not see loads.
    """
    flags = visible_flags(user, TrajectoryFlag.objects.filter(query=query))
    found = flags.select_related(
        "run__visit", "run__result", "reference_run__visit", "reference_run__result"
    )
    asked: dict[UUID, AskedAbout] = {}
    for flag in found.order_by("created_at"):
        asked[flag.run_id] = AskedAbout(flag.run, True)
        if flag.reference_run is not None:
            asked.setdefault(flag.reference_run.pk, AskedAbout(flag.reference_run, False))
    return sorted(asked.values(), key=lambda one: one.run.visit.date)


def _flags(asked_for: QuerySet[TrajectoryFlag], user: Any) -> list[Flag]:
    found = visible_flags(user, asked_for).select_related(
        "run__visit", "run__result", "reference_run__visit", "reference_run__result", "query"
    )
    shown = list(found.order_by("run__visit__date", "kind"))
    runs = [run for flag in shown for run in (flag.run, flag.reference_run) if run is not None]
    # Who sees the flags sees the loads, and with them their denominators.
    named = _named(runs) if runs else {}
    return [_flag(flag, named) for flag in shown]


def _flag(flag: TrajectoryFlag, named: Mapping[UUID, flag_words.NamedLoad]) -> Flag:
    compared = flag.reference_run_id
    sentence = flag_words.describe(
        flag.kind,
        named[flag.run_id],
        None if compared is None else named[compared],
        tolerance_ml=flag.tolerance_ml,
    )
    return Flag(
        kind=flag.kind,
        label=flag.get_kind_display(),
        sentence=sentence,
        hint=flag_words.HINTS[FlagKind(flag.kind)],
        visit_id=flag.run.visit_id,
        visit_name=flag.run.visit.name,
        run_id=flag.run_id,
        query_id=flag.query_id,
        query_state="" if flag.query is None else flag.query.state,
        is_closed_by_rule=flag.query is not None and flag.query.closed_by_rule,
        disposition="" if flag.query is None else flag.query.get_disposition_display(),
    )


def _named(runs: Collection[SegmentationRun]) -> dict[UUID, flag_words.NamedLoad]:
    ids = {run.pk for run in runs}
    volumes, versions, how = tissue.volumes_of(ids), tissue.versions_of(ids), acquired.of_runs(ids)
    return {
        run.pk: flag_words.NamedLoad(
            run.result.demyelination_load_ml,
            run.visit.name,
            volumes.get(run.pk, {}).get(TissueCode.WHITE_MATTER),
            how.get(run.pk),
            versions.get(run.pk, ""),
        )
        for run in runs
    }


def treatments(patient: Patient, *, user: Any) -> QuerySet[Treatment]:
    """Return the documented therapies of a patient."""
    return visible_to(user, Treatment.objects.filter(patient=patient))


@dataclass(frozen=True, slots=True)
class TreatmentRow:
    """A treatment with the GMFC-MLD level nearest to its start; None where none is near.

    Attributes
    ----------
    two_levels_on : date or None
        The nearest day, where its levels differ and none of them counts.
    """

    treatment: Treatment
    level: Any
    two_levels_on: date | None = None


def treatment_rows(
    patient: Patient, found: Iterable[Treatment], rows: list[VisitRow]
) -> list[TreatmentRow]:
    """Return treatments with the levels nearest to their starts, within the study's window."""
    window_days = windows_of(patient.study).days(
        selectors.subtype_of(patient, patient.study).subtype
    )
    levels = sorted(
        (row.gmfc for row in rows if row.gmfc is not None and row.gmfc.level is not None),
        key=lambda gmfc: gmfc.assessed_on,
    )
    scores = [(gmfc.assessed_on, gmfc.level) for gmfc in levels]
    made = []
    for treatment in found:
        near = pairing.nearest(scores, treatment.started_on, window_days)
        if isinstance(near, pairing.TwoLevels):
            made.append(TreatmentRow(treatment, None, near.day))
            continue
        level = None if near is None else levels[scores.index((near.day, near.level))]
        made.append(TreatmentRow(treatment, level))
    return made


def open_queries(patient: Patient, *, user: Any) -> QuerySet[Query]:
    """Return the queries of a patient that are not closed, as far as a person may see them."""
    found = visible_to(user, Query.objects.filter(patient=patient))
    return found.filter(~Q(state=QueryState.CLOSED)).select_related("visit", "patient")
