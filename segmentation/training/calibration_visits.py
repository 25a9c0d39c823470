"""Phantom visits that calibrate an interval: drawn, segmented, kept line by line.

One visit of each phantom patient, so that visits are independent. Every record is written as soon
as it is made, so that a run that was stopped goes on where it ended, and another formula needs no
new prediction.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segmentation.imaging.errors import ImageError
from segmentation.inference.base import Segmenter
from segmentation.inference.disagreement import Disagreement
from segmentation.phantom.bids import HEALTHY_OF_EIGHT
from segmentation.phantom.patient import PHANTOM_VERSION, PhantomPatient
from segmentation.phantom.render import PhantomVisit, render_visit
from segmentation.training.evaluate import CaseResult, compared, summarise
from segmentation.training.kept import append_line, read_lines, require_same, segment_phantom

FIRST_SEED = 3_000_000
"""Beyond the seeds of training, and of `make_phantoms` with a seed below 1,900."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One phantom visit of the calibration: patient, stratum and stage."""

    number: int
    patient_seed: int
    acq_stratum: str
    stage: float

    @classmethod
    def draw(cls, seed: int, number: int) -> "Visit":
        """Draw the visit of a number; strata alternate, two of eight are healthy."""
        stage = float(np.random.default_rng([seed, number, 4]).random() ** 1.5)
        return cls(
            number=number,
            patient_seed=FIRST_SEED + seed * 1000 + number,
            acq_stratum="3D" if number % 2 == 0 else "2D",
            stage=0.0 if number % 8 in HEALTHY_OF_EIGHT else stage,
        )

    def render(self) -> PhantomVisit:
        """Draw the images."""
        return render_visit(
            PhantomPatient.draw(self.patient_seed),
            stage=self.stage,
            acq_stratum=self.acq_stratum,
            seed=1,
        )


@dataclass(frozen=True, slots=True)
class Record:
    """What a model made of one visit."""

    number: int
    acq_stratum: str
    truth_ml: float
    load_ml: float
    disagreement: Disagreement

    def as_json(self) -> dict[str, Any]:
        """Return it for a line of a file."""
        return {**asdict(self), "disagreement": self.disagreement.as_json()}

    @classmethod
    def of_json(cls, line: Mapping[str, Any]) -> "Record":
        """Return what `as_json` gave; further keys are left out."""
        return cls(
            number=int(line["number"]),
            acq_stratum=str(line["acq_stratum"]),
            truth_ml=float(line["truth_ml"]),
            load_ml=float(line["load_ml"]),
            disagreement=Disagreement.of_json(line["disagreement"]),
        )


def records(
    segmenter: Segmenter,
    kept: Path,
    *,
    visits: int,
    seed: int,
    model_sha256: str,
    told: Callable[[str], None] = lambda _: None,
) -> list[Record]:
    """Segment phantom visits, one of each patient, or read what was segmented before.

    Parameters
    ----------
    kept : Path
        File of one JSON object per line; it is continued.
    visits, seed : int
        How many, and which.
    model_sha256 : str
        Of the model, so that no other one goes on with its file.

    Returns
    -------
    list of Record
        In order; a visit whose images were refused is left out.

    Raises
    ------
    ValueError
        If the method does not say how far its passes differ, or the file holds visits of another
        model or seed.
    """
    known = {line["number"]: line for line in read_lines(kept)}
    for number in range(visits):
        visit = Visit.draw(seed, number)
        origin = {**asdict(visit), "model_sha256": model_sha256, "phantoms": PHANTOM_VERSION}
        if number in known:
            require_same(known[number], origin)
            continue
        line = {**origin, **_segmented(segmenter, visit)}
        known[number] = line
        append_line(kept, line)
        told(f"visit {number}: truth {line['truth_ml']:.1f} mL, load {line.get('load_ml')} mL")
    return [Record.of_json(known[n]) for n in range(visits) if "refused" not in known[n]]


def _segmented(segmenter: Segmenter, visit: Visit) -> dict[str, Any]:
    drawn = visit.render()
    line: dict[str, Any] = {**asdict(visit), "truth_ml": drawn.demyelination_load_ml}
    try:
        output = segment_phantom(segmenter, drawn)
    except ImageError as error:
        return {**line, "refused": str(error.code)}
    if output.disagreement is None:
        raise ValueError("The method has no passes that could differ, so it has no interval.")
    found = compared(
        output,
        drawn.truth_mask > 0,
        case=str(visit.number),
        acq_stratum=visit.acq_stratum,
        truth_ml=drawn.demyelination_load_ml,
    )
    return {
        **line,
        "load_ml": found.load_ml,
        "disagreement": output.disagreement.as_json(),
        "agreement": asdict(found),
    }


def agreement_of(kept: Path, numbers: Iterable[int]) -> dict[str, Any]:
    """Return how the masks of some visits of the file agree with the truth, as `summarise` does.

    Raises
    ------
    ValueError
        If a visit is not in the file, or was segmented before its agreement was kept.
    """
    known = {line["number"]: line for line in read_lines(kept)}
    found = []
    for number in numbers:
        line = known.get(number, {})
        if "refused" in line:
            continue
        if "agreement" not in line:
            raise ValueError(
                f"The agreement of visit {number} is not kept. Give this measurement a file of "
                "its own."
            )
        found.append(CaseResult(**line["agreement"]))
    return summarise(found)
