"""Reading uploads, runs and models, narrowed to what the person may see."""

from collections.abc import Sequence as ListOf
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.http import Http404
from django.utils import timezone

from mldtrial.audit.models import LockedRecord
from mldtrial.trial import policies as trial_policies
from mldtrial.trial.models import (
    ProtocolDeviation,
    Scan,
    ScanState,
    Sequence,
    Study,
    Visit,
)
from mldtrial.trial.selectors import ASKED_SEQUENCES, lock_of
from mldtrial.trial.selectors.owing import scans_there
from segmentation.imaging.quality.metrics import METHOD_VERSION
from segmentation.models import (
    JobState,
    ModelVersion,
    ProtocolFinding,
    ReleaseState,
    ScannerChange,
    ScannerChangeKind,
    ScanQuality,
    ScanSetAside,
    SegmentationResult,
    SegmentationRun,
    Upload,
)
from segmentation.policies import visible_to
from segmentation.selectors import quarantine
from segmentation.selectors.findings import not_met
from segmentation.selectors.progress import place_of, seconds_left, time_left
from segmentation.selectors.scanners import events_of_scans, is_another_for
from segmentation.selectors.set_aside import ScanRow, rows_of, why_left_out
from segmentation.selectors.training_sets import Trained, trained_on

TAKEN_IN = timedelta(seconds=10)
"""How long after an upload has ended its worker may still be about to ask for a run."""


def uploads(*, user: Any) -> QuerySet[Upload]:
    """Return the uploads a person may see, newest first."""
    return visible_to(user, Upload.objects.all()).select_related(
        "visit__patient__study", "visit__patient__site"
    )


def upload(upload_id: UUID, *, user: Any) -> Upload:
    """Return an upload.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = uploads(user=user).filter(pk=upload_id).first()
    if found is None:
        raise Http404("No such upload.")
    return found


def run(run_id: UUID, *, user: Any) -> SegmentationRun:
    """Return a run with what its provenance page shows.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = (
        visible_to(user, SegmentationRun.objects.filter(pk=run_id))
        .select_related("visit__patient__study", "model_version", "t1w_scan", "t2w_scan", "result")
        .first()
    )
    if found is None:
        raise Http404("No such run.")
    return found


def result_of(run: SegmentationRun, *, user: Any) -> SegmentationResult | None:
    """Return what a run found; None where it found nothing, or the person may not see it."""
    return visible_to(user, SegmentationResult.objects.filter(run=run)).first()


def scan_quality(study: Study, quality_id: UUID, *, user: Any) -> ScanQuality:
    """Return a measurement of the quality of an image of a study.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = (
        visible_to(user, ScanQuality.objects.filter(pk=quality_id))
        .filter(scan__visit__patient__study=study)
        .select_related("scan__visit__patient__study", "scan__visit__patient__site")
        .first()
    )
    if found is None:
        raise Http404("No such measurement.")
    return found


def quality_ids_of(run: SegmentationRun, *, user: Any) -> dict[UUID, UUID]:
    """Return the current measurement of the quality of each image of a run that has one, by scan.

    None of an image that was moved to another visit.
    """
    found = ScanQuality.objects.filter(
        scan__in=[run.t1w_scan_id, run.t2w_scan_id],
        scan__visit=run.visit_id,
        method_version=METHOD_VERSION,
    )
    return dict(visible_to(user, found).values_list("scan_id", "pk"))


def models(*, user: Any) -> QuerySet[ModelVersion]:
    """Return the registered models: the active one, then candidates, then retired ones."""
    order = [ReleaseState.ACTIVE, ReleaseState.CANDIDATE, ReleaseState.RETIRED]
    place = Case(*[When(state=state, then=number) for number, state in enumerate(order)])
    found = visible_to(user, ModelVersion.objects.all())
    return found.order_by(place, "name", "-created_at")


def model(model_id: UUID, *, user: Any) -> ModelVersion:
    """Return a registered model.

    Raises
    ------
    Http404
        If there is none, or the person belongs to no study.
    """
    found = models(user=user).filter(pk=model_id).first()
    if found is None:
        raise Http404("No such model.")
    return found


@dataclass(frozen=True, slots=True)
class VisitStatus:
    """Where the images of a visit stand, in words.

    Attributes
    ----------
    code : str
        ``empty``, ``waiting``, ``running``, ``missing``, ``done``, ``refused`` or ``failed``.
    text : str
        One short line for people.
    percent : int or None
        How far a running job has come.
    is_moving : bool
        True while something will change by itself, so that the page asks again.
    rows : tuple of ScanRow
        The same scans, each with whether it is left out of every load.
    in_quarantine : tuple of Scan
        Images that wait for a decision where they belong, in the order of the quarantine list, for
        who may see that; they are not among `scans`.
    is_trained_on : bool
        Whether the patient was in the training set of the method of a load that is shown.
    not_proposed : frozenset of str
        Codes of deviations that `scanner_events` would propose, but that the visit has already or
        that do not hold for its patient.
    """

    code: str
    text: str
    detail: str
    percent: int | None
    is_moving: bool
    scans: tuple[Scan, ...]
    rows: tuple[ScanRow, ...]
    uploads: tuple[Upload, ...]
    run: SegmentationRun | None
    load_ml: float | None
    is_trained_on: bool
    findings: tuple[ProtocolFinding, ...]
    scanner_events: tuple[ScannerChange, ...]
    not_proposed: frozenset[str]
    in_quarantine: tuple[Scan, ...]

    @property
    def set_asides(self) -> list[ScanSetAside]:
        """What people said of scans that they set aside."""
        return [row.set_aside for row in self.rows if row.set_aside is not None]


def visit_status(visit: Visit, *, user: Any) -> VisitStatus:
    """Return where the images of a visit stand; a load only for those who may see loads."""
    # Jobs are read before what they make: one that ends meanwhile counts as moving, and the page
    # asks again. Read the other way round, it would be over and its images not there.
    recent = tuple(visit.uploads.order_by("-queued_at"))
    moving = [u for u in recent if not u.is_finished]
    rows = tuple(rows_of(visit.scans.filter(state=ScanState.IMPORTED), user=user))
    unused = [row.scan for row in rows if row.is_left_out]
    found = tuple(not_met(visit, user=user))
    latest_run = _latest_run(visit, unused)
    load_ml, is_trained_on = None, False
    has_result = latest_run is not None and hasattr(latest_run, "result")
    # The load of a visit is that of the method that counts; of another, its page shows it.
    counts = latest_run is not None and latest_run.model_version.state == ReleaseState.ACTIVE
    if (
        latest_run is not None
        and has_result
        and counts
        and trial_policies.may(user, "view_loads", visit)
    ):
        load_ml = latest_run.result.demyelination_load_ml
        is_trained_on = trained_on(visit.patient, latest_run.model_version) == Trained.IN_IT
    not_done = set(visit.not_done.filter(is_current=True).values_list("sequence", flat=True))
    usable = tuple(row.scan for row in rows if not row.is_left_out)
    code, text, detail, percent = _state(usable, recent, moving, latest_run, not_done)
    is_lacking = unused and code in ("missing", "empty")
    why = why_left_out(rows, found, not_done) if is_lacking else None
    if why is not None:
        code, (text, detail) = "refused", why
    is_moving = bool(moving) or _awaits_run(visit, recent, latest_run)
    seen = tuple(events_of_scans([row.scan.pk for row in rows], user=user))
    return VisitStatus(
        code=code,
        text=text,
        detail=detail,
        percent=percent,
        is_moving=is_moving,
        scans=tuple(row.scan for row in rows),
        rows=rows,
        uploads=recent,
        run=latest_run,
        load_ml=load_ml,
        is_trained_on=is_trained_on,
        in_quarantine=quarantine.of_visit(visit, user=user),
        findings=found,
        scanner_events=seen,
        not_proposed=_not_proposed(visit, seen) if seen else frozenset(),
    )


def _awaits_run(visit: Visit, recent: tuple[Upload, ...], run: SegmentationRun | None) -> bool:
    """Return whether a run is unfinished, or may just be asked for: a worker does so by itself."""
    if run is not None:
        return not run.is_finished
    ended = [u.finished_at for u in recent[:1] if u.state == JobState.SUCCEEDED and u.finished_at]
    if not any(timezone.now() - at < TAKEN_IN for at in ended):
        return False
    counts = ModelVersion.objects.filter(state=ReleaseState.ACTIVE)
    return counts.exists() and lock_of(visit) is None


def _not_proposed(visit: Visit, seen: ListOf[ScannerChange]) -> frozenset[str]:
    codes = set(ProtocolDeviation.objects.filter(visit=visit).values_list("code", flat=True))
    codes |= {
        event.deviation_code
        for event in seen
        # New to the site need not be another one for this patient.
        if event.kind == ScannerChangeKind.NEW and not is_another_for(visit.patient_id, event)
    }
    return frozenset(codes)


def _latest_run(visit: Visit, unused: ListOf[Scan]) -> SegmentationRun | None:
    """Return the run that a visit shows: of scans that are used, of the method that counts.

    One that waits or runs, else the one whose load counts, else the latest.
    """
    found = visit.segmentation_runs.filter(is_voided=False).exclude(t1w_scan__in=unused)
    return (
        found.exclude(t2w_scan__in=unused)
        .exclude(_of_a_candidate_at_a_held_visit())
        .select_related("model_version", "result")
        .alias(
            counts=Q(model_version__state=ReleaseState.ACTIVE),
            is_moving=Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
        )
        .order_by("-counts", "-is_moving", "-analysis_flag", "-queued_at")
        .first()
    )


def _of_a_candidate_at_a_held_visit() -> Q:
    """Return the condition of a candidate's runs that a visit shows nothing of while it is held.

    Neither of those that came to a held visit, nor of those that were on their way: what a frozen
    or locked visit shows does not move.
    """
    held = LockedRecord.objects.filter(record_id=OuterRef("visit"))
    return Q(Exists(held)) & Q(model_version__state=ReleaseState.CANDIDATE)


def visits_in_progress(*, user: Any, at_most: int) -> list[tuple[Visit, VisitStatus]]:
    """Return the visits whose images are being checked or segmented, with their states."""
    unfinished = [JobState.QUEUED, JobState.RUNNING]
    jobs = [
        visible_to(user, Upload.objects.filter(state__in=unfinished)).values("visit"),
        visible_to(
            user,
            SegmentationRun.objects.filter(state__in=unfinished, is_voided=False).exclude(
                _of_a_candidate_at_a_held_visit()
            ),
        ).values("visit"),
    ]
    visits = Visit.objects.select_related("patient__study", "patient__site").order_by(*BY_SUBJECT)
    at_work = visits.filter(Q(pk__in=jobs[0]) | Q(pk__in=jobs[1]))[:at_most]
    found = [(visit, visit_status(visit, user=user)) for visit in at_work]
    known = {visit.pk for visit, _ in found}
    just_in = visible_to(
        user,
        Upload.objects.filter(state=JobState.SUCCEEDED, finished_at__gt=timezone.now() - TAKEN_IN),
    )
    for visit in visits.filter(pk__in=just_in.values("visit")).exclude(pk__in=known):
        status = visit_status(visit, user=user)
        if status.is_moving:
            found.append((visit, status))
    found.sort(key=lambda entry: (entry[0].patient.subject_code, entry[0].date))
    return found[:at_most]


BY_SUBJECT = ("patient__subject_code", "date")


def _state(
    scans: tuple[Scan, ...],
    recent: tuple[Upload, ...],
    moving: list[Upload],
    run: SegmentationRun | None,
    not_done: set[str],
) -> tuple[str, str, str, int | None]:
    if moving:
        return _moving("Checking the upload", moving[-1])
    # What another method found is no news while something is missing for the one that counts.
    counts = run is not None and run.model_version.state == ReleaseState.ACTIVE
    if run is not None and (counts or not run.is_finished):
        return _run_state(run)
    refused = [u for u in recent[:1] if u.state in (JobState.REJECTED, JobState.FAILED)]
    if refused:
        return "refused", "Upload refused", refused[0].message, None
    present = {scan.sequence for scan in scans}
    absent = [name for name in (Sequence.T1W, Sequence.T2W) if name not in present]
    missing = [name for name in absent if name not in not_done]
    if absent and not missing:
        return "empty", f"{' and '.join(absent)} not done", "", None
    if not scans:
        return "empty", "No scan yet", "", None
    if missing:
        return "missing", f"{' and '.join(missing)} missing", "", None
    if run is not None:
        return _run_state(run)
    return "waiting", "Waiting for a segmentation model", "", None


def _run_state(run: SegmentationRun) -> tuple[str, str, str, int | None]:
    if run.state == JobState.SUCCEEDED:
        counts = run.model_version.state == ReleaseState.ACTIVE
        return "done", "Segmented" if counts else f"Segmented by {run.model_version}", "", None
    if run.state == JobState.CANCELLED:
        return "failed", "Segmentation cancelled", run.message, None
    if run.state in (JobState.FAILED, JobState.REJECTED):
        return "failed", "Segmentation failed", run.message, None
    return _moving("Segmenting", run)


def _moving(what: str, job: Upload | SegmentationRun) -> tuple[str, str, str, int | None]:
    if job.state == JobState.RUNNING:
        percent = round(100 * job.progress)
        step = f" ({job.progress_step})" if job.progress_step else ""
        left = time_left(seconds_left(job))
        return "running", f"{what}: {percent} %{step}", left, percent
    return "waiting", f"{what}: waiting, {place_of(job)}", job.message, None


def sequences_missing(visit: Visit) -> list[str]:
    """Return which of T1w and T2w a visit lacks, or has in a scan alone that is set aside."""
    present = set(scans_there().filter(visit=visit).values_list("sequence", flat=True))
    return [name for name in ASKED_SEQUENCES if name not in present]
