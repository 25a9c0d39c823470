"""Measure the quality of the demonstration images, which are drawn only when they are needed.

Run as ``python -m segmentation.demo.record_quality``. Each row names the hash of its image, so
that it is never shown for another.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from segmentation.demo.images import draw
from segmentation.demo.plan import PATIENTS
from segmentation.imaging.nifti import read_volume, store_clean_copy
from segmentation.imaging.quality.measure import measure
from segmentation.imaging.quality.metrics import METHOD_VERSION, Measurement

RECORD = Path(__file__).parent / "quality.json"
DIGITS = 5


def stored_metrics() -> dict[str, dict[str, dict[str, float | str]]]:
    """Return the stored metrics by the hash of the image; none of another version."""
    record = json.loads(RECORD.read_text())
    if record["method_version"] != METHOD_VERSION:
        return {}
    images: dict[str, dict[str, dict[str, float | str]]] = record["images"]
    return images


def main() -> None:
    """Draw and measure every visit that is not segmented live, and write the record."""
    images: dict[str, dict[str, dict[str, float | str]]] = {}
    for patient in PATIENTS:
        for visit in patient.visits:
            if visit.is_segmented_live:
                continue
            with TemporaryDirectory() as folder:
                paths = draw(patient, visit, Path(folder))
                hashes = {
                    name: store_clean_copy(path, Path(folder) / f"clean_{name}.nii.gz").sha256
                    for name, path in paths.items()
                }
                volumes = {name: read_volume(path) for name, path in paths.items()}
            for name, volume in volumes.items():
                is_t1w = name == "T1w"
                found = measure(volume, is_t1w=is_t1w, t1w=None if is_t1w else volumes["T1w"])
                images[hashes[name]] = {key: _row(m) for key, m in found.metrics.items()}
    content = {"method_version": METHOD_VERSION, "images": images}
    RECORD.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def _row(measurement: Measurement) -> dict[str, float | str]:
    if measurement.value is None:
        return {"reason": measurement.reason}
    return {"value": float(f"{measurement.value:.{DIGITS}g}")}


if __name__ == "__main__":
    main()
