"""What a network of two classes would find at other thresholds, from one prediction of a visit.

Such a network marks a voxel where the logit of its label is above that of the background. A
constant added to the bias of the label in the last convolution is added to the difference of the
two, through tiles, mirrors, folds and resampling alike, since all of them are means: another
constant is another threshold of the same network. Visits are drawn that nothing else draws, each
is predicted once, and what every constant would find is counted from that.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import Volume, to_ras, voxel_volume_mm3
from segmentation.imaging.volume import MM3_PER_ML
from segmentation.inference.preprocessing import Prepared, prepare_volumes
from segmentation.phantom.bids import HEALTHY_OF_EIGHT
from segmentation.phantom.patient import PHANTOM_VERSION
from segmentation.training.calibration_visits import Visit
from segmentation.training.kept import append_line, read_lines, require_same

FIRST_SEED = 4_200_000_000
"""Beyond the seeds of training, evaluation, calibration, cohort and rescans."""
CONSTANTS = tuple(round(-0.5 + 0.1 * step, 1) for step in range(36))
"""Candidates, in units of a logit: from -0.5 to 3.0. The network as it is has 0."""


class TellsDifference(Protocol):
    """A network of two classes that says by how much a voxel is the one rather than the other."""

    def logit_difference(self, prepared: Prepared) -> NDArray[np.float32]:
        """Return the logit of the label less that of the background, in the RAS grid."""
        ...


@dataclass(frozen=True, slots=True)
class Counted:
    """What a network finds in one visit at each constant, in voxels.

    Attributes
    ----------
    truth_ml : float
        The true load.
    voxel_ml : float
        Volume of a voxel, in mL.
    truth_voxels : int
        Of the true mask.
    found, shared : tuple of int
        Voxels found at each of `CONSTANTS`, and those of them that are in the true mask.
    """

    number: int
    acq_stratum: str
    truth_ml: float
    voxel_ml: float
    truth_voxels: int
    found: tuple[int, ...]
    shared: tuple[int, ...]

    @classmethod
    def of_json(cls, line: Mapping[str, Any]) -> "Counted":
        """Return what a line of the file holds; further keys are left out."""
        return cls(
            number=int(line["number"]),
            acq_stratum=str(line["acq_stratum"]),
            truth_ml=float(line["truth_ml"]),
            voxel_ml=float(line["voxel_ml"]),
            truth_voxels=int(line["truth_voxels"]),
            found=tuple(line["found"]),
            shared=tuple(line["shared"]),
        )


def draw(seed: int, number: int) -> Visit:
    """Draw the visit of a number as a calibration does, of patients that it never draws."""
    stage = float(np.random.default_rng([seed, number, 13]).random() ** 1.5)
    return Visit(
        number=number,
        patient_seed=FIRST_SEED + seed * 1000 + number,
        acq_stratum="3D" if number % 2 == 0 else "2D",
        stage=0.0 if number % 8 in HEALTHY_OF_EIGHT else stage,
    )


def counts(
    difference: NDArray[np.float32],
    truth: NDArray[np.bool_],
    constants: Sequence[float] = CONSTANTS,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return how many voxels each constant marks, and how many of them are true.

    Parameters
    ----------
    difference : ndarray of float32, shape (i, j, k)
        Logit of the label less that of the background.
    truth : ndarray of bool, same shape
    constants : sequence of float
        A constant marks a voxel where difference and constant are above 0 together.
    """
    levels = [np.float32(-constant) for constant in constants]
    near = difference > min(levels)
    value, is_true = difference[near], truth[near]
    marked = [value > level for level in levels]
    return (
        tuple(int(np.count_nonzero(one)) for one in marked),
        tuple(int(np.count_nonzero(one & is_true)) for one in marked),
    )


def count_visits(
    network: TellsDifference,
    kept: Path,
    *,
    numbers: Iterable[int],
    seed: int,
    model_sha256: str,
    told: Callable[[str], None] = lambda _: None,
) -> list[Counted]:
    """Predict visits and count, or read what was counted before.

    Parameters
    ----------
    kept : Path
        File of one JSON object per line; it is continued.
    numbers : iterable of int
        Which visits; processes side by side each take some, with a file of their own.
    model_sha256 : str
        Of the model, so that no other one goes on with its file.

    Returns
    -------
    list of Counted
        In the order of the numbers; a visit whose images were refused is left out.

    Raises
    ------
    ValueError
        If the file holds visits of another model or seed, or the network has not two classes.
    """
    known = {line["number"]: line for line in read_lines(kept)}
    wanted = list(numbers)
    for number in wanted:
        visit = draw(seed, number)
        origin = {
            **asdict(visit),
            "constants": list(CONSTANTS),
            "model_sha256": model_sha256,
            "phantoms": PHANTOM_VERSION,
        }
        if number in known:
            require_same(known[number], origin)
            continue
        known[number] = {**origin, **_counted(network, visit)}
        append_line(kept, known[number])
        told(f"visit {number}: truth {known[number]['truth_ml']:.1f} mL")
    return [Counted.of_json(known[n]) for n in wanted if "refused" not in known[n]]


def _counted(network: TellsDifference, visit: Visit) -> dict[str, Any]:
    drawn = visit.render()
    line: dict[str, Any] = {"truth_ml": drawn.demyelination_load_ml}
    try:
        prepared = prepare_volumes(
            Volume(drawn.t1w.data, drawn.t1w.affine), Volume(drawn.t2w.data, drawn.t2w.affine)
        )
    except ImageError as error:
        return {**line, "refused": str(error.code)}
    truth = to_ras(Volume(drawn.truth_mask, drawn.t1w.affine)).data > 0
    found, shared = counts(network.logit_difference(prepared), truth)
    return {
        **line,
        "voxel_ml": voxel_volume_mm3(prepared.affine) / MM3_PER_ML,
        "truth_voxels": int(np.count_nonzero(truth)),
        "found": found,
        "shared": shared,
    }
