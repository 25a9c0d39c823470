"""Reading what a study asks of its images, and which visits were not asked yet."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from mldtrial.audit.models import LockLevel
from mldtrial.trial.models import NotDone, Scan, ScanState, Study, Visit
from mldtrial.trial.selectors.locks import held_ids
from mldtrial.trial.selectors.owing import scans_there
from segmentation.imaging.protocol.facts import ScanFacts, VisitFacts, read_facts
from segmentation.imaging.protocol.rules import SEQUENCES, Rule, rule_of
from segmentation.models import ProtocolVersion, VersionState
from segmentation.policies import visible_to


def in_force(study: Study) -> ProtocolVersion | None:
    """Return the version that the images of a study are held to; None before the first."""
    return ProtocolVersion.objects.filter(study=study, state=VersionState.IN_FORCE).first()


def draft(study: Study) -> ProtocolVersion | None:
    """Return the version that is being written; None where nobody writes one."""
    return ProtocolVersion.objects.filter(study=study, state=VersionState.DRAFT).first()


def versions(study: Study, *, user: Any) -> QuerySet[ProtocolVersion]:
    """Return the versions that are or were in force and that a person may see, newest first."""
    found = visible_to(user, ProtocolVersion.objects.filter(study=study, number__isnull=False))
    return found.select_related("put_in_force_by", "based_on").order_by("-number")


def version(study: Study, number: int, *, user: Any) -> ProtocolVersion:
    """Return a version by its number.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = versions(study, user=user).filter(number=number).first()
    if found is None:
        raise Http404("No such version.")
    return found


def rules_of(found: ProtocolVersion | None) -> list[Rule]:
    """Return the rules of a version in order; none of none."""
    return [] if found is None else [rule_of(rule) for rule in found.rules]


def facts_of(scan: Scan) -> ScanFacts:
    """Return what is known of a scan, in the units of a protocol."""
    columns, rows, slices = scan.shape
    i, j, k = scan.voxel_size_mm
    return read_facts(
        key=str(scan.pk),
        sequence=scan.sequence,
        acq_stratum=scan.acq_stratum,
        shape=(columns, rows, slices),
        voxel_size_mm=(i, j, k),
        scanner=scan.scanner,
        acquisition=scan.acquisition,
    )


def facts_of_visits(visits: Iterable[Visit]) -> dict[UUID, VisitFacts]:
    """Return what is known of the scans of visits, in two queries."""
    ids = [visit.pk for visit in visits]
    scans: dict[UUID, list[ScanFacts]] = defaultdict(list)
    unused: dict[UUID, set[str]] = defaultdict(set)
    counts = Exists(scans_there().filter(pk=OuterRef("pk")))
    taken_in = Scan.objects.filter(visit__in=ids, state=ScanState.IMPORTED).order_by("pk")
    for scan in taken_in.annotate(counts=counts):
        scans[scan.visit_id].append(facts_of(scan))
        if not scan.counts:
            unused[scan.visit_id].add(str(scan.pk))
    declared: dict[UUID, set[str]] = defaultdict(set)
    not_done = _declared(NotDone.objects.filter(visit__in=ids))
    for visit_id, sequence in not_done.values_list("visit_id", "sequence"):
        if visit_id is not None:
            declared[visit_id].add(sequence)
    return {
        visit_id: VisitFacts(
            tuple(scans[visit_id]), frozenset(declared[visit_id]), frozenset(unused[visit_id])
        )
        for visit_id in ids
    }


def _declared(not_done: QuerySet[NotDone]) -> QuerySet[NotDone]:
    """Return the declarations that a rule can speak of, in an order that every collation shares."""
    return not_done.filter(is_current=True, sequence__in=SEQUENCES).order_by("sequence")


def outstanding() -> QuerySet[Visit]:
    """Return the open visits whose check is not by the version in force, or of other scans.

    A visit that is frozen or locked waits until it is open: its findings stay as they are.
    """
    expected = ProtocolVersion.objects.filter(
        study=OuterRef("patient__study"), state=VersionState.IN_FORCE
    )
    # Every scan is asked; those alone that are not set aside make a sequence present.
    taken_in = Scan.objects.filter(visit=OuterRef("pk"), state=ScanState.IMPORTED)
    scans = scans_there().filter(visit=OuterRef("pk")).order_by("pk")
    not_done = _declared(NotDone.objects.filter(visit=OuterRef("pk")))
    is_stale = (
        ~Q(protocol_check__version=F("expected"))
        | ~Q(protocol_check__scan_ids=F("scans_now"))
        | ~Q(protocol_check__not_done=F("not_done_now"))
    )
    return (
        Visit.objects.annotate(
            expected=Subquery(expected.values("pk")[:1]),
            scans_now=ArraySubquery(scans.values("pk")),
            not_done_now=ArraySubquery(not_done.values("sequence")),
        )
        .filter(expected__isnull=False)
        .filter(
            Q(protocol_check__isnull=True) & Exists(taken_in)
            | Q(protocol_check__isnull=False) & is_stale
        )
        .exclude(pk__in=held_ids(at_least=LockLevel.FROZEN))
        .order_by("pk")
    )


def waiting(study: Study) -> int:
    """Return how many open visits of a study still wait to be asked the rules in force."""
    return outstanding().filter(patient__study=study).count()
