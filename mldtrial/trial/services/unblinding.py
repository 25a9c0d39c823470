"""Load allocations, and tell arms only after the telling is on record."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.views.decorators.debug import sensitive_variables

from mldtrial.accounts.services import reauthentication
from mldtrial.audit.context import because
from mldtrial.audit.models import Action, ApprovalRequest
from mldtrial.trial import policies
from mldtrial.trial.models import (
    Blinding,
    Membership,
    Patient,
    Study,
    UnblindingEvent,
    UnblindingKind,
)
from mldtrial.trial.models.study import CODE
from mldtrial.trial.services import approvals
from mldtrial.trial.services.saving import store


@transaction.atomic
def load_allocations(*, study: Study, rows: Iterable[tuple[str, str]], by_whom: str) -> int:
    """Keep which patient is in which arm, all or none; returns how many. Nothing shows it back.

    Parameters
    ----------
    rows : iterable of (str, str)
        Subject code and arm.
    by_whom : str
        Who vouches for the allocation: the statistician or pharmacist who is unblinded.

    Raises
    ------
    ValidationError
        With the number of the row, never with its arm.
    """
    loading = Loading(study, by_whom)
    count = 0
    for count, (subject_code, arm) in enumerate(rows, start=1):
        loading.keep(count, subject_code, arm)
    return count


class Loading:
    """The rows of one file on their way in, inside of one transaction."""

    def __init__(self, study: Study, by_whom: str) -> None:
        self.study, self.by_whom = study, by_whom
        self.patients = dict(study.patients.values_list("subject_code", "pk"))
        self.seen: set[str] = set()

    @sensitive_variables()
    def keep(self, row: int, subject_code: str, arm: str) -> None:
        """Keep the arm of one patient.

        Raises
        ------
        ValidationError
            With the number of the row, never with its arm.
        """
        if subject_code not in self.patients:
            raise ValidationError(f"Row {row}: the study has no such subject code.")
        if subject_code in self.seen:
            raise ValidationError(f"Row {row}: this subject code stands twice in the file.")
        self.seen.add(subject_code)
        try:
            CODE(arm)
        except ValidationError as error:
            raise ValidationError(f"Row {row}: the arm is no code. {CODE.message}") from error
        _load(self.study, self.patients[subject_code], arm, self.by_whom, row)


@sensitive_variables()
def _load(study: Study, patient_id: Any, arm: str, by_whom: str, row: int) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT blinded.load(%s, %s, %s, %s)", [study.pk, patient_id, arm, by_whom]
            )
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") != "23505":
            raise
        raise ValidationError(
            f"Row {row}: this patient is allocated already. A wrong allocation is corrected by "
            "the owner of the database, never by a second file."
        ) from error


def unblind_in_emergency(
    *, patient: Patient, reason: str, password: str, code: str = "", by: Any
) -> UnblindingEvent:
    """Put on record that the arm of one patient is told to the treating investigator.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not or is not who the session says, there is no reason, or the study
        is open.
    """
    policies.require(by, "unblind", patient)
    _require_blinded(patient.study)
    _require_reason(reason)
    reauthentication.confirm(user=by, password=password, code=code)
    event = UnblindingEvent(
        study=patient.study,
        patient=patient,
        kind=UnblindingKind.EMERGENCY,
        reason=reason.strip(),
        requested_by=by,
        entitled=by,
    )
    with because(reason.strip()):
        return store(event)


def request_unblinding(
    *,
    study: Study,
    statistician: Membership | None,
    reason: str,
    password: str,
    code: str = "",
    by: Any,
) -> ApprovalRequest:
    """Ask that a whole study is unblinded: to one statistician, or to every role that may.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not or is not who the session says, there is no reason, the study is
        open, or somebody has asked already.
    """
    policies.require(by, "unblind_study", study)
    _require_blinded(study)
    _require_reason(reason)
    reauthentication.confirm(user=by, password=password, code=code)
    request = ApprovalRequest(
        action=Action.PLANNED if statistician is None else Action.GRANT,
        subject_id=study.pk if statistician is None else statistician.pk,
        reason=reason.strip(),
        requested_by=by,
    )
    with because(reason.strip()):
        return store(request)


def decide_unblinding(
    *,
    study: Study,
    request: ApprovalRequest,
    is_approved: bool,
    reason: str,
    password: str,
    code: str = "",
    by: Any,
) -> ApprovalRequest:
    """Approve or refuse the unblinding of a study that somebody else has asked for.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, asked for it, or is not who the session says; or if it is
        decided already.
    """
    policies.require(by, "unblind_study", study)
    with approvals.decision(
        request=request, is_approved=is_approved, reason=reason, password=password, code=code, by=by
    ) as decided:
        if is_approved:
            store(_event_of(study, decided))
    return decided


def _event_of(study: Study, request: ApprovalRequest) -> UnblindingEvent:
    grant = request.action == Action.GRANT
    entitled = Membership.objects.get(pk=request.subject_id).user if grant else None
    return UnblindingEvent(
        study=study,
        kind=UnblindingKind.GRANT if grant else UnblindingKind.PLANNED,
        reason=request.reason,
        requested_by=request.requested_by,
        entitled=entitled,
        request=request,
    )


def _require_blinded(study: Study) -> None:
    if study.blinding != Blinding.BLINDED:
        raise ValidationError("This study is open: there is nothing to unblind.")


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})
