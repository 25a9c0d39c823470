"""What a study may choose to keep besides, what the trial writes, and the second look at both."""

import io
import re
from pathlib import Path
from typing import Any

import nibabel
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from segmentation.imaging.dicom.attribute_rules import coarse_age
from segmentation.imaging.dicom.deidentify import deidentify
from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.dicom.procedure import StudyOptions, current_procedure
from segmentation.imaging.dicom.verification import verify
from segmentation.imaging.dicom.written import one_line
from segmentation.imaging.errors import ImageError
from tests.support.dicom import files_below, make_series, write_series

KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity(
    "MLD-1", "S01", "S01-001", "Année 1", "M12", "Étude de l'histoire naturelle", "Fondation X"
)
PLAIN = StudyOptions()
CHARACTERISTICS = StudyOptions(retain_patient_characteristics=True)
NO_PRIVATE = StudyOptions(retain_safe_private=False)
OF_THE_PATIENT = {
    "PatientSex": "F",
    "PatientAge": "018M",
    "PatientSize": 0.85,
    "PatientWeight": 11.5,
}
NEVER = {
    "EthnicGroup": "QZCANARY",
    "SmokingStatus": "NO",
    "PregnancyStatus": 1,
    "Allergies": "QZCANARY",
    "PatientState": "QZCANARY",
    "PatientComments": "QZCANARY",
    "MedicalAlerts": "QZCANARY",
}


def original(**attributes: Any) -> Dataset:
    image = make_series(slices=1, attributes={**OF_THE_PATIENT, **NEVER, **attributes})[0]
    block = image.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    block.add_new(0x0E, "FL", 0.25)
    return image


def clean(options: StudyOptions = PLAIN, **attributes: Any) -> Dataset:
    rules = current_procedure(options)
    return deidentify(original(**attributes), rules=rules, key=KEY, identity=IDENTITY)


def bytes_of(image: Dataset) -> bytes:
    buffer = io.BytesIO()
    image.save_as(buffer, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return buffer.getvalue()


def looked_at(image: Dataset, options: StudyOptions, identity: TrialIdentity = IDENTITY) -> None:
    verify(bytes_of(image), {"MRN-0012345"}, identity, current_procedure(options))


def test_without_the_option_nothing_of_the_patient_stays():
    kept = clean()
    assert kept.PatientSex == ""
    assert not {*OF_THE_PATIENT, *NEVER} - {"PatientSex"} & {e.keyword for e in kept}


def test_with_the_option_sex_age_height_and_weight_stay_and_nothing_else():
    kept = clean(CHARACTERISTICS)
    assert {name: kept[name].value for name in OF_THE_PATIENT} == OF_THE_PATIENT
    assert not set(NEVER) & {element.keyword for element in kept}
    assert kept.PatientBirthDate == ""


@pytest.mark.parametrize("options", [PLAIN, CHARACTERISTICS, NO_PRIVATE])
def test_the_codes_and_the_version_are_those_of_the_options_in_force(options: StudyOptions):
    kept = clean(options)
    codes = [item.CodeValue for item in kept.DeidentificationMethodCodeSequence]
    assert set(codes) == {"113100", "113105", "113107", "113109", *options.codes}
    assert len(codes) == len(set(codes))
    assert kept.DeidentificationMethod == "+".join(["mldtrial-deid-2", *options.codes])
    looked_at(kept, options)


def test_the_version_with_all_options_fits_the_record_of_a_scan():
    every = StudyOptions(retain_patient_characteristics=True, retain_safe_private=True)
    assert len(current_procedure(every).version) <= 32


@pytest.mark.parametrize(
    ("image", "options", "place"),
    [
        (clean(CHARACTERISTICS), PLAIN, "0010,0040"),
        (clean(CHARACTERISTICS, PatientSex=""), PLAIN, "0010,10"),
        (clean(PLAIN), NO_PRIVATE, "0012,0063"),
        (clean(NO_PRIVATE), PLAIN, "0012,0063"),
    ],
)
def test_what_one_study_keeps_fails_in_another(image: Dataset, options: StudyOptions, place: str):
    with pytest.raises(ImageError, match=place):
        looked_at(image, options)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientSex", "Jane"),
        ("PatientAge", "018D"),
        ("PatientAge", "Jane"),
        ("PatientWeight", 4711.0),
        ("PatientBirthDate", "20180304"),
        ("PatientName", "Doe^Jane"),
        ("ClinicalTrialSiteName", "QZ Hospital"),
        ("ClinicalTrialTimePointDescription", "Jane"),
        ("ClinicalTrialSponsorName", "Jane"),
        ("DeidentificationMethod", "by hand"),
        ("PatientIdentityRemoved", "NO"),
    ],
)
def test_the_second_look_knows_what_each_attribute_of_the_trial_must_say(keyword: str, value: Any):
    image = clean(CHARACTERISTICS)
    setattr(image, keyword, value)
    tag = image[keyword].tag
    with pytest.raises(ImageError, match=f"{tag.group:04X},{tag.element:04X}") as caught:
        looked_at(image, CHARACTERISTICS)
    assert str(value) not in caught.value.message


def test_the_second_look_counts_the_codes_of_the_options():
    image = clean()
    del image.DeidentificationMethodCodeSequence[-1]
    with pytest.raises(ImageError, match="0012,0064"):
        looked_at(image, PLAIN)


def test_without_the_option_no_private_element_stays():
    assert clean()[0x2005, 0x100E].value == 0.25
    assert not [element for element in clean(NO_PRIVATE) if element.tag.is_private]


def test_the_trial_is_named_in_full_but_no_hospital():
    kept = clean()
    found = {e.keyword: e.value for e in kept if e.tag.group == 0x0012 and e.VR != "SQ"}
    assert found == {
        "ClinicalTrialSponsorName": "Fondation X",
        "ClinicalTrialProtocolID": "MLD-1",
        "ClinicalTrialProtocolName": "Étude de l'histoire naturelle",
        "ClinicalTrialSiteID": "S01",
        "ClinicalTrialSiteName": "",
        "ClinicalTrialSubjectID": "S01-001",
        "ClinicalTrialTimePointID": "M12",
        "ClinicalTrialTimePointDescription": "Année 1",
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "mldtrial-deid-2+113111",
    }
    assert kept.SpecificCharacterSet == "ISO_IR 192"


def test_a_sponsor_who_is_not_known_is_said_to_be_unspecified():
    identity = TrialIdentity("MLD-1", "S01", "S01-001", "Baseline")
    kept = deidentify(original(), rules=current_procedure(), key=KEY, identity=identity)
    assert kept.ClinicalTrialSponsorName == "unspecified"
    looked_at(kept, PLAIN, identity)


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ("003Y", "003Y"),
        ("018M", "018M"),
        ("089Y", "089Y"),
        ("090Y", None),
        ("000D", "000M"),
        ("030D", "000M"),
        ("031D", "001M"),
        ("999D", "032M"),
        ("004W", "000M"),
        ("005W", "001M"),
        ("18M", None),
        ("018X", None),
        ("18 months", None),
        ("", None),
        ("٠١٨M", None),
    ],
)
def test_an_age_stays_in_months_or_years(found: str, kept: str | None):
    assert coarse_age(found) == kept


@given(st.text(max_size=6) | st.from_regex(r"[0-9]{3}[DWMY]", fullmatch=True))
def test_no_age_is_kept_to_the_day(text: str):
    kept = coarse_age(text)
    assert kept is None or re.fullmatch("[0-9]{3}[MY]", kept)


@pytest.mark.parametrize(
    ("keyword", "value"), [("PatientWeight", 4711.0), ("PatientSize", 85.0), ("PatientAge", "099Y"),
                           ("PatientSex", "JANE")],
)  # fmt: skip
def test_a_characteristic_that_no_patient_has_goes(keyword: str, value: Any):
    kept = clean(CHARACTERISTICS, **{keyword: value})
    assert not kept.get(keyword)
    looked_at(kept, CHARACTERISTICS)


@given(st.text(max_size=90), st.text(max_size=90), st.text(max_size=20))
def test_any_name_of_a_study_or_visit_is_written_as_one_value(study: str, visit: str, code: str):
    identity = TrialIdentity("MLD-1", "S01", "S01-001", visit, code, study, study)
    kept = deidentify(original(), rules=current_procedure(), key=KEY, identity=identity)
    for text in (one_line(study), one_line(visit)):
        assert len(text) <= 64
        assert "\\" not in text
        assert text == "" or text.isprintable()
    looked_at(kept, PLAIN, identity)


def test_intake_follows_the_options_of_the_study(tmp_path: Path):
    files = write_series(make_series(attributes={**OF_THE_PATIENT, **NEVER}), tmp_path / "in")
    (result,) = read_series(
        files, into=tmp_path / "out", key=KEY, identity=IDENTITY, options=CHARACTERISTICS
    )
    assert isinstance(result, ConvertedSeries)
    assert result.deidentification_version == "mldtrial-deid-2+113108+113111"
    for _path, content in files_below(tmp_path / "out"):
        assert b"QZCANARY" not in content


def test_conversion_leaves_no_sidecar_and_no_text_in_the_header(tmp_path: Path):
    """The converter writes a JSON file, times of day and names where it is let."""
    files = write_series(
        make_series(
            attributes={"AcquisitionTime": "142233.5", "SeriesDescription": "QZCANARY", **NEVER}
        ),
        tmp_path / "in",
    )
    (result,) = read_series(files, into=tmp_path / "out", key=KEY, identity=IDENTITY)
    assert isinstance(result, ConvertedSeries)
    kinds = {path.suffix for path, _ in files_below(tmp_path / "out")}
    assert kinds == {".dcm", ".nii", ".gz", ".zip"}
    for path, content in files_below(tmp_path / "out"):
        assert not re.search(b"142233|QZCANARY", content), path.suffix
    header = nibabel.load(result.nifti).header
    for field in ("descrip", "aux_file", "intent_name", "db_name", "data_type"):
        assert bytes(header[field]).strip(b"\0") == b""
    assert not header.extensions
