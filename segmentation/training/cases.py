"""Phantom cases as an nnU-Net raw data set, through the preprocessing of inference."""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import Volume, to_ras
from segmentation.imaging.nifti import write_volume
from segmentation.inference.preprocessing import prepare_volumes
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import PhantomVisit, render_visit
from segmentation.phantom.variation import PLAIN, VARIED, Variation

DATASET_NAME = "Dataset801_MldPhantom"
TRAINING_SEEDS = range(10_000, 20_000)
"""Patients for training are drawn from these seeds only; no other patient ever is."""
HEALTHY_SHARE = 0.15
STRATA = ("3D", "2D", "2D")
"""Of the cases of one patient: thick slices are the harder half, so they come twice."""
VARIED_OF_FIVE = 3
"""Of five patients, so many are drawn as widely as scans of many sites differ."""
EARLY = 2.0
"""Power that draws stages towards 0: a method misses small loads first."""


@dataclass(frozen=True, slots=True)
class Case:
    """One training case: a patient, a stratum, a stage, and the number that seeds its images."""

    name: str
    seed: int
    acq_stratum: str
    stage: float
    visit: int


def draw_cases(patients: int) -> list[Case]:
    """Return the cases of each patient, one per stratum of `STRATA`; early stages are frequent."""
    cases = []
    for seed in TRAINING_SEEDS[:patients]:
        rng = np.random.default_rng([seed, 9])
        for index, acq_stratum in enumerate(STRATA):
            healthy = rng.random() < HEALTHY_SHARE
            stage = 0.0 if healthy else float(rng.random() ** EARLY)
            cases.append(Case(f"p{seed}_{index}{acq_stratum}", seed, acq_stratum, stage, index + 1))
    return cases


def variation_of(seed: int) -> Variation:
    """Return how widely the patient of a seed is drawn."""
    return VARIED if seed % 5 < VARIED_OF_FIVE else PLAIN


def draw_visit(case: Case) -> PhantomVisit:
    """Draw the images of a case."""
    return render_visit(
        PhantomPatient.draw(case.seed, variation_of(case.seed)),
        stage=case.stage,
        acq_stratum=case.acq_stratum,
        seed=case.visit,
    )


def write_dataset(folder: Path, *, patients: int, workers: int) -> list[Case]:
    """Write the raw data set; a case that exists already is kept.

    Returns
    -------
    list of Case
        Those that could be prepared; a phantom whose brain is not found is left out and named
        in ``refused.json``.
    """
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    cases = draw_cases(patients)
    jobs = [(case, folder) for case in cases]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        faults = list(pool.map(_write_case, jobs))
    kept = [case for case, fault in zip(cases, faults, strict=True) if fault is None]
    refused = {c.name: fault for c, fault in zip(cases, faults, strict=True) if fault is not None}
    (folder / "refused.json").write_text(json.dumps(refused, indent=1))
    dataset = {
        "channel_names": {"0": "T1w", "1": "T2w"},
        "labels": {"background": 0, "demyelinated_white_matter": 1},
        "numTraining": len(kept),
        "file_ending": ".nii.gz",
        "phantoms": f"{VARIED.version} and {PLAIN.version}",
    }
    (folder / "dataset.json").write_text(json.dumps(dataset, indent=1))
    return kept


def _write_case(job: tuple[Case, Path]) -> str | None:
    case, folder = job
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    label_path = folder / "labelsTr" / f"{case.name}.nii.gz"
    if label_path.exists():
        return None
    visit = draw_visit(case)
    t1w = Volume(visit.t1w.data, visit.t1w.affine)
    try:
        prepared = prepare_volumes(t1w, Volume(visit.t2w.data, visit.t2w.affine))
    except ImageError as error:
        return str(error.code)
    truth = to_ras(Volume(visit.truth_mask, visit.t1w.affine)).data
    for channel in (0, 1):
        path = folder / "imagesTr" / f"{case.name}_{channel:04d}.nii.gz"
        write_volume(path, np.ascontiguousarray(prepared.channels[channel]), prepared.affine)
    write_volume(label_path, np.ascontiguousarray(truth.astype(np.uint8)), prepared.affine)
    return None
