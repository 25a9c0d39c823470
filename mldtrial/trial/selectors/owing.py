"""What a visit that took place still owes: one rule for work lists, counts and locks.

A visit owes what its definition asks for; an unscheduled one owes nothing.
"""

from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, When

from mldtrial.trial.models import NotDone, Scan, ScanState, Sequence

ASKED_SEQUENCES = (Sequence.T1W, Sequence.T2W)
"""What every visit with images owes; FLAIR is kept where it is there."""
OWES_GMFC = Q(gmfc_mld__isnull=True, definition__has_gmfc_mld=True)
"""The condition of visits that have no level, nor the reason why there is none."""


def owes_scan(sequence: str) -> Any:
    """Return the condition of visits without a sequence that is not declared not done either."""
    there = Scan.objects.filter(visit=OuterRef("pk"), sequence=sequence, state=ScanState.IMPORTED)
    declared = NotDone.objects.filter(visit=OuterRef("pk"), sequence=sequence, is_current=True)
    return Q(definition__has_scans=True) & ~Exists(there) & ~Exists(declared)


def owes_scans() -> dict[str, Any]:
    """Return annotations for all asked sequences, ``owes_<sequence>``, each true or false.

    Never NULL, which a condition on an absent definition would give and no filter would find.
    """
    return {f"owes_{sequence}": _is_true(owes_scan(sequence)) for sequence in ASKED_SEQUENCES}


def owings() -> dict[str, Any]:
    """Return annotations for all that a visit may owe: ``owes_gmfc`` and those of its scans."""
    return {"owes_gmfc": _is_true(OWES_GMFC), **owes_scans()}


def _is_true(condition: Any) -> Case:
    return Case(When(condition, then=True), default=False)
