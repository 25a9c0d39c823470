"""A trained-model folder of stock nnU-Net becomes a model folder, or is refused by name."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from segmentation.inference import conversion
from segmentation.inference.conversion import convert, each_once, read_checkpoint, store_weights
from segmentation.inference.model_folder import ModelFolderError, checked_manifest, folds_of
from segmentation.inference.nnunet import NnUnetSegmenter
from segmentation.inference.preprocessing import PREPROCESSING_VERSION, Prepared
from tests.support.trained import change_json, copied, statement, stock_folder, tiny_plans

UNET = "dynamic_network_architectures.architectures.unet"


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        return stock_folder(tmp_path_factory.mktemp("nnunet"), patch, folds=(0, 1))


@pytest.fixture
def changed(stock: Path, tmp_path: Path) -> Path:
    return copied(stock, tmp_path / "stock")


def converted(folder: Path, tmp_path: Path, name: str = "out", **more: Any) -> Path:
    out = tmp_path / name
    out.mkdir()
    convert(folder, out, statement(**more))
    return out


def refused(folder: Path, tmp_path: Path, **more: Any) -> str:
    with pytest.raises(ModelFolderError) as error:
        converted(folder, tmp_path, **more)
    return str(error.value)


@pytest.mark.parametrize("folds", [("0",), ("1", "0")])
def test_the_converted_model_finds_what_upstream_finds_to_the_last_voxel(
    folds: tuple[str, ...], stock: Path, tmp_path: Path
):
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    out = converted(stock, tmp_path, folds=folds)
    channels = np.random.default_rng(0).normal(600, 100, (2, 18, 16, 16)).astype(np.float32)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    segmenter = NnUnetSegmenter(out)
    ours = segmenter.label_map(Prepared(channels, affine, affine, {}), lambda _share, _step: None)
    predictor = nnUNetPredictor(device=torch.device("cpu"), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(str(stock), use_folds=folds)
    theirs = predictor.predict_single_npy_array(
        np.ascontiguousarray(channels.transpose(0, 3, 2, 1)),
        {"spacing": [2.0, 2.0, 2.0]}, None, None, False,
    )  # fmt: skip
    assert np.count_nonzero(ours != np.asarray(theirs).transpose(2, 1, 0)) == 0
    # Both labels occur, or agreement would say nothing.
    assert 0.01 < ours.mean() < 0.99


def test_every_tensor_of_every_fold_is_there_again_to_the_last_bit(stock: Path, tmp_path: Path):
    from safetensors.torch import load_file

    out = converted(stock, tmp_path)
    manifest = checked_manifest(out, preprocessing=PREPROCESSING_VERSION)
    assert [fold.weights for fold in folds_of(manifest)] == [
        "fold_0.safetensors",
        "fold_1.safetensors",
    ]
    for number, fold in enumerate(folds_of(manifest)):
        stored = load_file(out / fold.weights)
        full = stored | {alias: stored[name] for alias, name in fold.aliases.items()}
        path = stock / f"fold_{number}" / "checkpoint_final.pth"
        original = torch.load(path, weights_only=False)["network_weights"]
        assert full.keys() == original.keys()
        assert all(torch.equal(full[name], tensor) for name, tensor in original.items())
        assert fold.aliases  # nnU-Net names the encoder's tensors several times


def test_the_manifest_says_how_the_model_is_used_and_holds_the_plans_hash(
    stock: Path, tmp_path: Path
):
    manifest = json.loads((converted(stock, tmp_path) / "manifest.json").read_text())
    assert manifest["sequences"] == ["T1w", "T2w"]
    assert manifest["labels"] == {"demyelinated_white_matter": 1}
    assert manifest["mirroring_axes"] == [0, 1, 2]
    assert manifest["tile_step_size"] == 0.5
    assert manifest["trainer_name"] == "nnUNetTrainer"
    assert manifest["architecture"] == f"{UNET}.PlainConvUNet"
    assert manifest["precision"] == "single"
    assert set(manifest["files"]) == {
        "fold_0.safetensors", "fold_1.safetensors", "plans.json", "dataset.json",
    }  # fmt: skip


def test_the_same_folder_gives_the_same_bytes(stock: Path, tmp_path: Path):
    once, again = converted(stock, tmp_path, "once"), converted(stock, tmp_path, "again")
    assert (once / "manifest.json").read_bytes() == (again / "manifest.json").read_bytes()


def test_half_precision_is_stored_only_if_asked_for(stock: Path, tmp_path: Path):
    from safetensors.torch import load_file

    single = load_file(converted(stock, tmp_path, "single") / "fold_0.safetensors")
    half = load_file(converted(stock, tmp_path, "half", is_half=True) / "fold_0.safetensors")
    assert {t.dtype for t in single.values()} == {torch.float32}
    assert {t.dtype for t in half.values()} == {torch.float16}


def test_a_weight_too_large_for_half_precision_is_refused(stock: Path, tmp_path: Path):
    weights = {"w": torch.tensor([1.0, 1e6])}
    store_weights(weights, tmp_path / "single.safetensors", is_half=False)
    with pytest.raises(ModelFolderError, match="half precision"):
        store_weights(weights, tmp_path / "half.safetensors", is_half=True)


class Writes:
    """What a pickle can do when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_checkpoint_that_would_run_code_is_refused_by_name_and_does_not_run(
    changed: Path, tmp_path: Path
):
    path, trace = changed / "fold_0" / "checkpoint_final.pth", tmp_path / "trace"
    found = torch.load(path, weights_only=False)
    torch.save({**found, "logging": Writes(trace)}, path)
    message = refused(changed, tmp_path)
    assert "fold_0/checkpoint_final.pth asks for" in message
    assert "pathlib" in message
    assert not trace.exists()
    # It is the real thing: the reader that believes what it reads does run it.
    torch.load(path, weights_only=False)
    assert trace.exists()


def test_a_pickle_that_only_the_older_format_would_read_is_refused(changed: Path, tmp_path: Path):
    trace = tmp_path / "trace"
    path = changed / "fold_0" / "checkpoint_final.pth"
    path.write_bytes(pickle.dumps(Writes(trace)))
    assert "cannot be read as a checkpoint" in refused(changed, tmp_path)
    assert not trace.exists()


@pytest.mark.parametrize("kind", ["f4", "f8", "i8"])
def test_scalars_of_numpy_are_read_by_the_names_of_both_its_versions(kind: str, tmp_path: Path):
    for module in ("numpy._core.multiarray", "numpy.core.multiarray"):
        path = tmp_path / "fold_0.pth"
        torch.save({"scalar": np.dtype(kind).type(3)}, path)
        if module == "numpy.core.multiarray":
            _rename_in_pickle(path, "numpy._core.multiarray", module)
        with torch.serialization.safe_globals(conversion.HARMLESS):
            assert torch.load(path, weights_only=True)["scalar"] == 3


def _rename_in_pickle(path: Path, old: str, new: str) -> None:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data.replace(old.encode(), new.encode()))


def test_a_checkpoint_that_is_cut_off_is_refused(changed: Path, tmp_path: Path):
    path = changed / "fold_1" / "checkpoint_final.pth"
    path.write_bytes(path.read_bytes()[:-2000])
    assert refused(changed, tmp_path).startswith("fold_1/checkpoint_final.pth cannot be read")


def test_weights_that_are_not_numbers_are_refused(changed: Path, tmp_path: Path):
    path = changed / "fold_1" / "checkpoint_final.pth"
    found = torch.load(path, weights_only=False)
    next(iter(found["network_weights"].values())).view(-1)[0] = float("nan")
    torch.save(found, path)
    assert refused(changed, tmp_path) == "fold_1 holds weights that are not numbers."


def test_weights_of_another_network_are_refused(changed: Path, tmp_path: Path):
    plans = tiny_plans()
    arguments = plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"]
    arguments["features_per_stage"] = [4, 8, 16]
    (changed / "plans.json").write_text(json.dumps(plans))
    assert "do not fill the network" in refused(changed, tmp_path)


def test_folds_trained_in_different_ways_are_refused(changed: Path, tmp_path: Path):
    path = changed / "fold_1" / "checkpoint_final.pth"
    found = torch.load(path, weights_only=False)
    torch.save({**found, "inference_allowed_mirroring_axes": (0, 1)}, path)
    assert refused(changed, tmp_path).startswith("fold_1 was trained in another way")


def test_a_trainer_that_may_build_another_network_is_refused(changed: Path, tmp_path: Path):
    path = changed / "fold_0" / "checkpoint_final.pth"
    torch.save({**torch.load(path, weights_only=False), "trainer_name": "nnUNetTrainerBN"}, path)
    assert refused(changed, tmp_path).startswith("The trainer nnUNetTrainerBN is not known")


def _architecture(**more: Any) -> dict[str, Any]:
    plans = tiny_plans()
    plans["configurations"]["3d_fullres"]["architecture"].update(more)
    return plans


def _argument(**more: Any) -> dict[str, Any]:
    plans = tiny_plans()
    plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"].update(more)
    return plans


def _setting(**more: Any) -> dict[str, Any]:
    plans = tiny_plans()
    plans["configurations"]["3d_fullres"].update(more)
    return plans


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        (_architecture(network_class_name="subprocess.Popen"), "The network subprocess.Popen"),
        (_argument(nonlin="os.system"), "asks for nonlin os.system"),
        (_architecture(_kw_requires_import=["n_stages"]), "asks for n_stages 3"),
        (_setting(resampling_fn_data="another"), "resampling_fn_data another"),
        (_setting(preprocessor_name="CTPreprocessor"), "preprocessor_name CTPreprocessor"),
        (_setting(normalization_schemes=["CTNormalization"] * 2), "ask for CTNormalization"),
        (_setting(normalization_schemes=["ZScoreNormalization"]), "made for 1 channels"),
        (_setting(resampling_fn_data_kwargs={"is_seg": False, "order": 9}), "options that are not"),
        (_setting(architecture=None), "say nothing of an architecture"),
        ({**tiny_plans(), "label_manager": "Another"}, "The label manager Another"),
        ({**tiny_plans(), "configurations": {}}, "The configuration 3d_fullres"),
        (_setting(inherits_from="gone"), "inherits is not there"),
    ],
)
def test_plans_that_ask_for_what_is_not_on_the_list_are_refused(
    plans: dict[str, Any], said: str, changed: Path, tmp_path: Path
):
    (changed / "plans.json").write_text(json.dumps(plans))
    assert said in refused(changed, tmp_path)


def test_a_fold_that_is_asked_for_must_be_there(stock: Path, tmp_path: Path):
    assert refused(stock, tmp_path, folds=("0", "4")) == (
        "fold_4 is not there; the folder has folds 0, 1."
    )


def test_a_fold_without_its_last_checkpoint_is_refused(changed: Path, tmp_path: Path):
    (changed / "fold_1" / "checkpoint_final.pth").unlink()
    assert "fold_1 has no checkpoint_final.pth" in refused(changed, tmp_path)


def test_a_preprocessing_that_is_not_ours_is_refused(stock: Path, tmp_path: Path):
    assert "preprocessing skull-stripped; this" in refused(
        stock, tmp_path, preprocessing="skull-stripped"
    )


@pytest.mark.parametrize(
    ("labels", "mapping", "said"),
    [
        ({"background": 0, "lesion": 1}, {}, "The label lesion is not a term"),
        ({"background": 0, "brain": 1}, {}, "No label means demyelinated_white_matter"),
        ({"lesion": 1}, {}, "no labels with background 0"),
        ({"background": 0, "lesion": [1, 2]}, {"lesion": "demyelinated_white_matter"}, "regions"),
        (
            {"background": 0, "lesion": 1, "demyelinated_white_matter": 2},
            {"lesion": "demyelinated_white_matter"},
            "Two labels would mean",
        ),
        (
            {"background": 0, "demyelinated_white_matter": 1},
            {"lesion": "brain"},
            "has no label lesion",
        ),
    ],
)
def test_labels_that_are_not_understood_are_refused(
    labels: Any, mapping: dict[str, str], said: str, changed: Path, tmp_path: Path
):
    change_json(changed / "dataset.json", labels=labels)
    assert said in refused(changed, tmp_path, labels=mapping)


def test_another_spelling_is_taken_with_an_explicit_mapping(changed: Path, tmp_path: Path):
    change_json(
        changed / "dataset.json",
        labels={"background": 0, "lesion": 1},
        channel_names={"0": "MPRAGE", "1": "t2"},
    )
    out = converted(
        changed, tmp_path,
        labels={"lesion": "demyelinated_white_matter"}, channels={"MPRAGE": "T1w"},
    )  # fmt: skip
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["labels"] == {"demyelinated_white_matter": 1}
    assert manifest["sequences"] == ["T1w", "T2w"]


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ({"0": "T2w", "1": "T1w"}, "The channels are T2w, T1w"),
        ({"0": "T1w"}, "The channels are T1w;"),
        ({"0": "T1w", "1": "FLAIR"}, "The channel FLAIR is not known"),
        ({"1": "T1w", "2": "T2w"}, "does not number its channels"),
    ],
)
def test_channels_that_the_platform_does_not_prepare_are_refused(
    channels: dict[str, str], said: str, changed: Path, tmp_path: Path
):
    change_json(changed / "dataset.json", channel_names=channels)
    assert said in refused(changed, tmp_path)


@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, 1.5]), min_size=1, max_size=6))
def test_each_tensor_is_kept_once_and_every_name_finds_its_own(values: list[float]):
    weights = {f"n{i}": torch.tensor([value]) for i, value in enumerate(values)}
    kept, aliases = each_once(weights)
    full = kept | {alias: kept[name] for alias, name in aliases.items()}
    assert full.keys() == weights.keys()
    # Also the sign of a zero: equal means equal to the last bit.
    assert all(full[n].numpy().tobytes() == t.numpy().tobytes() for n, t in weights.items())
    assert len(kept) == len({np.float32(value).tobytes() for value in values})


def test_a_checkpoint_without_weights_is_refused(tmp_path: Path):
    path = tmp_path / "fold_0" / "checkpoint_final.pth"
    path.parent.mkdir()
    torch.save({"network_weights": {}}, path)
    with pytest.raises(ModelFolderError, match="lacks what nnU-Net writes"):
        read_checkpoint(path)
