"""Real images: accepted, and read as nibabel and ITK read them."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import voxel_volume_mm3
from segmentation.imaging.nifti import inspect_nifti, read_volume, store_clean_copy

ACCEPTED = (
    "nifti_T2_axial_torchio_mit/fernando_t2.nii.gz",
    "nifti_oddities/nibabel_anatomical.nii",
    "nifti_oddities/nibabel_reoriented_anat_moved.nii",
    "nifti_oddities/papaya_bigendian_f4_stat_pixdim4_0.nii.gz",
    *(
        f"nifti_orientations_niivue_bsd2/{axes}.nii.gz"
        for axes in ("ASL", "IPL", "LAS", "LPI", "LPS", "PIR", "RAS", "SRA")
    ),
    "open_ms_data/cross_sectional_MNI/patient26/T1.nii.gz",
    "open_ms_data/longitudinal/patient04/gt.nii.gz",
    *(
        f"open_ms_data/longitudinal/patient12/study{study}_{sequence}.nii.gz"
        for study in (1, 2)
        for sequence in ("T1W", "T2W", "FLAIR")
    ),
)
REFUSED = {
    "nifti_oddities/README.md": FailureCode.NOT_AN_IMAGE,
    "nifti_oddities/nibabel_analyze.hdr": FailureCode.NOT_AN_IMAGE,
    "nifti_oddities/nibabel_nifti1.hdr": FailureCode.NOT_AN_IMAGE,
    "nifti_oddities/nibabel_nifti2.hdr": FailureCode.NOT_AN_IMAGE,
    "nifti_oddities/nibabel_test.mgz": FailureCode.NOT_AN_IMAGE,
    # Two volumes in one file, and a toy image of 4 x 5 x 7 voxels.
    "nifti_oddities/nibabel_example_nifti2.nii.gz": FailureCode.BAD_DIMENSIONS,
    "nifti_oddities/nibabel_standard.nii.gz": FailureCode.BAD_DIMENSIONS,
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_real_image_is_read_as_nibabel_and_itk_read_it(
    name: str, test_data: Path, tmp_path: Path
) -> None:
    source, copy = test_data / name, tmp_path / "copy.nii.gz"
    volume = read_volume(source)
    reference = nib.squeeze_image(nib.load(source))
    np.testing.assert_allclose(volume.data, np.asarray(reference.dataobj), rtol=1e-6)
    np.testing.assert_allclose(volume.affine, reference.affine, atol=1e-5)
    store_clean_copy(source, copy)
    for path in (source, copy):
        image = sitk.ReadImage(str(path))
        np.testing.assert_allclose(volume.data, sitk.GetArrayViewFromImage(image).T, rtol=1e-6)
        assert voxel_volume_mm3(volume.affine) == pytest.approx(np.prod(image.GetSpacing()), 1e-6)
    assert inspect_nifti(copy).voxel_size_mm == pytest.approx(image.GetSpacing(), rel=1e-6)


@pytest.mark.parametrize("name", REFUSED)
def test_a_real_file_that_is_no_single_volume_is_refused(name: str, test_data: Path) -> None:
    with pytest.raises(ImageError) as caught:
        inspect_nifti(test_data / name)
    assert caught.value.code is REFUSED[name]


def test_the_same_head_in_eight_axis_orders_has_one_volume(test_data: Path) -> None:
    folder = test_data / "nifti_orientations_niivue_bsd2"
    volumes = [read_volume(path) for path in sorted(folder.glob("*.nii.gz"))]
    extents = [round(v.data.size * voxel_volume_mm3(v.affine)) for v in volumes]
    assert len(volumes) == 8
    assert len(set(extents)) == 1


def test_a_mask_that_shrinks_a_thousandfold_is_accepted(test_data: Path) -> None:
    path = test_data / "open_ms_data/cross_sectional_masks/patient02_consensus_gt.nii.gz"
    facts = inspect_nifti(path)
    assert np.prod(facts.shape) * 2 > 900 * path.stat().st_size
