"""What a header may state in more than one way is taken exactly, or refused by its name."""

import itertools
import math
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import shear, to_ras, voxel_volume_mm3
from segmentation.imaging.nifti import (
    inspect_nifti,
    read_label_map,
    read_volume,
    store_clean_copy,
    write_label_map,
)
from tests.support.images import (
    DATATYPES,
    OBLIQUE,
    affine_of,
    intensities,
    nifti_bytes,
    write_nifti,
)

AXIS_ORDERS = [
    "".join(letters)
    for order in itertools.permutations(["RL", "AP", "SI"])
    for letters in itertools.product(*order)
]
ODDITIES_REFUSED = {
    "COPYING": "not known here",
    "LICENSE_papaya": "not known here",
    "README.md": "not known here",
    "nibabel_analyze.hdr": "Analyze 7.5 header",
    "nibabel_nifti1.hdr": "one half of a NIfTI pair",
    "nibabel_nifti2.hdr": "one half of a NIfTI pair",
    "nibabel_test.mgz": "not known here",
    "nibabel_example_nifti2.nii.gz": "several in one file (32 x 20 x 12 x 2)",
    "nibabel_standard.nii.gz": "4 x 5 x 7",
}


def refusal(path: Path) -> ImageError:
    with pytest.raises(ImageError) as caught:
        store_clean_copy(path, path.with_name("refused.nii.gz"))
    assert not path.with_name("refused.nii.gz").exists()
    return caught.value


def refused(tmp_path: Path, **fields: Any) -> ImageError:
    return refusal(write_nifti(tmp_path / "a.nii", **fields))


def check_as_nibabel(source: Path, copy: Path) -> None:
    """Compare the image and its clean copy with what nibabel reads of both, value by value."""
    volume, facts = read_volume(source), store_clean_copy(source, copy)
    theirs = nib.squeeze_image(nib.load(source))
    kept = nib.load(copy)
    expected = np.asarray(theirs.dataobj, np.float64).astype(np.float32)
    np.testing.assert_array_equal(volume.data, expected)
    np.testing.assert_array_equal(np.asarray(kept.dataobj, np.float64).astype("f4"), expected)
    np.testing.assert_array_equal(kept.dataobj.get_unscaled(), unscaled(source))
    np.testing.assert_allclose(volume.affine, theirs.affine, atol=1e-5)
    np.testing.assert_array_equal(facts.affine, np.float32(volume.affine))
    np.testing.assert_array_equal(kept.affine, facts.affine)
    assert kept.get_data_dtype().newbyteorder("=") == theirs.get_data_dtype().newbyteorder("=")


def unscaled(path: Path) -> Any:
    image = nib.load(path)
    return image.dataobj.get_unscaled().reshape(image.shape[:3], order="F")


def test_a_head_in_eight_axis_orders_has_the_same_voxels_and_the_same_volume(
    test_data: Path, tmp_path: Path
) -> None:
    folder = test_data / "nifti_orientations_niivue_bsd2"
    reference = nib.as_closest_canonical(nib.load(folder / "RAS.nii.gz"))
    values = np.asarray(reference.dataobj).astype(np.float32)
    volumes_ml = set()
    for path in sorted(folder.glob("*.nii.gz")):
        copy, mask = tmp_path / f"{path.stem}.gz", tmp_path / f"mask_{path.stem}.gz"
        store_clean_copy(path, copy)
        volume = read_volume(copy)
        assert nib.aff2axcodes(volume.affine) == tuple(path.name[:3])
        np.testing.assert_array_equal(volume.data, read_volume(path).data)
        upright = to_ras(volume)
        np.testing.assert_array_equal(upright.data, values)
        np.testing.assert_allclose(upright.affine, reference.affine, atol=1e-4)
        write_label_map(mask, (volume.data > 50).astype(np.uint8), volume.affine)
        labels = read_label_map(mask)
        volumes_ml.add(round(labels.data.sum() * voxel_volume_mm3(labels.affine) / 1000, 4))
    assert len(list(tmp_path.glob("mask_*"))) == 8
    assert len(volumes_ml) == 1
    assert volumes_ml.pop() > 100


@pytest.mark.parametrize("axes", AXIS_ORDERS)
@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (1, 1)], ids=["sform", "qform", "both"])
def test_each_of_the_48_axis_orders_is_put_upright_without_a_change(
    axes: str, codes: tuple[int, int], tmp_path: Path
) -> None:
    affine = affine_of((1.0, 1.25, 1.5), origin_mm=(3, -4, 5), axes=axes)
    source = write_nifti(
        tmp_path / "a.nii", affine=affine, sform_code=codes[0], qform_code=codes[1]
    )
    store_clean_copy(source, tmp_path / "copy.nii.gz")
    upright = to_ras(read_volume(tmp_path / "copy.nii.gz"))
    theirs = nib.as_closest_canonical(nib.load(source))
    np.testing.assert_array_equal(upright.data, np.asarray(theirs.dataobj))
    np.testing.assert_allclose(upright.affine, theirs.affine, atol=1e-5)
    assert voxel_volume_mm3(upright.affine) == pytest.approx(1.875, rel=1e-6)


def test_every_odd_file_is_taken_exactly_or_refused_by_name(
    test_data: Path, tmp_path: Path
) -> None:
    found = set()
    for path in sorted((test_data / "nifti_oddities").iterdir()):
        if path.name not in ODDITIES_REFUSED:
            check_as_nibabel(path, tmp_path / "copy.nii.gz")
            continue
        found.add(path.name)
        with pytest.raises(ImageError) as caught:
            inspect_nifti(path)
        assert ODDITIES_REFUSED[path.name] in caught.value.message
    assert found == set(ODDITIES_REFUSED)


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        (
            {"sform": affine_of(origin_mm=(-4, -5, -6), degrees=(0, 0, 5))},
            FailureCode.BAD_ORIENTATION,
            "sform and qform place the same voxel",
        ),
        (
            {"sform": affine_of(origin_mm=(-4, -5, -6), axes="LAS")},
            FailureCode.BAD_ORIENTATION,
            "sform and qform place the same voxel",
        ),
        (
            {"sform": affine_of(origin_mm=(-4, -5, -5)), "sform_code": 4},
            FailureCode.BAD_ORIENTATION,
            "1.0 mm apart",
        ),
        (
            {"sform": affine_of((1, 1, 1.5)), "qform_code": 0},
            FailureCode.BAD_VOXEL_SIZE,
            "voxel size 1 x 1 x 1 mm, but 1 x 1 x 1.5 mm by its sform",
        ),
        ({"sform_code": 0, "qform_code": 0}, FailureCode.BAD_ORIENTATION, "found neither"),
        ({"sform_code": 6}, FailureCode.BAD_ORIENTATION, "sform code 6"),
        ({"qform_code": -1}, FailureCode.BAD_ORIENTATION, "qform code -1"),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("endian", ["<", ">"])
def test_statements_that_disagree_are_refused_by_name(
    fields: dict[str, Any],
    code: FailureCode,
    words: str,
    version: int,
    endian: str,
    tmp_path: Path,
) -> None:
    error = refused(tmp_path, version=version, endian=endian, **fields)
    assert error.code is code
    assert words in error.message


def test_forms_that_agree_up_to_rounding_are_taken_and_the_sform_counts(tmp_path: Path) -> None:
    nearly = OBLIQUE.copy()
    nearly[:3, 3] += 0.004
    path = write_nifti(tmp_path / "a.nii", affine=OBLIQUE, sform=nearly, sform_code=2)
    np.testing.assert_array_equal(inspect_nifti(path).affine, np.float32(nearly))
    check_as_nibabel(path, tmp_path / "copy.nii.gz")


def test_a_form_whose_code_is_0_is_not_looked_at(tmp_path: Path) -> None:
    path = write_nifti(
        tmp_path / "a.nii", affine=OBLIQUE, sform=np.full((3, 4), math.nan), sform_code=0
    )
    check_as_nibabel(path, tmp_path / "copy.nii.gz")
    path = write_nifti(
        tmp_path / "b.nii", affine=OBLIQUE, quaternion=(9.0, math.inf, math.nan), qform_code=0
    )
    check_as_nibabel(path, tmp_path / "copy.nii.gz")


@pytest.mark.parametrize("degrees", [0.003, 0.05, 0.1, 1.0, 20.0])
@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 2)])
def test_a_shear_is_kept_turned_by_a_hair_or_refused_by_name(
    degrees: float, pair: tuple[int, int], tmp_path: Path
) -> None:
    affine, (first, second) = affine_of((1.0, 1.1, 1.3)), pair
    slant, size_mm = math.radians(degrees), affine[second, second]
    affine[first, second] = math.sin(slant) * size_mm
    affine[second, second] = math.cos(slant) * size_mm
    path = write_nifti(tmp_path / "a.nii", affine=affine, qform_code=0)
    if degrees >= 0.1:
        error = refusal(path)
        assert error.code is FailureCode.BAD_ORIENTATION
        assert f"{degrees:.1f} degrees off (shear" in error.message
        return
    kept = store_clean_copy(path, tmp_path / "copy.nii.gz").affine
    assert shear(kept) < 1e-4
    assert voxel_volume_mm3(kept) == pytest.approx(1.0 * 1.1 * 1.3, rel=1e-5)
    np.testing.assert_allclose(kept, affine, atol=0 if degrees < 0.005 else 1e-3, rtol=1e-6)


@pytest.mark.parametrize(
    ("slope", "inter"),
    [(0.0, 7.0), (math.nan, 7.0), (-1.0, 0.0), (-0.25, 100.0), (2.0, 0.0), (1.0, -1024.0)],
)
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("endian", ["<", ">"])
def test_a_scale_is_applied_exactly_and_one_of_0_or_nan_is_none(
    slope: float, inter: float, version: int, endian: str, tmp_path: Path
) -> None:
    path = write_nifti(
        tmp_path / "a.nii", affine=OBLIQUE, slope=slope, inter=inter, version=version, endian=endian
    )
    stored = intensities().astype(np.float64)
    expected = stored * slope + inter if slope and not math.isnan(slope) else stored
    np.testing.assert_array_equal(read_volume(path).data, expected)
    check_as_nibabel(path, tmp_path / "copy.nii.gz")


@pytest.mark.parametrize(
    ("datatype", "bits", "words"),
    [
        (1, 1, "single bits"),
        (32, 64, "complex numbers"),
        (1792, 128, "complex numbers"),
        (2048, 256, "complex numbers"),
        (128, 24, "colour (RGB)"),
        (2304, 32, "colour (RGBA)"),
        (1536, 128, "128-bit floating point"),
        (0, 0, "an unknown data type"),
        (255, 0, "data type 255"),
        (-4, 16, "data type -4"),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_a_voxel_that_is_no_real_number_is_refused_by_name(
    datatype: int, bits: int, words: str, version: int, tmp_path: Path
) -> None:
    error = refused(tmp_path, datatype=datatype, bitpix=bits, version=version)
    assert error.code is FailureCode.BAD_DATATYPE
    assert f"found {words}." in error.message


@pytest.mark.parametrize("dtype", ["int64", "uint64", "uint32", "float64"])
@pytest.mark.parametrize("endian", ["<", ">"])
def test_wide_numbers_are_kept_exactly_and_read_to_single_precision(
    dtype: str, endian: str, tmp_path: Path
) -> None:
    data = intensities(dtype=dtype)
    data[0, 0, 0] = 2**31 + 1 if dtype == "uint32" else 2**53 - 1
    path = write_nifti(tmp_path / "a.nii", data, OBLIQUE, endian=endian)
    check_as_nibabel(path, tmp_path / "copy.nii.gz")
    np.testing.assert_array_equal(nib.load(tmp_path / "copy.nii.gz").dataobj.get_unscaled(), data)


@pytest.mark.parametrize("dtype", DATATYPES)
@pytest.mark.parametrize("endian", ["<", ">"])
def test_nifti2_in_either_byte_order_is_taken_exactly(
    dtype: str, endian: str, tmp_path: Path
) -> None:
    path = write_nifti(
        tmp_path / "a.nii.gz", intensities(dtype=dtype), OBLIQUE, version=2, endian=endian
    )
    check_as_nibabel(path, tmp_path / "copy.nii.gz")


@pytest.mark.parametrize("dimensions", [4, 5, 6, 7])
@pytest.mark.parametrize("version", [1, 2])
def test_one_volume_in_more_dimensions_is_taken_as_the_volume_it_is(
    dimensions: int, version: int, tmp_path: Path
) -> None:
    path = write_nifti(
        tmp_path / "a.nii",
        affine=OBLIQUE,
        dim=(dimensions, 9, 10, 11, 1, 1, 1, 1),
        version=version,
    )
    check_as_nibabel(path, tmp_path / "copy.nii.gz")
    assert nib.load(tmp_path / "copy.nii.gz").shape == (9, 10, 11)


@pytest.mark.parametrize(
    ("dim", "words"),
    [
        ((0, 9, 10, 11, 1, 1, 1, 1), "found 0"),
        ((-3, 9, 10, 11, 1, 1, 1, 1), "found -3"),
        ((8, 9, 10, 11, 1, 1, 1, 1), "found 8"),
        ((768, 9, 10, 11, 1, 1, 1, 1), "found 768"),
        ((1, 990, 1, 1, 1, 1, 1, 1), "found 990 x 1 x 1"),
        ((2, 90, 11, 1, 1, 1, 1, 1), "found 90 x 11 x 1"),
        ((2, 9, 10, 11, 1, 1, 1, 1), "found 9 x 10 x 1"),
        ((4, 9, 10, 11, 0, 1, 1, 1), "several in one file (9 x 10 x 11 x 0)"),
        ((4, 9, 10, 11, -1, 1, 1, 1), "several in one file (9 x 10 x 11 x -1)"),
        ((5, 9, 10, 11, 1, 2, 1, 1), "several in one file (9 x 10 x 11 x 1 x 2)"),
    ],
)
def test_a_number_of_dimensions_that_gives_no_volume_is_refused_by_name(
    dim: tuple[int, ...], words: str, tmp_path: Path
) -> None:
    for version in (1, 2):
        error = refused(tmp_path, dim=dim, version=version)
        assert error.code is FailureCode.BAD_DIMENSIONS
        assert words in error.message


def test_a_header_whose_length_alone_is_in_the_other_byte_order_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    path.write_bytes((348).to_bytes(4, "big") + nifti_bytes()[4:])
    error = refusal(path)
    assert error.code is FailureCode.BAD_DIMENSIONS
    assert "found 768" in error.message
