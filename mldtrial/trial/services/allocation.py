"""Take the allocation of a study in from its file: checked row by row, then kept as a whole.

Neither shows the file back: a row is named by its number and subject code, never by its arm.
"""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.debug import sensitive_variables

from mldtrial.accounts.services import reauthentication
from mldtrial.audit.models import AccessAction
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.services import access, unblinding
from mldtrial.trial.sheets.allocation import read_allocation
from mldtrial.trial.sheets.errors import SheetError

SALT = "mldtrial.trial.allocation"


@dataclass(frozen=True, slots=True)
class Fate:
    """What would become of a row; `problem` is empty where it would be kept."""

    number: int
    subject_code: str
    problem: str


@dataclass(frozen=True, slots=True)
class Check:
    """The fate of every row of a file, and the mark by which the same file is known again."""

    fates: list[Fate]
    mark: str

    @property
    def refused(self) -> int:
        """How many rows would be refused; with any, the file is."""
        return sum(bool(fate.problem) for fate in self.fates)


@sensitive_variables()
def check(*, study: Study, content: bytes, by: Any) -> Check:
    """Return what would become of each row of a file; nothing is kept.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or the file is no allocation.
    """
    policies.require(by, "load_allocation", study)
    rows = _rows(content)
    with transaction.atomic():
        loading = unblinding.Loading(study, _name(by))
        fates = [_fate(loading, number, *row) for number, row in enumerate(rows, start=1)]
        transaction.set_rollback(True)
    return Check(fates, _mark(content))


@sensitive_variables()
def load(
    *, study: Study, content: bytes, checked: str, password: str, code: str = "", by: Any
) -> int:
    """Keep which patient is in which arm, all rows or none; returns how many.

    Parameters
    ----------
    checked : str
        The mark of the file that was checked: no other one is kept.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, is not the one who is signed in, or the file is another one
        or holds a row that cannot be kept.
    """
    policies.require(by, "load_allocation", study)
    if not constant_time_compare(_mark(content), checked):
        raise ValidationError(
            {"file": "This is not the file that was checked. Choose that one, or check this one."}
        )
    reauthentication.confirm(user=by, password=password, code=code)
    rows = _rows(content)
    with transaction.atomic():
        count = unblinding.load_allocations(study=study, rows=rows, by_whom=_name(by))
        access.log(AccessAction.ALLOCATION, by=by, study=study, details={"row_count": count})
    return count


@sensitive_variables()
def _fate(loading: unblinding.Loading, number: int, subject_code: str, arm: str) -> Fate:
    try:
        loading.keep(number, subject_code, arm)
    except ValidationError as error:
        return Fate(number, subject_code, error.messages[0].removeprefix(f"Row {number}: "))
    return Fate(number, subject_code, "")


@sensitive_variables()
def _rows(content: bytes) -> list[tuple[str, str]]:
    try:
        rows = read_allocation(content)
    except SheetError as error:
        raise ValidationError({"file": error.message}) from error
    if not rows:
        raise ValidationError({"file": "The file holds no row below its header."})
    return rows


def _mark(content: bytes) -> str:
    # Keyed: a plain hash of so short a file could be found by trying all arms.
    return salted_hmac(SALT, content, algorithm="sha256").hexdigest()


def _name(by: Any) -> str:
    return str(by.get_full_name() or by.get_username())
