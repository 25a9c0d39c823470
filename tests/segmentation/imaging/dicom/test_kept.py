"""A kept series that is addressed anew is what intake would have kept of it in the first place."""

from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pydicom import dcmread

from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.dicom.kept import readdress
from segmentation.imaging.dicom.procedure import DEFAULT_OPTIONS, StudyOptions
from segmentation.imaging.errors import FailureCode, ImageError
from tests.support.dicom import make_series, write_series

KEY = DeidentificationKey(b"k" * 32)
BEFORE = TrialIdentity("STUDY", "S01", "MLD-S01-0001", "Baseline")
AFTER = TrialIdentity("STUDY", "S02", "MLD-S02-0007", "Month 12")


def kept(
    folder: Path,
    identity: TrialIdentity,
    study_options: StudyOptions = DEFAULT_OPTIONS,
    **options: Any,
) -> Path:
    files = sorted((folder / "in").iterdir()) if (folder / "in").exists() else None
    files = files or write_series(make_series(slices=10, **options), folder / "in")
    into = folder / identity.subject_code
    (found,) = read_series(files, into=into, key=KEY, identity=identity, options=study_options)
    assert isinstance(found, ConvertedSeries)
    assert found.dicom_zip is not None
    return found.dicom_zip


def test_the_bytes_are_those_that_intake_makes_for_the_right_patient(tmp_path: Path) -> None:
    wrong, right = kept(tmp_path, BEFORE), kept(tmp_path, AFTER)
    assert wrong.read_bytes() != right.read_bytes()
    moved = readdress(wrong, tmp_path / "moved.zip", key=KEY, before=BEFORE, after=AFTER)
    assert moved.read_bytes() == right.read_bytes()


def test_what_a_study_keeps_of_the_person_goes_along(tmp_path: Path) -> None:
    """Option 113108 keeps what the scanner says of whoever lay in it, and that was one person."""
    keeps = StudyOptions(retain_patient_characteristics=True, retain_safe_private=True)
    person = {"PatientAge": "005Y", "PatientSize": "1.12", "PatientWeight": "19.5"}
    wrong = kept(tmp_path, BEFORE, keeps, attributes=person)
    right = kept(tmp_path, AFTER, keeps)
    moved = readdress(wrong, tmp_path / "moved.zip", key=KEY, before=BEFORE, after=AFTER)
    assert moved.read_bytes() == right.read_bytes()
    with ZipFile(moved) as archive, archive.open("00000.dcm") as file:
        image = dcmread(file)
    assert (image.PatientSex, image.PatientAge, image.PatientWeight) == ("F", "005Y", 19.5)
    codes = {str(item.CodeValue) for item in image.DeidentificationMethodCodeSequence}
    assert {"113108", "113111"} <= codes


def test_there_and_back_again_changes_no_byte(tmp_path: Path) -> None:
    first = kept(tmp_path, BEFORE)
    there = readdress(first, tmp_path / "there.zip", key=KEY, before=BEFORE, after=AFTER)
    back = readdress(there, tmp_path / "back.zip", key=KEY, before=AFTER, after=BEFORE)
    assert back.read_bytes() == first.read_bytes()


def test_dates_move_by_the_difference_of_the_offsets(tmp_path: Path) -> None:
    """By hand: the true day plus the offset of the new patient."""
    first = kept(tmp_path, BEFORE, study_date="20230405")
    moved = readdress(first, tmp_path / "moved.zip", key=KEY, before=BEFORE, after=AFTER)
    expected = date(2023, 4, 5) + KEY.shift(AFTER.subject_code)
    with ZipFile(moved) as archive, archive.open("00000.dcm") as file:
        image = dcmread(file)
    assert image.AcquisitionDate == image.StudyDate == f"{expected:%Y%m%d}"
    assert image.PatientID == image.PatientName == image.ClinicalTrialSubjectID == "MLD-S02-0007"
    assert image.ClinicalTrialSiteID == "S02"
    assert image.ClinicalTrialTimePointDescription == "Month 12"


def test_nothing_of_the_former_patient_is_left(tmp_path: Path) -> None:
    first = kept(tmp_path, BEFORE)
    moved = readdress(first, tmp_path / "moved.zip", key=KEY, before=BEFORE, after=AFTER)
    with ZipFile(moved) as archive:
        contents = [archive.read(name) for name in archive.namelist()]
    assert len(contents) == 10
    assert not [content for content in contents if b"S01" in content or b"Baseline" in content]


def test_the_archive_of_somebody_else_is_not_moved(tmp_path: Path) -> None:
    first = kept(tmp_path, BEFORE)
    with pytest.raises(ImageError) as refused:
        readdress(first, tmp_path / "moved.zip", key=KEY, before=AFTER, after=BEFORE)
    assert refused.value.code == FailureCode.BAD_DICOM
    assert "S01" not in refused.value.message


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"x" * 1000])
def test_what_is_no_archive_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    with pytest.raises(ImageError, match="cannot be read"):
        readdress(damaged, tmp_path / "moved.zip", key=KEY, before=BEFORE, after=AFTER)


MULTIVENDOR = "dicom_small_multivendor_dicom2nifti_mit"


@pytest.mark.parametrize(
    "folder",
    [
        "dicom_ge_1p5T_PD2D_papaya/FSE_PD_axial",
        "dicom_siemens_3T_T1w2D_bsd2",
        f"{MULTIVENDOR}/philips_enhanced/001",
        f"{MULTIVENDOR}/hyperfine/001",
    ],
)
def test_a_real_series_is_addressed_anew_byte_by_byte(
    folder: str, test_data: Path, tmp_path: Path
) -> None:
    files = sorted(path for path in (test_data / folder).rglob("*") if path.is_file())
    wrong, right = (
        read_series(files, into=tmp_path / identity.site_code, key=KEY, identity=identity)
        for identity in (BEFORE, AFTER)
    )
    pairs = [
        (one.dicom_zip, other.dicom_zip)
        for one, other in zip(wrong, right, strict=True)
        if isinstance(one, ConvertedSeries) and isinstance(other, ConvertedSeries)
    ]
    assert pairs
    for one, other in pairs:
        moved = readdress(one, tmp_path / "moved.zip", key=KEY, before=BEFORE, after=AFTER)
        assert moved.read_bytes() == other.read_bytes()
