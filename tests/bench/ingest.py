"""The intake of a DICOM series of 170 slices against unpacking, converting and compressing alone.

``python -m tests.bench.ingest`` prints seconds and ratios; ``python -m tests.bench`` takes them up.
Our side unpacks, groups, checks, de-identifies, looks again, converts, cleans, hashes, and keeps
the DICOM images as well. One peer unpacks with zipfile, runs ``dcm2niix -z n`` and compresses
with ISA-L at level 1, as we do; the other lets the converter compress (``-z i``). Both call the
converter without the Python wrapper around it, as we do, and keep every identifier. The series is
the largest of the folder that MLDTRIAL_TEST_DATA names, or a made one of the same size. Beside the
time on the clock stand processor seconds, those of the converter counted.
"""

import json
import os
import resource
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import dcm2niix
import numpy as np
from isal import isal_zlib

from segmentation.imaging.archive import unpack
from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    TrialIdentity,
    read_series,
)
from tests.support.dicom import changed, make_series, write_series

REAL = "dicom_philips_3T_T1w3D_bsd2/1301_ADNI_Sag3D_MPRAGE"
SLICES, SIDE = 170, 256
REPEATS = 5
GOALS = {"convert_ratio": 1.25, "compressing_ratio": 0.5}
KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity("STUDY", "S01", "S01-001", "Baseline")


def measure() -> dict[str, Any]:
    """Return the medians of all sides, taken in turns after one round that is thrown away."""
    with TemporaryDirectory() as folder:
        source, name = _source(Path(folder))
        archive = Path(folder) / "in.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
            for path in sorted(source.iterdir()):
                target.write(path, path.name)
        rounds = [
            [_timed(side, archive) for side in (_ours, _convert, _convert_compressing)]
            for _ in range(REPEATS + 1)
        ][1:]
    ours, plain, compressing = zip(*rounds, strict=True)
    return {
        "series": name,
        "ours_s": median(s for s, _ in ours),
        "ours_cpu_s": median(cpu for _, cpu in ours),
        "convert_s": median(s for s, _ in plain),
        "convert_cpu_s": median(cpu for _, cpu in plain),
        "compressing_s": median(s for s, _ in compressing),
        "compressing_cpu_s": median(cpu for _, cpu in compressing),
        "convert_ratio": median(a[0] / b[0] for a, b in zip(ours, plain, strict=True)),
        "convert_cpu_ratio": median(a[1] / b[1] for a, b in zip(ours, plain, strict=True)),
        "compressing_ratio": median(a[0] / b[0] for a, b in zip(ours, compressing, strict=True)),
        "goals": GOALS,
        "load_average_one_minute": os.getloadavg()[0],
    }


def _source(folder: Path) -> tuple[Path, str]:
    root = os.environ.get("MLDTRIAL_TEST_DATA")
    if root and (Path(root) / REAL).is_dir():
        return Path(root) / REAL, REAL
    random = np.random.default_rng(0)

    def enlarge(_index: int, image: Any) -> None:
        image.Rows = image.Columns = SIDE
        image.PixelData = random.normal(600, 80, (SIDE, SIDE)).clip(0, 4095).astype("<u2").tobytes()

    images = changed(make_series(slices=SLICES, spacing_mm=1.0), enlarge)
    write_series(images, folder / "series")
    return folder / "series", f"made, {SLICES} x {SIDE} x {SIDE}"


def _timed(side: Callable[[Path, Path], None], archive: Path) -> tuple[float, float]:
    with TemporaryDirectory() as folder:
        started, cpu = time.perf_counter(), _cpu_s()
        side(archive, Path(folder))
        return time.perf_counter() - started, _cpu_s() - cpu


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _ours(archive: Path, folder: Path) -> None:
    files = unpack(archive, folder / "unpacked")
    (series,) = read_series(files, into=folder / "converted", key=KEY, identity=IDENTITY)
    assert isinstance(series, ConvertedSeries)
    assert series.facts.sha256


def _convert(archive: Path, folder: Path) -> None:
    volume = _dcm2niix(archive, folder, "n").read_bytes()
    compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 31)
    content = compressor.compress(volume) + compressor.flush()
    (folder / "image.nii.gz").write_bytes(content)


def _convert_compressing(archive: Path, folder: Path) -> None:
    _dcm2niix(archive, folder, "i")


def _dcm2niix(archive: Path, folder: Path, compression: str) -> Path:
    with zipfile.ZipFile(archive) as source:
        source.extractall(folder / "unpacked")
    out = folder / "nifti"
    out.mkdir()
    command = [dcm2niix.bin, "-b", "n", "-z", compression, "-f", "image", "-o", str(out)]
    subprocess.run([*command, str(folder / "unpacked")], check=True, capture_output=True)
    (made,) = out.iterdir()
    return made


def main() -> None:
    """Measure the intake alone."""
    found = measure()
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    (out / "ingest.json").write_text(json.dumps(found, indent=1))
    print(json.dumps(found, indent=1))  # noqa: T201 - the output of the command


if __name__ == "__main__":
    main()
