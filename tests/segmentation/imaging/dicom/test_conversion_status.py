"""What the converter says of its own work counts."""

from pathlib import Path

import pytest

from segmentation.imaging.dicom import conversion
from segmentation.imaging.errors import FailureCode, ImageError


def test_a_volume_of_a_converter_that_reports_a_fault_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "dcm2niix"
    program.write_text("#!/bin/sh\n: > image.nii\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(conversion.dcm2niix, "bin", str(program))
    with (
        conversion.converting(tmp_path, tmp_path / "out") as wait,
        pytest.raises(ImageError) as caught,
    ):
        wait()
    assert caught.value.code == FailureCode.CONVERSION_FAILED
