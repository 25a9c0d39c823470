"""Goals G2, G3 and G5 on a GPU: the command, the whole beside the forward pass, other kernels.

``python -m tests.bench.gpu_inference`` writes ``build/bench/gpu_inference.json`` and says no where
there is no GPU. Random weights of the default network, a head of noise at 1 mm, tiles of 128 cubed,
step 0.5. nnU-Net lets cuDNN choose its algorithms by trial, so that two runs of the same program
may differ in a few voxels; how many is stated, and more than one in a million is an error.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nibabel as nib
import numpy as np
import torch
from numpy.typing import NDArray

from segmentation.imaging.nifti import read_label_map, read_volume, write_label_map
from segmentation.imaging.overlap import dice
from segmentation.inference.exact import network_input, predict
from segmentation.inference.networks import build_network
from segmentation.inference.recipe import read_recipe
from segmentation.inference.sliding_window import Network, SlidingWindow
from tests.bench import ahead
from tests.bench.default_plan import FOLDS, default_model, noisy_head, write_stock
from tests.bench.pairs import PAIRS, in_turns, ratio
from tests.support.nnunet_peer import CONFIGURATION, Model

ALL_AXES = (0, 1, 2)
QUEUE = 20
MOST_DIFFERING = 1e-6
SPACING = (1.0, 1.0, 1.0)
COMMAND = (
    "import nnunetv2.inference.predict_from_raw_data as n; n.predict_entry_point_modelfolder()"
)


class Warm:
    """Our steps on one device, with the networks of some folds resident."""

    def __init__(
        self, model: Model, device: torch.device, *, folds: int, mirroring_axes: Sequence[int]
    ) -> None:
        self.device = device
        self.recipe = read_recipe(model.plans, model.dataset, CONFIGURATION)
        self.window = SlidingWindow(
            patch=self.recipe.patch,
            step=model.step,
            mirroring_axes=mirroring_axes,
            classes=self.recipe.classes,
            device=device,
        )
        self.networks: list[torch.nn.Module] = [
            build_network(model.plans, model.dataset, CONFIGURATION, weights).to(device)
            for weights in model.folds[:folds]
        ]

    def files(self, inputs: Sequence[Path], out: Path) -> None:
        """Read the channels, predict, write the mask."""
        volumes = [read_volume(path) for path in inputs]
        channels = np.stack([volume.data.transpose(2, 1, 0) for volume in volumes])
        found = predict(
            channels,
            SPACING,
            recipe=self.recipe,
            window=self.window,
            networks=self.networks,
            device=self.device,
        )
        write_label_map(out, found.transpose(2, 1, 0), volumes[0].affine)

    def forward(self, channels: NDArray[np.float32]) -> Callable[[], torch.Tensor]:
        """Return the sliding window over an image that is resident already."""
        image = network_input(channels, SPACING, self.recipe, self.device).image
        return lambda: self.logits(self.networks, image)

    def logits(self, networks: Sequence[Network], image: torch.Tensor) -> torch.Tensor:
        """Return the logits once they are there, not merely asked for."""
        found = self.window.logits(networks, image, told=lambda _done, _in_all: None)
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return found


def command(
    folder: Path, warm: Warm, inputs: Sequence[Path], *, folds: int, is_mirrored: bool
) -> dict[str, Any]:
    """G2: the command from the start of its process against our warm steps."""
    out = folder / f"out_{folds}_{is_mirrored}"
    arguments = ["-i", inputs[0].parent, "-o", out, "-m", folder / "stock", "-f", *range(folds)]
    arguments += ["-device", warm.device.type, *([] if is_mirrored else ["--disable_tta"])]

    def theirs() -> None:
        call = [sys.executable, "-c", COMMAND, *map(str, arguments)]
        subprocess.run(call, check=True, capture_output=True)

    sides = {"ours": lambda: warm.files(inputs, folder / "ours.nii.gz"), "peer": theirs}
    seconds = in_turns(sides)
    ours = read_label_map(folder / "ours.nii.gz").data
    differing = float((ours != read_label_map(out / "case.nii.gz").data).mean())
    if differing > MOST_DIFFERING:
        raise SystemExit(f"The masks differ in a share of {differing:.2e} of their voxels.")
    goal = 1 / 3 if is_mirrored else 1 / 20
    return {**ratio(seconds["ours"], seconds["peer"]), "goal": goal, "differing": differing}


def whole_beside_forward(
    folder: Path, warm: Warm, inputs: Sequence[Path], *, scans: int, goal: float
) -> dict[str, Any]:
    """G3: from files to files against the forward pass alone, on the same image."""
    forward = warm.forward(noisy_head())

    def whole() -> None:
        for _ in range(scans):
            warm.files(inputs, folder / "ours.nii.gz")

    def alone() -> None:
        for _ in range(scans):
            forward()

    seconds = in_turns({"ours": whole, "peer": alone})
    return {**ratio(seconds["ours"], seconds["peer"]), "scans": scans, "goal": goal}


def compiled(warm: Warm) -> dict[str, Any]:
    """G5: compiled networks against nnU-Net's own arithmetic; another model if it is ever used."""
    image = network_input(noisy_head(), SPACING, warm.recipe, warm.device).image
    faster: list[Any] = [torch.compile(network) for network in warm.networks]
    exact = warm.logits(warm.networks, image).argmax(0).cpu().numpy()
    found = warm.logits(faster, image).argmax(0).cpu().numpy()
    seconds = in_turns(
        {
            "ours": lambda: warm.logits(faster, image),
            "peer": lambda: warm.logits(warm.networks, image),
        }
    )
    present = np.unique(exact)
    return {
        **ratio(seconds["ours"], seconds["peer"]),
        "goal": 1 / 1.5,
        "dice": {int(n): float(dice(found == n, exact == n)) for n in present},
        "volume": {int(n): float((found == n).sum() / (exact == n).sum()) for n in present},
    }


def write_inputs(folder: Path) -> list[Path]:
    """Write the two channels of one case as files of whole numbers."""
    (folder / "in").mkdir()
    names = [folder / "in" / f"case_{number:04}.nii.gz" for number in range(2)]
    for name, channel in zip(names, noisy_head(), strict=True):
        nib.save(nib.Nifti1Image(channel.transpose(2, 1, 0).astype(np.int16), np.eye(4)), name)
    return names


def measure(device: torch.device) -> dict[str, Any]:
    """Return the ratios of G2, G3 and G5, and what preparing visits ahead gains."""
    started = time.monotonic()
    with TemporaryDirectory() as name:
        folder = Path(name)
        model = default_model(mirroring_axes=ALL_AXES)
        write_stock(folder / "stock", model)
        inputs = write_inputs(folder)
        default = Warm(model, device, folds=FOLDS, mirroring_axes=ALL_AXES)
        quick = Warm(model, device, folds=1, mirroring_axes=())
        single = Warm(model, device, folds=1, mirroring_axes=ALL_AXES)
        found = {
            "G2 default": command(folder, default, inputs, folds=FOLDS, is_mirrored=True),
            "G2 one fold, not mirrored": command(folder, quick, inputs, folds=1, is_mirrored=False),
            "G3 default": whole_beside_forward(folder, default, inputs, scans=1, goal=1.10),
            "G3 one fold, a queue": whole_beside_forward(
                folder, single, inputs, scans=QUEUE, goal=1.25
            ),
            "G5 compiled": compiled(single),
            "visits prepared ahead": ahead.measure(device.type, scans=QUEUE, pairs=PAIRS),
        }
    return {**found, "seconds": time.monotonic() - started}


def main() -> None:
    """Measure, print and keep the numbers; refuse without a GPU."""
    if not torch.cuda.is_available():
        raise SystemExit(
            "This measures a GPU, and PyTorch finds none here. On a CPU run "
            "python -m tests.bench.inference."
        )
    torch.backends.cudnn.benchmark = True
    memory = "peak_gpu_memory_bytes"
    found = measure(torch.device("cuda"))
    found |= {
        "device": torch.cuda.get_device_name(),
        memory: torch.cuda.max_memory_allocated(),
        "load_average": os.getloadavg()[0],
    }
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    (out / "gpu_inference.json").write_text(json.dumps(found, indent=1))
    print(json.dumps(found, indent=1))  # noqa: T201 - the output of the command


if __name__ == "__main__":
    main()
