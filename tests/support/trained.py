"""A trained-model folder as stock nnU-Net writes it, of a tiny network with random weights."""

import copy
import json
import shutil
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from segmentation.inference.preprocessing import PREPROCESSING_VERSION
from segmentation.inference.trained_folder import Statement

PRETRAINED = Path(__file__).parents[2] / "segmentation" / "pretrained" / "mld-phantom"
CONFIGURATION = "3d_fullres"
DATASET: dict[str, Any] = {
    "channel_names": {"0": "T1w", "1": "T2w"},
    "labels": {"background": 0, "demyelinated_white_matter": 1},
    "numTraining": 2,
    "file_ending": ".nii.gz",
}


def tiny_plans() -> dict[str, Any]:
    """Return nnU-Net's plans with a network of three stages and tiles of 16 voxels."""
    plans: dict[str, Any] = json.loads((PRETRAINED / "plans.json").read_text())
    configuration = plans["configurations"][CONFIGURATION]
    configuration["patch_size"] = [16, 16, 16]
    configuration["architecture"]["arch_kwargs"].update(
        n_stages=3,
        features_per_stage=[4, 8, 8],
        kernel_sizes=[[3, 3, 3]] * 3,
        strides=[[1, 1, 1], [2, 2, 2], [2, 2, 2]],
        n_conv_per_stage=[1, 1, 1],
        n_conv_per_stage_decoder=[1, 1],
    )
    return plans


def stock_folder(work: Path, patch: pytest.MonkeyPatch, *, folds: Sequence[int] = (0,)) -> Path:
    """Return a folder that nnU-Net's own trainer has written."""
    for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
        patch.setenv(name, str(work / name))
    patch.setenv("nnUNet_compile", "f")
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    for fold in folds:
        torch.manual_seed(fold)
        plans = {**copy.deepcopy(tiny_plans()), "continue_training": False}
        with redirect_stdout(StringIO()):
            trainer = nnUNetTrainer(plans, CONFIGURATION, fold, DATASET, torch.device("cpu"))
            # nnU-Net tells the kind of its data from the name of a case; none is read.
            cases = Path(trainer.preprocessed_dataset_folder)
            cases.mkdir(parents=True, exist_ok=True)
            (cases / "case.b2nd").touch()
            trainer.initialize()
            trainer.configure_rotation_dummyDA_mirroring_and_inital_patch_size()
            # As after an epoch: the log and the best mean hold scalars of numpy.
            trainer.logger.log("train_losses", np.float32(-0.25), 0)
            trainer.logger.log("ema_fg_dice", np.mean([0.5, 0.25]), 0)
            trainer._best_ema = np.float64(0.375)
            trainer.save_checkpoint(str(Path(trainer.output_folder) / "checkpoint_final.pth"))
        folder = Path(trainer.output_folder_base)
    (folder / "plans.json").write_text(json.dumps(tiny_plans()))
    (folder / "dataset.json").write_text(json.dumps(DATASET))
    return folder


def copied(folder: Path, to: Path) -> Path:
    """Return a copy of a folder, to be changed."""
    shutil.copytree(folder, to)
    return to


def statement(**more: Any) -> Statement:
    """Return what must be said of a stock folder."""
    said = {"name": "tiny", "version": "1", "preprocessing": PREPROCESSING_VERSION}
    return Statement(**{**said, **more})


def change_json(path: Path, **more: Any) -> None:
    """Set keys of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **more}))
