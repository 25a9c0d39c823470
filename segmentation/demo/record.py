"""Make the stored masks of the demonstration study with the registered demonstration model.

Run as ``python -m segmentation.demo.record``. Each record names the hashes of the images it
was made from and of the model, so that a stored mask is never shown for anything else.
"""

import argparse
import hashlib
import json
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from segmentation.demo.images import draw
from segmentation.demo.plan import PATIENTS, PlannedPatient, PlannedVisit
from segmentation.imaging.nifti import read_volume, store_clean_copy, write_label_map
from segmentation.imaging.volume import label_volume_ml

FOLDER = Path(__file__).parent
MASKS = FOLDER / "masks"
RECORD = FOLDER / "record.json"
MODEL = FOLDER.parent / "pretrained" / "mld-phantom"


def key_of(patient: PlannedPatient, visit: PlannedVisit) -> str:
    """Return the name of a visit in the record."""
    return f"{patient.subject_code}_{visit.definition_code}"


def record_all(workers: int, cache: Path | None) -> None:
    """Draw and segment every visit that is not segmented live, and write the record."""
    MASKS.mkdir(exist_ok=True)
    jobs = [
        (patient, visit, cache)
        for patient in PATIENTS
        for visit in patient.visits
        if not visit.is_segmented_live
    ]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        rows = dict(pool.map(_record, jobs))
    manifest = (MODEL / "manifest.json").read_bytes()
    content = {"model_sha256": hashlib.sha256(manifest).hexdigest(), "visits": rows}
    RECORD.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def _record(job: tuple[PlannedPatient, PlannedVisit, Path | None]) -> tuple[str, dict[str, Any]]:
    patient, visit, cache = job
    key = key_of(patient, visit)
    with TemporaryDirectory() as folder:
        images = _images(patient, visit, Path(folder), cache)
        clean = {name: Path(folder) / f"clean_{name}.nii.gz" for name in images}
        facts = {name: store_clean_copy(path, clean[name]) for name, path in images.items()}
        output = _segmenter().segment(clean, progress=lambda _share, _step: None)
        mask = (output.label_map == output.labels["demyelinated_white_matter"]).astype(np.uint8)
        path = MASKS / f"{key}.nii.gz"
        write_label_map(path, mask, output.affine)
        scans = {
            name: {
                "image_sha256": fact.sha256,
                "voxels_sha256": voxels_sha256(clean[name]),
                "shape": list(fact.shape),
                "voxel_size_mm": list(fact.voxel_size_mm),
                "affine": np.asarray(fact.affine).tolist(),
            }
            for name, fact in facts.items()
        }
    row = {
        "scans": scans,
        "mask_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "voxel_count": int(mask.sum()),
        "demyelination_load_ml": label_volume_ml(mask, output.affine, 1),
        "provenance": dict(output.provenance),
    }
    return key, row


def voxels_sha256(path: Path) -> str:
    """Return the hash of the voxels alone, as intake computes it."""
    volume = read_volume(path)
    digest = hashlib.sha256(str(volume.data.shape).encode())
    digest.update(np.ascontiguousarray(volume.data).tobytes())
    return digest.hexdigest()


def _images(
    patient: PlannedPatient, visit: PlannedVisit, folder: Path, cache: Path | None
) -> dict[str, Path]:
    place = folder if cache is None else cache / key_of(patient, visit)
    known = {name: place / f"{name}.nii.gz" for name in ("T1w", "T2w")}
    if cache is not None and all(path.exists() for path in known.values()):
        return known
    return draw(patient, visit, place)


def _segmenter() -> Any:
    import torch

    from segmentation.inference.nnunet import NnUnetSegmenter

    torch.set_num_threads(1)
    if "segmenter" not in _LOADED:
        _LOADED["segmenter"] = NnUnetSegmenter(MODEL)
    return _LOADED["segmenter"]


_LOADED: dict[str, Any] = {}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m segmentation.demo.record")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cache", type=Path, help="folder that keeps the drawn images")
    options = parser.parse_args()
    record_all(options.workers, options.cache)


if __name__ == "__main__":
    main()
