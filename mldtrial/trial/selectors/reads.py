"""Reading cases of the MRI severity score: the reader's own, and all of a study's for who assigns.

What a reader gets from here names cases by their reading ids: no subject, date, site or visit,
and in the order of those ids, which were drawn at random.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404

from mldtrial.trial import policies
from mldtrial.trial.models import (
    IN_FORCE,
    AssignmentState,
    FinalStatus,
    Membership,
    MriSeverityFinal,
    MriSeverityRead,
    ReadAssignment,
    ReadRole,
    ReadState,
    Scan,
    ScanState,
    Study,
    Visit,
)
from mldtrial.trial.policies import visible_to

UNASSIGNED, READING, ADJUDICATION, SETTLED = "unassigned", "reading", "adjudication", "settled"


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its reader sees it."""

    id: UUID
    reading_id: str
    study_code: str
    is_adjudication: bool
    state: str
    label: str


def own_cases(*, user: Any, study: Study | None = None) -> list[Case]:
    """Return the cases that are given to a person, the unread ones first, by reading id."""
    found = _own(user).select_related("visit__patient__study")
    if study is not None:
        found = found.filter(visit__patient__study=study)
    drafts = set(
        MriSeverityRead.objects.filter(assignment__in=found, state=ReadState.DRAFT).values_list(
            "assignment_id", flat=True
        )
    )
    cases = [_case(assignment, assignment.pk in drafts) for assignment in found]
    return sorted(cases, key=lambda case: (case.state == "signed", case.reading_id))


def _own(user: Any) -> QuerySet[ReadAssignment]:
    found = visible_to(user, ReadAssignment.objects.filter(reader__pk=getattr(user, "pk", None)))
    held = policies.memberships(user).filter(role__in=policies.ACTIONS["record_severity"])
    return found.filter(state__in=IN_FORCE, visit__patient__study__in=held.values("study"))


def _case(assignment: ReadAssignment, has_draft: bool) -> Case:
    if assignment.state == AssignmentState.SIGNED:
        state, label = "signed", "correction begun" if has_draft else "signed"
    else:
        state, label = ("draft", "draft") if has_draft else ("open", "to read")
    return Case(
        id=assignment.pk,
        reading_id=assignment.reading_id,
        study_code=assignment.visit.patient.study.code,
        is_adjudication=assignment.role == ReadRole.ADJUDICATOR,
        state=state,
        label=label,
    )


def own_assignment(of: Study, assignment_id: UUID, *, user: Any) -> ReadAssignment:
    """Return a case that is given to the person.

    Raises
    ------
    Http404
        If there is none, or it is somebody else's.
    """
    found = (
        _own(user)
        .filter(pk=assignment_id, visit__patient__study=of)
        .select_related("visit__patient__study", "visit__patient__site")
        .first()
    )
    if found is None:
        raise Http404("No such case.")
    return found


@dataclass(frozen=True, slots=True)
class OwnReads:
    """The versions of a person's read of one case; None where there is none."""

    draft: MriSeverityRead | None
    signed: MriSeverityRead | None


def own_reads(assignment: ReadAssignment) -> OwnReads:
    """Return the draft and the signed version of the read of a case."""
    reads = {read.state: read for read in assignment.reads.exclude(state=ReadState.SUPERSEDED)}
    return OwnReads(reads.get(ReadState.DRAFT), reads.get(ReadState.SIGNED))


def reads_to_settle(assignment: ReadAssignment) -> list[MriSeverityRead]:
    """Return the two signed reads that an adjudicator of the case settles; else nothing.

    They come in the order of their reading ids, so that neither is the first.
    """
    if assignment.role != ReadRole.ADJUDICATOR:
        return []
    found = MriSeverityRead.objects.filter(
        visit=assignment.visit_id,
        state=ReadState.SIGNED,
        assignment__role__in=[ReadRole.FIRST, ReadRole.SECOND],
    )
    return list(found.order_by("assignment__reading_id"))


def cases(of: Study, *, user: Any, state: str) -> QuerySet[Visit]:
    """Return the visits of a study in a state of reading, with assignments and final score."""
    assigned = ReadAssignment.objects.filter(visit=OuterRef("pk"), state__in=IN_FORCE)
    images = Scan.objects.filter(visit=OuterRef("pk"), state=ScanState.IMPORTED)
    found = visible_to(user, Visit.objects.filter(patient__study=of)).annotate(
        is_assigned=Exists(assigned), has_images=Exists(images)
    )
    return (
        found.filter(_in_state(state))
        .select_related("patient__site", "mri_severity_final")
        .prefetch_related(
            Prefetch(
                "read_assignments",
                visible_to(user, ReadAssignment.objects.filter(state__in=IN_FORCE)).select_related(
                    "reader"
                ),
                to_attr="in_force",
            )
        )
        .order_by("patient__subject_code", "date")
    )


def _in_state(state: str) -> Q:
    waits = Q(mri_severity_final__status=FinalStatus.ADJUDICATION)
    conditions = {
        UNASSIGNED: Q(is_assigned=False, has_images=True, mri_severity_final__isnull=True),
        READING: Q(is_assigned=True, mri_severity_final__isnull=True),
        ADJUDICATION: waits,
        SETTLED: Q(mri_severity_final__isnull=False) & ~waits,
    }
    return conditions[state]


@dataclass(slots=True)
class CaseRow:
    """A visit on the page of who assigns."""

    visit: Visit
    final: MriSeverityFinal | None
    by_role: dict[str, ReadAssignment] = field(default_factory=dict)


def case_rows(visits: Iterable[Visit]) -> list[CaseRow]:
    """Return the rows of a page of `cases`."""
    return [
        CaseRow(
            visit,
            getattr(visit, "mri_severity_final", None),
            {assignment.role: assignment for assignment in visit.in_force},
        )
        for visit in visits
    ]


def case_reads(visit: Visit, *, user: Any) -> list[MriSeverityRead]:
    """Return every signed version of the reads of a case, as far as a person may see them."""
    found = visible_to(user, MriSeverityRead.objects.filter(visit=visit))
    return list(
        found.select_related("reader", "assignment").order_by("assignment__role", "version")
    )


def case_assignments(visit: Visit, *, user: Any) -> list[ReadAssignment]:
    """Return the assignments of a case, those in force first."""
    found = visible_to(user, ReadAssignment.objects.filter(visit=visit)).select_related("reader")
    return sorted(found, key=lambda a: (a.state == AssignmentState.WITHDRAWN, a.role, a.reading_id))


def case_assignment(visit: Visit, assignment_id: UUID, *, user: Any) -> ReadAssignment:
    """Return one assignment of a case.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = visible_to(user, ReadAssignment.objects.filter(visit=visit, pk=assignment_id)).first()
    if found is None:
        raise Http404("No such assignment.")
    return found


def people_of_role(of: Study, role: str) -> QuerySet[Any]:
    """Return the active people who hold a role of the whole study, by name."""
    held = Membership.objects.filter(study=of, role=role, is_active=True)
    users = get_user_model().objects.filter(is_active=True, memberships__in=held)
    return users.distinct().order_by("full_name", "username")
