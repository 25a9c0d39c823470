"""Measure several methods on the same scans of known truth, each scan once."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import voxel_size_mm
from segmentation.imaging.nifti import read_label_map
from segmentation.imaging.overlap import Overlap, overlap_of
from segmentation.imaging.volume import label_volume_ml
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER, Segmenter
from segmentation.phantom.bids import visit_files
from segmentation.phantom.cohort import DrawnScan

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ComparedScan:
    """One scan by two methods.

    Attributes
    ----------
    loads_ml : mapping of str to float
        By method; a method that refused the images is absent.
    refused : mapping of str to str
        Code of the refusal by method.
    with_truth : mapping of str to Overlap
        Of a method's mask with the true one.
    between : Overlap or None
        Of the masks of the two methods; None if one refused.
    """

    scan: DrawnScan
    loads_ml: Mapping[str, float]
    refused: Mapping[str, str]
    with_truth: Mapping[str, Overlap]
    between: Overlap | None


def compare_methods(
    methods: Sequence[Segmenter],
    scans: Sequence[DrawnScan],
    *,
    data: Path,
    records: Path,
    told: Callable[[str], None] = lambda _: None,
) -> list[ComparedScan]:
    """Segment each scan by both methods, or read what was recorded of it before.

    Parameters
    ----------
    methods : sequence of Segmenter, length 2
        The method under test, and the one it is compared with.
    data : Path
        As written by `segmentation.phantom.cohort.write_cohort`.
    records : Path
        Folder for one file a scan; a run that was cut off goes on from there.

    Raises
    ------
    ValueError
        If there are not two methods.
    """
    if len(methods) != 2:
        raise ValueError(f"Two methods are compared, got {len(methods)}.")
    folder = records / "_".join(f"{method.name}-{method.version}" for method in methods)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number, scan in enumerate(scans, 1):
        path = folder / f"{scan.subject}_{scan.session}.json"
        if not path.exists():
            record_comparison(path, _compare(methods, scan, data))
            told(f"{number} of {len(scans)}: {scan.subject}_{scan.session}")
        found.append(_recorded(path))
    return found


def _compare(methods: Sequence[Segmenter], scan: DrawnScan, data: Path) -> ComparedScan:
    files = visit_files(data, (scan.subject, scan.session), scan.acq_stratum)
    truth = read_label_map(files.truth)
    size = voxel_size_mm(truth.affine)
    overlap = partial(overlap_of, voxel_size_mm=size, acq_stratum=scan.acq_stratum)
    masks: dict[str, Mask] = {}
    loads: dict[str, float] = {}
    refused: dict[str, str] = {}
    for method in methods:
        images = {"T1w": files.t1w, "T2w": files.t2w}
        try:
            output = method.segment(images, progress=lambda _share, _step: None)
        except ImageError as error:
            refused[method.name] = str(error.code)
            continue
        label = output.labels[DEMYELINATED_WHITE_MATTER]
        masks[method.name] = output.label_map == label
        loads[method.name] = label_volume_ml(output.label_map, output.affine, label)
    between = overlap(*masks.values()) if len(masks) == 2 else None
    with_truth = {name: overlap(mask, truth.data) for name, mask in masks.items()}
    return ComparedScan(scan, loads, refused, with_truth, between)


def record_comparison(path: Path, compared: ComparedScan) -> None:
    """Write what was measured of a scan; a file that was cut off never takes its place."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(asdict(compared), allow_nan=False))
    new.replace(path)


def _recorded(path: Path) -> ComparedScan:
    kept = json.loads(path.read_text())
    return ComparedScan(
        scan=DrawnScan(**kept["scan"]),
        loads_ml=kept["loads_ml"],
        refused=kept["refused"],
        with_truth={name: Overlap(**one) for name, one in kept["with_truth"].items()},
        between=None if kept["between"] is None else Overlap(**kept["between"]),
    )
