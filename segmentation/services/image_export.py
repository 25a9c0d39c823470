"""Write the images of a study for use outside, without faces unless a reason is given."""

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet

from mldtrial.audit.models import AccessAction
from mldtrial.trial.models import Disposition, Scan, ScanState, Sequence, Study, Visit
from mldtrial.trial.selectors.consent import without_consent_for_images
from mldtrial.trial.services import access
from segmentation.imaging.deface import DEFACING_VERSION, deface
from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_volume, write_volume
from segmentation.selectors.findings import excluding
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
        Y where the rules of the imaging protocol keep the image from every load, else N.
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


def export_images(*, study: Study, out: Path, reason_for_faces: str = "") -> list[ExportedImage]:
    """Write every usable image of a study in BIDS layout, and a list of what was written.

    Face and ears are removed, and no voxel of the brain is changed. An image whose face cannot be
    found is left out with the reason: nothing leaves with a face because a step failed. Patients
    who withdrew their consent for images are left out altogether.

    Parameters
    ----------
    out : Path
        A folder that is not there yet, or an empty one.
    reason_for_faces : str
        Why the images are given out as they are, faces included; it goes to the access log.

    Raises
    ------
    ValidationError
        If the folder holds something already, or BIDS would make one subject of two patients.
    """
    if out.exists() and any(out.iterdir()):
        raise ValidationError("The folder is not empty. Name a new one.")
    _refuse_one_label_for_two(study)
    out.mkdir(parents=True, exist_ok=True)
    details = {"images": "BIDS", "defacing": DEFACING_VERSION, "faces": reason_for_faces}
    access.log(AccessAction.EXPORT_BEGUN, study=study, details=details)
    rows = list(_written(study, out, keeps_faces=bool(reason_for_faces)))
    _describe(study, out, rows)
    count = sum(not row.left_out for row in rows)
    done = {**details, "written": count, "left_out": len(rows) - count}
    access.log(AccessAction.EXPORT_DONE, study=study, details=done)
    return rows


def _scans(study: Study) -> QuerySet[Scan]:
    found = Scan.objects.filter(visit__patient__study=study, state=ScanState.IMPORTED)
    is_left_out = Exists(excluding().filter(scan=OuterRef("pk")))
    return (
        found.exclude(visit__patient__in=without_consent_for_images(Disposition.objects.all()))
        .annotate(is_left_out=is_left_out)
        .select_related("visit__patient", "visit__definition")
        .order_by("visit__patient__subject_code", "visit__number", "sequence", "created_at")
    )


def _refuse_one_label_for_two(study: Study) -> None:
    """Refuse subject codes that differ by nothing but the signs that BIDS drops."""
    codes = set(_scans(study).values_list("visit__patient__subject_code", flat=True))
    if len({_label(code) for code in codes}) < len(codes):
        raise ValidationError(
            "Two subject codes differ only by signs that BIDS does not take. Nothing was written."
        )


def _written(study: Study, out: Path, *, keeps_faces: bool) -> Iterator[ExportedImage]:
    runs: Counter[str] = Counter()
    for scan in _scans(study):
        stem = _stem(scan)
        runs[stem] += 1
        name = stem.replace("_run", f"_run-{runs[stem]}")
        try:
            target = _write(scan, out / name, keeps_faces=keeps_faces)
        except ImageError as error:
            yield _row(scan, keeps_faces, left_out=error.message)
        except ValidationError as error:
            yield _row(scan, keeps_faces, left_out=" ".join(error.messages))
        else:
            yield _row(scan, keeps_faces, path=name, sha256=store.sha256_of(target))


def _stem(scan: Scan) -> str:
    """Return the path of an image in BIDS, with a place for the number of the repeat."""
    subject = f"sub-{_label(scan.visit.patient.subject_code)}"
    session = f"ses-{_label(_session(scan.visit))}"
    name = f"{subject}_{session}_acq-{scan.acq_stratum}_run_{scan.sequence}.nii.gz"
    return f"{subject}/{session}/anat/{name}"


def _session(visit: Visit) -> str:
    return visit.definition.code if visit.definition else f"V{visit.number.normalize():f}"


def _label(text: str) -> str:
    """Return a text as a label of BIDS, which takes letters and digits alone."""
    return re.sub(r"[^A-Za-z0-9]", "", text.replace(".", "p"))


def _write(scan: Scan, target: Path, *, keeps_faces: bool) -> Path:
    if scan.sequence == Sequence.OTHER:
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
    if scan.sequence == Sequence.T1W:
        return None
    t1w = scan.visit.scans.filter(sequence=Sequence.T1W, state=ScanState.IMPORTED)
    best = t1w.order_by("-acq_stratum", "-created_at").first()
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
