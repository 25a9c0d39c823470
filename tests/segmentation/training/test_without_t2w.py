"""A network learns a share of its samples from T1w alone, and its folder says so."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from segmentation.management.commands import train_model
from segmentation.training import __main__ as command
from segmentation.training import trainer
from segmentation.training.export import export_model
from segmentation.training.trainer import drop_t2w, keep_share
from tests.support.trained import DATASET, stock_folder, tiny_plans


@given(share=st.floats(0, 1), seed=st.integers(0, 2**31))
def test_of_a_sample_the_t2w_is_gone_or_whole_and_the_t1w_stays(share: float, seed: int):
    torch.manual_seed(seed)
    batch = torch.rand((5, 2, 3, 4, 2)) + 1
    before = batch.clone()
    drop_t2w(batch, share=share)
    assert torch.equal(batch[:, 0], before[:, 0])
    for now, was in zip(batch[:, 1], before[:, 1], strict=True):
        assert torch.equal(now, was) or not now.any()


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.25, 1000), (1.0, 4000)])
def test_as_many_samples_as_said_are_without_t2w(share: float, expected: int):
    torch.manual_seed(1)
    batch = torch.ones((4000, 2, 1))
    drop_t2w(batch, share=share)
    # Four standard deviations of a binomial of 4,000 and 0.25.
    assert int((batch[:, 1] == 0).sum()) == pytest.approx(expected, abs=110)


def test_a_training_goes_on_with_the_share_that_it_began_with(tmp_path: Path):
    keep_share(tmp_path, 0.25)
    keep_share(tmp_path, 0.25)
    with pytest.raises(ValueError, match=r"begun with 0\.25 of the samples without T2w, not 0\.5"):
        keep_share(tmp_path, 0.5)


def trained(work: Path, patch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the weights of a training of phantoms."""
    made = stock_folder(work / "nnunet", patch)
    name = f"Dataset{trainer.DATASET_ID}_Phantom"
    shutil.copytree(made, work / "results" / name / "trained")
    folder = work / "preprocessed" / name
    folder.mkdir(parents=True)
    (folder / f"{trainer.SMALL_PLANS}.json").write_text(json.dumps(tiny_plans()))
    (folder / "dataset.json").write_text(json.dumps(DATASET))
    return work / "results" / name / "trained" / "fold_0"


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def test_the_folder_says_that_t2w_may_be_missing_where_it_was_in_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    weights = trained(tmp_path, monkeypatch)
    plain = manifest(export_model(tmp_path, tmp_path / "plain"))
    assert "optional_sequences" not in plain
    assert "without_t2w" not in plain
    # A training from before the share was kept: whoever exports it says it.
    stated = manifest(export_model(tmp_path, tmp_path / "stated", without_t2w=0.25))
    keep_share(weights, 0.25)
    kept = manifest(export_model(tmp_path, tmp_path / "kept"))
    for one in (stated, kept):
        assert one["sequences"] == ["T1w", "T2w"]
        assert one["optional_sequences"] == ["T2w"]
        assert (one["without_t2w"], one["version"]) == (0.25, "4")
    with pytest.raises(ValueError, match=r"learnt 0\.25 .* 0\.5 was stated"):
        export_model(tmp_path, tmp_path / "other", without_t2w=0.5)


def test_the_command_hands_the_share_to_every_step(tmp_path: Path, monkeypatch):
    asked = []
    done = type("Done", (), {"returncode": 0})
    monkeypatch.setattr(train_model.subprocess, "run", lambda said, **_: asked.append(said) or done)
    call_command("train_model", tmp_path, "--work", tmp_path, "--without-t2w", "0.5")
    assert "--without-t2w=0.5" in asked[0]
    call_command("train_model", tmp_path, "--work", tmp_path)
    assert not [word for word in asked[1] if "t2w" in word]


@pytest.mark.parametrize("share", ["-0.1", "1.1", "nan", "half"])
def test_a_share_that_is_none_is_refused(share: str, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["it", "train", "--work", "x", f"--without-t2w={share}"])
    with pytest.raises(SystemExit):
        command.main()
    assert "--without-t2w" in capsys.readouterr().err
