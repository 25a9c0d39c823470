"""Phantom series on disk, in BIDS layout, with their truth beside them."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segmentation.imaging.nifti import write_label_map, write_volume
from segmentation.phantom.patient import PHANTOM_VERSION, PhantomPatient
from segmentation.phantom.render import PhantomVisit, render_visit

FIRST_SEED = 1_000_000
"""Far from the seeds that training draws its patients from: no patient is ever in both."""
HEALTHY_OF_EIGHT = (3, 6)
"""One of each stratum: even numbers are 3D, odd ones 2D."""
COLUMNS = (
    "subject",
    "session",
    "acq_stratum",
    "stage",
    "demyelination_load_ml",
    "white_matter_volume_ml",
    "gray_matter_volume_ml",
    "brain_volume_ml",
    "intracranial_volume_ml",
)


def make_phantoms(out: Path, *, patients: int, visits: int, seed: int) -> list[dict[str, object]]:
    """Write phantom patients with series of growing stage.

    Every fourth patient is healthy throughout; strata alternate, among the healthy too. Early
    stages are drawn more often than late ones, since that is where a method fails first.

    Parameters
    ----------
    out : Path
        New folder: ``sub-*/ses-*/anat/*_T1w.nii.gz``, ``*_T2w.nii.gz``, truth masks under
        ``derivatives/truth/``, and ``truth.csv``.
    patients, visits : int
        How many.
    seed : int
        The same seed draws the same images.

    Returns
    -------
    list of dict
        The rows of ``truth.csv``; loads and volumes in mL.

    Raises
    ------
    ValueError
        If a number is not positive.
    """
    if patients < 1 or visits < 1:
        raise ValueError("At least one patient and one visit are needed.")
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    for number in range(patients):
        rng = np.random.default_rng([seed, number, 4])
        patient = PhantomPatient.draw(FIRST_SEED + seed * 1000 + number)
        acq_stratum = "3D" if number % 2 == 0 else "2D"
        stages = np.sort(rng.random(size=visits) ** 1.5) * (number % 8 not in HEALTHY_OF_EIGHT)
        for index, stage in enumerate(stages):
            names = (f"sub-P{number:03d}", f"ses-V{index:02d}")
            visit = render_visit(
                patient, stage=float(stage), acq_stratum=acq_stratum, seed=seed + index
            )
            write_visit(out, names, acq_stratum, visit)
            true = visit.volumes
            values = (
                *names,
                acq_stratum,
                float(stage),
                visit.demyelination_load_ml,
                true.white_matter_ml,
                true.gray_matter_ml,
                true.brain_ml,
                true.intracranial_ml,
            )
            rows.append(dict(zip(COLUMNS, values, strict=True)))
    with (out / "truth.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    describe(out)
    return rows


@dataclass(frozen=True, slots=True)
class VisitFiles:
    """Where the images of a visit and its true mask lie."""

    t1w: Path
    t2w: Path
    truth: Path


def visit_files(out: Path, names: tuple[str, str], acq_stratum: str) -> VisitFiles:
    """Return the files of a visit in a data set; `names` are those of subject and session."""
    subject, session = names
    anat = Path(subject) / session / "anat"
    stem = f"{subject}_{session}"
    mask = f"{stem}_acq-{acq_stratum}_label-L_desc-truth_mask.nii.gz"
    return VisitFiles(
        t1w=out / anat / f"{stem}_acq-{acq_stratum}_T1w.nii.gz",
        t2w=out / anat / f"{stem}_acq-2Dax_T2w.nii.gz",
        truth=out / "derivatives" / "truth" / anat / mask,
    )


def write_visit(out: Path, names: tuple[str, str], acq_stratum: str, visit: PhantomVisit) -> None:
    """Write the images of a visit and their truth; `names` are those of subject and session."""
    files = visit_files(out, names, acq_stratum)
    for path in (files.t1w, files.truth):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_volume(files.t1w, visit.t1w.data, visit.t1w.affine)
    write_volume(files.t2w, visit.t2w.data, visit.t2w.affine)
    write_label_map(files.truth, visit.truth_mask, visit.t1w.affine)


def describe(out: Path) -> None:
    """Write what the images and the truth are, for both folders of a data set."""
    maker = {"Name": "mld-phantom", "Version": PHANTOM_VERSION}
    description = {
        "Name": "Digital phantoms of metachromatic leukodystrophy",
        "BIDSVersion": "1.9.0",
        "DatasetType": "raw",
        "GeneratedBy": [maker],
    }
    derived = {
        **description,
        "DatasetType": "derivative",
        "GeneratedBy": [{**maker, "Name": "truth"}],
    }
    (out / "dataset_description.json").write_text(json.dumps(description, indent=1))
    (out / "derivatives" / "truth" / "dataset_description.json").write_text(
        json.dumps(derived, indent=1)
    )
