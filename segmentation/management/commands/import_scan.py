"""Take in a scan from the command line: the same path as the upload page."""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from mldtrial.trial.models import ScanState, Sequence, Visit
from segmentation import tasks
from segmentation.imaging.errors import ImageError
from segmentation.models import JobState, Upload
from segmentation.services import intake, placing, receiving, runs

CHUNK_BYTES = 1024 * 1024
WAIT_SECONDS = 600


class Command(BaseCommand):
    """Import a NIfTI file, a DICOM archive (zip, tar) or a DICOM folder."""

    help = "Import a scan: NIfTI (with --sequence and --acquired-on), DICOM zip, tar or folder."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--study", required=True)
        parser.add_argument("--patient", required=True, help="subject code")
        parser.add_argument("--visit", required=True, help="code of the planned visit, or number")
        parser.add_argument("--sequence", choices=Sequence.values, default="")
        parser.add_argument("--acquired-on", type=date.fromisoformat)
        parser.add_argument("--sha256", default="", help="checksum made by the sender")
        parser.add_argument("--wait", action="store_true", help="wait for the workers")
        parser.add_argument("--inline", action="store_true", help="do the work in this process")
        parser.add_argument(
            "--keep-despite",
            default="",
            metavar="REASON",
            help="take in what conflicts with the record as well, for this reason; "
            "without it that waits in quarantine (needs --wait or --inline)",
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_: Any, **options: Any) -> None:
        """Queue the intake, and follow it if asked to."""
        if options["keep_despite"] and not (options["wait"] or options["inline"]):
            raise CommandError("--keep-despite decides after intake: give --wait or --inline.")
        visit = find_visit(options["study"], options["patient"], options["visit"])
        with acting(origin="command:import_scan"):
            upload = self._receive(visit, options)
            if options["inline"]:
                _work_inline(upload)
            else:
                tasks.ring_intake()
        if options["wait"] and not options["inline"]:
            _wait(upload)
        upload.refresh_from_db()
        if upload.state in (JobState.REJECTED, JobState.FAILED):
            raise CommandError(upload.message)
        if options["keep_despite"]:
            _keep_waiting(upload, options["keep_despite"])
        self._report(upload, as_json=options["as_json"])

    def _receive(self, visit: Visit, options: dict[str, Any]) -> Upload:
        path: Path = options["path"]
        if not path.exists():
            raise CommandError("The path does not exist.")
        try:
            return receiving.receive_upload(
                visit=visit,
                chunks=_chunks(path),
                declared_sequence=options["sequence"],
                declared_acquired_on=options["acquired_on"],
                expected_sha256=options["sha256"],
                by=None,
            )
        except ImageError as error:
            raise CommandError(error.message) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def _report(self, upload: Upload, *, as_json: bool) -> None:
        sent = upload.visit.scans.filter(source_sha256=upload.sha256)
        # Not what the same file was under another sequence, whose place it may have taken.
        scans = sent.exclude(state=ScanState.VOIDED)
        rows = [
            {
                "scan_id": str(scan.pk),
                "state": scan.state,
                "reason": scan.reason,
                "sequence": scan.sequence,
                "acq_stratum": scan.acq_stratum,
                "shape": scan.shape,
                "voxel_size_mm": scan.voxel_size_mm,
                "affine": scan.affine,
                "sha256": scan.image_sha256,
            }
            for scan in scans
        ]
        if as_json:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            self.stdout.write(f"{row['sequence']} {row['acq_stratum']}: {row['reason']}")
        if not rows:
            self.stdout.write(f"Upload {upload.pk} is {upload.get_state_display()}.")
        if upload.message:
            self.stdout.write(upload.message)


def find_visit(study: str, patient: str, visit: str) -> Visit:
    """Return a visit by the code of its definition, or by its number.

    Raises
    ------
    CommandError
        If study, patient or visit is unknown.
    """
    found = Visit.objects.filter(patient__study__code=study, patient__subject_code=patient)
    if not found.exists():
        raise CommandError("No visit of such a patient in this study.")
    by_code = found.filter(definition__code=visit).first()
    if by_code is None and visit.replace(".", "", 1).isdigit():
        by_code = found.filter(number=visit).first()
    if by_code is None:
        raise CommandError("This patient has no such visit.")
    return by_code


def _chunks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file; a folder is sent as an archive, as a browser would."""
    if path.is_dir():
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "scan.zip"
            with ZipFile(archive, "w", ZIP_STORED) as zipped:
                files = sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
                for index, file in enumerate(files):
                    zipped.write(file, f"{index:06d}")
            yield from _chunks(archive)
        return
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK_BYTES):
            yield chunk


def _keep_waiting(upload: Upload, reason: str) -> None:
    """Take what waits of an upload out of quarantine: the operator says that it belongs."""
    waiting = upload.visit.scans.filter(
        source_sha256=upload.sha256, state=ScanState.QUARANTINED
    ).select_related("visit__patient__study", "visit__patient__site")
    if not waiting:
        return
    try:
        with acting(origin="command:import_scan", reason=reason):
            placing.keep(scans=list(waiting), reason=reason, by=None)
            tasks.ring_segmentation()
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error


def _work_inline(upload: Upload) -> None:
    """Execute waiting intakes in this process until this one is done, then its segmentation."""
    while not _finished(upload):
        if intake.execute_next(worker="inline") is None:
            time.sleep(0.2)
    if upload.state == JobState.SUCCEEDED:
        runs.queue_run(visit=upload.visit)


def _finished(upload: Upload) -> bool:
    upload.refresh_from_db()
    return upload.is_finished


def _wait(upload: Upload) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not _finished(upload):
        if time.monotonic() > deadline:
            raise CommandError("No worker finished the intake in time; are the workers running?")
        time.sleep(0.5)
