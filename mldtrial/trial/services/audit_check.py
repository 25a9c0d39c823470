"""Verify the audit trail from a page, within a bounded time, and log what came of it."""

from typing import Any

from mldtrial.audit.models import AccessAction
from mldtrial.audit.services import verification
from mldtrial.audit.services.verification import Verification
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.services import access

LIMIT_SECONDS = 20.0
"""A page waits no longer; the command has no limit."""


def verify_now(*, study: Study, by: Any) -> Verification:
    """Verify the chain of all studies, as far as the time allows.

    Raises
    ------
    PermissionDenied
        If the person is no auditor of the study.
    """
    policies.require(by, "verify_audit", study)
    result = verification.verify(limit_seconds=LIMIT_SECONDS)
    access.log(AccessAction.VERIFY, by=by, study=study, details=result.summary())
    return result
