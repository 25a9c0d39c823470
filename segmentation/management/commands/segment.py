"""Segment visits from the command line."""

import argparse
import json
import time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from mldtrial.trial.models import Scan, ScanState, Visit
from mldtrial.trial.selectors import locks_on
from mldtrial.trial.services import locking
from segmentation import tasks
from segmentation.models import JobState, ModelVersion, ReleaseState, SegmentationRun
from segmentation.selectors.registry import IF_NO_VERSION, NotRegisteredError, model_named
from segmentation.services import models, runs, shadowing, store
from segmentation.services.unsegmented import retired, why_not

WAIT_SECONDS = 3600


class Command(BaseCommand):
    """Queue segmentations, and wait for them or do them here."""

    help = "Segment one visit, the visit of a scan, or every visit that has its images."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--visit")
        which.add_argument("--scan")
        which.add_argument("--all", action="store_true")
        parser.add_argument("--model", help="name of a registered model; the active one if absent")
        parser.add_argument("--model-version", help=IF_NO_VERSION)
        parser.add_argument("--wait", action="store_true")
        parser.add_argument("--inline", action="store_true")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_: Any, **options: Any) -> None:
        """Queue, follow, report; a failed run makes the exit status non-zero."""
        model = _model(options["model"], options["model_version"])
        visits = self._open_visits(options, model)
        with acting(origin="command:segment"):
            queued = [
                run
                for visit in visits
                if (run := runs.queue_run(visit=visit, model=model)) is not None
            ]
            if not queued and not options["all"]:
                raise CommandError(why_not(visits[0], model))
            if options["inline"]:
                while runs.execute_next(worker="inline") is not None:
                    pass
            else:
                tasks.ring_segmentation()
        if options["wait"] and not options["inline"]:
            _wait(queued)
        self._report(queued, as_json=options["as_json"])

    def _open_visits(self, options: dict[str, Any], model: ModelVersion) -> list[Visit]:
        """Return the visits that may be segmented; a held one is named, or counted among all."""
        visits = _visits(options)
        if shadowing.is_shadow(model):
            return visits
        held = locks_on([visit.pk for visit in visits])
        if held and not options["all"]:
            try:
                locking.require_open(visits[0])
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
        if held:
            self.stderr.write(f"{len(held)} frozen or locked visits were left out.")
        return [visit for visit in visits if visit.pk not in held]

    def _report(self, queued: list[SegmentationRun], *, as_json: bool) -> None:
        found = SegmentationRun.objects.filter(pk__in=[run.pk for run in queued])
        rows = [_row(run) for run in found.select_related("result", "model_version")]
        if as_json:
            self.stdout.write(json.dumps(rows))
        else:
            for row in rows:
                load = row["demyelination_load_ml"]
                value = f"{load:.2f} mL" if load is not None else row["reason"]
                self.stdout.write(f"{row['run_id']} {row['state']} {value}")
        bad = [row for row in rows if row["state"] in (JobState.FAILED, JobState.REJECTED)]
        if bad:
            raise CommandError(
                f"{len(bad)} of {len(rows)} segmentations failed: {bad[0]['reason']}"
            )


def _row(run: SegmentationRun) -> dict[str, Any]:
    result = getattr(run, "result", None)
    return {
        "run_id": str(run.pk),
        "state": run.state,
        "reason": run.message,
        "demyelination_load_ml": None if result is None else result.demyelination_load_ml,
        "model_version": str(run.model_version),
        "mask_path": None if result is None else str(store.root() / result.mask_path),
    }


def _model(name: str | None, version: str | None) -> ModelVersion:
    if name is None:
        if version is not None:
            raise CommandError("Say which model the version is of: --model NAME.")
        active = models.active_model()
        if active is None:
            raise CommandError(
                "No method is active; name one with --model, or use register_model first."
            )
        return active
    try:
        found = model_named(name, version)
    except NotRegisteredError as error:
        raise CommandError(str(error)) from error
    if found.state == ReleaseState.RETIRED:
        raise CommandError(retired(found))
    return found


def _visits(options: dict[str, Any]) -> list[Visit]:
    try:
        if options["all"]:
            return list(Visit.objects.filter(scans__state=ScanState.IMPORTED).distinct())
        if options["scan"]:
            return [Scan.objects.get(pk=options["scan"], state=ScanState.IMPORTED).visit]
        return [Visit.objects.get(pk=options["visit"])]
    except (Visit.DoesNotExist, Scan.DoesNotExist, ValidationError) as error:
        raise CommandError("No such visit, or no scan in use.") from error


def _wait(queued: list[SegmentationRun]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    waiting = {run.pk for run in queued}
    open_states = (JobState.QUEUED, JobState.RUNNING)
    while SegmentationRun.objects.filter(pk__in=waiting, state__in=open_states).exists():
        if time.monotonic() > deadline:
            raise CommandError("No worker finished in time; are the workers running?")
        time.sleep(0.5)
