"""Papers that leave the system: each is logged with what it was made of, as an export is."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.utils import timezone

from analytics.reports.sheet import Origin
from analytics.selectors.agreement import Comparison
from mldtrial.audit.models import AccessAction
from mldtrial.audit.services import anchors
from mldtrial.trial import policies
from mldtrial.trial.models import Patient, Study
from mldtrial.trial.services import access

COURSE = "patient_course_pdf"
AGREEMENT = "method_agreement_pdf"
VERSION_LETTERS = 12
DEMONSTRATION = (
    "Demonstration model. It was trained on digital phantoms only. Its loads show how the "
    "platform works; they measure no patient."
)
"""At the head of every paper whose loads are by such a model."""


def data_version() -> str:
    """Return what names the data as they stand, to be asked before any of them is read.

    It is the head of the audit chain, to which every later change adds: what is read after it may
    hold a change more than it names, and never one less. Its number is not told: it would count
    what other sites do.
    """
    return f"audit chain {anchors.current().hash[:VERSION_LETTERS]}"


def origin(*, of: str, by: Any, version: str, at: datetime | None = None) -> Origin:
    """Return what the foot of a paper says.

    Parameters
    ----------
    version : str
        Of the data, as `data_version` named them before they were read.
    """
    made = timezone.localtime(at or timezone.now())
    return Origin(of, str(by), f"{made:%Y-%m-%d %H:%M %Z}", version)


def take_course(content: bytes, *, patient: Patient, by: Any, origin: Origin) -> None:
    """Log that the paper of a patient's course was taken.

    Raises
    ------
    PermissionDenied
        If the person may not see the patient.
    """
    policies.require(by, "view_patient", patient)
    _log(COURSE, content, patient.study, by, origin, subject=patient.subject_code)


def take_agreement(
    content: bytes, *, study: Study, comparison: Comparison | None, by: Any, origin: Origin
) -> None:
    """Log that the paper of the agreement of two methods was taken, and of which.

    Raises
    ------
    PermissionDenied
        If the person may not see the comparison of methods.
    """
    policies.require(by, "view_impact", study)
    named = {} if comparison is None else comparison.named
    _log(AGREEMENT, content, study, by, origin, named=named)


def _log(
    dataset: str,
    content: bytes,
    study: Study,
    by: Any,
    origin: Origin,
    *,
    subject: str = "",
    named: Mapping[str, str] = MappingProxyType({}),
) -> None:
    details = {
        "dataset": dataset,
        **named,
        "data_version": origin.data_version,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    access.log(AccessAction.EXPORT_DONE, by=by, study=study, subject=subject, details=details)
