"""Benchmarks: each a ratio against a named peer, both sides interleaved in one run.

``python -m tests.bench`` prints the ratios and writes them to ``build/bench/``.
"""

import gzip
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nibabel as nib
import numpy as np

from segmentation.imaging.nifti import write_volume
from tests.bench import (
    bootstrap,
    cohort,
    importing,
    inference,
    ingest,
    mixed_model,
    moving,
    uploading,
)
from tests.bench.pairs import in_turns, ratio


def nifti_write() -> dict[str, object]:
    """Write a label map against nibabel with gzip level 6."""
    labels = np.zeros((160, 192, 160), np.uint8)
    labels[40:100, 50:120, 40:110] = 1
    with TemporaryDirectory() as folder:
        target = Path(folder) / "mask.nii.gz"
        image = nib.Nifti1Image(labels, np.eye(4))

        def peer() -> None:
            target.write_bytes(gzip.compress(image.to_bytes(), 6))

        seconds = in_turns({"ours": lambda: write_volume(target, labels, np.eye(4)), "peer": peer})
        return ratio(seconds["ours"], seconds["peer"])


def main() -> None:
    """Run every benchmark."""
    found: dict[str, dict[str, Any]] = {
        "spearman_bootstrap": bootstrap.measure(),
        "mixed_model": mixed_model.measure(),
        "nifti_write": nifti_write(),
        "ingest": ingest.measure(),
        "moving": moving.measure(),
        "historical_import": importing.measure(),
        "cohort_page": cohort.measure(with_large=True),
        "upload_in_pieces": uploading.measure(),
        "inference": inference.measure(),
    }
    found["load_average"] = {"one_minute": os.getloadavg()[0]}
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(found, indent=1))
    for name, row in found.items():
        print(name, row)  # noqa: T201 - the output of the command


if __name__ == "__main__":
    main()
