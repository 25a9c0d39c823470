"""A model is registered whole or not at all, and its folder is not needed afterwards."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import sleep

import pytest
import torch
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from mldtrial.audit.context import acting
from segmentation.inference.networks import ModelError, ModelFiles
from segmentation.inference.preprocessing import PREPROCESSING_VERSION
from segmentation.models import Method, ModelVersion, ReleaseState
from segmentation.services import models, store
from segmentation.services.segmenters import ModelChangedError, load_segmenter
from tests.support.trained import PRETRAINED, change_json, copied, statement, stock_folder

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        return stock_folder(tmp_path_factory.mktemp("nnunet"), patch)


def kept() -> list[str]:
    """Return what lies in the store of models, and what was left of the work on them."""
    folders = [*(store.root() / "models").glob("*"), *(store.root() / "tmp").glob("*")]
    return [path.name for path in folders]


def test_a_model_does_not_depend_on_the_folder_that_was_given(tmp_path: Path):
    given = copied(PRETRAINED, tmp_path / "given")
    model = models.register_model(folder=given)
    shutil.rmtree(given)
    assert kept() == [model.sha256]
    assert load_segmenter(model).name == model.name


def changed(tmp_path: Path, name: str, **more: object) -> Path:
    """Return our own model with another content of one file, its checksum right."""
    folder = copied(PRETRAINED, tmp_path / "model")
    change_json(folder / name, **more)
    if name != "manifest.json":
        files = json.loads((folder / "manifest.json").read_text())["files"]
        change_json(folder / "manifest.json", files={**files, name: store.sha256_of(folder / name)})
    return folder


def test_plans_beside_a_manifest_run_nothing(tmp_path: Path):
    trace = tmp_path / "trace"
    plans = json.loads((PRETRAINED / "plans.json").read_text())
    plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"].update(
        nonlin="subprocess.run", nonlin_kwargs={"args": ["touch", str(trace)]}
    )
    folder = changed(tmp_path, "plans.json", configurations=plans["configurations"])
    with pytest.raises(ValidationError, match="nonlin subprocess"):
        models.register_model(folder=folder)
    with pytest.raises(ModelError, match="nonlin subprocess"):
        ModelFiles(folder).networks(torch.device("cpu"))
    assert not trace.exists()


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("manifest.json", {"labels": {"demyelinated_white_matter": 3}}, "labels of the manifest"),
        ("manifest.json", {"mirroring_axes": [-1]}, "mirrored axes"),
        ("manifest.json", {"mirroring_axes": [2, 2]}, "mirrored axes"),
        ("manifest.json", {"labels": ["demyelinated_white_matter"]}, "not understood"),
        ("manifest.json", {"tile_step_size": "half"}, "not understood"),
        ("manifest.json", {"files": ["plans.json", "dataset.json"]}, "not understood"),
        ("dataset.json", {"channel_names": {"0": "T2w", "1": "T1w"}}, "other sequences"),
        ("dataset.json", {"channel_names": {"0": "T1w"}}, "other sequences"),
        (
            "dataset.json",
            {"labels": {"background": 0, "demyelinated_white_matter": 2}},
            "leave none out",
        ),
        (
            "dataset.json",
            {"labels": {"background": 0, "brain": 1, "demyelinated_white_matter": 2}},
            "labels of the manifest",
        ),
    ],
)
def test_a_manifest_that_contradicts_its_network_is_refused_with_its_reason(
    tmp_path: Path, name: str, more: dict, words: str
):
    with pytest.raises(ValidationError, match=words):
        models.register_model(folder=changed(tmp_path, name, **more))
    assert kept() == []


def test_two_labels_that_are_exchanged_are_refused(tmp_path: Path):
    labels = {"brain": 1, "demyelinated_white_matter": 2}
    folder = changed(tmp_path, "dataset.json", labels={"background": 0, **labels})
    change_json(folder / "manifest.json", labels={"brain": 2, "demyelinated_white_matter": 1})
    with pytest.raises(ValidationError, match="another number"):
        models.register_model(folder=folder)


def test_a_stock_folder_becomes_a_model_that_loads(stock: Path):
    model = models.register_model(folder=stock, stated=statement())
    assert model.state == ReleaseState.CANDIDATE
    assert not model.is_demonstration
    assert model.manifest["trainer_name"] == "nnUNetTrainer"
    assert "aliases" not in model.manifest
    assert load_segmenter(model).sequences == ("T1w", "T2w")


def test_the_same_folder_twice_is_one_model(stock: Path):
    once = models.register_model(folder=stock, stated=statement())
    assert models.register_model(folder=stock, stated=statement()) == once
    assert kept() == [once.sha256]


def test_a_name_and_version_with_other_weights_are_refused_and_nothing_is_kept(stock: Path):
    once = models.register_model(folder=stock, stated=statement())
    with pytest.raises(ValidationError, match="taken by other weights"):
        models.register_model(folder=stock, stated=statement(is_half=True))
    assert kept() == [once.sha256]


def test_nothing_stays_behind_of_a_folder_that_is_refused(stock: Path, tmp_path: Path):
    broken = copied(stock, tmp_path / "broken")
    change_json(broken / "dataset.json", labels={"background": 0, "lesion": 1})
    with pytest.raises(ValidationError, match="--label lesion="):
        models.register_model(folder=broken, stated=statement())
    assert kept() == []
    assert not ModelVersion.objects.exists()


def test_nothing_stays_behind_of_a_work_that_is_cut_off(stock: Path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(store, "publish_folder", full)
    with pytest.raises(OSError, match="No space"):
        models.register_model(folder=stock, stated=statement())
    assert kept() == []
    assert not ModelVersion.objects.exists()


def test_a_manifest_that_changes_in_the_store_is_noticed(stock: Path):
    model = models.register_model(folder=stock, stated=statement())
    change_json(store.root() / model.folder / "manifest.json", tile_step_size=1.0)
    with pytest.raises(ModelChangedError):
        load_segmenter(model)


def test_a_model_registered_before_the_store_kept_models_is_taken_into_it():
    model = models.register_model(folder=PRETRAINED)
    ModelVersion.objects.filter(pk=model.pk).update(folder=str(PRETRAINED), manifest={})
    model.refresh_from_db()
    assert load_segmenter(model).version == model.version
    again = models.register_model(folder=PRETRAINED)
    assert (again.pk, again.folder) == (model.pk, f"models/{model.sha256}")
    assert again.manifest["configuration"] == "3d_fullres"


def test_the_command_registers_a_stock_folder(stock: Path, capsys: pytest.CaptureFixture[str]):
    call_command(
        "register_model", str(stock), "--name", "tiny", "--model-version", "1",
        "--preprocessing", PREPROCESSING_VERSION, "--folds", "0", "--json",
    )  # fmt: skip
    row = json.loads(capsys.readouterr().out)
    assert row["sha256"] == ModelVersion.objects.get().sha256
    assert (row["name"], row["state"]) == ("tiny", "CANDIDATE")


def test_the_command_says_what_must_be_stated(stock: Path):
    with pytest.raises(CommandError, match="say --name, --model-version and --preprocessing"):
        call_command("register_model", str(stock))
    with pytest.raises(CommandError, match="say also --model-version, --preprocessing"):
        call_command("register_model", str(stock), "--name", "tiny")
    with pytest.raises(CommandError, match="which says all"):
        call_command(
            "register_model", str(PRETRAINED), "--name", "tiny", "--model-version", "1",
            "--preprocessing", PREPROCESSING_VERSION,
        )  # fmt: skip


def test_a_step_of_zero_is_refused_and_not_replaced(stock: Path):
    with pytest.raises(CommandError, match="step between tiles is 0"):
        call_command(
            "register_model", str(stock), "--name", "tiny", "--model-version", "1",
            "--preprocessing", PREPROCESSING_VERSION, "--step", "0",
        )  # fmt: skip


def test_a_channel_that_the_folder_does_not_have_is_said(stock: Path):
    with pytest.raises(ValidationError, match="no channel MPRAG"):
        models.register_model(folder=stock, stated=statement(channels={"MPRAG": "T1w"}))


@pytest.mark.django_db(transaction=True)
def test_a_method_that_two_register_at_once_is_one():
    """The second waits for the first to be there, and takes it."""
    is_written, may_end = Event(), Event()

    def first() -> None:
        try:
            with acting(origin="test", reason="first"), transaction.atomic():
                models.register_made_elsewhere(name="snap", version="4", method=Method.MANUAL)
                is_written.set()
                may_end.wait(20)
        finally:
            connection.close()

    def second() -> object:
        try:
            with acting(origin="test", reason="second"):
                return models.register_made_elsewhere(
                    name="snap", version="4", method=Method.MANUAL
                ).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(first)
        assert is_written.wait(20)
        other = threads.submit(second)
        sleep(0.5)
        may_end.set()
        one.result()
        found = other.result()
    assert found == ModelVersion.objects.get(name="snap").pk
