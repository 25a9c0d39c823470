"""Tell by e-mail, once, of segmentations that ended without a result."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.contrib.auth import get_user_model
from django.core.mail import get_connection, send_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models.functions import Now

from mldtrial.trial import policies
from segmentation.models import JobState, ReleaseState, SegmentationRun

log = logging.getLogger(__name__)
AT_MOST = 200
NAMED_AT_MOST = 20
LATEST = timedelta(days=1)
"""What ended longer ago was seen, or ended before anybody was told by e-mail."""
SUBJECT = "Segmentations without a result"
OPENING = "These segmentations ended without a result:"
CLOSING = (
    "The page of the patient says why, and offers to try again what failed. Under your account you "
    "can turn messages off.\nFor research and trial use, not for diagnosis."
)


def tell_of_failures() -> int:
    """Send those who can do something about it one message; returns how many were sent.

    A run is marked before anything is sent: a message may be lost, and none is sent twice. It
    holds study and subject codes and visits, nothing else of a patient. Who has turned the digest
    off gets none.
    """
    runs = _marked()
    if not runs:
        return 0
    studies = {run.visit.patient.study_id for run in runs}
    people = (
        get_user_model()
        .objects.filter(
            is_active=True,
            memberships__is_active=True,
            memberships__study__in=studies,
            memberships__role__in=policies.ACTIONS["retry_job"],
        )
        .exclude(email="")
        .exclude(notices__wants_digest=False)
        .distinct()
    )
    try:
        with get_connection() as server:
            return sum(_tell(person, runs, server) for person in people)
    except (SMTPException, OSError):
        log.exception("The mail server did not answer; nobody was told of %d runs.", len(runs))
        return 0


@transaction.atomic
def _marked() -> list[SegmentationRun]:
    untold = SegmentationRun.objects.filter(
        state__in=[JobState.FAILED, JobState.REJECTED],
        is_voided=False,
        told_at__isnull=True,
        finished_at__gt=Now() - LATEST,
    )
    found = list(
        untold.select_for_update(of=("self",), skip_locked=True)
        .select_related(
            "visit__patient__study", "visit__patient__site", "visit__definition", "model_version"
        )
        .order_by("visit__patient__subject_code", "visit__date")[:AT_MOST]
    )
    SegmentationRun.objects.filter(pk__in=[run.pk for run in found]).update(told_at=Now())
    return found


def _is_for(person: Any, run: SegmentationRun) -> bool:
    """Return whether a person can do something: of a candidate, who ordered it over the cohort."""
    is_shadow = run.model_version.state == ReleaseState.CANDIDATE
    action = "order_segmentations" if is_shadow else "retry_job"
    return policies.may(person, action, run.visit)


def _tell(person: Any, runs: Sequence[SegmentationRun], server: BaseEmailBackend) -> int:
    own = [run for run in runs if _is_for(person, run)]
    if not own:
        return 0
    lines = [f"{run.visit.patient.study.code} {_named(run)}" for run in own[:NAMED_AT_MOST]]
    if len(own) > NAMED_AT_MOST:
        lines.append(f"and {len(own) - NAMED_AT_MOST} more")
    body = "\n".join(lines)
    text = f"{OPENING}\n\n{body}\n\n{CLOSING}\n"
    try:
        return send_mail(SUBJECT, text, None, [person.email], connection=server)
    except (SMTPException, OSError):
        log.exception("The person %s was not told of failed segmentations.", person.pk)
        return 0


def _named(run: SegmentationRun) -> str:
    where = f"{run.visit.patient.subject_code}, {run.visit.name}"
    return f"{where}, {run.model_version}: {run.get_state_display()}"
