"""Measure phantom patients several times in one state: how well a method repeats itself."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segmentation.imaging.errors import ImageError
from segmentation.imaging.volume import label_volume_ml
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER, Segmenter
from segmentation.phantom.patient import PHANTOM_VERSION, PhantomPatient
from segmentation.phantom.render import render_visit
from segmentation.training.kept import append_line, read_lines, require_same, segment_phantom

FIRST_SEED = 4_000_000_000
"""Beyond the seeds of training, calibration, evaluation and of the simulated cohort."""
LEAST_STAGE, MOST_STAGE = 0.1, 1.0
"""A head without any loss has no variation in percent."""


@dataclass(frozen=True, slots=True)
class State:
    """One patient in one state, who is scanned several times."""

    number: int
    patient_seed: int
    acq_stratum: str
    stage: float

    @classmethod
    def draw(cls, seed: int, number: int) -> "State":
        """Draw the state of a number; strata alternate."""
        stage = np.random.default_rng([seed, number, 5]).uniform(LEAST_STAGE, MOST_STAGE)
        return cls(
            number=number,
            patient_seed=FIRST_SEED + seed * 1000 + number,
            acq_stratum="3D" if number % 2 == 0 else "2D",
            stage=float(stage),
        )


@dataclass(frozen=True, slots=True)
class Rescanned:
    """What a method made of the scans of one state.

    Attributes
    ----------
    loads_ml : tuple of float
        Of the scans that were measured, in order.
    refused : tuple of str
        Codes of the scans that were not.
    """

    number: int
    acq_stratum: str
    truth_ml: float
    loads_ml: tuple[float, ...]
    refused: tuple[str, ...]


def measure_rescans(
    segmenter: Segmenter,
    kept: Path,
    *,
    patients: int,
    scans: int,
    seed: int,
    model_sha256: str,
    told: Callable[[str], None] = lambda _: None,
) -> list[Rescanned]:
    """Segment every scan of every patient, or read what was measured before.

    Parameters
    ----------
    kept : Path
        File of one JSON object per line; it is continued.
    patients, scans : int
        How many patients, half of them of each stratum, and how many scans of each.
    model_sha256 : str
        Of the model, so that no other one goes on with its file.

    Raises
    ------
    ValueError
        If there are not two scans, or the file holds others.
    """
    if patients < 1 or scans < 2:
        raise ValueError("At least one patient and two scans are needed.")
    known = {line["number"]: line for line in read_lines(kept)}
    for number in range(patients):
        state = State.draw(seed, number)
        origin = {
            **asdict(state),
            "scans": scans,
            "model_sha256": model_sha256,
            "phantoms": PHANTOM_VERSION,
        }
        if number in known:
            require_same(known[number], origin)
            continue
        line = {**origin, **_measured(segmenter, state, scans)}
        append_line(kept, line)
        known[number] = line
        told(f"patient {number}: truth {line['truth_ml']:.1f} mL, loads {line['loads_ml']}")
    return [_of_line(known[number]) for number in range(patients)]


def _measured(segmenter: Segmenter, state: State, scans: int) -> dict[str, Any]:
    patient = PhantomPatient.draw(state.patient_seed)
    truth_ml = 0.0
    loads: list[float] = []
    refused: list[str] = []
    for number in range(1, scans + 1):
        drawn = render_visit(
            patient, stage=state.stage, acq_stratum=state.acq_stratum, seed=1, rescan=number
        )
        truth_ml = drawn.demyelination_load_ml
        try:
            output = segment_phantom(segmenter, drawn)
        except ImageError as error:
            refused.append(str(error.code))
            continue
        label = output.labels[DEMYELINATED_WHITE_MATTER]
        loads.append(label_volume_ml(output.label_map, output.affine, label))
    return {"truth_ml": truth_ml, "loads_ml": loads, "refused": refused}


def _of_line(line: dict[str, Any]) -> Rescanned:
    return Rescanned(
        number=line["number"],
        acq_stratum=line["acq_stratum"],
        truth_ml=line["truth_ml"],
        loads_ml=tuple(line["loads_ml"]),
        refused=tuple(line["refused"]),
    )
