"""What the procedure says it does to each attribute is what it does."""

import json
import re
from dataclasses import asdict
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.datadict import DicomDictionary, keyword_for_tag
from pydicom.multival import MultiValue

from segmentation.imaging.dicom.deidentify import deidentify
from segmentation.imaging.dicom.procedure import StudyOptions, current_procedure
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
from segmentation.imaging.dicom.stated import Action, Rule, Treatment, stated_procedure
from tests.support.dicom import make_series

KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity("MLD-1", "S01", "S01-001", "Month 12", "M12", "Natural history", "Sponsor")
ALL = [
    StudyOptions(retain_patient_characteristics=characteristics, retain_safe_private=private)
    for characteristics in (False, True)
    for private in (False, True)
]
SAMPLES = {
    "AE": "QZ", "AS": "003Y", "CS": "QZ", "DA": "20230405", "DS": "1.5", "DT": "20230405",
    "FD": 1.5, "FL": 1.5, "IS": "7", "LO": "QZ", "LT": "QZ", "PN": "QZ", "SH": "QZ", "SL": 7,
    "SS": 7, "ST": "QZ", "TM": "120000", "UC": "QZ", "UI": "1.2.3", "UL": 7, "UR": "QZ", "US": 7,
    "UT": "QZ",
}  # fmt: skip
NEEDED = {
    "SOPClassUID", "ImageType", "BurnedInAnnotation", "SpecificCharacterSet", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel",
    "NumberOfFrames",
}  # fmt: skip
"""What decides whether an image is read at all."""


def full_image() -> Dataset:
    """Return an image that has every attribute of the dictionary, with a value of its kind."""
    image = make_series(slices=1)[0]
    for tag, (vr, _vm, _name, _retired, keyword) in DicomDictionary.items():
        if vr in SAMPLES and keyword and keyword not in NEEDED and tag >> 16 > 2:
            image.add_new(tag, vr, SAMPLES[vr])
    block = image.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    block.add_new(0x0E, "FL", 0.25)
    block.add_new(0x20, "FL", 0.25)
    return image


def by_tag(options: StudyOptions) -> dict[str, Treatment]:
    return {treatment.tag: treatment for treatment in stated_procedure(options).treatments}


def expected(treatment: Treatment, value: Any) -> bool:
    """Tell whether an attribute with this value is to be kept as it is."""
    if isinstance(value, MultiValue):
        return all(expected(treatment, part) for part in value)
    if treatment.rule is Rule.WORD:
        flags = re.IGNORECASE if treatment.ignores_case else 0
        return re.fullmatch(treatment.pattern, str(value).strip(), flags) is not None
    if treatment.rule is Rule.RANGE:
        assert treatment.low is not None
        assert treatment.high is not None
        return treatment.low <= float(value) <= treatment.high
    if treatment.rule is Rule.AGE:
        return re.fullmatch("[0-9]{3}[MY]", str(value)) is not None
    return not isinstance(value, str)


@pytest.mark.parametrize("options", ALL)
def test_every_attribute_of_the_dictionary_is_treated_as_stated(options: StudyOptions):
    image, stated = full_image(), by_tag(options)
    rules = current_procedure(options)
    clean = deidentify(image, rules=rules, key=KEY, identity=IDENTITY)
    seen: dict[Action, int] = dict.fromkeys(Action, 0)
    for element in image:
        if element.tag.is_private or element.VR == "SQ" or element.keyword == "PixelData":
            continue
        treatment = stated.get(f"{int(element.tag):08X}")
        kept = clean.get(element.tag)
        action = treatment.action if treatment else Action.REMOVE
        seen[action] += 1
        if treatment is None:
            assert kept is None, element.keyword
        elif action is Action.KEEP and not expected(treatment, element.value):
            assert kept is None or kept.value == "", element.keyword
        elif action is Action.KEEP:
            assert kept.value == element.value, element.keyword
        else:
            assert kept.value != element.value or element.keyword == "BurnedInAnnotation"
    assert seen[Action.REMOVE] > 2000
    assert min(seen.values()) > 0


@pytest.mark.parametrize("options", ALL)
def test_nothing_is_in_a_kept_image_that_is_not_stated(options: StudyOptions):
    stated = by_tag(options)
    clean = deidentify(full_image(), rules=current_procedure(options), key=KEY, identity=IDENTITY)
    for element in clean:
        tag = f"{int(element.tag):08X}"
        if element.tag.is_private_creator:
            assert element.value in {treatment.creator for treatment in stated.values()}
        elif element.tag.is_private:
            assert stated[f"{tag[:4]}xx{tag[6:]}"].action is Action.KEEP
        else:
            assert stated[tag].action is not Action.REMOVE


def test_a_written_attribute_says_in_words_what_with():
    replaced = {t.keyword: t.replaced_by for t in by_tag(StudyOptions()).values()
                if t.action is Action.REPLACE}  # fmt: skip
    assert replaced["PatientName"] == replaced["PatientID"] == "subject code"
    assert replaced["PatientBirthDate"] == replaced["PatientSex"] == "nothing"
    assert all(replaced.values())


def test_the_sex_stays_only_where_the_study_says_so():
    tag = "00100040"
    assert by_tag(StudyOptions())[tag].action is Action.REPLACE
    assert by_tag(StudyOptions(retain_patient_characteristics=True))[tag].action is Action.KEEP


@pytest.mark.parametrize("options", ALL)
def test_the_statement_is_plain_data_in_order_with_each_tag_once(options: StudyOptions):
    stated = json.loads(json.dumps(asdict(stated_procedure(options))))
    tags = [treatment["tag"] for treatment in stated["treatments"]]
    assert tags == sorted(set(tags))
    assert stated["otherwise"] == "remove"
    assert {code for code, _meaning in stated["options"]} >= set(options.codes)
    for treatment in stated["treatments"]:
        if "xx" not in treatment["tag"]:
            assert treatment["keyword"] == keyword_for_tag(int(treatment["tag"], 16))


def test_the_patterns_are_those_that_a_browser_understands_too():
    """ECMAScript has no inline flags, no possessive quantifiers and no named classes."""
    for treatment in by_tag(StudyOptions(retain_patient_characteristics=True)).values():
        assert "(?" not in treatment.pattern
        assert not re.search(r"[+*?}]\+|\\[AZzh]|\[\[:", treatment.pattern)
