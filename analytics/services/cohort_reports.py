"""The regular report of a cohort: chosen, made by a worker, told of, handed out."""

import json
import logging
from datetime import date
from hashlib import sha256
from pathlib import Path
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from analytics.models import CohortReport, ReportSubscription, Rhythm
from analytics.reports import cohort
from analytics.reports.periods import day_period
from analytics.selectors import cohort_reports as selectors
from analytics.services import cohort_content
from mldtrial.audit.context import acting, because
from mldtrial.audit.models import AccessAction
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.services import access
from mldtrial.trial.services.saving import store as save
from segmentation.imaging.errors import ImageError
from segmentation.models import JobState
from segmentation.services import jobs, store

DATASET = "cohort_report"
ENDED = "The role for which it was asked has ended, so it was not made."
CHANGED = "The file is not the one that was made: it is missing or has changed."
MADE_ANEW = "A report of today is made anew: “Make it now”."
OF_ITS_DAY = (
    "It shows the records of {day}, so it is not made again of later ones. Tell the administrator, "
    "who can bring it back from a backup; for the records of today make a new report."
)
SUBJECT = "Your cohort report is ready"
CLOSING = (
    "You are asked to sign in. How often it is made, you choose on the same page.\n"
    "For research and trial use, not for diagnosis."
)
log = logging.getLogger(__name__)


@transaction.atomic
def choose_rhythm(*, study: Study, rhythm: str, by: Any) -> ReportSubscription:
    """Keep how often a person wants the report of a study.

    Raises
    ------
    PermissionDenied
        If the person may not view the cohort.
    ValidationError
        If there is no such rhythm.
    """
    policies.require(by, "view_cohort", study)
    if rhythm not in Rhythm.values:
        raise ValidationError("Choose every week, every month or never.")
    chosen = ReportSubscription.objects.select_for_update().filter(study=study, user=by).first()
    own = chosen or ReportSubscription(study=study, user=by)
    own.rhythm = rhythm
    with because("The person chose."):
        return save(own)


def ask_for_one(*, study: Study, by: Any, on: date) -> CohortReport:
    """Return the report of a day for a person; it is queued unless it is there already.

    One that failed, was cancelled when the role had ended, or whose files are no more what was
    made, begins anew.

    Raises
    ------
    PermissionDenied
        If the person may not view the cohort.
    """
    policies.require(by, "view_cohort", study)
    role = selectors.role_of(study, user=by)
    found, _ = CohortReport.objects.get_or_create(
        study=study, made_for=by, role=role, period=day_period(on)
    )
    if found.is_there and not _is_whole(found):
        with because("Its file is missing or has changed"):
            CohortReport.objects.filter(pk=found.pk, state=JobState.SUCCEEDED).update(**jobs.AFRESH)
    else:
        jobs.retry(found)
    found.refresh_from_db()
    return found


def try_again(*, report: CohortReport, by: Any) -> None:
    """Queue a report again that failed.

    Raises
    ------
    PermissionDenied
        If the person may not view the cohort any more.
    """
    policies.require(by, "view_cohort", report.study)
    jobs.retry(report)


def queue_due(*, on: date) -> int:
    """Queue the reports of this week and month that are not there yet; returns how many."""
    count = 0
    with acting(origin="reports"):
        for chosen, role, period in selectors.wanted(on):
            found, is_new = CohortReport.objects.get_or_create(
                study=chosen.study, made_for=chosen.user, role=role, period=period
            )
            if found.state == JobState.CANCELLED:
                jobs.retry(found)
                is_new = True
            count += is_new
    return count


def execute_next(*, worker: str) -> CohortReport | None:
    """Claim and make the next report that waits; None if there is none."""
    with acting(origin=f"worker:{worker}"):
        return jobs.execute_next(CohortReport, _execute, worker=worker)


def take_back_lost() -> int:
    """Queue again what a lost worker left behind; returns how many."""
    with acting(origin="reports", reason="worker lost"):
        return jobs.take_back_lost(CohortReport)


def _execute(row: CohortReport, heartbeat: jobs.Heartbeat) -> None:
    assert row.lease_token is not None  # noqa: S101 - just claimed
    if not is_due_to(row):
        jobs.cancel(row, message=ENDED)
        return
    made = cohort_content.report(row.study, user=row.made_for, period=row.period)
    heartbeat.progress(0.7, "writing")
    document = json.dumps(cohort.as_plain(made), sort_keys=True, ensure_ascii=False).encode()
    paper = cohort.cohort_pdf(made)
    heartbeat.check()
    with store.temporary_folder(row.lease_token) as folder:
        for content, ending in ((document, "json"), (paper, "pdf")):
            store.write(folder / ending, content)
            store.publish(folder / ending, path_of(sha256(content).hexdigest(), ending))
    jobs.succeed(
        row,
        document_sha256=sha256(document).hexdigest(),
        sha256=sha256(paper).hexdigest(),
    )


def is_due_to(row: CohortReport) -> bool:
    """Return whether its person still holds the role in which it is made."""
    is_held = row.role in policies.roles(row.made_for, row.study)
    return is_held and policies.may(row.made_for, "view_cohort", row.study)


def path_of(content_sha256: str, ending: str) -> Path:
    """Return where a file of a report lies in the store."""
    return store.root() / "reports" / content_sha256[:2] / f"{content_sha256}.{ending}"


def read(*, report: CohortReport, by: Any) -> cohort.CohortReport:
    """Return a report as it was made, and log that it was read where that could unblind.

    Raises
    ------
    PermissionDenied
        If the person may not view the cohort any more.
    ValidationError
        If it is not there, or its file is not the one that was made.
    """
    policies.require(by, "view_cohort", report.study)
    content = _document(report)
    access.log_blinded_view(study=report.study, by=by, what="cohort report")
    return cohort.of_plain(json.loads(content))


def hand_out(*, report: CohortReport, by: Any) -> bytes:
    """Return a report as PDF, and log that it was taken.

    Raises
    ------
    PermissionDenied
        If the person may not view the cohort any more.
    ValidationError
        If it is not there, or its file is not the one that was made.
    """
    policies.require(by, "view_cohort", report.study)
    content = _paper(report)
    details = {"dataset": DATASET, "report": str(report.pk), "sha256": report.sha256}
    access.log(AccessAction.EXPORT_DONE, by=by, study=report.study, details=details)
    return content


def _is_whole(report: CohortReport) -> bool:
    """Return whether the files of a report are those that were made."""
    try:
        for content_sha256, ending in ((report.document_sha256, "json"), (report.sha256, "pdf")):
            store.verified(path_of(content_sha256, ending), content_sha256)
    except ImageError:
        log.exception("A file of the cohort report %s is missing or has changed.", report.pk)
        return False
    return True


def damage(report: CohortReport) -> str:
    """Return that a report cannot be read any more and what to do, in words; empty if it can."""
    if not report.is_there or _kept_document(report) is not None:
        return ""
    return _damage_words(report)


def _damage_words(report: CohortReport) -> str:
    if report.period == day_period(today()) or report.finished_at is None:
        return f"{CHANGED} {MADE_ANEW}"
    day = timezone.localdate(report.finished_at)
    return f"{CHANGED} {OF_ITS_DAY.format(day=day)}"


def _kept_document(report: CohortReport) -> bytes | None:
    """Return the words and numbers of a report as they were kept; None where they are damaged."""
    try:
        path = path_of(report.document_sha256, "json")
        return store.verified(path, report.document_sha256).read_bytes()
    except ImageError:
        return None


def _document(report: CohortReport) -> bytes:
    _require_there(report)
    document = _kept_document(report)
    if document is None:
        log.error("A file of the cohort report %s is missing or has changed.", report.pk)
        raise ValidationError(_damage_words(report))
    return document


def _paper(report: CohortReport) -> bytes:
    """Return the PDF that was made, or the same bytes made again of the document that was kept."""
    _require_there(report)
    try:
        return store.verified(path_of(report.sha256, "pdf"), report.sha256).read_bytes()
    except ImageError as error:
        log.error("A file of the cohort report %s is missing or has changed.", report.pk)
        paper = cohort.cohort_pdf(cohort.of_plain(json.loads(_document(report))))
        if sha256(paper).hexdigest() != report.sha256:  # drawn by another version of the platform
            raise ValidationError(_damage_words(report)) from error
        return paper


def _require_there(report: CohortReport) -> None:
    if not report.is_there:
        raise ValidationError("The report is not there yet.")


def tell_of_reports() -> int:
    """Send each person one message a report that is ready; returns how many were sent.

    It holds the code of the study and an address, and nothing of a patient. A report is marked
    before anything is sent: a message may be lost, and none is sent twice. Who asked for it on the
    page looks at the page, and gets none.
    """
    sent = 0
    for report in _untold():
        wants = report.made_for.email and report.made_for.is_active and is_due_to(report)
        if not wants or report.period.count("-") > 1:
            continue
        try:
            sent += send_mail(SUBJECT, _message(report), None, [report.made_for.email])
        except (SMTPException, OSError):
            log.exception("The person %s was not told of a report.", report.made_for.pk)
    return sent


@transaction.atomic
def _untold() -> list[CohortReport]:
    ready = CohortReport.objects.filter(state=JobState.SUCCEEDED, told_at__isnull=True)
    found = list(
        ready.select_for_update(of=("self",), skip_locked=True)
        .select_related("made_for", "study")
        .order_by("queued_at", "pk")
    )
    with acting(origin="reports"):
        CohortReport.objects.filter(pk__in=[one.pk for one in found]).update(told_at=Now())
    return found


def _message(report: CohortReport) -> str:
    here = next(iter(settings.CSRF_TRUSTED_ORIGINS), f"http://localhost:{settings.PORT}")
    address = here + reverse("cohort_report", args=[report.study.code, report.pk])
    return f"The report of {report.study.code} for {report.period}:\n\n{address}\n\n{CLOSING}\n"


def today() -> date:
    """Return the day by which weeks and months are told."""
    return timezone.localdate()
