"""A short nnU-Net training: nnU-Net's planner, preprocessing and trainer, a small network.

Each step runs as a process of its own (``python -m segmentation.training``), because nnU-Net
reads its environment when it is imported and planning and training need different values.
"""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from segmentation.inference.nnunet import NnUnetSegmenter

PLANS = "nnUNetPlans"
SMALL_PLANS = "mldSmallPlans"
CONFIGURATION = "3d_fullres"
SPACING_MM = (2.0, 2.0, 2.0)
PATCH = (48, 64, 56)
FEATURES = (16, 32, 64, 128)
ITERATIONS_PER_EPOCH = 50
DATASET_ID = 801
T2W_CHANNEL = 1
SHARE_FILE = "without_t2w.json"
CPU = torch.device("cpu")


class _TimeIsUpError(Exception):
    """The minutes given for the training are over."""


class _Pace:
    """How much of the time of a training is used; without a limit, none ever is."""

    def __init__(self, minutes: float | None) -> None:
        self._started = time.monotonic()
        self._seconds = float("inf") if minutes is None else 60 * minutes

    @property
    def used(self) -> float:
        """Share of the time, 0 to 1 and more."""
        return (time.monotonic() - self._started) / self._seconds


def plan_and_preprocess(work: Path) -> None:
    """Let nnU-Net fingerprint, plan and preprocess the data set, at 2 mm, for a small network."""
    from nnunetv2.experiment_planning.plan_and_preprocess_api import (
        extract_fingerprints,
        plan_experiments,
        preprocess,
    )

    extract_fingerprints([DATASET_ID], num_processes=2, check_dataset_integrity=False)
    plan_experiments([DATASET_ID], overwrite_target_spacing=SPACING_MM, overwrite_plans_name=PLANS)
    folder = next((work / "preprocessed").glob(f"Dataset{DATASET_ID}_*"))
    plans = json.loads((folder / f"{PLANS}.json").read_text())
    (folder / f"{SMALL_PLANS}.json").write_text(json.dumps(small(plans), indent=1))
    preprocess(
        [DATASET_ID], plans_identifier=SMALL_PLANS, configurations=(CONFIGURATION,),
        num_processes=(2,),
    )  # fmt: skip
    _split_by_patient(folder)


def small(
    plans: dict[str, Any],
    *,
    patch: tuple[int, ...] = PATCH,
    features: tuple[int, ...] = FEATURES,
) -> dict[str, Any]:
    """Return nnU-Net's plans with a network that two cores can train in half an hour."""
    stages = len(features)
    configuration = plans["configurations"][CONFIGURATION]
    configuration["patch_size"] = list(patch)
    configuration["batch_size"] = 2
    arch = configuration["architecture"]["arch_kwargs"]
    arch.update(
        n_stages=stages,
        features_per_stage=list(features),
        kernel_sizes=[[3, 3, 3]] * stages,
        strides=[[1, 1, 1]] + [[2, 2, 2]] * (stages - 1),
        n_conv_per_stage=[1] + [2] * (stages - 1),
        n_conv_per_stage_decoder=[2] * (stages - 2) + [1],
    )
    plans["configurations"] = {CONFIGURATION: configuration}
    plans["plans_name"] = SMALL_PLANS
    return plans


def _split_by_patient(folder: Path) -> None:
    """Write one split whose validation patients have no case in training."""
    names = sorted(p.name.split(".")[0] for p in (folder / "gt_segmentations").glob("*.nii.gz"))
    patients = sorted({name.rsplit("_", 1)[0] for name in names})
    held = set(patients[:: max(2, len(patients) // 4)][:4])
    split = {
        "train": [n for n in names if n.rsplit("_", 1)[0] not in held],
        "val": [n for n in names if n.rsplit("_", 1)[0] in held],
    }
    (folder / "splits_final.json").write_text(json.dumps([split], indent=1))


def train(  # noqa: C901 - a class of small methods
    work: Path,
    *,
    epochs: int,
    threads: int,
    minutes: float | None,
    start: Path | None,
    keep_every: int | None = None,
    without_t2w: float = 0.0,
) -> None:
    """Train; continues from the last checkpoint.

    Parameters
    ----------
    minutes : float, optional
        Time for this call. The learning rate falls to 0 by then, so that a slow machine ends
        with fewer epochs and not with a rate that is still high.
    start : Path, optional
        Model folder whose weights a new training begins with.
    keep_every : int, optional
        Epochs after which the weights are kept beside, as `checkpoint_epoch_NNN.pth`: what more
        training would bring is seen from them.
    without_t2w : float
        Share of the samples that are learnt from T1w alone.

    Raises
    ------
    ValueError
        If the training was begun with another share.
    """
    import nnunetv2.training.nnUNetTrainer.nnUNetTrainer as root

    torch.set_num_threads(threads)
    pace = _Pace(minutes)

    class MldTrainer(root.nnUNetTrainer):  # type: ignore[misc]
        """nnU-Net's trainer with short epochs; evaluation is this package's own."""

        def __init__(
            self,
            plans: dict[str, Any],
            configuration: str,
            fold: int,
            dataset_json: dict[str, Any],
            device: torch.device = CPU,
        ) -> None:
            super().__init__(plans, configuration, fold, dataset_json, device)
            self.num_epochs = epochs
            self.num_iterations_per_epoch = ITERATIONS_PER_EPOCH
            self.num_val_iterations_per_epoch = 4
            self.save_every = 2
            self.oversample_foreground_percent = 0.5

        def perform_actual_validation(self, save_probabilities: bool = False) -> None:
            """Skip nnU-Net's own sliding-window validation."""

        def on_train_epoch_start(self) -> None:
            super().on_train_epoch_start()
            done = max(self.current_epoch / self.num_epochs, min(pace.used, 0.999))
            self.lr_scheduler.step(done * self.num_epochs)

        def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
            drop_t2w(batch["data"], share=without_t2w)
            found: dict[str, Any] = super().train_step(batch)
            return found

        def on_epoch_end(self) -> None:
            super().on_epoch_end()
            if keep_every and self.current_epoch % keep_every == 0:
                self.save_checkpoint(str(Path(self.output_folder) / kept_name(self.current_epoch)))
            if pace.used >= 1:
                raise _TimeIsUpError

    # Resolving any other trainer name imports timm and a CUDA-linked torchvision; a class in
    # the root module is found first.
    root.MldTrainer = MldTrainer
    folder = next((work / "preprocessed").glob(f"Dataset{DATASET_ID}_*"))
    plans = json.loads((folder / f"{SMALL_PLANS}.json").read_text())
    plans["continue_training"] = False
    dataset_json = json.loads((folder / "dataset.json").read_text())
    trainer = MldTrainer(plans, CONFIGURATION, 0, dataset_json, CPU)
    _begin(trainer, start)
    keep_share(Path(trainer.output_folder), without_t2w)
    np.random.seed(0)  # noqa: NPY002 - nnU-Net's loaders draw from the global generator
    torch.manual_seed(0)
    try:
        trainer.run_training()
    except _TimeIsUpError:
        trainer.on_train_end()


def drop_t2w(batch: torch.Tensor, *, share: float) -> None:
    """Set the T2w channel of some samples to 0, in place.

    Parameters
    ----------
    batch : tensor, shape (samples, 2, ...)
        T1w and T2w, normalised.
    share : float
        Probability of each sample, from torch's generator.
    """
    is_without = torch.rand(len(batch)) < share
    batch[is_without, T2W_CHANNEL] = 0


def keep_share(folder: Path, share: float) -> None:
    """Write beside the weights what share of the samples is learnt from T1w alone.

    Raises
    ------
    ValueError
        If the folder holds weights of another share: no one number would be true of them.
    """
    known = kept_share(folder)
    if known not in (None, share):
        raise ValueError(
            f"The training was begun with {known} of the samples without T2w, not {share}. Go on "
            "with the same share, or begin in a folder of its own."
        )
    (folder / SHARE_FILE).write_text(json.dumps(share) + "\n", encoding="utf-8")


def kept_share(folder: Path) -> float | None:
    """Return what `keep_share` wrote; None for a training that did not say."""
    path = folder / SHARE_FILE
    return float(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def kept_name(epochs: int) -> str:
    """Return the name of the checkpoint that is kept after a number of epochs."""
    return f"checkpoint_epoch_{epochs:03d}.pth"


def _begin(trainer: Any, start: Path | None) -> None:
    """Set the weights: the last checkpoint's, else those of a model, else random ones."""
    trainer.initialize()
    latest = Path(trainer.output_folder) / "checkpoint_latest.pth"
    if latest.exists():
        trainer.load_checkpoint(str(latest))
    elif start is not None:
        trainer.network.load_state_dict(NnUnetSegmenter(start).weights())
