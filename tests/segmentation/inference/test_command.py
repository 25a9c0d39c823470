"""The command of nnU-Net itself against ours, from the same files to the same voxels."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from numpy.typing import NDArray

from segmentation.imaging.geometry import Volume, voxel_size_mm
from segmentation.imaging.nifti import read_volume
from segmentation.inference.networks import ModelFiles
from segmentation.inference.preprocessing import prepare_volumes
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import Image, render_visit
from tests.support.nnunet_peer import Model

SHIPPED = Path(__file__).parents[3] / "segmentation" / "pretrained" / "mld-phantom"
COMMAND = (
    "import nnunetv2.inference.predict_from_raw_data as n; n.predict_entry_point_modelfolder()"
)
pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


def write_stock(folder: Path, model: Model) -> Path:
    """Write a trained folder as nnU-Net does: a checkpoint for each fold."""
    (folder / "plans.json").write_text(json.dumps(model.plans))
    (folder / "dataset.json").write_text(json.dumps(model.dataset))
    for number, weights in enumerate(model.folds):
        (folder / f"fold_{number}").mkdir(parents=True)
        checkpoint = {
            "network_weights": dict(weights),
            "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": model.configuration},
            "inference_allowed_mirroring_axes": tuple(model.mirroring_axes) or None,
        }
        torch.save(checkpoint, folder / f"fold_{number}" / "checkpoint_final.pth")
    return folder


def command(
    stock: Path, channels: NDArray[np.float32], spacing: Sequence[float], *, folds: int, into: Path
) -> NDArray[np.uint8]:
    """Run ``nnUNetv2_predict_from_modelfolder`` and return the label map it writes."""
    (into / "in").mkdir(parents=True)
    for number, channel in enumerate(channels):
        image = sitk.GetImageFromArray(channel)
        image.SetSpacing([float(size) for size in reversed(spacing)])
        sitk.WriteImage(image, str(into / "in" / f"case_{number:04}.nii.gz"))
    arguments = ["-i", into / "in", "-o", into / "out", "-m", stock, "-device", "cpu"]
    arguments += ["-f", *map(str, range(folds)), "-npp", "1", "-nps", "1"]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "nnUNet_compile": "f"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    written = sitk.GetArrayFromImage(sitk.ReadImage(str(into / "out" / "case.nii.gz")))
    return np.asarray(written, dtype=np.uint8)


def shipped(folds: int) -> Model:
    """Return the shipped model; further folds are its weights, slightly disturbed."""
    folder = ModelFiles(SHIPPED)
    rng = torch.Generator().manual_seed(7)

    def disturbed(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        own = {
            tensor.data_ptr(): tensor * (1 + 0.05 * torch.randn(tensor.shape, generator=rng))
            for tensor in weights.values()
        }
        return {name: own[tensor.data_ptr()] for name, tensor in weights.items()}

    first = folder.weights()
    rest: Any = [disturbed(first) for _ in range(folds - 1)]
    axes = tuple(folder.manifest["mirroring_axes"])
    return Model(folder.plans, folder.dataset, [first, *rest], axes)


def agrees_with_the_command(t1w: Volume, t2w: Volume, folds: int, tmp_path: Path) -> int:
    prepared = prepare_volumes(t1w, t2w)
    channels = np.ascontiguousarray(prepared.channels.transpose(0, 3, 2, 1))
    model = shipped(folds)
    stock = write_stock(tmp_path, model)
    # The file keeps the voxel size as float32; ours gets what the command reads from it.
    spacing = [float(np.float32(size)) for size in reversed(voxel_size_mm(prepared.affine))]
    theirs = command(stock, channels, spacing, folds=folds, into=tmp_path)
    ours = model.ours(channels, spacing)
    assert np.array_equal(ours, theirs)
    return int(ours.sum())


@pytest.mark.parametrize(("acq_stratum", "folds"), [("3D", 1), ("2D", 1), ("2D", 5)])
def test_phantoms_get_the_voxels_of_the_command(acq_stratum: str, folds: int, tmp_path: Path):
    drawn = render_visit(PhantomPatient.draw(2_000_031), stage=0.5, acq_stratum=acq_stratum, seed=1)

    def volume(image: Image) -> Volume:
        return Volume(np.asarray(image.data, dtype=np.float32), image.affine)

    assert agrees_with_the_command(volume(drawn.t1w), volume(drawn.t2w), folds, tmp_path) > 0


@pytest.mark.parametrize("folds", [1, 5])
def test_real_heads_get_the_voxels_of_the_command(folds: int, test_data: Path, tmp_path: Path):
    stem = test_data / "open_ms_data" / "longitudinal" / "patient12"
    t1w, t2w = (read_volume(stem / f"study1_{name}.nii.gz") for name in ("T1W", "T2W"))
    assert agrees_with_the_command(t1w, t2w, folds, tmp_path) > 0
