"""What is measured of a method, and what it refuses to measure."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti import read_volume, write_label_map
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER, Progress, SegmentationOutput
from segmentation.training.evaluate import evaluate
from tests.support.images import affine_of, intensities, write_nifti

AFFINE = affine_of((1.0, 2.0, 5.0))
HEADER = "subject,session,acq_stratum,stage,demyelination_load_ml"


class OneVoxel:
    """Marks one voxel; refuses the second visit."""

    name, version, sequences = "one-voxel", "1", ("T1w", "T2w")

    def segment(self, images: Mapping[str, Path], *, progress: Progress) -> SegmentationOutput:
        progress(1.0, "done")
        if "ses-V01" in images["T1w"].name:
            raise ImageError(FailureCode.TISSUE_UNCLEAR, "Not this one.")
        t1w = read_volume(images["T1w"])
        label_map = np.zeros(t1w.data.shape, dtype=np.uint8)
        label_map[4, 4, 4] = 1
        return SegmentationOutput(label_map, t1w.affine, {DEMYELINATED_WHITE_MATTER: 1})


def write_case(folder: Path, session: str) -> None:
    anat = folder / "sub-P000" / session / "anat"
    truth = folder / "derivatives" / "truth" / "sub-P000" / session / "anat"
    anat.mkdir(parents=True)
    truth.mkdir(parents=True)
    stem = f"sub-P000_{session}"
    write_nifti(anat / f"{stem}_acq-2D_T1w.nii.gz", affine=AFFINE)
    write_nifti(anat / f"{stem}_acq-2Dax_T2w.nii.gz", affine=AFFINE)
    mask = np.zeros(intensities().shape, dtype=np.uint8)
    mask[4, 4, 4:6] = 1
    write_label_map(truth / f"{stem}_acq-2D_label-L_desc-truth_mask.nii.gz", mask, AFFINE)


def test_a_refused_visit_is_named_and_counts_in_no_figure(tmp_path: Path) -> None:
    rows = [HEADER]
    for session in ("ses-V00", "ses-V01"):
        write_case(tmp_path, session)
        rows.append(f"sub-P000,{session},2D,0.1,0.02")
    (tmp_path / "truth.csv").write_text("\n".join(rows))
    report = evaluate(OneVoxel(), tmp_path)
    (case,) = report["cases"]
    assert case["case"] == "sub-P000_ses-V00"
    assert case["load_ml"] == pytest.approx(0.01)
    assert case["dice"] == pytest.approx(2 / 3)
    (refused,) = report["refused"]
    assert (refused["session"], refused["code"]) == ("ses-V01", "TISSUE_UNCLEAR")
    assert report["summary"]["2D"]["n"] == 1
