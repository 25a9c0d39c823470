"""Measure a segmenter against cases whose truth is known: phantoms, or approved masks."""

import csv
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import voxel_size_mm
from segmentation.imaging.nifti import read_label_map
from segmentation.imaging.overlap import overlap_of
from segmentation.imaging.volume import label_volume_ml
from segmentation.inference.base import (
    DEMYELINATED_WHITE_MATTER,
    SegmentationOutput,
    Segmenter,
)
from segmentation.phantom.bids import visit_files

SMALL_LOAD_ML, LARGE_LOAD_ML = 5.0, 50.0
LEAST_FOR_QUARTILES = 4
MEDIAN, QUARTILES = "median", "quartiles"
"""What a figure is called by; the keys of one are otherwise alike."""


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


@dataclass(frozen=True, slots=True)
class KnownCase:
    """Images of one visit, and the mask that they are measured against.

    Attributes
    ----------
    images : mapping of str to Path
        By sequence.
    truth : Path
        A mask of 0 and 1 in the voxels of the T1w image.
    truth_ml : float or None
        The true load; None: the volume of the mask.
    """

    case: str
    subject: str
    acq_stratum: str
    images: Mapping[str, Path]
    truth: Path
    truth_ml: float | None


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
    cases = [_phantom(data, row) for row in rows]
    report = evaluate_cases(segmenter, cases, told=told)
    by_name = {case.case: row for case, row in zip(cases, rows, strict=True)}
    report["refused"] = [{**by_name[one["case"]], "code": one["code"]} for one in report["refused"]]
    return report


def evaluate_cases(
    segmenter: Segmenter,
    cases: Sequence[KnownCase],
    *,
    told: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Segment cases and compare each with its truth; returns what `evaluate` does.

    A refused case is named by ``case`` and ``code``.
    """
    series: list[tuple[str, CaseResult]] = []
    refused: list[dict[str, str]] = []
    for case in cases:
        try:
            result = _case(segmenter, case)
        except ImageError as error:
            refused.append({"case": case.case, "acq_stratum": case.acq_stratum, "code": error.code})
            told(f"{case.case} refused: {error.code}")
            continue
        series.append((case.subject, result))
        told(f"{result.case} truth {result.truth_ml:.1f} mL, load {result.load_ml:.1f} mL")
    results = [result for _, result in series]
    return {
        "cases": [asdict(result) for result in results],
        "refused": refused,
        "summary": {**summarise(results), "monotone_series": _monotone(series)},
    }


def _phantom(data: Path, row: Mapping[str, str]) -> KnownCase:
    subject, session, stratum = row["subject"], row["session"], row["acq_stratum"]
    files = visit_files(data, (subject, session), stratum)
    return KnownCase(
        case=f"{subject}_{session}",
        subject=subject,
        acq_stratum=stratum,
        images={"T1w": files.t1w, "T2w": files.t2w},
        truth=files.truth,
        truth_ml=float(row["demyelination_load_ml"]),
    )


def _case(segmenter: Segmenter, case: KnownCase) -> CaseResult:
    truth = read_label_map(case.truth)
    output = segmenter.segment(case.images, progress=lambda _share, _step: None)
    return compared(
        output,
        truth.data > 0,
        case=case.case,
        acq_stratum=case.acq_stratum,
        truth_ml=case.truth_ml,
    )


def compared(
    output: SegmentationOutput,
    truth: NDArray[np.bool_],
    *,
    case: str,
    acq_stratum: str,
    truth_ml: float | None,
) -> CaseResult:
    """Return how far a segmentation agrees with the truth.

    Parameters
    ----------
    truth : ndarray of bool, shape of the label map
    truth_ml : float or None
        The true load; None: the volume of the mask.
    """
    label = output.labels[DEMYELINATED_WHITE_MATTER]
    mask = output.label_map == label
    overlap = overlap_of(mask, truth, voxel_size_mm(output.affine), acq_stratum)
    if truth_ml is None:
        truth_ml = label_volume_ml(truth.astype(np.uint8), output.affine, 1)
    return CaseResult(
        case=case,
        acq_stratum=acq_stratum,
        truth_ml=truth_ml,
        load_ml=label_volume_ml(output.label_map, output.affine, label),
        dice=overlap.dice,
        hausdorff95_mm=overlap.hausdorff95_mm,
        surface_dice=overlap.surface_dice,
    )


def summarise(results: Sequence[CaseResult]) -> dict[str, Any]:
    """Return medians with quartiles, and biases, by stratum and by tertile of the true load."""
    return {
        stratum: _of_stratum([r for r in results if r.acq_stratum == stratum])
        for stratum in sorted({result.acq_stratum for result in results})
    }


def thirds_by_load(results: Sequence[CaseResult]) -> list[list[CaseResult]]:
    """Return the cases that have a load in three parts, from the smallest to the largest."""
    ill = sorted((r for r in results if r.truth_ml > 0), key=lambda r: r.truth_ml)
    return [[ill[i] for i in part] for part in np.array_split(range(len(ill)), 3)]


def _of_stratum(results: Sequence[CaseResult]) -> dict[str, Any]:
    thirds = thirds_by_load(results)
    ill = [one for part in thirds for one in part]
    large = [r for r in ill if r.truth_ml >= SMALL_LOAD_ML]
    middle = [r for r in large if r.truth_ml <= LARGE_LOAD_ML]
    small = [r for r in ill if r.truth_ml < SMALL_LOAD_ML]
    healthy = [r.load_ml for r in results if r.truth_ml == 0]
    return {
        "n": len(results),
        **_middle("dice_{}", [r.dice for r in ill]),
        **_middle("surface_dice_{}", [r.surface_dice for r in ill]),
        **_middle("hausdorff95_mm_{}", [r.hausdorff95_mm for r in ill]),
        # Missed as a whole: the median leaves out the worst, which has to be said.
        "without_distance_n": _without_distance(ill),
        **_by_tertile(thirds),
        "n_from_5_ml": len(large),
        **_middle("dice_{}_from_5_ml", [r.dice for r in large]),
        "n_from_5_to_50_ml": len(middle),
        **_middle("dice_{}_from_5_to_50_ml", [r.dice for r in middle]),
        **_middle("bias_percent_{}_from_5_to_50_ml", _biases_percent(middle)),
        **_middle("bias_percent_{}_from_5_ml", _biases_percent(large)),
        "bias_ml_mean_from_5_ml": (
            float(np.mean([r.load_ml - r.truth_ml for r in large])) if large else None
        ),
        **_middle("absolute_error_ml_{}_below_5_ml", [abs(r.load_ml - r.truth_ml) for r in small]),
        "healthy_n": len(healthy),
        "healthy_false_ml_max": max(healthy) if healthy else None,
    }


def _by_tertile(parts: Sequence[Sequence[CaseResult]]) -> dict[str, Any]:
    """Return the figures of each third of the cases, from the smallest loads to the largest."""
    measured: dict[str, list[list[float | None]]] = {
        "dice_{}_by_tertile": [[r.dice for r in part] for part in parts],
        "surface_dice_{}_by_tertile": [[r.surface_dice for r in part] for part in parts],
        "hausdorff95_mm_{}_by_tertile": [[r.hausdorff95_mm for r in part] for part in parts],
        "bias_percent_{}_by_tertile": [[*_biases_percent(part)] for part in parts],
    }
    found: dict[str, Any] = {
        "truth_ml_by_tertile": [_range([r.truth_ml for r in part]) for part in parts],
        "without_distance_n_by_tertile": [_without_distance(part) for part in parts],
    }
    for key, values in measured.items():
        found[key.format(MEDIAN)] = [_median(part) for part in values]
        found[key.format(QUARTILES)] = [_quartiles(part) for part in values]
    return found


def _biases_percent(ill: Sequence[CaseResult]) -> list[float]:
    return [100 * (r.load_ml - r.truth_ml) / r.truth_ml for r in ill]


def _without_distance(ill: Sequence[CaseResult]) -> int:
    return sum(r.hausdorff95_mm is None for r in ill)


def _middle(key: str, values: Sequence[float | None]) -> dict[str, Any]:
    return {key.format(MEDIAN): _median(values), key.format(QUARTILES): _quartiles(values)}


def _range(values: Sequence[float]) -> list[float] | None:
    return [min(values), max(values)] if values else None


def _median(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return float(median(found)) if found else None


def _quartiles(values: Sequence[float | None]) -> list[float] | None:
    """Return the first and third quartile (type 7), or None of too few values to have any."""
    found = [value for value in values if value is not None]
    if len(found) < LEAST_FOR_QUARTILES:
        return None
    low, high = np.quantile(found, [0.25, 0.75])
    return [float(low), float(high)]


def _monotone(series: Sequence[tuple[str, CaseResult]]) -> dict[str, int]:
    """Return how many series of growing truth also have growing loads."""
    by_subject: dict[str, list[float]] = {}
    for subject, result in series:
        if result.truth_ml > 0:
            by_subject.setdefault(subject, []).append(result.load_ml)
    long = [loads for loads in by_subject.values() if len(loads) > 1]
    rising = sum(all(a <= b for a, b in itertools.pairwise(v)) for v in long)
    return {"series": len(long), "rising": rising}
