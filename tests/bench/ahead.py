"""What preparing visits ahead gains over a queue of scans, on the device that is named.

``python -m tests.bench.ahead [cpu|cuda]`` prints the ratio. One phantom, copied; the shipped model;
from files to label maps, the brain and the alignment included; equal label maps are asserted.
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.nifti import write_volume
from segmentation.inference.ahead import WaitingVisit
from segmentation.inference.nnunet import NnUnetSegmenter
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import render_visit
from tests.bench.pairs import in_turns, ratio

MODEL = Path(__file__).parents[2] / "segmentation" / "pretrained" / "mld-phantom"
SEED = 2_000_003
AHEAD = 4
Images = Mapping[str, Path]


def write_visits(folder: Path, scans: int) -> list[dict[str, Path]]:
    """Write the images of one phantom under as many names as there are scans."""
    visit = render_visit(PhantomPatient.draw(SEED), stage=0.5, acq_stratum="3D", seed=1)
    first = {"T1w": folder / "0_t1w.nii.gz", "T2w": folder / "0_t2w.nii.gz"}
    write_volume(first["T1w"], visit.t1w.data, visit.t1w.affine)
    write_volume(first["T2w"], visit.t2w.data, visit.t2w.affine)
    found = [first]
    for number in range(1, scans):
        copies = {name: folder / f"{number}{path.name[1:]}" for name, path in first.items()}
        for name, path in copies.items():
            shutil.copyfile(first[name], path)
        found.append(copies)
    return found


def work_off(
    segmenter: NnUnetSegmenter, visits: Sequence[Images], ahead: int
) -> list[NDArray[np.uint8]]:
    """Segment one visit after the other, as a worker does."""
    found = []
    for number, images in enumerate(visits):
        waiting = visits[number + 1 : number + 1 + ahead]
        segmenter.prepare_ahead(
            [WaitingVisit(waits, lambda: None) for waits in waiting], beside=images
        )
        output = segmenter.segment(images, progress=lambda _share, _step: None)
        found.append(output.label_map)
    return found


def measure(device: str, *, scans: int, pairs: int) -> dict[str, Any]:
    """Return the ratio of the times with and without."""
    with TemporaryDirectory() as name:
        visits = write_visits(Path(name), scans)
        segmenter = NnUnetSegmenter(MODEL, device=device)
        masks: dict[int, list[NDArray[np.uint8]]] = {}

        def run(ahead: int) -> None:
            masks[ahead] = work_off(segmenter, visits, ahead)

        seconds = in_turns({"ours": lambda: run(AHEAD), "peer": lambda: run(0)}, pairs)
    if not all(np.array_equal(*pair) for pair in zip(masks[AHEAD], masks[0], strict=True)):
        raise SystemExit("What was prepared ahead has another label map.")
    return {
        **ratio(seconds["ours"], seconds["peer"]),
        "scans": scans,
        "ahead": AHEAD,
        "device": device,
        "load_average": os.getloadavg()[0],
    }


def main() -> None:
    """Measure and print."""
    device = sys.argv[1] if len(sys.argv) > 1 else "cpu"
    found = measure(device, scans=4, pairs=3 if device == "cpu" else 7)
    print(json.dumps(found, indent=1))  # noqa: T201 - the output of the command


if __name__ == "__main__":
    main()
