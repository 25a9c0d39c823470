"""What a draft of the rules would change about the findings of all scans of a study."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from mldtrial.trial.models import Scan, ScanState, Study, Visit
from mldtrial.trial.selectors.locks import Held, locks_on
from segmentation.imaging.protocol.difference import Change, Changed, Place, Standing, compare
from segmentation.imaging.protocol.evaluation import Outcome, evaluate
from segmentation.imaging.protocol.rules import Rule, Severity
from segmentation.models import FindingDecision, ProtocolFinding, ReleaseState, SegmentationRun
from segmentation.selectors.left_out import set_aside
from segmentation.selectors.protocol import facts_of_visits

LABELS: dict[Change, str] = {
    Change.NEWLY_NOT_MET: "newly not met",
    Change.NEWLY_MET: "newly met",
    Change.OTHER_SEVERITY: "other severity",
    Change.NEWLY_UNKNOWN: "can no longer be told",
    Change.NO_LONGER_ASKED: "no longer asked",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One finding that would change, with the scan it is about."""

    visit: Visit
    scan: Scan | None
    changed: Changed
    finding_id: UUID | None
    held: Held | None

    @property
    def label(self) -> str:
        """How it would change."""
        return LABELS[self.changed.change]

    @property
    def says_now(self) -> str:
        """The finding as it stands, in words; empty where there is none."""
        return "" if self.changed.before is None else self.changed.before.sentence

    @property
    def says_then(self) -> str:
        """What the draft says of it, in words."""
        return self.changed.says or "The draft does not ask this."

    @property
    def severities(self) -> str:
        """The severity, or the one before and the one after."""
        both = [s.severity.value for s in (self.changed.before, self.changed.after) if s]
        return " → ".join(dict.fromkeys(both))


@dataclass(frozen=True, slots=True)
class Difference:
    """What would change, and what stays because its visit is frozen or locked.

    Attributes
    ----------
    left_out, used_again : int
        Scans that would no longer be used for a load, and that would be used again.
    loads_gone : int
        Loads that count now and would not.
    """

    rows: Sequence[Row]
    held: Sequence[Row]
    counts: Sequence[tuple[str, int]]
    visits: int
    scans: int
    left_out: int
    used_again: int
    loads_gone: int

    @property
    def is_empty(self) -> bool:
        """True where no finding would change, held ones included."""
        return not self.rows and not self.held


def difference(study: Study, rules: Sequence[Rule]) -> Difference:
    """Return what these rules would change about all visits of a study that have scans.

    Compared with the findings as they stand in the records, so that it is what will happen.
    """
    has_scans = Q(scans__state=ScanState.IMPORTED) | Q(protocol_findings__is_current=True)
    visits = list(
        Visit.objects.filter(has_scans, patient__study=study)
        .select_related("patient__site", "patient__study")
        .distinct()
        .order_by("patient__subject_code", "date")
    )
    facts = facts_of_visits(visits)
    findings = _findings(study)
    held = locks_on([visit.pk for visit in visits])
    scans = {str(scan.pk): scan for scan in Scan.objects.filter(visit__in=visits)}
    rows = []
    for visit in visits:
        known = findings[visit.pk]
        before = {place: _standing(row) for place, row in known.items()}
        for changed in compare(before, evaluate(rules, facts[visit.pk])):
            found = known.get((changed.rule_key, changed.scan_key))
            rows.append(
                Row(
                    visit,
                    scans.get(changed.scan_key),
                    changed,
                    None if found is None else found.pk,
                    held.get(visit.pk),
                )
            )
    counted = sum(len(facts[visit.pk].scans) for visit in visits)
    aside = set(set_aside().filter(scan__visit__in=visits).values_list("scan_id", flat=True))
    return _summed(rows, findings, _accepted(study), aside, visits=len(visits), scans=counted)


def _findings(study: Study) -> dict[UUID, dict[Place, ProtocolFinding]]:
    found: dict[UUID, dict[Place, ProtocolFinding]] = defaultdict(dict)
    rows = ProtocolFinding.objects.filter(visit__patient__study=study, is_current=True)
    for row in rows.order_by("created_at"):
        found[row.visit_id][(row.rule_key, str(row.scan_id or ""))] = row
    return found


def _accepted(study: Study) -> set[tuple[str, UUID | None]]:
    """Return what was accepted, also where the rules do not find it now: it would hold again."""
    found = ProtocolFinding.objects.filter(
        visit__patient__study=study, decision=FindingDecision.ACCEPTED
    )
    return set(found.values_list("rule_key", "scan_id"))


def _standing(row: ProtocolFinding) -> Standing:
    return Standing(Outcome(row.outcome), Severity(row.severity), row.sentence)


def _summed(
    rows: list[Row],
    findings: dict[UUID, dict[Place, ProtocolFinding]],
    accepted: set[tuple[str, UUID | None]],
    aside: set[UUID],
    *,
    visits: int,
    scans: int,
) -> Difference:
    will = [row for row in rows if row.held is None]
    known = [row for by_place in findings.values() for row in by_place.values()]
    out_now = {(r.rule_key, r.scan_id) for r in known if r.keeps_scan_out}
    out_then = set(out_now)
    for row in will:
        place = (row.changed.rule_key, None if row.scan is None else row.scan.pk)
        if _leaves_out(row.changed.after) and place not in accepted:
            out_then.add(place)
        else:
            out_then.discard(place)
    # What a person has set aside is used for nothing, whatever the rules say.
    before, after = ({scan for _, scan in places} | aside for places in (out_now, out_then))
    counts = Counter(row.changed.change for row in will)
    return Difference(
        rows=will,
        held=[row for row in rows if row.held is not None],
        counts=[(LABELS[change], counts[change]) for change in Change if counts[change]],
        visits=visits,
        scans=scans,
        left_out=len(after - before),
        used_again=len(before - after),
        loads_gone=_loads_of(after - before),
    )


def _leaves_out(standing: Standing | None) -> bool:
    return (
        standing is not None
        and standing.outcome == Outcome.NOT_MET
        and standing.severity == Severity.EXCLUDE
    )


def _loads_of(scans: set[UUID | None]) -> int:
    of_scans = Q(t1w_scan__in=scans) | Q(t2w_scan__in=scans)
    counting = {"analysis_flag": True, "model_version__state": ReleaseState.ACTIVE}
    return SegmentationRun.objects.filter(of_scans, **counting).count()
