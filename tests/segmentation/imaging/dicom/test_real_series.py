"""Real series of three vendors: geometry and voxels as an independent conversion found them."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from segmentation.imaging.archive import unpack
from segmentation.imaging.dicom.deidentify import deidentify
from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    RefusedSeries,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.dicom.procedure import current_procedure
from segmentation.imaging.errors import FailureCode, ImageError
from tests.support.dicom import files_below

RULES = current_procedure()
KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity("STUDY", "S01", "MLD-S01-0001", "Baseline")
PHILIPS = "dicom_philips_3T_T1w3D_bsd2/1301_ADNI_Sag3D_MPRAGE"
GE = "dicom_ge_1p5T_PD2D_papaya/FSE_PD_axial"
SIEMENS = "dicom_siemens_3T_T1w2D_bsd2/HFS_t1_fl2d_sag"
SMALL = "dicom_small_multivendor_dicom2nifti_mit"


def convert(source: Path, into: Path) -> ConvertedSeries:
    files = unpack(source, into / "unpacked")
    (result,) = read_series(files, into=into / "out", key=KEY, identity=IDENTITY)
    assert isinstance(result, ConvertedSeries)
    return result


def expected(test_data: Path, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    content = json.loads((test_data / "EXPECTED_dicom_shared.json").read_text())[name]
    (image,) = content["dcm2niix"].values()
    return content["series"][0], image


def check_image(result: ConvertedSeries, facts: dict[str, Any]) -> None:
    """Compare canonical images; read with another reader than that of the product."""
    image = nibabel.as_closest_canonical(nibabel.load(result.nifti))
    assert list(image.shape) == facts["ras_shape"]
    assert image.affine == pytest.approx(np.array(facts["ras_affine"]), abs=1e-3)
    data = image.get_fdata()
    assert data.min() == pytest.approx(facts["min"])
    assert data.max() == pytest.approx(facts["max"])
    assert data.mean() == pytest.approx(facts["mean"], rel=1e-6)


def sha1_of_whole_numbers(path: Path) -> str:
    data = nibabel.as_closest_canonical(nibabel.load(path)).get_fdata()
    return hashlib.sha1(
        np.ascontiguousarray(np.round(data).astype(np.int32)).tobytes(), usedforsecurity=False
    ).hexdigest()


def check_nothing_identifying_is_left(folder: Path, header: dict[str, Any]) -> None:
    identifying = ("series_uid", "PatientID", "PatientName", "PatientBirthDate", "StudyDate",
                   "InstitutionName", "description")  # fmt: skip
    values = [header[name].encode() for name in identifying if len(header[name]) >= 5]
    assert values
    for _path, content in files_below(folder):
        assert not any(value in content for value in values)


def test_a_zip_of_a_philips_head_is_one_t1w_volume_of_1_mm(test_data: Path, tmp_path: Path) -> None:
    header, facts = expected(test_data, PHILIPS)
    source = tmp_path / "scan.zip"
    with zipfile.ZipFile(source, "w") as archive:
        for path in sorted((test_data / PHILIPS).iterdir()):
            archive.write(path, f"{PHILIPS}/{path.name}")
    result = convert(source, tmp_path)
    assert (result.sequence, result.acq_stratum) == ("T1w", "3D")
    assert result.facts.shape == (170, 256, 256)
    assert result.facts.voxel_size_mm == pytest.approx((1, 1, 1), abs=1e-3)
    # Philips signal is a real number (stored value times a private scale): its values agree to
    # rounding, so minimum, maximum and mean are compared and not a hash of rounded values.
    check_image(result, facts)
    assert f"{result.acquired_on:%Y%m%d}" == header["StudyDate"]
    assert result.scanner["manufacturer"] == "Philips"
    assert result.scanner["model"] == "Ingenia Elition X"
    assert result.scanner["field_strength_t"] == 3
    check_nothing_identifying_is_left(tmp_path / "out", header)


def test_ge_proton_density_is_other_with_the_reason(test_data: Path, tmp_path: Path) -> None:
    header, facts = expected(test_data, GE)
    result = convert(test_data / GE, tmp_path)
    assert result.sequence == "other"
    assert "Proton-density weighted, neither T1w nor T2w" in result.reason
    check_image(result, facts)
    assert sha1_of_whole_numbers(result.nifti) == facts["sha1_ras_int32"]
    check_nothing_identifying_is_left(tmp_path / "out", header)


def test_a_siemens_2d_head_is_t1w(test_data: Path, tmp_path: Path) -> None:
    header, facts = expected(test_data, SIEMENS)
    result = convert(test_data / SIEMENS, tmp_path)
    assert (result.sequence, result.acq_stratum) == ("T1w", "2D")
    check_image(result, facts)
    assert sha1_of_whole_numbers(result.nifti) == facts["sha1_ras_int32"]
    check_nothing_identifying_is_left(tmp_path / "out", header)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ge/001", FailureCode.MISSING_SLICES),
        ("generic/001_implicit", FailureCode.MISSING_SLICES),
        ("generic/002_non_isotropic", FailureCode.MIXED_SERIES),
        ("hitachi/001", FailureCode.MISSING_SLICES),
        ("siemens/001", FailureCode.MISSING_SLICES),
        ("philips/001", FailureCode.MISSING_SLICES),
        ("ge/001_single_slice", FailureCode.MISSING_SLICES),
    ],
)
def test_cut_off_series_are_refused(
    name: str, code: FailureCode, test_data: Path, tmp_path: Path
) -> None:
    files = sorted(path for path in (test_data / SMALL / name).iterdir())
    (result,) = read_series(files, into=tmp_path / "out", key=KEY, identity=IDENTITY)
    assert isinstance(result, RefusedSeries)
    assert result.code == code


def ground_truth(test_data: Path, name: str) -> Any:
    """Return the volume that dicom2nifti made of a series, in canonical orientation."""
    image = nibabel.load(test_data / SMALL / f"{name}_ground_truth.nii.gz")
    data = np.asarray(image.dataobj)
    return nibabel.as_closest_canonical(
        nibabel.Nifti1Image(data.reshape(data.shape[:3]), image.affine)
    )


def check_against(path: Path, truth: Any, scale: float = 1.0) -> None:
    image = nibabel.as_closest_canonical(nibabel.load(path))
    assert image.shape == truth.shape
    assert image.affine == pytest.approx(truth.affine, abs=1e-3)
    difference = image.get_fdata() * scale - truth.get_fdata()
    assert np.abs(difference).max() <= 1e-6 * np.abs(truth.get_fdata()).max()


def test_an_enhanced_philips_object_is_the_volume_of_its_ground_truth(
    test_data: Path, tmp_path: Path
) -> None:
    name = "philips_enhanced/001"
    result = convert(test_data / SMALL / name, tmp_path)
    assert (result.sequence, result.acq_stratum) == ("T1w", "3D")
    # As with classic Philips images, the private scale makes the signal comparable between scans;
    # the ground truth has the value of the display: slope times scale slope times that signal.
    check_against(
        result.nifti, ground_truth(test_data, name), 4.25885225885225 * 0.0002765719254966
    )


def test_an_enhanced_philips_object_without_private_scale_has_the_voxels_of_its_ground_truth(
    test_data: Path, tmp_path: Path
) -> None:
    name = "philips_enhanced/001"
    (path,) = (test_data / SMALL / name).iterdir()
    enhanced = pydicom.dcmread(path)
    enhanced.remove_private_tags()
    enhanced.save_as(tmp_path / "image.dcm")
    (result,) = read_series(
        [tmp_path / "image.dcm"], into=tmp_path / "out", key=KEY, identity=IDENTITY
    )
    assert isinstance(result, ConvertedSeries)
    check_against(result.nifti, ground_truth(test_data, name))


def test_an_enhanced_hyperfine_object_is_the_flair_volume_of_its_ground_truth(
    test_data: Path, tmp_path: Path
) -> None:
    name = "hyperfine/001"
    result = convert(test_data / SMALL / name, tmp_path)
    assert result.sequence == "FLAIR"
    check_against(result.nifti, ground_truth(test_data, name))


@pytest.mark.parametrize(
    "name", ["ge/001", "generic/001_implicit", "hitachi/001", "siemens/001", "philips/001"]
)
def test_the_clean_images_of_a_cut_off_series_convert_to_its_ground_truth(
    name: str, test_data: Path, tmp_path: Path
) -> None:
    """Four slices are too few for intake, but not for geometry: all that comes after the checks."""
    (tmp_path / "dicom").mkdir()
    for path in (test_data / SMALL / name).iterdir():
        clean = deidentify(pydicom.dcmread(path), rules=RULES, key=KEY, identity=IDENTITY)
        clean.save_as(tmp_path / "dicom" / path.name, enforce_file_format=True)
    program = Path(sys.executable).parent / "dcm2niix"
    subprocess.run(
        [program, "-b", "n", "-z", "n", "-f", "image", "-o", tmp_path, tmp_path / "dicom"],
        check=True,
        capture_output=True,
    )
    (nifti,) = tmp_path.glob("*.nii")
    check_against(nifti, ground_truth(test_data, name))


@pytest.mark.parametrize("name", ["", "_RLE", "_bigendian", "_implicit", "_padded"])
def test_every_encoding_of_a_derived_image_is_refused(
    name: str, test_data: Path, tmp_path: Path
) -> None:
    path = test_data / "dicom_malformed_pydicom_mit" / f"MR_small{name}.dcm"
    assert code_of(path, tmp_path / "out") in (FailureCode.BAD_DICOM, FailureCode.UNSUPPORTED_DICOM)


def code_of(path: Path, into: Path) -> FailureCode:
    try:
        (result,) = read_series([path], into=into, key=KEY, identity=IDENTITY)
    except ImageError as error:
        return error.code
    assert isinstance(result, RefusedSeries)
    return result.code


def test_another_modality_is_refused(test_data: Path, tmp_path: Path) -> None:
    path = test_data / "dicom_malformed_fuzz_mit" / "baseline" / "BASELINE_valid_ct.dcm"
    (result,) = read_series([path], into=tmp_path / "out", key=KEY, identity=IDENTITY)
    assert isinstance(result, RefusedSeries)
    assert result.code == FailureCode.UNSUPPORTED_DICOM
