"""The images that are in use: which of a visit are taken, and which T2w lies beside a mask."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from mldtrial.trial.models import Scan, ScanState, Sequence, Visit
from segmentation.models import ModelVersion, SegmentationRun
from segmentation.selectors.left_out import left_out


def latest_first(scan: str = "") -> tuple[Any, ...]:
    """Return how scans of a visit are ordered: by the day they were made, then by upload.

    A scan whose image does not say its day is of the day of the visit.

    Parameters
    ----------
    scan : str
        Path to the scan, with its two underscores; empty among scans.
    """
    return Coalesce(f"{scan}days_from_visit", 0).desc(), f"-{scan}created_at"


def best_first(scan: str = "") -> list[Any]:
    """Return in which order the repeats of a sequence at a visit are chosen: 3D, then the latest.

    Parameters
    ----------
    scan : str
        As for `latest_first`; where there is no scan at the end of it, it comes last.
    """
    return [F(f"{scan}acq_stratum").desc(nulls_last=True), *latest_first(scan)]


def usable_scans(*sequences: str) -> QuerySet[Scan]:
    """Return the scans of sequences, of a visit those to choose first: 3D, then the latest.

    A scan that is left out, by the protocol rules or by a person, is none of them.
    """
    scans = Scan.objects.filter(sequence__in=sequences, state=ScanState.IMPORTED)
    return scans.exclude(left_out()).order_by(*best_first())


def chosen_scans(visit: Visit, model: ModelVersion) -> dict[str, Scan] | None:
    """Return the scans of a visit that make a number, or None while one is missing.

    3D before 2D, then the repeat made last, whenever it was uploaded.
    """
    chosen: dict[str, Scan] = {}
    for sequence in model.sequences:
        best = usable_scans(sequence).filter(visit=visit).first()
        if best is None:
            return None
        chosen[sequence] = best
    return chosen


def chosen_of_each(visit_ids: Collection[UUID], model: ModelVersion) -> dict[UUID, dict[str, UUID]]:
    """Return the ids of the scans that make a number, by visit and sequence, in one query.

    As `chosen_scans` for each; where a sequence is missing it is absent.
    """
    chosen: dict[UUID, dict[str, UUID]] = {visit_id: {} for visit_id in visit_ids}
    scans = usable_scans(*model.sequences).filter(visit__in=visit_ids)
    for visit_id, sequence, scan_id in scans.values_list("visit_id", "sequence", "pk"):
        chosen[visit_id].setdefault(sequence, scan_id)
    return chosen


def t2w_beside(run: SegmentationRun) -> Scan | None:
    """Return the T2w in use beside a mask: that of its run, or of the visit if made elsewhere."""
    usable = usable_scans(Sequence.T2W)
    if run.t2w_scan_id is not None:
        return usable.filter(pk=run.t2w_scan_id).first()
    return usable.filter(visit=run.visit_id).first()


def t2w_in_use(run: str) -> Case:
    """Return what `t2w_beside` does as the id in a query; `run` is the path to the run."""
    own = usable_scans(Sequence.T2W).filter(pk=OuterRef(f"{run}__t2w_scan")).values("pk")[:1]
    is_named = When(**{f"{run}__t2w_scan__isnull": False}, then=Subquery(own))
    return Case(is_named, default=t2w_of_visit(run))


def t2w_of_visit(run: str) -> Subquery:
    """Return the id of the T2w in use that the visit of a run chooses first; `run` is its path."""
    # The run is looked up in here, so that a query that need not know asks for no run at all.
    usable = usable_scans(Sequence.T2W).filter(visit__segmentation_runs=OuterRef(run))
    return Subquery(usable.values("pk")[:1])
