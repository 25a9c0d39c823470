"""Train on approved masks: nnU-Net's planner, preprocessing and trainer, resumed after a kill.

Imported in a process of its own alone: nnU-Net reads its environment when it is imported.
"""

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np
import torch

from segmentation.training.approved import (
    DATASET_ID,
    DATASET_NAME,
    Order,
    Outcome,
    read_outcomes,
    write_json,
    write_outcomes,
)
from segmentation.training.folds import Dealt, splits
from segmentation.training.plateau import has_stopped_rising
from segmentation.training.trainer import CONFIGURATION, FEATURES, PATCH, PLANS, SPACING_MM, small

TRAINED_PLANS = "mldPlans"
LATEST, FINAL = "checkpoint_latest.pth", "checkpoint_final.pth"
BEST = "checkpoint_best.pth"
LEFT_RIGHT = 2
"""Of an image, whose arrays are k, j, i; the other mirrors of a head do not occur."""
TICK_SECONDS = 2.0
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Network:
    """A network that is not the one nnU-Net plans by itself."""

    spacing_mm: tuple[float, float, float]
    patch: tuple[int, int, int]
    features: tuple[int, ...]


NETWORKS: dict[str, Network | None] = {
    "planned": None,
    "small": Network(SPACING_MM, PATCH, FEATURES),
    "tiny": Network((4.0, 4.0, 4.0), (16, 16, 16), (4, 8, 8)),
}
"""``planned``: as nnU-Net plans it for the data, for a GPU; ``tiny`` is for tests."""
Told = Callable[..., None]


def mirrored_axes(transpose_forward: Sequence[int]) -> tuple[int, ...]:
    """Return the axes that a network mirrors: left and right, wherever the plan has put them.

    nnU-Net's planner moves the axis of the coarsest voxels to the front, and the network sees the
    image so turned.

    Parameters
    ----------
    transpose_forward : sequence of int
        Axis of the image at each place of the network's, as the plan states it.
    """
    return (list(transpose_forward).index(LEFT_RIGHT),)


def plan_and_preprocess(work: Path, order: Order, *, processes: int) -> None:
    """Let nnU-Net fingerprint, plan and preprocess the data set; split it by patient."""
    from nnunetv2.experiment_planning.plan_and_preprocess_api import (
        extract_fingerprints,
        plan_experiments,
        preprocess,
    )

    network = NETWORKS[order.network]
    extract_fingerprints([DATASET_ID], num_processes=processes, check_dataset_integrity=False)
    plan_experiments(
        [DATASET_ID],
        overwrite_target_spacing=None if network is None else network.spacing_mm,
        overwrite_plans_name=PLANS,
    )
    folder = work / "preprocessed" / DATASET_NAME
    plans = json.loads((folder / f"{PLANS}.json").read_text())
    plans["configurations"] = {CONFIGURATION: plans["configurations"][CONFIGURATION]}
    if network is not None:
        plans = small(plans, patch=network.patch, features=network.features)
    plans["plans_name"] = TRAINED_PLANS
    write_json(folder / f"{TRAINED_PLANS}.json", plans)
    preprocess(
        [DATASET_ID], plans_identifier=TRAINED_PLANS, configurations=(CONFIGURATION,),
        num_processes=(processes,),
    )  # fmt: skip
    outcomes = read_outcomes(work)
    write_json(folder / "splits_final.json", _splits(order, outcomes))
    write_outcomes(work, _with_learnt_volumes(folder, plans, outcomes))


def _splits(order: Order, outcomes: Mapping[str, Outcome]) -> list[dict[str, list[str]]]:
    there = [c for c in order.cases if c.fold is not None and not outcomes[c.name].left_out]
    numbers = sorted({case.fold for case in there if case.fold is not None})
    hands = [tuple({case.patient for case in there if case.fold == n}) for n in numbers]
    return splits(Dealt((), tuple(hands)), {case.name: case.patient for case in there})


def _with_learnt_volumes(
    folder: Path, plans: Mapping[str, Any], outcomes: Mapping[str, Outcome]
) -> dict[str, Outcome]:
    """Add the volume that each mask has at the voxel size of the network."""
    from nnunetv2.training.dataloading.nnunet_dataset import nnUNetDatasetBlosc2

    configuration = plans["configurations"][CONFIGURATION]
    cases = nnUNetDatasetBlosc2(str(folder / configuration["data_identifier"]))
    voxel_ml = prod(configuration["spacing"]) / 1000
    found = dict(outcomes)
    for name in cases.identifiers:
        labels = np.asarray(cases.load_case(name)[1][:])
        was = found[name]
        learnt_ml = float(np.count_nonzero(labels == 1)) * voxel_ml
        found[name] = Outcome(was.left_out, was.mask_ml, was.written_ml, learnt_ml)
    return found


class _PlateauError(Exception):
    """Nothing has become better for as long as the order has patience."""


def count_of_splits(work: Path) -> int:
    """Return for how many folds a network can be trained."""
    path = work / "preprocessed" / DATASET_NAME / "splits_final.json"
    return len(json.loads(path.read_text()))


def results_folder(work: Path) -> Path:
    """Return the trained-model folder as nnU-Net names it."""
    return work / "results" / DATASET_NAME / f"nnUNetTrainer__{TRAINED_PLANS}__{CONFIGURATION}"


def train(work: Path, order: Order, fold: int, *, tell: Told) -> None:
    """Train the network of one fold; continues after the last finished epoch.

    A checkpoint is written after every epoch, under a temporary name and then renamed: what is
    there is whole, whenever the process was killed.

    Parameters
    ----------
    tell : callable
        Told ``epoch``, ``epochs``, ``values`` (smoothed pseudo-Dice of the finished epochs) and
        ``share`` as the work goes on.
    """
    if (results_folder(work) / f"fold_{fold}" / FINAL).exists():
        return
    torch.set_num_threads(order.threads)
    folder = work / "preprocessed" / DATASET_NAME
    plans = json.loads((folder / f"{TRAINED_PLANS}.json").read_text())
    plans["continue_training"] = False
    dataset = json.loads((folder / "dataset.json").read_text())
    device = torch.device(order.device)
    trainer = _trainer_class(order, tell)(plans, CONFIGURATION, fold, dataset, device)
    trainer.initialize()
    latest = Path(trainer.output_folder) / LATEST
    if latest.exists():
        trainer.go_on(latest)
    np.random.seed(fold)  # noqa: NPY002 - nnU-Net's loaders draw from the global generator
    torch.manual_seed(fold)
    try:
        trainer.run_training()
    except _PlateauError:
        trainer.on_train_end()


def _trainer_class(order: Order, tell: Told) -> Any:  # noqa: C901 - a class of small methods
    import nnunetv2.training.nnUNetTrainer.nnUNetTrainer as root

    class ResumedTrainer(root.nnUNetTrainer):  # type: ignore[misc]
        """nnU-Net's trainer and network; it resumes, stops early and tells how far it is."""

        # Its parent looks the names of these parameters up among its own variables.
        def __init__(
            self,
            plans: dict[str, Any],
            configuration: str,
            fold: int,
            dataset_json: dict[str, Any],
            device: torch.device = CPU,
        ) -> None:
            super().__init__(plans, configuration, fold, dataset_json, device)
            self.num_epochs = order.epochs
            self.num_iterations_per_epoch = order.iterations
            self.num_val_iterations_per_epoch = max(1, order.iterations // 5)
            self.save_every = 1
            self._told_at = 0.0
            self._step = 0
            self._began: tuple[float, float] | None = None

        def configure_rotation_dummyDA_mirroring_and_inital_patch_size(self) -> Any:  # noqa: N802
            found = super().configure_rotation_dummyDA_mirroring_and_inital_patch_size()
            axes = mirrored_axes(self.plans_manager.transpose_forward)
            self.inference_allowed_mirroring_axes = axes
            return (*found[:3], axes)

        def perform_actual_validation(self, save_probabilities: bool = False) -> None:
            """Skip nnU-Net's own; held-out patients are measured as every visit is."""

        def save_checkpoint(self, filename: str) -> None:
            super().save_checkpoint(f"{filename}.part")
            Path(f"{filename}.part").replace(filename)

        def go_on(self, latest: Path) -> None:
            """Go on after the last finished epoch, knowing which was the best one.

            nnU-Net writes the checkpoint of an epoch before it compares the epoch with the best
            one: what it says of the best is older, and a kill may have come in between.
            """
            self.load_checkpoint(str(latest))
            *earlier, last = [value if isfinite(value) else -inf for value in self._values()]
            if last > max(earlier, default=-inf):
                part = latest.with_name(f"{BEST}.part")
                shutil.copyfile(latest, part)
                part.replace(latest.with_name(BEST))
            self._best_ema = max([*earlier, last])

        def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
            done: dict[str, Any] = super().train_step(batch)
            self._step += 1
            if time.monotonic() - self._told_at > TICK_SECONDS:
                self._tell()
            return done

        def on_epoch_start(self) -> None:
            super().on_epoch_start()
            self._step = 0

        def on_epoch_end(self) -> None:
            super().on_epoch_end()
            self._step = 0
            self._tell()
            is_last = self.current_epoch >= self.num_epochs
            if not is_last and has_stopped_rising(self._values(), order.patience):
                raise _PlateauError

        def _values(self) -> list[float]:
            found = self.logger.get_value("ema_fg_dice", step=None)
            return [float(value) for value in found[: self.current_epoch]]

        def _tell(self) -> None:
            self._told_at = time.monotonic()
            done = self.current_epoch + self._step / max(1, self.num_iterations_per_epoch)
            tell(
                epoch=self.current_epoch,
                epochs=self.num_epochs,
                values=self._values(),
                share=min(done / self.num_epochs, 1.0),
                seconds_left=self._seconds_left(done),
            )

        def _seconds_left(self, done: float) -> float | None:
            """Return what is left at the pace of this process; None until it has one."""
            now = time.monotonic()
            if self._began is None:
                self._began = (now, done)
            began, first = self._began
            gained = done - first
            return None if gained <= 0 else (now - began) / gained * (self.num_epochs - done)

    # Only the loop differs from nnU-Net's own trainer, not the network: its name in the checkpoint
    # lets the stock command run what was trained here.
    ResumedTrainer.__name__ = "nnUNetTrainer"
    return ResumedTrainer
