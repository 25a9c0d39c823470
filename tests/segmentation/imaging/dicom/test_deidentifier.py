"""What is remembered from slice to slice changes no byte of what is kept."""

import io
from functools import cache

import pytest
from pydicom import Dataset, dcmread

from segmentation.imaging.dicom.deidentify import Deidentifier
from segmentation.imaging.dicom.procedure import StudyOptions, current_procedure
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
from segmentation.imaging.dicom.verification import SecondLook
from segmentation.imaging.errors import ImageError
from tests.support.dicom import make_series

KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity("MLD-1", "S01", "S01-001", "Année 1", "M12", "Étude", "Fondation X")
OPTIONS = [StudyOptions(), StudyOptions(retain_patient_characteristics=True)]


def stored(image: Dataset) -> bytes:
    buffer = io.BytesIO()
    image.save_as(buffer, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return buffer.getvalue()


@cache
def files() -> list[bytes]:
    made = make_series(slices=6, attributes={"PatientAge": "018M", "PatientWeight": "11.50"})
    for index, image in enumerate(made):
        image.EchoTime = ["3", "3.0", "3.00", "3", "3.0", "4"][index]
    return [stored(image) for image in made]


def series() -> list[Dataset]:
    """Return images as they come from files: values lie there as bytes until they are read."""
    return [dcmread(io.BytesIO(content)) for content in files()]


@pytest.mark.parametrize("options", OPTIONS)
def test_a_series_is_kept_as_each_image_by_itself_is(options: StudyOptions):
    rules = current_procedure(options)
    together = Deidentifier(rules, KEY, IDENTITY)
    kept = [together.encode(image) for image in series()]
    alone = [stored(Deidentifier(rules, KEY, IDENTITY).clean(image)) for image in series()]
    assert kept == alone
    assert len(set(kept)) == 6


def test_a_value_that_was_read_before_is_kept_as_one_that_was_not():
    deidentifier = Deidentifier(current_procedure(), KEY, IDENTITY)
    fresh, read = series()[1], series()[1]
    for element in read:
        assert element.value is not None
    assert deidentifier.encode(read) == deidentifier.encode(fresh)


def test_a_value_that_passed_once_does_not_let_another_pass():
    rules = current_procedure()
    look = SecondLook({"MRN-0012345"}, IDENTITY, rules)
    deidentifier = Deidentifier(rules, KEY, IDENTITY)
    first, second = (deidentifier.clean(image) for image in series()[:2])
    look.verify(stored(first))
    second.PatientName = "MRN-0012345"
    with pytest.raises(ImageError, match="0010,0010"):
        look.verify(stored(second))
