"""What is read is what was written, and what is kept says nothing about anybody."""

import gzip
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import shear
from segmentation.imaging.nifti import (
    inspect_nifti,
    read_label_map,
    read_volume,
    store_clean_copy,
    write_label_map,
    write_volume,
)
from tests.support.images import (
    AFFINES,
    DATATYPES,
    OBLIQUE,
    affine_of,
    extension_of,
    intensities,
    write_nifti,
)

SECRET = b"DOE^JANE 20190412"


def sitk_affine(image: sitk.Image) -> np.ndarray:
    """Return the affine that ITK saw, in RAS+."""
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return np.diag([-1, -1, 1, 1]) @ affine


@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("dtype", DATATYPES)
def test_every_data_type_is_read_as_nibabel_reads_it(
    dtype: str, endian: str, tmp_path: Path
) -> None:
    data = intensities(dtype=dtype)
    path = write_nifti(tmp_path / "a.nii.gz", data, OBLIQUE, endian=endian, slope=0.37, inter=-12.5)
    volume = read_volume(path)
    expected = nib.load(path).get_fdata()
    assert volume.data.dtype == np.float32
    np.testing.assert_allclose(volume.data, expected, rtol=1e-6)
    np.testing.assert_allclose(volume.data, data * 0.37 - 12.5, rtol=1e-5)
    assert inspect_nifti(path).datatype == dtype


@pytest.mark.parametrize("codes", [(1, 1), (1, 0), (0, 1), (2, 4)])
@pytest.mark.parametrize("name", AFFINES)
def test_geometry_is_read_as_nibabel_and_itk_read_it(
    name: str, codes: tuple[int, int], tmp_path: Path
) -> None:
    path = write_nifti(
        tmp_path / "a.nii.gz", affine=AFFINES[name], sform_code=codes[0], qform_code=codes[1]
    )
    facts = inspect_nifti(path)
    image = sitk.ReadImage(str(path))
    np.testing.assert_allclose(facts.affine, AFFINES[name], atol=1e-5)
    np.testing.assert_allclose(facts.affine, nib.load(path).affine, atol=1e-6)
    np.testing.assert_allclose(facts.affine, sitk_affine(image), atol=1e-5)
    assert facts.voxel_size_mm == pytest.approx(image.GetSpacing(), rel=1e-6)


@pytest.mark.parametrize(
    "degrees", [(180, 0, 0), (0, 180, 0), (0, 0, 180), (180, 0, 90), (179.99, 0.01, 0), (90, 0, 90)]
)
def test_half_turns_of_a_quaternion_are_read(
    degrees: tuple[float, float, float], tmp_path: Path
) -> None:
    affine = affine_of((0.9, 1.1, 1.3), degrees)
    path = write_nifti(tmp_path / "a.nii", affine=affine, sform_code=0)
    # In single precision a rotation near a half turn is known to about 3e-4 radians.
    np.testing.assert_allclose(inspect_nifti(path).affine, affine, atol=1e-3)
    np.testing.assert_allclose(inspect_nifti(path).affine, nib.load(path).affine, atol=1e-6)


def test_a_shear_that_itk_would_refuse_is_turned_to_right_angles(tmp_path: Path) -> None:
    affine = OBLIQUE.copy()
    affine[:3, 1] += 5e-4 * affine[:3, 0]
    path = write_nifti(tmp_path / "a.nii.gz", affine=affine, qform_code=0)
    facts = store_clean_copy(path, tmp_path / "copy.nii.gz")
    assert shear(facts.affine) < 1e-6
    np.testing.assert_allclose(facts.affine, affine, atol=1e-3)
    image = sitk.ReadImage(str(tmp_path / "copy.nii.gz"))
    np.testing.assert_allclose(sitk_affine(image), facts.affine, atol=1e-5)


def test_a_file_that_was_changed_since_it_was_recorded_is_refused(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii.gz")
    recorded = inspect_nifti(path).sha256
    assert read_volume(path, expected_sha256=recorded).data.shape == (9, 10, 11)
    write_nifti(path, intensities(seed=1))
    for read in (read_volume, read_label_map):
        with pytest.raises(ImageError) as caught:
            read(path, expected_sha256=recorded)
        assert caught.value.code is FailureCode.HASH_MISMATCH


@pytest.mark.parametrize("name", AFFINES)
def test_a_written_label_map_comes_back_in_every_reader(name: str, tmp_path: Path) -> None:
    labels = intensities(dtype="uint8") % 3
    path = tmp_path / "mask.nii.gz"
    write_label_map(path, labels, AFFINES[name], fsync=True)
    own = read_label_map(path)
    theirs = nib.load(path)
    image = sitk.ReadImage(str(path))
    assert own.data.dtype == np.uint8
    np.testing.assert_array_equal(own.data, labels)
    np.testing.assert_array_equal(np.asarray(theirs.dataobj), labels)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image).T, labels)
    np.testing.assert_array_equal(own.affine, AFFINES[name])
    np.testing.assert_array_equal(theirs.affine, AFFINES[name])
    np.testing.assert_allclose(sitk_affine(image), AFFINES[name], atol=1e-6)


def test_an_empty_mask_is_a_label_map_but_not_an_image(tmp_path: Path) -> None:
    path = tmp_path / "mask.nii.gz"
    write_label_map(path, np.zeros((9, 10, 11), np.uint8), OBLIQUE)
    assert not read_label_map(path).data.any()
    with pytest.raises(ImageError) as caught:
        read_volume(path)
    assert caught.value.code is FailureCode.BAD_VALUES


@pytest.mark.parametrize("value", [0.5, -1.0, 256.0])
def test_an_image_is_not_taken_for_a_label_map(value: float, tmp_path: Path) -> None:
    data = np.zeros((9, 10, 11), np.float32)
    data[4, 5, 6] = value
    with pytest.raises(ImageError) as caught:
        read_label_map(write_nifti(tmp_path / "a.nii.gz", data))
    assert caught.value.code is FailureCode.UNEXPECTED_LABELS


def test_the_same_labels_give_the_same_bytes_in_any_memory_order(tmp_path: Path) -> None:
    labels = intensities(dtype="uint8")
    write_label_map(tmp_path / "a.nii.gz", labels, OBLIQUE)
    write_label_map(tmp_path / "b.nii.gz", np.asfortranarray(labels), OBLIQUE)
    content = (tmp_path / "a.nii.gz").read_bytes()
    assert content == (tmp_path / "b.nii.gz").read_bytes()
    flags, mtime = content[3], content[4:8]
    assert (flags, mtime) == (0, b"\0" * 4)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_a_written_volume_is_read_back_exactly(dtype: str, tmp_path: Path) -> None:
    data = intensities(dtype=dtype)
    write_volume(tmp_path / "a.nii.gz", data, OBLIQUE)
    volume = read_volume(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(volume.data, data)
    assert inspect_nifti(tmp_path / "a.nii.gz").datatype == dtype


@pytest.mark.parametrize(
    "data",
    [
        intensities(dtype="int64"),
        intensities((9, 10)),
        np.full((9, 10, 11), np.nan, np.float32),
    ],
)
def test_what_cannot_be_stored_is_not_written(data: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Expected"):
        write_volume(tmp_path / "a.nii.gz", data, OBLIQUE)
    with pytest.raises(ValueError, match="uint8"):
        write_label_map(tmp_path / "a.nii.gz", data, OBLIQUE)
    assert not (tmp_path / "a.nii.gz").exists()


def test_the_clean_copy_keeps_the_voxels_byte_for_byte_and_no_text(tmp_path: Path) -> None:
    source = write_nifti(
        tmp_path / "doe_jane.nii",
        intensities(dtype="uint16"),
        OBLIQUE,
        slope=2.5,
        inter=-3.0,
        descrip=SECRET,
        aux_file=SECRET,
        db_name=SECRET,
        intent_name=SECRET[:15],
        extension=extension_of(SECRET * 9),
        sform_code=2,
    )
    facts = store_clean_copy(source, tmp_path / "copy.nii.gz", fsync=True)
    content = gzip.decompress((tmp_path / "copy.nii.gz").read_bytes())
    assert content[352:] == intensities(dtype="uint16").tobytes(order="F")
    assert SECRET[:8] not in content
    assert facts.sha256 == inspect_nifti(tmp_path / "copy.nii.gz").sha256
    np.testing.assert_array_equal(facts.affine, OBLIQUE)
    np.testing.assert_array_equal(
        read_volume(tmp_path / "copy.nii.gz").data, read_volume(source).data
    )
    assert struct.unpack_from("<2h", content, 252) == (0, 2)


def test_no_byte_of_the_clean_header_can_hold_what_the_source_says_elsewhere(
    tmp_path: Path,
) -> None:
    used = {(0, 4), (40, 56), (70, 74), (76, 124), (252, 256), (280, 328), (344, 348)}
    allowed = {byte for start, end in used for byte in range(start, end)}
    source = write_nifti(
        tmp_path / "a.nii",
        affine=OBLIQUE,
        descrip=b"x" * 80,
        aux_file=b"x" * 24,
        db_name=b"x" * 18,
        intent_name=b"x" * 15,
        other={4: ("10s", b"x" * 10), 32: ("i", 7), 68: ("h", 7), 124: ("f", 7.0), 140: ("i", 7)},
    )
    store_clean_copy(source, tmp_path / "copy.nii.gz")
    header = gzip.decompress((tmp_path / "copy.nii.gz").read_bytes())[:352]
    assert not [byte for byte in range(352) if header[byte] and byte not in allowed]


@pytest.mark.parametrize("endian", ["<", ">"])
def test_a_nifti2_image_is_kept_as_nifti1_which_itk_can_read(endian: str, tmp_path: Path) -> None:
    source = write_nifti(tmp_path / "a.nii.gz", affine=OBLIQUE, version=2, endian=endian)
    facts = store_clean_copy(source, tmp_path / "copy.nii.gz")
    image = sitk.ReadImage(str(tmp_path / "copy.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image).T, intensities())
    np.testing.assert_allclose(sitk_affine(image), facts.affine, atol=1e-6)


def test_the_clean_copy_of_a_clean_copy_has_the_same_bytes(tmp_path: Path) -> None:
    source = write_nifti(tmp_path / "a.nii", affine=OBLIQUE, sform_code=0, slope=0.0)
    first = store_clean_copy(source, tmp_path / "b.nii.gz")
    second = store_clean_copy(tmp_path / "b.nii.gz", tmp_path / "c.nii.gz")
    assert first.sha256 == second.sha256


def test_a_missing_file_is_not_an_error_of_the_image(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        inspect_nifti(tmp_path / "nothing.nii.gz")


@pytest.mark.parametrize("dtype", DATATYPES)
def test_a_label_map_may_come_in_any_data_type(dtype: str, tmp_path: Path) -> None:
    labels = intensities(dtype=dtype) % 4
    path = write_nifti(tmp_path / "a.nii.gz", labels)
    np.testing.assert_array_equal(read_label_map(path).data, labels)
