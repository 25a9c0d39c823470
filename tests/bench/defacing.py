"""By how much defacing changes a load: the same visits segmented with and without a face.

``python -m tests.bench.defacing`` writes ``build/bench/defacing.json``. It takes a minute or two
per visit, so ``make bench`` leaves it out. Real heads come from the folder that
``MLDTRIAL_TEST_DATA`` names; without one, only phantoms are measured.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from segmentation.imaging.deface import DEFACING_VERSION, deface
from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_volume, write_volume
from segmentation.imaging.volume import label_volume_ml
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER, Segmenter
from segmentation.inference.nnunet import NnUnetSegmenter
from segmentation.inference.threshold import ThresholdSegmenter
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import render_visit

MODEL = Path("segmentation/pretrained/mld-phantom")
REAL = (("patient04", "study1"), ("patient12", "study1"), ("patient12", "study2"))
PHANTOMS = ((2_000_021, 0.3, "3D"), (2_000_022, 0.8, "2D"))


def cases(folder: Path) -> Iterator[tuple[str, Mapping[str, Volume]]]:
    """Yield the visits: real heads where there are any, then phantoms."""
    data = os.environ.get("MLDTRIAL_TEST_DATA", "")
    for patient, study in REAL if data else ():
        stem = Path(data) / "open_ms_data" / "longitudinal" / patient
        names = {"T1w": f"{study}_T1W.nii.gz", "T2w": f"{study}_T2W.nii.gz"}
        yield f"{patient} {study}", {n: read_volume(stem / file) for n, file in names.items()}
    for seed, stage, stratum in PHANTOMS:
        drawn = render_visit(PhantomPatient.draw(seed), stage=stage, acq_stratum=stratum, seed=1)
        images = {"T1w": drawn.t1w, "T2w": drawn.t2w}
        # Through a file, as every image is that a segmenter sees.
        volumes = {}
        for name, image in images.items():
            write_volume(folder / "drawn.nii.gz", image.data, image.affine)
            volumes[name] = read_volume(folder / "drawn.nii.gz")
        yield f"phantom {seed} {stratum}", volumes


def without_faces(images: Mapping[str, Volume]) -> tuple[dict[str, Volume], dict[str, Any]]:
    """Return the defaced images, and what was removed of them."""
    t1w = deface(images["T1w"])
    t2w = deface(images["T2w"], t1w=images["T1w"])
    changed = {
        name: int((found.image.data[found.brain] != images[name].data[found.brain]).sum())
        for name, found in (("T1w", t1w), ("T2w", t2w))
    }
    removed = {
        name: round(label_volume_ml(found.removed & (images[name].data > 0), found.image.affine, 1))
        for name, found in (("T1w", t1w), ("T2w", t2w))
    }
    facts = {"brain_voxels_changed": changed, "removed_ml": removed}
    return {"T1w": t1w.image, "T2w": t2w.image}, facts


def load_ml(segmenter: Segmenter, images: Mapping[str, Volume], folder: Path) -> float | str:
    """Return the load that a method finds, or why it refuses the images."""
    paths = {}
    for name, image in images.items():
        paths[name] = folder / f"{name}.nii.gz"
        write_volume(paths[name], image.data.astype(np.float32), image.affine)
    try:
        output = segmenter.segment(paths, progress=lambda _share, _step: None)
    except ImageError as error:
        return str(error.code)
    label = output.labels[DEMYELINATED_WHITE_MATTER]
    return label_volume_ml(output.label_map, output.affine, label)


def measure() -> list[dict[str, Any]]:
    """Segment every case twice with each method."""
    # The threshold of the test method lies at a percentile of the whole image, which moves when
    # a face goes; a fixed level shows what the voxels alone do.
    methods: dict[str, Segmenter] = {
        "threshold, fixed level": ThresholdSegmenter(level=300.0),
        "threshold, percentile": ThresholdSegmenter(),
        "mld-phantom nnU-Net": NnUnetSegmenter(MODEL),
    }
    rows = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        for case, images in cases(folder):
            defaced, facts = without_faces(images)
            loads = {}
            for method, segmenter in methods.items():
                before = load_ml(segmenter, images, folder)
                after = load_ml(segmenter, defaced, folder)
                is_both = isinstance(before, float) and isinstance(after, float)
                difference = after - before if is_both else None  # type: ignore[operator]
                loads[method] = {"before": before, "after": after, "difference_ml": difference}
            rows.append({"case": case, **facts, "loads_ml": loads})
            print(json.dumps(rows[-1]), flush=True)  # noqa: T201 - the output of the command
    return rows


def main() -> None:
    """Measure, and keep the numbers."""
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    content = {"defacing_version": DEFACING_VERSION, "cases": measure()}
    (out / "defacing.json").write_text(json.dumps(content, indent=1))


if __name__ == "__main__":
    main()
