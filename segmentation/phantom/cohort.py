"""A made-up cohort as large as the reference study's: its images, its scores, its truth.

49 patients and 130 scans, 73 of them 3D and 57 2D (automated demyelination load in MLD, Clinical
Neuroradiology, abstract). How the scores follow the stage is made up so that their
correlations are of the order of the published ones; the comparison of two methods on
it says how they do on phantoms, and nothing about patients.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

import numpy as np

from segmentation.phantom.bids import describe, write_visit
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import render_visit

FIRST_SEED = 3_000_000_000
"""Far from the seeds of training and of `segmentation.phantom.bids`."""
SERIES = (("3D", 3, 23), ("3D", 2, 2), ("2D", 3, 9), ("2D", 2, 15))
"""Stratum, visits of a patient, patients: 73 scans 3D, 57 2D, 49 patients."""
WORST_LEVEL, WORST_SCORE = 6, 34
TABLE = "truth.csv"


@dataclass(frozen=True, slots=True)
class CohortScan:
    """A scan of the cohort before its images are drawn.

    Attributes
    ----------
    subject, session : str
        ``sub-P000`` and ``ses-V00``, as in the folders.
    patient_seed, visit_seed : int
        What the images are drawn from.
    stage : float
        0 to 1; never falls within a patient.
    gmfc_level, severity_total : int
        0 to 6 and 0 to 34; neither falls within a patient.
    """

    subject: str
    session: str
    acq_stratum: str
    patient_seed: int
    visit_seed: int
    stage: float
    gmfc_level: int
    severity_total: int


@dataclass(frozen=True, slots=True)
class DrawnScan(CohortScan):
    """A scan with its true load, in mL."""

    demyelination_load_ml: float


def draw_cohort(seed: int) -> list[CohortScan]:
    """Return the scans of the cohort, by patient and visit; the same seed draws the same."""
    scans: list[CohortScan] = []
    number = 0
    for acq_stratum, visits, patients in SERIES:
        for _ in range(patients):
            scans += _patient(seed, number, acq_stratum, visits)
            number += 1
    return scans


def _patient(seed: int, number: int, acq_stratum: str, visits: int) -> list[CohortScan]:
    rng = np.random.default_rng([seed, number, 8])
    steps = rng.gamma(2.0, 0.09, size=visits)
    steps[0] = 0.65 * rng.random() ** 1.3
    stages = np.minimum(np.cumsum(steps), 1.0)
    lag, reader = rng.normal(0, 1.3), rng.normal(0, 3.0)
    levels = WORST_LEVEL * stages**0.8 + lag + rng.normal(0, 0.5, size=visits)
    scores = WORST_SCORE * stages**0.7 + reader + rng.normal(0, 1.0, size=visits)
    return [
        CohortScan(
            subject=f"sub-P{number:03d}",
            session=f"ses-V{index:02d}",
            acq_stratum=acq_stratum,
            patient_seed=FIRST_SEED + seed * 1000 + number,
            visit_seed=seed + index,
            stage=float(stages[index]),
            gmfc_level=int(level),
            severity_total=int(score),
        )
        for index, (level, score) in enumerate(
            zip(_rising(levels, WORST_LEVEL), _rising(scores, WORST_SCORE), strict=True)
        )
    ]


def _rising(values: np.ndarray, worst: int) -> np.ndarray:
    return np.maximum.accumulate(np.clip(np.rint(values), 0, worst))


def write_cohort(
    out: Path, scans: Sequence[CohortScan], *, told: Callable[[str], None] = lambda _: None
) -> list[DrawnScan]:
    """Draw the images that are not there yet; ``truth.csv`` grows scan by scan.

    Parameters
    ----------
    out : Path
        Laid out as by `segmentation.phantom.bids.make_phantoms`.

    Raises
    ------
    ValueError
        If scans of another cohort lie there.
    """
    out.mkdir(parents=True, exist_ok=True)
    drawn = {(scan.subject, scan.session): scan for scan in read_cohort(out)}
    for scan in scans:
        names = (scan.subject, scan.session)
        if names in drawn:
            if asdict(scan).items() - asdict(drawn[names]).items():
                raise ValueError(
                    "The folder holds another cohort, of another seed or version. Give this one a "
                    "folder of its own."
                )
            continue
        visit = render_visit(
            PhantomPatient.draw(scan.patient_seed),
            stage=scan.stage,
            acq_stratum=scan.acq_stratum,
            seed=scan.visit_seed,
        )
        write_visit(out, names, scan.acq_stratum, visit)
        drawn[names] = DrawnScan(**asdict(scan), demyelination_load_ml=visit.demyelination_load_ml)
        write_table(out, list(drawn.values()))
        told(f"{scan.subject}_{scan.session} drawn, {visit.demyelination_load_ml:.1f} mL")
    describe(out)
    return [drawn[scan.subject, scan.session] for scan in scans]


def read_cohort(out: Path) -> list[DrawnScan]:
    """Return the scans drawn so far; none if nothing was drawn."""
    if not (out / TABLE).exists():
        return []
    with (out / TABLE).open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    kinds = {field.name: field.type for field in fields(DrawnScan)}
    return [
        DrawnScan(**{name: kind(row[name]) for name, kind in kinds.items() if callable(kind)})
        for row in rows
    ]


def write_table(out: Path, scans: Sequence[DrawnScan]) -> None:
    """Write ``truth.csv`` as a whole; a table that was cut off never takes its place."""
    new = out / f"{TABLE}.new"
    with new.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow([field.name for field in fields(DrawnScan)])
        writer.writerows(astuple(scan) for scan in scans)
    new.replace(out / TABLE)
