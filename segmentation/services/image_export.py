"""Write the images of a study for use outside, without faces unless a reason is given."""

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ExpressionWrapper

from mldtrial.audit.models import AccessAction
from mldtrial.trial.models import Disposition, Scan, ScanState, Study, Visit
from mldtrial.trial.models import Sequence as Contrast
from mldtrial.trial.selectors.consent import without_consent_for_images
from mldtrial.trial.services import access
from segmentation.imaging.deface import DEFACING_VERSION, deface
from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_volume, write_volume
from segmentation.models import SegmentationRun
from segmentation.selectors.left_out import left_out
from segmentation.selectors.usable import best_first
from segmentation.services import demo_images, store

BIDS_VERSION = "1.9.0"
NO_T1W = "The visit has no T1w image, in which the face is found."
NO_SUFFIX = "BIDS has no name for this sequence."


@dataclass(frozen=True, slots=True)
class ExportedImage:
    """A row of ``images.csv``: an image that was written, or the reason why it was not.

    Attributes
    ----------
    path : str
        Below the folder; empty for an image that was left out.
    sha256 : str
        Of the written file; empty for an image that was left out.
    left_out : str
        Why it was not written; empty for an image that was.
    left_out_of_loads : str
        Y where the imaging protocol or a person keeps the image from every load, else N.
    """

    subject_code: str
    visit_number: str
    sequence: str
    acq_stratum: str
    image_sha256: str
    deidentification_version: str
    defacing_version: str
    path: str
    sha256: str
    left_out: str
    left_out_of_loads: str


def export_images(
    *,
    study: Study,
    out: Path,
    reason_for_faces: str = "",
    scans: Sequence[Scan] | None = None,
    by: Any = None,
    tell: Callable[[float], None] = lambda _: None,
) -> list[ExportedImage]:
    """Write usable images of a study in BIDS layout, and a list of what was written.

    Face and ears are removed, and no voxel of the brain is changed. An image whose face cannot be
    found is left out with the reason: nothing leaves with a face because a step failed. Patients
    who withdrew their consent for images are left out altogether.

    Parameters
    ----------
    out : Path
        A folder that is not there yet, or an empty one.
    reason_for_faces : str
        Why the images are given out as they are, faces included; it goes to the access log.
    scans : sequence of Scan, optional
        Which of them, as `usable_scans` returns them; every one where it is not given.
    by : User or None
        Who takes them; None for whoever the audit context names.
    tell : callable
        Called after each image with the share that is done, from 0 to 1.

    Raises
    ------
    ValidationError
        If the folder holds something already, or BIDS would make one subject of two patients.
    """
    if out.exists() and any(out.iterdir()):
        raise ValidationError("The folder is not empty. Name a new one.")
    chosen = usable_scans(study) if scans is None else scans
    refuse_one_label_for_two(chosen)
    out.mkdir(parents=True, exist_ok=True)
    details = {"images": "BIDS", "defacing": DEFACING_VERSION, "faces": reason_for_faces}
    access.log(AccessAction.EXPORT_BEGUN, by=by, study=study, details=details)
    rows = []
    for row in _written(chosen, out, keeps_faces=bool(reason_for_faces)):
        rows.append(row)
        tell(len(rows) / len(chosen))
    _describe(study, out, rows)
    count = sum(not row.left_out for row in rows)
    done = {**details, "written": count, "left_out": len(rows) - count}
    access.log(AccessAction.EXPORT_DONE, by=by, study=study, details=done)
    return rows


def usable_scans(
    study: Study, visit_code: str = "", *, among: Collection[str] | None = None
) -> list[Scan]:
    """Return the images of a study that are in use and may leave, in the order of an export.

    Parameters
    ----------
    visit_code : str
        Code of a visit of the schedule; empty for all visits, also unscheduled ones.
    among : collection of str, optional
        Ids of images; all where it is not given.
    """
    found = Scan.objects.filter(visit__patient__study=study, state=ScanState.IMPORTED)
    if visit_code:
        found = found.filter(visit__definition__code=visit_code)
    if among is not None:
        found = found.filter(pk__in=list(among))
    is_left_out = ExpressionWrapper(left_out(), output_field=BooleanField())
    return list(
        found.exclude(visit__patient__in=without_consent_for_images(Disposition.objects.all()))
        .annotate(is_left_out=is_left_out)
        .select_related("visit__patient", "visit__definition")
        .order_by("visit__patient__subject_code", "visit__number", "sequence", "created_at")
    )


def refuse_one_label_for_two(scans: Sequence[Scan]) -> None:
    """Refuse subject codes that differ by nothing but the signs that BIDS drops.

    Raises
    ------
    ValidationError
        With what is wrong; it names no subject.
    """
    codes = {scan.visit.patient.subject_code for scan in scans}
    if len({_label(code) for code in codes}) < len(codes):
        raise ValidationError(
            "Two subject codes differ only by signs that BIDS does not take. Nothing was written."
        )


def _written(scans: Sequence[Scan], out: Path, *, keeps_faces: bool) -> Iterator[ExportedImage]:
    runs: Counter[str] = Counter()
    for scan in scans:
        path = stem(scan)
        runs[path] += 1
        name = path.replace("_run", f"_run-{runs[path]}")
        try:
            target = _write(scan, out / name, keeps_faces=keeps_faces)
        except ImageError as error:
            yield _row(scan, keeps_faces, left_out=error.message)
        except ValidationError as error:
            yield _row(scan, keeps_faces, left_out=" ".join(error.messages))
        else:
            yield _row(scan, keeps_faces, path=name, sha256=store.sha256_of(target))


def stem(scan: Scan) -> str:
    """Return the path of an image in BIDS, with a place for the number of the repeat."""
    subject = f"sub-{_label(scan.visit.patient.subject_code)}"
    session = f"ses-{_label(_session(scan.visit))}"
    name = f"{subject}_{session}_acq-{scan.acq_stratum}_run_{scan.sequence}.nii.gz"
    return f"{subject}/{session}/anat/{name}"


def mask_name(run: SegmentationRun) -> str:
    """Return the name of the mask of a run in BIDS, as of what was derived from its T1w image."""
    scan = run.t1w_scan
    subject = f"sub-{_label(run.visit.patient.subject_code)}"
    session = f"ses-{_label(_session(run.visit))}"
    method = f"desc-{_label(str(run.model_version))}"
    return f"{subject}_{session}_acq-{scan.acq_stratum}_{method}_mask.nii.gz"


def _session(visit: Visit) -> str:
    return visit.definition.code if visit.definition else f"V{visit.number.normalize():f}"


def _label(text: str) -> str:
    """Return a text as a label of BIDS, which takes letters and digits alone."""
    return re.sub(r"[^A-Za-z0-9]", "", text.replace(".", "p"))


def _write(scan: Scan, target: Path, *, keeps_faces: bool) -> Path:
    if scan.sequence == Contrast.OTHER:
        raise ValidationError(NO_SUFFIX)
    source = _stored(scan)
    if keeps_faces:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return target
    found = deface(read_volume(source), t1w=_t1w_beside(scan))
    target.parent.mkdir(parents=True, exist_ok=True)
    write_volume(target, found.image.data, found.image.affine)
    return target


def _t1w_beside(scan: Scan) -> Volume | None:
    """Return the T1w image of the visit for an image of another sequence."""
    if scan.sequence == Contrast.T1W:
        return None
    t1w = scan.visit.scans.filter(sequence=Contrast.T1W, state=ScanState.IMPORTED)
    best = t1w.order_by(*best_first()).first()
    if best is None:
        raise ValidationError(NO_T1W)
    return read_volume(_stored(best))


def _stored(scan: Scan) -> Path:
    demo_images.ensure_image(scan)
    return store.verified(store.image_path(scan.image_sha256), scan.image_sha256)


def _row(
    scan: Scan, keeps_faces: bool, *, path: str = "", sha256: str = "", left_out: str = ""
) -> ExportedImage:
    return ExportedImage(
        subject_code=scan.visit.patient.subject_code,
        visit_number=f"{scan.visit.number.normalize():f}",
        sequence=scan.sequence,
        acq_stratum=scan.acq_stratum,
        image_sha256=scan.image_sha256,
        deidentification_version=scan.deidentification_version,
        defacing_version="" if keeps_faces or left_out else DEFACING_VERSION,
        path=path,
        sha256=sha256,
        left_out=left_out,
        left_out_of_loads="Y" if scan.is_left_out else "N",  # type: ignore[attr-defined]
    )


def _describe(study: Study, out: Path, rows: list[ExportedImage]) -> None:
    with (out / "images.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(ExportedImage.__dataclass_fields__))
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
    description = {
        "Name": f"Images of the study {study.code}",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
    }
    (out / "dataset_description.json").write_text(json.dumps(description, indent=1))
