"""Measure a segmenter against phantoms whose truth is known."""

import csv
import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import voxel_size_mm
from segmentation.imaging.nifti import read_label_map
from segmentation.imaging.overlap import dice, hausdorff95, surface_dice
from segmentation.imaging.volume import label_volume_ml
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER, Segmenter

SMALL_LOAD_ML = 5.0
TOLERANCE_MM = {"3D": 1.0, "2D": 2.5}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case; overlap is None where both masks are empty."""

    case: str
    acq_stratum: str
    truth_ml: float
    load_ml: float
    dice: float | None
    hausdorff95_mm: float | None
    surface_dice: float | None


def evaluate(
    segmenter: Segmenter, data: Path, *, told: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Segment every case of a phantom folder and compare it with the truth.

    Parameters
    ----------
    data : Path
        As written by `segmentation.phantom.bids.make_phantoms`.
    told : callable
        Given one line per case.

    Returns
    -------
    dict
        ``cases`` (list of dict), ``refused`` (case and code of images that the method refused to
        measure) and ``summary`` of the cases by stratum and load tertile.
    """
    with (data / "truth.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    series: list[tuple[str, CaseResult]] = []
    refused: list[dict[str, str]] = []
    for row in rows:
        try:
            result = _case(segmenter, data, row)
        except ImageError as error:
            refused.append({**row, "code": error.code})
            told(f"{row['subject']}_{row['session']} refused: {error.code}")
            continue
        series.append((row["subject"], result))
        told(f"{result.case} truth {result.truth_ml:.1f} mL, load {result.load_ml:.1f} mL")
    results = [result for _, result in series]
    return {
        "cases": [asdict(result) for result in results],
        "refused": refused,
        "summary": {**summarise(results), "monotone_series": _monotone(series)},
    }


def _case(segmenter: Segmenter, data: Path, row: dict[str, str]) -> CaseResult:
    subject, session, stratum = row["subject"], row["session"], row["acq_stratum"]
    stem = f"{subject}_{session}"
    anat = data / subject / session / "anat"
    truth_name = f"{stem}_acq-{stratum}_label-L_desc-truth_mask.nii.gz"
    truth = read_label_map(data / "derivatives" / "truth" / subject / session / "anat" / truth_name)
    output = segmenter.segment(
        {
            "T1w": anat / f"{stem}_acq-{stratum}_T1w.nii.gz",
            "T2w": anat / f"{stem}_acq-2Dax_T2w.nii.gz",
        },
        progress=lambda _share, _step: None,
    )
    label = output.labels[DEMYELINATED_WHITE_MATTER]
    mask = output.label_map == label
    size = voxel_size_mm(truth.affine)
    return CaseResult(
        case=stem,
        acq_stratum=stratum,
        truth_ml=float(row["demyelination_load_ml"]),
        load_ml=label_volume_ml(output.label_map, output.affine, label),
        dice=_number(dice(mask, truth.data)),
        hausdorff95_mm=_number(hausdorff95(mask, truth.data, size)),
        surface_dice=_number(surface_dice(mask, truth.data, size, TOLERANCE_MM[stratum])),
    )


def _number(value: float) -> float | None:
    return None if isnan(value) else float(value)


def summarise(results: Sequence[CaseResult]) -> dict[str, Any]:
    """Return medians and biases by stratum; Dice also by tertile of the true load."""
    return {
        stratum: _of_stratum([r for r in results if r.acq_stratum == stratum])
        for stratum in sorted({result.acq_stratum for result in results})
    }


def _of_stratum(results: Sequence[CaseResult]) -> dict[str, Any]:
    ill = sorted((r for r in results if r.truth_ml > 0), key=lambda r: r.truth_ml)
    large = [r for r in ill if r.truth_ml >= SMALL_LOAD_ML]
    small = [r for r in ill if r.truth_ml < SMALL_LOAD_ML]
    healthy = [r.load_ml for r in results if r.truth_ml == 0]
    tertiles = np.array_split(np.arange(len(ill)), 3)
    return {
        "n": len(results),
        "dice_median": _median([r.dice for r in ill]),
        "truth_ml_by_tertile": [_range([ill[i].truth_ml for i in part]) for part in tertiles],
        "dice_median_by_tertile": [_median([ill[i].dice for i in part]) for part in tertiles],
        "bias_percent_median_by_tertile": [
            _median([100 * (ill[i].load_ml - ill[i].truth_ml) / ill[i].truth_ml for i in part])
            for part in tertiles
        ],
        "surface_dice_median": _median([r.surface_dice for r in ill]),
        "hausdorff95_mm_median": _median([r.hausdorff95_mm for r in ill]),
        "bias_percent_median_from_5_ml": _median(
            [100 * (r.load_ml - r.truth_ml) / r.truth_ml for r in large]
        ),
        "bias_ml_mean_from_5_ml": (
            float(np.mean([r.load_ml - r.truth_ml for r in large])) if large else None
        ),
        "absolute_error_ml_median_below_5_ml": _median(
            [abs(r.load_ml - r.truth_ml) for r in small]
        ),
        "healthy_n": len(healthy),
        "healthy_false_ml_max": max(healthy) if healthy else None,
    }


def _range(values: Sequence[float]) -> list[float] | None:
    return [min(values), max(values)] if values else None


def _median(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return float(median(found)) if found else None


def _monotone(series: Sequence[tuple[str, CaseResult]]) -> dict[str, int]:
    """Return how many series of growing truth also have growing loads."""
    by_subject: dict[str, list[float]] = {}
    for subject, result in series:
        if result.truth_ml > 0:
            by_subject.setdefault(subject, []).append(result.load_ml)
    long = [loads for loads in by_subject.values() if len(loads) > 1]
    rising = sum(all(a <= b for a, b in itertools.pairwise(v)) for v in long)
    return {"series": len(long), "rising": rising}
