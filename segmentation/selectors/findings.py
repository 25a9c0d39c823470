"""Reading what the protocol rules found, narrowed to what the person may see."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404, QueryDict

from mldtrial.trial import policies
from mldtrial.trial.models import Site, Study, Visit
from mldtrial.trial.selectors.asked import known
from segmentation.models import (
    FindingDecision,
    FindingOutcome,
    FindingSeverity,
    ProtocolFinding,
)
from segmentation.policies import visible_to

ANSWERED, TO_DECIDE = "answered", "to_decide"
GRAVEST_FIRST = (FindingSeverity.EXCLUDE, FindingSeverity.DEVIATION, FindingSeverity.NOTE)


def excluding() -> QuerySet[ProtocolFinding]:
    """Return the findings that keep a scan from every load: grave, and accepted by nobody."""
    return ProtocolFinding.objects.filter(
        is_current=True,
        outcome=FindingOutcome.NOT_MET,
        severity=FindingSeverity.EXCLUDE,
        scan__isnull=False,
    ).exclude(decision=FindingDecision.ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilters:
    """What a list of findings is narrowed to; empty for all.

    Attributes
    ----------
    outcome : str
        One of `FindingOutcome`; those that are not met where none is named.
    decision : str
        `TO_DECIDE` for what waits for a person, `ANSWERED` for the others.
    """

    outcome: str = FindingOutcome.NOT_MET.value
    severity: str = ""
    site: str = ""
    sequence: str = ""
    decision: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "FindingFilters":
        """Return the filters of an address; raise `UnknownFilterError` where one is not known."""
        return cls(
            outcome=known(query, "outcome", FindingOutcome.values, FindingOutcome.NOT_MET.value),
            severity=known(query, "severity", FindingSeverity.values),
            site=query.get("site", ""),
            sequence=known(query, "sequence", ("T1w", "T2w", "FLAIR")),
            decision=known(query, "decision", (TO_DECIDE, ANSWERED)),
        )


WAITS = Q(outcome=FindingOutcome.NOT_MET, deviation__isnull=True) & (
    Q(severity=FindingSeverity.DEVIATION) & ~Q(decision=FindingDecision.DISMISSED)
    | Q(severity=FindingSeverity.EXCLUDE) & ~Q(decision=FindingDecision.ACCEPTED)
)
"""Findings that wait for a person: a deviation to record, a scan that is left out.

What was decided under another severity does not answer the one of now.
"""


def findings(
    study: Study, *, user: Any, filters: FindingFilters | None = None
) -> QuerySet[ProtocolFinding]:
    """Return the current findings of a study that a person may see, newest first."""
    found = visible_to(
        user, ProtocolFinding.objects.filter(visit__patient__study=study, is_current=True)
    )
    if filters is not None:
        found = _narrowed(found, filters)
    return found.select_related(
        "visit__patient__site", "visit__patient__study", "scan", "version", "deviation",
        "decided_by",
    ).order_by("-created_at", "pk")  # fmt: skip


def _narrowed(
    found: QuerySet[ProtocolFinding], filters: FindingFilters
) -> QuerySet[ProtocolFinding]:
    found = found.filter(outcome=filters.outcome)
    if filters.severity:
        found = found.filter(severity=filters.severity)
    if filters.site:
        found = found.filter(visit__patient__site__code=filters.site)
    if filters.sequence:
        found = found.filter(sequence=filters.sequence)
    if filters.decision == TO_DECIDE:
        return found.filter(WAITS)
    return found.exclude(WAITS) if filters.decision == ANSWERED else found


def finding(study: Study, finding_id: UUID, *, user: Any) -> ProtocolFinding:
    """Return a finding, also one that is no longer current.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = (
        visible_to(user, ProtocolFinding.objects.filter(pk=finding_id))
        .filter(visit__patient__study=study)
        .select_related(
            "visit__patient__site", "visit__patient__study", "scan", "version", "deviation",
            "decided_by",
        )
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404("No such finding.")
    return found


@dataclass(frozen=True, slots=True)
class WaitingFindings:
    """How many findings of a study wait for a person who may decide about them.

    Attributes
    ----------
    leaving_out : int
        How many of them keep a scan from every load until somebody decides.
    """

    study_code: str
    count: int
    leaving_out: int


def waiting(*, user: Any) -> list[WaitingFindings]:
    """Return what waits for a person to record or decide, by study; no entry for none.

    Counted is what the list of findings shows as waiting, at the patients of whom the person may
    record a deviation.
    """
    may_act = policies.patients_of(user, policies.ACTIONS["record_deviation"], "visit__patient__")
    found = visible_to(user, ProtocolFinding.objects.filter(WAITS, may_act, is_current=True))
    code = "visit__patient__study__code"
    rows = (
        found.order_by(code)
        .values_list(code)
        .annotate(
            waiting=Count("pk"), leaving_out=Count("pk", filter=Q(severity=FindingSeverity.EXCLUDE))
        )
    )
    return [WaitingFindings(*row) for row in rows]


def sites_with_findings(study: Study, *, user: Any) -> list[Site]:
    """Return the sites that a list of findings can be narrowed to."""
    found = findings(study, user=user).order_by().values("visit__patient__site").distinct()
    return list(Site.objects.filter(pk__in=found))


def not_met(visit: Visit, *, user: Any) -> list[ProtocolFinding]:
    """Return what the scans of a visit do not meet and nobody has waved through, gravest first."""
    found = visible_to(
        user,
        ProtocolFinding.objects.filter(
            visit=visit, is_current=True, outcome=FindingOutcome.NOT_MET
        ),
    ).exclude(~Q(severity=FindingSeverity.EXCLUDE), decision=FindingDecision.DISMISSED)
    return sorted(
        found, key=lambda one: (GRAVEST_FIRST.index(FindingSeverity(one.severity)), one.sequence)
    )
