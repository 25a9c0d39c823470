"""Benchmarks: each a ratio against a named peer, both sides interleaved in one run.

``python -m tests.bench`` prints the ratios and writes them to ``build/bench/``.
"""

import gzip
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import nibabel as nib
import numpy as np
from scipy import stats

from analytics.stats.correlation import spearman
from segmentation.imaging.nifti import write_volume
from tests.bench import cohort, importing, inference, ingest, mixed_model, moving, uploading

PAIRS = 7


def ratio(ours: Callable[[], object], peer: Callable[[], object]) -> dict[str, float]:
    """Return the median ratio of times, after one discarded pair."""
    pairs = []
    for _ in range(PAIRS + 1):
        times = []
        for side in (ours, peer):
            started = time.perf_counter()
            side()
            times.append(time.perf_counter() - started)
        pairs.append(times)
    kept = pairs[1:]
    return {
        "ours_s": median(a for a, _ in kept),
        "peer_s": median(b for _, b in kept),
        "ratio": median(a / b for a, b in kept),
    }


def bootstrap() -> dict[str, float]:
    """Cluster bootstrap of Spearman's rho against a loop over scipy.stats.spearmanr."""
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(60), 4)
    x, y = rng.integers(0, 7, subjects.size), rng.normal(size=subjects.size)
    rows = [np.flatnonzero(subjects == s) for s in range(60)]

    def loop() -> None:
        draws = np.random.default_rng(0)
        for _ in range(500):
            drawn = np.concatenate([rows[s] for s in draws.integers(0, 60, 60)])
            stats.spearmanr(x[drawn], y[drawn])

    return ratio(lambda: spearman(x, y, subjects.tolist(), n_resamples=500), loop)


def nifti_write() -> dict[str, float]:
    """Write a label map against nibabel with gzip level 6."""
    labels = np.zeros((160, 192, 160), np.uint8)
    labels[40:100, 50:120, 40:110] = 1
    with TemporaryDirectory() as folder:
        target = Path(folder) / "mask.nii.gz"
        image = nib.Nifti1Image(labels, np.eye(4))

        def peer() -> None:
            target.write_bytes(gzip.compress(image.to_bytes(), 6))

        return ratio(lambda: write_volume(target, labels, np.eye(4)), peer)


def main() -> None:
    """Run every benchmark."""
    found: dict[str, dict[str, Any]] = {
        "spearman_bootstrap": bootstrap(),
        "mixed_model": mixed_model.measure(),
        "nifti_write": nifti_write(),
        "ingest": ingest.measure(),
        "moving": moving.measure(),
        "historical_import": importing.measure(),
        "cohort_page": cohort.measure(),
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
