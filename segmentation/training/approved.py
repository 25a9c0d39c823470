"""Approved masks as an nnU-Net data set, through the preprocessing of inference."""

import json
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, same_grid, to_ras
from segmentation.imaging.nifti import read_label_map, read_volume, write_volume
from segmentation.imaging.volume import label_volume_ml
from segmentation.inference.preprocessing import PREPROCESSING_VERSION, Prepared, prepare_volumes

DATASET_ID = 900
DATASET_NAME = f"Dataset{DATASET_ID}_Approved"
ORDER = "order.json"
OUTCOMES = "outcomes.json"
PREPROCESSING = "preprocessing.json"
MAPPING = (
    "The mask keeps the voxels of the T1w image; their axes are turned with it, and nothing is "
    "interpolated. nnU-Net then brings images and masks to the voxel size of the network: masks "
    "linearly by label, voxels above one half."
)
"""How a mask comes into the grid of the data set."""


@dataclass(frozen=True, slots=True)
class ApprovedCase:
    """One approved mask with its images, under made-up names.

    Attributes
    ----------
    name, patient : str
        Say nothing of who it is; the cases of one patient share the second.
    fold : int or None
        None for a patient whom no training sees.
    t1w, t2w, mask : str
        Paths; the mask in the voxels of the T1w image.
    """

    name: str
    patient: str
    acq_stratum: str
    fold: int | None
    t1w: str
    t2w: str
    mask: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is trained, on what, and for how long.

    Attributes
    ----------
    network : str
        A key of `segmentation.training.learning.NETWORKS`.
    patience : int
        Epochs without a better smoothed pseudo-Dice after which training ends; 0: never early.
    trained_folds : int
        How many of the folds a network is trained for, from the first on.
    """

    cases: tuple[ApprovedCase, ...]
    name: str
    version: str
    network: str
    epochs: int
    iterations: int
    patience: int
    trained_folds: int
    device: str
    threads: int
    is_demonstration: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case of the data set.

    Attributes
    ----------
    left_out : str
        Why it could not be prepared; empty for one that could.
    mask_ml : float or None
        Volume of the mask as approved.
    written_ml : float or None
        Of the mask in the data set; equal to `mask_ml`, or the case is left out.
    learnt_ml : float or None
        Of the mask at the voxel size of the network; None for held-out patients.
    refused : str
        Code of the failure where the images were refused, as the method would refuse them; empty
        where the mask is at fault.
    """

    left_out: str = ""
    mask_ml: float | None = None
    written_ml: float | None = None
    learnt_ml: float | None = None
    refused: str = ""


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file so that whoever reads it finds the old or the new one, never a half."""
    made = path.with_suffix(".part")
    made.write_text(json.dumps(content, indent=1), encoding="utf-8")
    made.replace(path)


def write_order(work: Path, order: Order) -> None:
    """Keep an order in the folder of its work."""
    work.mkdir(parents=True, exist_ok=True)
    write_json(work / ORDER, asdict(order))


def read_order(work: Path) -> Order:
    """Return the order of a folder."""
    content = json.loads((work / ORDER).read_text(encoding="utf-8"))
    cases = tuple(ApprovedCase(**case) for case in content.pop("cases"))
    return Order(cases=cases, **content)


def read_preprocessing(work: Path) -> str:
    """Return the version of the preprocessing that the images of a folder went through."""
    found: str = json.loads((work / PREPROCESSING).read_text(encoding="utf-8"))
    return found


def begin_anew_unless_ours(work: Path, *, kept: Collection[str]) -> None:
    """Empty a folder whose images went through another preprocessing than this version's.

    What a platform before an update began would be registered under a preprocessing that its
    images never had.

    Parameters
    ----------
    kept : collection of str
        Names in the folder that stay.
    """
    if (work / PREPROCESSING).exists() and read_preprocessing(work) == PREPROCESSING_VERSION:
        return
    # Between these two no version takes what is left of the folder for its own.
    (work / PREPROCESSING).unlink(missing_ok=True)
    for path in work.iterdir():
        if path.name in kept:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    write_json(work / PREPROCESSING, PREPROCESSING_VERSION)


def read_outcomes(work: Path) -> dict[str, Outcome]:
    """Return what became of each case so far."""
    path = work / OUTCOMES
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: Outcome(**outcome) for name, outcome in content.items()}


def write_outcomes(work: Path, outcomes: Mapping[str, Outcome]) -> None:
    """Keep what became of each case."""
    write_json(work / OUTCOMES, {name: asdict(outcome) for name, outcome in outcomes.items()})


def write_dataset(
    work: Path, cases: Sequence[ApprovedCase], *, tell: Callable[[float], None] = lambda _: None
) -> dict[str, Outcome]:
    """Write the raw data set of nnU-Net; a case that is written already is kept.

    Held-out patients are looked at, so that a case which cannot be prepared is known, and nothing
    of them is written.

    Returns
    -------
    dict of str to Outcome
        By the name of the case.
    """
    folder = work / "raw" / DATASET_NAME
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    outcomes = read_outcomes(work)
    for number, case in enumerate(cases, start=1):
        if case.name not in outcomes:
            outcomes[case.name] = _outcome(folder, case)
            write_outcomes(work, outcomes)
        tell(number / len(cases))
    kept = [case for case in cases if case.fold is not None and not outcomes[case.name].left_out]
    dataset = {
        "channel_names": {"0": "T1w", "1": "T2w"},
        "labels": {"background": 0, "demyelinated_white_matter": 1},
        "numTraining": len(kept),
        "file_ending": ".nii.gz",
    }
    write_json(folder / "dataset.json", dataset)
    return outcomes


def _outcome(folder: Path, case: ApprovedCase) -> Outcome:
    try:
        prepared = prepare_volumes(read_volume(Path(case.t1w)), read_volume(Path(case.t2w)))
    except ImageError as error:
        return Outcome(left_out=error.message, refused=error.code)
    try:
        mask = read_label_map(Path(case.mask))
        label_map = in_prepared_grid(mask, prepared)
    except ImageError as error:
        return Outcome(left_out=error.message)
    mask_ml = label_volume_ml((mask.data > 0).astype(np.uint8), mask.affine, 1)
    written_ml = label_volume_ml(label_map, prepared.affine, 1)
    if abs(written_ml - mask_ml) > max(1e-6, 1e-4 * mask_ml):
        return Outcome(
            left_out="The volume of the mask is another one in the data set.",
            mask_ml=mask_ml,
            written_ml=written_ml,
        )
    if case.fold is not None:
        for channel in (0, 1):
            path = folder / "imagesTr" / f"{case.name}_{channel:04d}.nii.gz"
            write_volume(path, np.ascontiguousarray(prepared.channels[channel]), prepared.affine)
        label_path = folder / "labelsTr" / f"{case.name}.nii.gz"
        write_volume(label_path, np.ascontiguousarray(label_map), prepared.affine)
    return Outcome(mask_ml=mask_ml, written_ml=written_ml)


def in_prepared_grid(mask: Volume, prepared: Prepared) -> NDArray[np.uint8]:
    """Return a mask with 1 where it is above 0, in the grid of prepared channels.

    Raises
    ------
    ImageError
        BAD_ORIENTATION if its voxels are not those of the T1w image.
    """
    turned = to_ras(mask)
    shape = prepared.channels.shape[1:]
    if turned.data.shape != shape or not same_grid(turned.affine, prepared.affine, shape):
        raise ImageError(
            FailureCode.BAD_ORIENTATION,
            "Expected the mask in the voxels of its T1w image, found it in others. Import or "
            "segment it again.",
        )
    return (turned.data > 0).astype(np.uint8)
