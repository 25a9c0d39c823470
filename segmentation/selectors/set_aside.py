"""Scans that people set aside, and what to set one aside or take it back would do."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import Http404

from mldtrial.trial.models import Scan, ScanState
from mldtrial.trial.selectors import ASKED_SEQUENCES
from segmentation.models import (
    ModelVersion,
    ProtocolFinding,
    ReleaseState,
    ScanSetAside,
    SegmentationResult,
    SegmentationRun,
)
from segmentation.policies import visible_to
from segmentation.selectors.left_out import left_out, set_aside
from segmentation.selectors.usable import best_first


@dataclass(frozen=True, slots=True)
class ScanRow:
    """A scan, and whether it is used for loads.

    Attributes
    ----------
    is_left_out : bool
        Used for no load, by the protocol rules or since a person set it aside.
    set_aside : ScanSetAside or None
        None where no person did.
    run_id : UUID or None
        The latest result of a scan that was set aside, by a method that counts or has counted.
    """

    scan: Scan
    is_left_out: bool
    set_aside: ScanSetAside | None
    run_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the loads of a visit when a scan is set aside or taken back.

    Attributes
    ----------
    before, after : Scan or None
        Which scan of the sequence is used before it and after it; None where there is none.
    is_asked : bool
        Whether the method that counts needs the sequence, or would if there were one.
    is_load_known : bool
        Whether a load was ever measured from the scan.
    ends_load : bool
        Whether a load that counts now was made from the scan that is used before.
    is_declared_not_done : bool
        Whether the visit is said to have no scan of the sequence.
    """

    scan: Scan
    before: Scan | None
    after: Scan | None
    is_asked: bool
    is_load_known: bool
    ends_load: bool
    is_declared_not_done: bool

    @property
    def changes(self) -> bool:
        """Whether another scan is used afterwards, or none."""
        return self.before != self.after


def rows_of(scans: QuerySet[Scan], *, user: Any) -> list[ScanRow]:
    """Return scans with whether they are left out of loads, in their order."""
    is_left_out = ExpressionWrapper(left_out(), output_field=BooleanField())
    found = list(scans.annotate(is_left_out=is_left_out))
    aside = visible_to(user, set_aside().filter(scan__in=found))
    by_scan = {one.scan_id: one for one in aside.select_related("scan", "set_aside_by")}
    results = _latest_results(by_scan, user) if by_scan else {}
    return [
        ScanRow(scan, scan.is_left_out, by_scan.get(scan.pk), results.get(scan.pk))
        for scan in found
    ]


def _latest_results(scan_ids: Collection[UUID], user: Any) -> dict[UUID, UUID]:
    done = visible_to(user, SegmentationRun.objects.filter(result__isnull=False, is_voided=False))
    used = done.filter(Q(t1w_scan__in=scan_ids) | Q(t2w_scan__in=scan_ids))
    used = used.exclude(model_version__state=ReleaseState.CANDIDATE).order_by("queued_at")
    of_scans = used.values_list("pk", "t1w_scan_id", "t2w_scan_id")
    return {scan_id: run_id for run_id, *scans in of_scans for scan_id in scans}


def rows_of_run(run: SegmentationRun, *, user: Any) -> list[ScanRow]:
    """Return the scans that a run used, the T1w first."""
    used = Scan.objects.filter(pk__in=[run.t1w_scan_id, run.t2w_scan_id])
    return rows_of(used.order_by("sequence"), user=user)


def why_left_out(
    rows: Sequence[ScanRow], findings: Sequence[ProtocolFinding], not_done: Collection[str]
) -> tuple[str, str] | None:
    """Return why a visit has no use of a scan that it has: in a few words, and in a sentence.

    Parameters
    ----------
    not_done : collection of str
        The sequences that are declared not done: nobody asks for them any more.
    """
    settled = {row.scan.sequence for row in rows if not row.is_left_out} | set(not_done)
    lacking = {name for name in ASKED_SEQUENCES if name not in settled}
    for row in rows:
        if row.set_aside is not None and (row.scan.sequence in lacking or not settled):
            # Of which, by whom and why stands with the scans.
            return "Scan set aside", ""
    by_rules = [one.sentence for one in findings if one.keeps_scan_out]
    return ("Left out by the protocol rules", by_rules[0]) if by_rules else None


def standing(set_aside_id: UUID, *, user: Any) -> ScanSetAside:
    """Return how a scan in use is set aside.

    Raises
    ------
    Http404
        If it is not, or not in this person's reach.
    """
    found = visible_to(user, set_aside().filter(pk=set_aside_id, scan__state=ScanState.IMPORTED))
    one = found.select_related(
        "scan__visit__patient__study", "scan__visit__patient__site", "set_aside_by"
    ).first()
    if one is None:
        raise Http404("No such scan is set aside.")
    return one


def of_scan(scan: Scan, *, user: Any) -> ScanSetAside | None:
    """Return how a scan is set aside; None where it is not."""
    found = visible_to(user, set_aside().filter(scan=scan))
    return found.select_related("scan", "set_aside_by").first()


def is_load_known(scan: Scan) -> bool:
    """Return whether a load was ever measured from a scan, by whichever method, void by now too."""
    return SegmentationResult.objects.filter(_of("run__", scan)).exists()


def if_set_aside(scan: Scan) -> Outcome:
    """Return what becomes of the loads of its visit when a scan is set aside."""
    used = _in_order(scan).exclude(left_out())
    return _outcome(scan, used.first(), used.exclude(pk=scan.pk).first())


def if_taken_back(row: ScanSetAside) -> Outcome:
    """Return what becomes of the loads of its visit when a scan is taken back."""
    found = _in_order(row.scan)
    before, after = found.exclude(left_out()).first(), found.exclude(left_out(but=row)).first()
    return _outcome(row.scan, before, after)


def _in_order(scan: Scan) -> QuerySet[Scan]:
    in_use = Scan.objects.filter(
        visit=scan.visit_id, sequence=scan.sequence, state=ScanState.IMPORTED
    )
    return in_use.select_related("visit").order_by(*best_first())


def _outcome(scan: Scan, before: Scan | None, after: Scan | None) -> Outcome:
    counting = ModelVersion.objects.filter(state=ReleaseState.ACTIVE).first()
    loads = SegmentationRun.objects.filter(
        analysis_flag=True, model_version__state=ReleaseState.ACTIVE
    )
    return Outcome(
        scan=scan,
        before=before,
        after=after,
        is_asked=counting is None or scan.sequence in counting.sequences,
        is_load_known=is_load_known(scan),
        ends_load=before not in (None, after) and loads.filter(_of("", before)).exists(),
        is_declared_not_done=scan.visit.not_done.filter(
            is_current=True, sequence=scan.sequence
        ).exists(),
    )


def _of(run: str, scan: Scan | None) -> Q:
    return Q(**{f"{run}t1w_scan": scan}) | Q(**{f"{run}t2w_scan": scan})
