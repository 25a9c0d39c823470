"""A training that ended on a plateau gives the weights of its best epoch, a whole one its last."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from segmentation.inference.preprocessing import PREPROCESSING_VERSION
from segmentation.inference.trained_folder import BEST, FINAL, weights_in_words
from segmentation.training import approved, learning, steps
from tests.support.trained import CONFIGURATION, DATASET, stock_folder, tiny_plans

EPOCHS = 10


def order(work: Path) -> approved.Order:
    made = approved.Order((), "tiny", "1", "tiny", EPOCHS, 1, 3, 2, "cpu", 1, is_demonstration=True)
    approved.write_order(work, made)
    approved.write_json(work / approved.PREPROCESSING, PREPROCESSING_VERSION)
    return made


def kept(path: Path, *, like: Path, epochs: int) -> None:
    """Write a checkpoint of so many epochs, whose first weight says how many."""
    content = torch.load(like, weights_only=False)
    content["current_epoch"] = epochs
    first = next(iter(content["network_weights"]))
    content["network_weights"][first].fill_(epochs)
    torch.save(content, path)


def exported(work: Path, patch: pytest.MonkeyPatch, ended: dict[int, int]) -> dict[str, Any]:
    """Return the manifest of a training whose folds ended after so many epochs, best after 4."""
    made = stock_folder(work / "nnunet", patch, folds=sorted(ended))
    shutil.copytree(made, learning.results_folder(work))
    for fold, epochs in ended.items():
        folder = learning.results_folder(work) / f"fold_{fold}"
        kept(folder / BEST, like=folder / FINAL, epochs=4)
        kept(folder / FINAL, like=folder / FINAL, epochs=epochs)
    steps._export(work, order(work), lambda **_: None)
    found: dict[str, Any] = json.loads((work / steps.MODEL / "manifest.json").read_text())
    return found


def first_numbers(work: Path, name: str) -> set[float]:
    from safetensors.torch import load_file

    return {float(t.flatten()[0]) for t in load_file(work / steps.MODEL / name).values()}


def test_a_plateau_gives_the_best_weights_and_says_so(tmp_path: Path, monkeypatch):
    manifest = exported(tmp_path, monkeypatch, {0: 7})
    assert (manifest["checkpoint"], manifest["epochs"]) == (BEST, 4)
    assert 4.0 in first_numbers(tmp_path, manifest["weights"])
    assert weights_in_words(manifest) == "after epoch 4, the best by smoothed pseudo-Dice"


def test_a_whole_training_keeps_its_last_weights_as_nnunet_does(tmp_path: Path, monkeypatch):
    manifest = exported(tmp_path, monkeypatch, {0: EPOCHS})
    assert (manifest["checkpoint"], manifest["epochs"]) == (FINAL, EPOCHS)
    assert 10.0 in first_numbers(tmp_path, manifest["weights"])
    assert weights_in_words(manifest) == "after epoch 10, the last"


def test_each_fold_gives_its_own(tmp_path: Path, monkeypatch):
    manifest = exported(tmp_path, monkeypatch, {0: EPOCHS, 1: 7})
    whole, early = manifest["folds"]
    assert (whole["epochs"], early["epochs"], early["checkpoint"]) == (EPOCHS, 4, BEST)
    assert weights_in_words(manifest) == (
        "fold 0: after epoch 10, the last; fold 1: after epoch 4, the best by smoothed pseudo-Dice"
    )


def test_a_manifest_that_does_not_say_which_weights_it_took_is_given_no_words():
    assert weights_in_words({"epochs": 300}) is None


def test_the_best_epoch_is_known_after_a_kill_between_its_two_checkpoints(
    tmp_path: Path, monkeypatch
):
    stock_folder(tmp_path, monkeypatch)  # nnU-Net's folders are set by it
    killed, heir = (
        learning._trainer_class(order(tmp_path), lambda **_: None)(
            {**tiny_plans(), "continue_training": False},
            CONFIGURATION,
            0,
            DATASET,
            torch.device("cpu"),
        )
        for _ in range(2)
    )
    killed.initialize()
    for epoch, value in enumerate((0.2, 0.5)):
        killed.logger.log("ema_fg_dice", value, epoch)
    killed.current_epoch, killed._best_ema = 1, 0.2
    folder = Path(killed.output_folder)
    # In this order: the checkpoint of the second epoch is there, the best one is the first's.
    killed.save_checkpoint(str(folder / learning.LATEST))
    kept(folder / BEST, like=folder / learning.LATEST, epochs=1)
    heir.initialize()
    heir.go_on(folder / learning.LATEST)
    assert heir._best_ema == 0.5
    assert torch.load(folder / BEST, weights_only=False)["current_epoch"] == 2
