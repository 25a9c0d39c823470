"""The demonstration model, end to end, on phantoms it has never seen."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from segmentation.imaging.brain import extract_brain
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import write_volume
from segmentation.imaging.overlap import dice
from segmentation.imaging.registration import register_rigid
from segmentation.imaging.volume import label_volume_ml
from segmentation.inference.ahead import WaitingVisit
from segmentation.inference.nnunet import ModelError, NnUnetSegmenter
from segmentation.inference.preprocessing import prepare_volumes
from segmentation.phantom.patient import PhantomPatient, build_anatomy
from segmentation.phantom.render import Image, PhantomVisit, render_visit, resample

MODEL = Path(__file__).parents[3] / "segmentation" / "pretrained" / "mld-phantom"
SEED = 2_000_001


@pytest.fixture(scope="module")
def segmenter() -> NnUnetSegmenter:
    return NnUnetSegmenter(MODEL)


def write(folder: Path, visit: PhantomVisit, *, flip: bool = False) -> dict[str, Path]:
    """Write the images; flipped, the T1w voxels run the other way in the same place."""
    t1w, affine = visit.t1w.data, visit.t1w.affine
    if flip:
        turn = np.diag([-1.0, 1.0, 1.0, 1.0])
        turn[0, 3] = t1w.shape[0] - 1
        t1w, affine = np.ascontiguousarray(t1w[::-1]), affine @ turn
    paths = {"T1w": folder / "t1w.nii.gz", "T2w": folder / "t2w.nii.gz"}
    write_volume(paths["T1w"], t1w, affine)
    write_volume(paths["T2w"], visit.t2w.data, visit.t2w.affine)
    return paths


@pytest.mark.faults
def test_it_finds_what_is_lost_whichever_way_the_voxels_run(
    segmenter: NnUnetSegmenter,
    visit: PhantomVisit,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    steps: list[float] = []
    straight = segmenter.segment(
        write(tmp_path, visit), progress=lambda share, _step: steps.append(share)
    )
    assert dice(straight.label_map, visit.truth_mask) > 0.7
    load_ml = label_volume_ml(straight.label_map, straight.affine, 1)
    assert load_ml == pytest.approx(visit.demyelination_load_ml, rel=0.3)
    assert steps == sorted(steps)
    assert straight.provenance["device"] == "cpu"
    assert straight.cautions == ()
    assert straight.provenance["suitability"]["brain_cut_percent"] == 0.0
    # Commands print JSON to standard output, and nothing else may.
    assert capsys.readouterr().out == ""
    assert straight.provenance["prepared_ahead"] is False
    # As a worker does while the network has another visit.
    turned = write(tmp_path, visit, flip=True)
    segmenter.prepare_ahead([WaitingVisit(turned, lambda: None)], beside={})
    flipped = segmenter.segment(turned, progress=lambda _share, _step: None)
    assert flipped.provenance["prepared_ahead"] is True
    assert dice(flipped.label_map[::-1], straight.label_map) > 0.999


@pytest.mark.faults
def test_by_openvino_it_finds_the_same_and_says_by_what(
    segmenter: NnUnetSegmenter, visit: PhantomVisit
):
    prepared = prepare_volumes(
        Volume(visit.t1w.data, visit.t1w.affine), Volume(visit.t2w.data, visit.t2w.affine)
    )
    declared = NnUnetSegmenter(MODEL, device="openvino")
    exact, by_openvino = (
        one.label_map(prepared, lambda _share, _step: None) for one in (segmenter, declared)
    )
    assert (exact != by_openvino).mean() <= 5e-4
    assert abs(int(exact.sum()) - int(by_openvino.sum())) <= 1e-3 * exact.sum()
    stated = declared._provenance(prepared, 1.0)
    assert stated["device"] == "openvino"
    assert stated["packages"]["openvino"]
    assert "openvino" not in segmenter._provenance(prepared, 1.0)["packages"]


def test_a_head_without_its_vertex_is_refused_before_the_network(visit: PhantomVisit):
    slices = visit.t1w.data.shape[2]
    below = np.ascontiguousarray(visit.t1w.data[:, :, : round(0.8 * slices)])
    with pytest.raises(ImageError, match="top is cut off") as refused:
        prepare_volumes(Volume(below, visit.t1w.affine), Volume(visit.t2w.data, visit.t2w.affine))
    assert refused.value.code == FailureCode.BRAIN_CUT_OFF


def test_a_file_that_differs_from_the_manifest_is_refused(tmp_path: Path):
    copy = tmp_path / "model"
    shutil.copytree(MODEL, copy)
    weights = copy / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(ModelError, match=r"weights\.safetensors differs"):
        NnUnetSegmenter(copy)


def test_a_model_of_another_preprocessing_is_refused(tmp_path: Path):
    copy = tmp_path / "model"
    shutil.copytree(MODEL, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "preprocessing": "other"}))
    with pytest.raises(ModelError, match="trained with the preprocessing other"):
        NnUnetSegmenter(copy)


def test_a_gpu_that_is_not_there_is_an_error_and_not_a_cpu():
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(ModelError, match="not usable"):
        NnUnetSegmenter(MODEL, device="cuda")


def test_the_model_carries_no_pickle():
    assert {path.suffix for path in MODEL.iterdir()} <= {".safetensors", ".json", ".md"}


@pytest.mark.parametrize("acq_stratum", ["3D", "2D"])
def test_the_brain_is_found(acq_stratum: str):
    patient = PhantomPatient.draw(SEED)
    drawn = render_visit(patient, stage=0.3, acq_stratum=acq_stratum, seed=2)
    anatomy = build_anatomy(patient)
    truth = resample(Image(anatomy.brain, anatomy.affine), drawn.t1w, order=1) > 0.5
    mask = extract_brain(Volume(drawn.t1w.data, drawn.t1w.affine))
    # Usually 0.93; on thick slices with a bright scalp the fit can be too large (0.78 here).
    assert dice(mask, truth) > 0.75
    assert (truth & ~mask).sum() < 0.03 * truth.sum()


def test_noise_holds_no_brain():
    noise = np.random.default_rng(0).random((80, 80, 50), dtype=np.float32)
    with pytest.raises(ImageError) as refused:
        extract_brain(Volume(noise, np.diag([2.0, 2.0, 2.0, 1.0])))
    assert refused.value.code == FailureCode.NO_BRAIN_FOUND


def test_a_known_motion_is_found_again(visit: PhantomVisit):
    t1w = Volume(visit.t1w.data, visit.t1w.affine)
    moved = t1w.affine.copy()
    moved[:3, 3] += [3.0, -4.0, 5.0]
    transform = register_rigid(Volume(visit.t1w.data, moved), t1w)
    # SimpleITK's world has x and y the other way round.
    found = np.asarray(transform.TransformPoint((0.0, 0.0, 0.0)))
    assert found == pytest.approx([-3.0, 4.0, 5.0], abs=0.7)
