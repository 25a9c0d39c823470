"""Addressing the kept DICOM of 170 slices anew, against unpacking and packing the same archive.

``python -m tests.bench.moving`` prints seconds and the ratio; ``python -m tests.bench`` takes them
up. A move does this inside the request, once for each series that goes along: processor seconds are
what a person waits on a machine with nothing else to do.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from segmentation.imaging.dicom.intake import ConvertedSeries, TrialIdentity, read_series
from segmentation.imaging.dicom.kept import readdress
from tests.bench.ingest import IDENTITY, KEY, _cpu_s, _source

AFTER = TrialIdentity("STUDY", "S02", "S02-007", "Month 12")
REPEATS = 5
GOAL_S = 2.0


def measure() -> dict[str, Any]:
    """Return the medians of both sides, taken in turns after one round that is thrown away."""
    with TemporaryDirectory() as folder:
        source, name = _source(Path(folder))
        (series,) = read_series(
            sorted(source.iterdir()), into=Path(folder) / "out", key=KEY, identity=IDENTITY
        )
        assert isinstance(series, ConvertedSeries)
        assert series.dicom_zip is not None
        kept, target = series.dicom_zip, Path(folder) / "moved.zip"
        rounds = [
            [_timed(lambda side=side: side(kept, target)) for side in (_readdress, _pack_again)]
            for _ in range(REPEATS + 1)
        ][1:]
    ours, peer = zip(*rounds, strict=True)
    return {
        "series": name,
        "ours_s": median(s for s, _ in ours),
        "ours_cpu_s": median(cpu for _, cpu in ours),
        "pack_again_s": median(s for s, _ in peer),
        "pack_again_cpu_s": median(cpu for _, cpu in peer),
        "cpu_ratio": median(a[1] / b[1] for a, b in zip(ours, peer, strict=True)),
        "goal_s": GOAL_S,
    }


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    started, cpu = time.perf_counter(), _cpu_s()
    work()
    return time.perf_counter() - started, _cpu_s() - cpu


def _readdress(kept: Path, target: Path) -> None:
    readdress(kept, target, key=KEY, before=IDENTITY, after=AFTER)


def _pack_again(kept: Path, target: Path) -> None:
    with ZipFile(kept) as source, ZipFile(target, "w", ZIP_DEFLATED, compresslevel=1) as packed:
        for entry in source.infolist():
            packed.writestr(entry.filename, source.read(entry))


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))  # noqa: T201 - the output of the command
