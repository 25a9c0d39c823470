"""Which scans are used for no load: asked here, whoever left them out."""

from typing import Any

from django.db.models import Q, QuerySet

from mldtrial.trial.models import Scan
from segmentation.models import ScanSetAside
from segmentation.selectors.findings import excluding


def left_out(scan: str = "pk", *, but: ScanSetAside | None = None) -> Q:
    """Return the condition that a scan is used for no load.

    The protocol rules leave it out, and nobody has accepted it; or a person has set it aside.

    Parameters
    ----------
    scan : str
        Path from the row to the scan.
    but : ScanSetAside, optional
        One that is thought of as taken back.
    """
    by_people = set_aside() if but is None else set_aside().exclude(pk=but.pk)
    return Q(**{f"{scan}__in": excluding().values("scan")}) | Q(
        **{f"{scan}__in": by_people.values("scan")}
    )


def uses(scan: Scan) -> Q:
    """Return the condition that a run uses a scan."""
    return Q(t1w_scan=scan) | Q(t2w_scan=scan)


def uses_set_aside() -> Q:
    """Return the condition that a run uses a scan that a person has set aside."""
    return Q(t1w_scan__in=ids_set_aside()) | Q(t2w_scan__in=ids_set_aside())


def ids_set_aside() -> QuerySet[Any]:
    """Return the ids of the scans that people set aside: a visit owes their sequences again."""
    return set_aside().values("scan")


def set_aside() -> QuerySet[ScanSetAside]:
    """Return what stands of the scans that people set aside."""
    return ScanSetAside.objects.filter(taken_back_at__isnull=True)
