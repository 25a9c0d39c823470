"""Who may do what, and who may see which rows: decided here and nowhere else.

Whatever lies outside a person's scope does not exist for them: selectors start from
`visible_to`, views answer 404. Inside the scope a forbidden action raises
`PermissionDenied`. Nobody means no.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q, QuerySet

from mldtrial.audit.belonging import RecordKind
from mldtrial.audit.models import Action, ApprovalRequest, Lock, Signature
from mldtrial.trial import rights
from mldtrial.trial.models import (
    SITE_ROLES,
    Audience,
    Disposition,
    ElfcMldAssessment,
    GmfcMldAssessment,
    ImportBatch,
    Invitation,
    Membership,
    MriSeverityFinal,
    MriSeverityRead,
    NotDone,
    Notices,
    Patient,
    ProtocolDeviation,
    Query,
    QueryMessage,
    ReadAssignment,
    ReadState,
    Role,
    Scan,
    Site,
    Study,
    Treatment,
    UnblindingEvent,
    UnblindingKind,
    Visit,
    VisitDefinition,
)

ModelT = TypeVar("ModelT", bound=models.Model)

ENTRY_ROLES = (Role.COORDINATOR, Role.INVESTIGATOR)
ALL_SITE_ROLES = (Role.DATA_MANAGER, Role.STATISTICIAN, Role.SPONSOR, Role.AUDITOR)
PATIENT_ROLES = (*SITE_ROLES, *ALL_SITE_ROLES)
LOAD_ROLES = ALL_SITE_ROLES
SNAPSHOT_ROLES = (*ENTRY_ROLES, Role.DATA_MANAGER, Role.SPONSOR, Role.AUDITOR)
EXPORT_ROLES = (Role.DATA_MANAGER, Role.STATISTICIAN)
COHORT_ROLES = LOAD_ROLES
READ_ROLES = (Role.DATA_MANAGER, Role.AUDITOR)
OVERSEERS = (Role.DATA_MANAGER, Role.AUDITOR)
IMAGING_QUERY_ROLES = (Role.DATA_MANAGER, Role.AUDITOR)

ACTIONS: dict[str, tuple[str, ...]] = {
    "view_people": (Role.ADMINISTRATOR, Role.AUDITOR),
    "manage_people": (Role.ADMINISTRATOR,),
    "view_patient": PATIENT_ROLES,
    "add_patient": ENTRY_ROLES,
    "change_patient": ENTRY_ROLES,
    "add_visit": ENTRY_ROLES,
    "record_treatment": ENTRY_ROLES,
    "record_participation": ENTRY_ROLES,
    "import_records": (Role.DATA_MANAGER,),
    "record_assessment": ENTRY_ROLES,
    "record_severity": (Role.READER, Role.ADJUDICATOR),
    "assign_reads": (Role.DATA_MANAGER,),
    "view_reads": READ_ROLES,
    # Masks that a network may learn from; who made one does not judge it.
    "review_mask": (Role.READER, Role.ADJUDICATOR),
    "give_masks": (Role.DATA_MANAGER,),
    "view_mask_reviews": OVERSEERS,
    "upload_scan": ENTRY_ROLES,
    "view_quarantine": (*ENTRY_ROLES, Role.DATA_MANAGER, Role.AUDITOR),
    "place_scan": (*ENTRY_ROLES, Role.DATA_MANAGER),
    # That a child has moved, the site knows, which sees no load; a data manager sees loads, and the
    # record says so. Readers see pictures of a case, and no scan by itself.
    "set_scan_aside": (*ENTRY_ROLES, Role.DATA_MANAGER),
    "retry_job": (*ENTRY_ROLES, Role.DATA_MANAGER),
    "cancel_job": (*ENTRY_ROLES, Role.DATA_MANAGER),
    "view_segmentations": OVERSEERS,
    "order_segmentations": (Role.DATA_MANAGER,),
    # Whoever imports a mask names its visit and sees its load: nobody who reads or draws blinded.
    "import_mask": (Role.DATA_MANAGER,),
    "answer_query": (*ENTRY_ROLES, Role.DATA_MANAGER),
    "open_query": (Role.DATA_MANAGER, Role.MONITOR),
    "close_query": (Role.DATA_MANAGER,),
    "reopen_query": (Role.DATA_MANAGER,),
    "assign_query": (Role.DATA_MANAGER,),
    "comment_on_query": (*ENTRY_ROLES, Role.DATA_MANAGER, Role.MONITOR),
    "view_loads": LOAD_ROLES,
    # The agreed total of the reads: as `VISIBLE` has `MriSeverityFinal`.
    "view_severity_finals": ALL_SITE_ROLES,
    # Pictures that show the brain alone, so that no face is seen. An outline in one is a load.
    "view_snapshots": SNAPSHOT_ROLES,
    "view_cohort": COHORT_ROLES,
    "view_quality": PATIENT_ROLES,
    # Where the values of other sites lie: a site is told of its own scans alone.
    "view_quality_distribution": ALL_SITE_ROLES,
    "export_rows": EXPORT_ROLES,
    "export_images": (Role.DATA_MANAGER,),
    "view_audit": (*SITE_ROLES, *OVERSEERS),
    "view_study_audit": OVERSEERS,
    "export_audit": OVERSEERS,
    "verify_audit": (Role.AUDITOR,),
    "redact_audit": (Role.DATA_MANAGER, Role.ADMINISTRATOR),
    "sign_visit": (Role.INVESTIGATOR,),
    # the schedule
    "view_work": (*SITE_ROLES, Role.DATA_MANAGER),
    "change_visit": ENTRY_ROLES,
    "declare_not_done": ENTRY_ROLES,
    "view_deviations": PATIENT_ROLES,
    "record_deviation": (*ENTRY_ROLES, Role.DATA_MANAGER),
    "close_deviation": (Role.DATA_MANAGER,),
    "view_overview": (*ALL_SITE_ROLES, Role.ADMINISTRATOR),
    "view_settings": (Role.ADMINISTRATOR, Role.DATA_MANAGER, Role.AUDITOR),
    "change_settings": (Role.ADMINISTRATOR,),
    "change_protocol": (Role.DATA_MANAGER,),
    "decide_finding": (Role.DATA_MANAGER,),
    "name_scanner": (*ENTRY_ROLES, Role.DATA_MANAGER),
    "qualify_scanner": (Role.DATA_MANAGER,),
    "view_locks": (Role.INVESTIGATOR, Role.DATA_MANAGER, Role.AUDITOR),
    "freeze_record": (Role.DATA_MANAGER,),
    "lock_record": (Role.DATA_MANAGER,),
    "request_unlock": (Role.INVESTIGATOR, Role.DATA_MANAGER),
    "approve_unlock": (Role.DATA_MANAGER,),
    "retire_model": (Role.ADMINISTRATOR,),
    # Of a method that does not count yet: for who decides and who advises, never for a sponsor,
    # who could prefer the method by what it shows.
    "view_impact": (Role.DATA_MANAGER, Role.STATISTICIAN, Role.AUDITOR),
    "promote_model": (Role.DATA_MANAGER,),
    "freeze_reference": (Role.DATA_MANAGER,),
    "train_model": (Role.ADMINISTRATOR,),
    "view_arms": PATIENT_ROLES,  # of an open study, or after its planned unblinding
    "unblind": (Role.INVESTIGATOR,),
    "unblind_study": (Role.DATA_MANAGER,),
    # And the statistician to whom the arms are granted: both know them, or hold the file.
    "load_allocation": (Role.ADMINISTRATOR,),
}


def is_known(user: Any) -> bool:
    """Return whether the user is signed in and active."""
    return bool(user is not None and user.is_authenticated and user.is_active)


def memberships(user: Any, study: Study | None = None) -> QuerySet[Membership]:
    """Return the active memberships of a person, in one study or in all, for other queries."""
    if not is_known(user):
        return Membership.objects.none()
    found = Membership.objects.filter(user=user, is_active=True)
    return found if study is None else found.filter(study=study)


def held(user: Any, study: Study | None = None) -> Sequence[Membership]:
    """Return the same with study and site, in order of study, as a page reads them once.

    Of the request that is being answered where it changes nothing (`rights`), else of the database.
    """
    if not is_known(user):
        return ()
    read = rights.held_by(user)
    if read is None:
        return tuple(_in_order(memberships(user, study)))
    return tuple(m for m in read if study is None or m.study_id == study.pk)


def read_of_request(user: Any) -> Sequence[Membership]:
    """Return the memberships of who sent a request, which `held` gives again while it lasts."""
    return rights.read(user, _in_order(memberships(user))) if is_known(user) else ()


def _in_order(found: QuerySet[Membership]) -> QuerySet[Membership]:
    return found.select_related("study", "site").order_by("study__code", "role", "site__code")


def roles(user: Any, study: Study) -> set[str]:
    """Return the roles of a person in a study."""
    return {membership.role for membership in held(user, study)}


def may(user: Any, action: str, subject: models.Model) -> bool:
    """Return whether a person may do an action on a study, site, patient or visit.

    Raises
    ------
    KeyError
        If the action is not declared: a typing error must not open or close a door.
    """
    allowed = _allowed(action, subject)
    study, site = _study_and_site(subject)
    mine = held(user, study)
    if action == "view_loads" and study.site_roles_see_loads:
        allowed = (*allowed, *ENTRY_ROLES)
    if any(m.role in allowed and _reaches(m, site) for m in mine):
        return True
    if action == "export_rows":
        return any(m.role == Role.SPONSOR and m.may_export_rows for m in mine)
    if action == "load_allocation" and any(m.role == Role.STATISTICIAN for m in mine):
        return _is_granted_arms(user, study)
    return False


def _reaches(membership: Membership, site: Site | None) -> bool:
    """Return whether a role counts at a site; at all of them, unless it is held at one."""
    if site is None or membership.role not in SITE_ROLES:
        return True
    return membership.site_id == site.pk


def _is_granted_arms(user: Any, study: Study) -> bool:
    """Return whether two people have put on record that the arms are told to this person."""
    if not is_known(user):
        return False
    granted = UnblindingEvent.objects.filter(study=study, kind=UnblindingKind.GRANT)
    return granted.filter(entitled=user).exists()


def _allowed(action: str, subject: models.Model) -> tuple[str, ...]:
    allowed = ACTIONS[action]
    if isinstance(subject, Query) and subject.audience == Audience.IMAGING:
        return tuple(role for role in allowed if role in IMAGING_QUERY_ROLES)
    return allowed


def answering_roles(query: Query) -> tuple[str, ...]:
    """Return the roles whose people may answer a query, at the site of its patient."""
    return _allowed("answer_query", query)


def actions_of(held: Collection[Membership]) -> set[str]:
    """Return the actions that memberships of one study open somewhere in it.

    For menus and buttons only: whether a certain site is in reach, `may` decides.
    """
    roles_held = {membership.role for membership in held}
    found = {action for action, allowed in ACTIONS.items() if roles_held & set(allowed)}
    if any(m.role == Role.SPONSOR and m.may_export_rows for m in held):
        found.add("export_rows")
    return found


SMALLEST_GROUP = 5
"""Who may not see single patients sees no group below this size."""


def smallest_group(user: Any, study: Study) -> int:
    """Return the smallest group of patients whose figures a person may see in a study."""
    return 1 if may(user, "view_patient", study) else SMALLEST_GROUP


def require(user: Any, action: str, subject: models.Model) -> None:
    """Raise `PermissionDenied` unless the person may do the action."""
    if not may(user, action, subject):
        raise PermissionDenied("Your role does not allow this.")


def _study_and_site(subject: models.Model) -> tuple[Study, Site | None]:
    if isinstance(subject, Study):
        return subject, None
    if isinstance(subject, Site):
        return subject.study, subject
    if isinstance(subject, Patient):
        return subject.study, subject.site
    if isinstance(subject, Visit):
        return subject.patient.study, subject.patient.site
    if isinstance(subject, ImportBatch):
        return subject.study, None
    if isinstance(subject, Disposition | Treatment | ProtocolDeviation):
        return subject.patient.study, subject.patient.site
    if isinstance(subject, Query):
        return subject.study, subject.patient.site
    raise TypeError(f"No policy for {type(subject).__name__}.")


def patients_of(user: Any, roles_allowed: tuple[str, ...], prefix: str = "") -> Q:
    """Return the condition that a row's patient is in reach of one of the roles.

    Parameters
    ----------
    prefix : str
        Path from the row to its patient, ending in ``__``; empty for the patient itself.
    """
    held = memberships(user).filter(role__in=roles_allowed)
    whole = held.exclude(role__in=SITE_ROLES).values("study")
    at_site = held.filter(role__in=SITE_ROLES).values("site")
    return Q(**{f"{prefix}study__in": whole}) | Q(**{f"{prefix}site__in": at_site})


def loads_of(user: Any, prefix: str = "") -> Q:
    """Return the condition that a row's patient has loads this person may see."""
    condition = patients_of(user, LOAD_ROLES, prefix)
    own_sites = memberships(user).filter(role__in=ENTRY_ROLES, study__site_roles_see_loads=True)
    return condition | Q(**{f"{prefix}site__in": own_sites.values("site")})


def _studies(user: Any) -> Q:
    return Q(pk__in=memberships(user).values("study"))


def _sites(user: Any) -> Q:
    held = memberships(user)
    whole = held.filter(site__isnull=True).exclude(
        role__in=[Role.READER, Role.ADJUDICATOR, Role.OPERATOR]
    )
    return Q(study__in=whole.values("study")) | Q(pk__in=held.values("site"))


def _people(user: Any) -> Q:
    held = memberships(user).filter(role__in=ACTIONS["view_people"])
    return Q(study__in=held.values("study"))


def _queries(user: Any, query: str = "") -> Q:
    at_patient = f"{query}patient__"
    of_sites = patients_of(user, PATIENT_ROLES, at_patient) & Q(
        **{f"{query}audience": Audience.SITE}
    )
    return of_sites | patients_of(user, IMAGING_QUERY_ROLES, at_patient)


def _signatures(user: Any) -> Q:
    visits = Visit.objects.filter(patients_of(user, PATIENT_ROLES, "patient__"))
    return Q(record_kind=RecordKind.VISIT, record_id__in=visits.values("pk"))


def _imports(user: Any) -> Q:
    overseers = memberships(user).filter(role__in=[Role.DATA_MANAGER, Role.AUDITOR])
    return Q(study__in=overseers.values("study"))


def _read_assignments(user: Any) -> Q:
    """Return the person's own cases, while the role is held, and all for who oversees reads."""
    own = memberships(user).filter(role__in=ACTIONS["record_severity"])
    return Q(reader=user, visit__patient__study__in=own.values("study")) | patients_of(
        user, READ_ROLES, "visit__patient__"
    )


def _locks(user: Any) -> Q:
    patients = Patient.objects.filter(patients_of(user, PATIENT_ROLES))
    visits = Visit.objects.filter(patients_of(user, PATIENT_ROLES, "patient__"))
    studies = memberships(user).filter(role__in=PATIENT_ROLES).values("study")
    return (
        Q(record_kind=RecordKind.VISIT, record_id__in=visits.values("pk"))
        | Q(record_kind=RecordKind.PATIENT, record_id__in=patients.values("pk"))
        | Q(record_kind=RecordKind.STUDY, record_id__in=studies)
    )


def _requests(user: Any) -> Q:
    managed = memberships(user).filter(role__in=[Role.DATA_MANAGER, Role.AUDITOR]).values("study")
    held = Membership.objects.filter(study__in=managed)
    return (
        Q(subject_id__in=Lock.objects.filter(_locks(user)).values("pk"))
        | Q(action=Action.PLANNED, subject_id__in=managed)
        | Q(action=Action.GRANT, subject_id__in=held.values("pk"))
    )


VISIBLE: dict[type[models.Model], Callable[[Any], Q]] = {
    ImportBatch: _imports,
    Study: _studies,
    Site: _sites,
    Membership: lambda user: Q(pk__in=memberships(user).values("pk")) | _people(user),
    Invitation: lambda user: _people(user),
    VisitDefinition: lambda user: Q(study__in=memberships(user).values("study")),
    Patient: lambda user: patients_of(user, PATIENT_ROLES),
    Treatment: lambda user: patients_of(user, PATIENT_ROLES, "patient__"),
    Disposition: lambda user: patients_of(user, PATIENT_ROLES, "patient__"),
    Visit: lambda user: patients_of(user, PATIENT_ROLES, "patient__"),
    Scan: lambda user: patients_of(user, PATIENT_ROLES, "visit__patient__"),
    GmfcMldAssessment: lambda user: patients_of(user, PATIENT_ROLES, "visit__patient__"),
    ElfcMldAssessment: lambda user: patients_of(user, PATIENT_ROLES, "visit__patient__"),
    MriSeverityRead: lambda user: (
        ~Q(state=ReadState.DRAFT) & patients_of(user, ALL_SITE_ROLES, "visit__patient__")
    ),
    MriSeverityFinal: lambda user: patients_of(user, ALL_SITE_ROLES, "visit__patient__"),
    ReadAssignment: _read_assignments,
    Query: _queries,
    QueryMessage: lambda user: _queries(user, "query__"),
    Signature: _signatures,
    # the schedule
    Notices: lambda user: Q(user=user),
    NotDone: lambda user: patients_of(user, PATIENT_ROLES, "patient__"),
    ProtocolDeviation: lambda user: patients_of(user, PATIENT_ROLES, "patient__"),
    Lock: _locks,
    ApprovalRequest: _requests,
    UnblindingEvent: lambda user: (
        patients_of(user, PATIENT_ROLES, "patient__")
        | Q(
            patient__isnull=True,
            study__in=memberships(user).filter(role__in=PATIENT_ROLES).values("study"),
        )
    ),
}


def visible_to(user: Any, queryset: QuerySet[ModelT]) -> QuerySet[ModelT]:
    """Narrow a queryset to the rows a person may see; nothing for nobody.

    Raises
    ------
    KeyError
        If the model has no rule: default deny, and loudly.
    """
    rule = VISIBLE[queryset.model]
    if not is_known(user):
        return queryset.none()
    return queryset.filter(rule(user))
