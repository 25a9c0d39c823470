"""What a visit that took place still owes: one rule for work lists, counts and locks.

A visit owes what its definition asks for; an unscheduled one owes nothing. A scan that is there and
of no use is owed nevertheless: which scans these are, applications above say when they start.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from mldtrial.trial.models import NotDone, Scan, ScanState, Sequence

ASKED_SEQUENCES = (Sequence.T1W, Sequence.T2W)
"""What every visit with images owes; FLAIR is kept where it is there."""
OWES_GMFC = Q(gmfc_mld__isnull=True, definition__has_gmfc_mld=True)
"""The condition of visits that have no level, nor the reason why there is none."""


_of_no_use: list[Callable[[], QuerySet[Any]]] = []


def owe_in_spite_of(scan_ids: Callable[[], QuerySet[Any]]) -> None:
    """Let an application above name, by their ids, scans that are in use and of no use."""
    _of_no_use.append(scan_ids)


def scans_there() -> QuerySet[Scan]:
    """Return the scans for which a visit no longer owes their sequence."""
    found = Scan.objects.filter(state=ScanState.IMPORTED)
    for scan_ids in _of_no_use:
        found = found.exclude(pk__in=scan_ids())
    return found


def owes_scan(sequence: str) -> Any:
    """Return the condition of visits without a sequence that is not declared not done either."""
    there = scans_there().filter(visit=OuterRef("pk"), sequence=sequence)
    declared = NotDone.objects.filter(visit=OuterRef("pk"), sequence=sequence, is_current=True)
    return Q(definition__has_scans=True) & ~Exists(there) & ~Exists(declared)


def owes_scans() -> dict[str, Any]:
    """Return annotations for all asked sequences, ``owes_<sequence>``, each true or false.

    Never NULL, which a condition on an absent definition would give and no filter would find.
    """
    return {f"owes_{sequence}": _is_true(owes_scan(sequence)) for sequence in ASKED_SEQUENCES}


def has_scans_of_no_use() -> dict[str, Any]:
    """Return annotations, ``in_vain_<sequence>``: whether a visit has a scan in use of it.

    Of a sequence that it owes, such a scan is of no use.
    """
    in_use = Scan.objects.filter(visit=OuterRef("pk"), state=ScanState.IMPORTED)
    return {
        f"in_vain_{sequence}": Exists(in_use.filter(sequence=sequence))
        for sequence in ASKED_SEQUENCES
    }


def owings() -> dict[str, Any]:
    """Return annotations for all that a visit may owe: ``owes_gmfc`` and those of its scans."""
    return {"owes_gmfc": _is_true(OWES_GMFC), **owes_scans()}


def _is_true(condition: Any) -> Case:
    return Case(When(condition, then=True), default=False)
