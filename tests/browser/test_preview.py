"""What the page says of de-identification is what the server does, over real images."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from playwright.sync_api import Page
from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag
from pydicom.uid import ImplicitVRLittleEndian

from segmentation.imaging.dicom.deidentify import deidentify
from segmentation.imaging.dicom.frames import is_enhanced, unfold
from segmentation.imaging.dicom.preview import procedure_facts
from segmentation.imaging.dicom.procedure import WRITTEN, StudyOptions, current_procedure
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
from segmentation.imaging.dicom.suited import refuse_unsuited
from segmentation.imaging.errors import ImageError
from tests.support.dicom import make_enhanced, make_series

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EVERYTHING = StudyOptions(retain_patient_characteristics=True, retain_safe_private=True)
NOTHING_MORE = StudyOptions(retain_patient_characteristics=False, retain_safe_private=False)
CHOICES = pytest.mark.parametrize("options", [EVERYTHING, NOTHING_MORE], ids=["all", "none"])
IDENTITY = TrialIdentity(
    study_code="MLD-1", site_code="A", subject_code="A-001", visit_name="Baseline"
)
PIXELS = 0x7FE00010
FATES = ("keep", "shift", "remap", "replace", "remove", "privateKept", "privateRemoved")

PREVIEW = """async ({ contents, facts, modules }) => {
  const { headerOf } = await import(`${modules}/preview/header.js`);
  const { indexed, outcomeOf } = await import(`${modules}/preview/outcome.js`);
  const { unsuited } = await import(`${modules}/preview/series.js`);
  const procedure = indexed(facts);
  const found = [];
  for (const content of contents) {
    const file = new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], "image");
    const header = await headerOf(file);
    const reason = header && unsuited(header, procedure);
    found.push(header && { ...outcomeOf(header, procedure), unsuited: reason });
  }
  return found;
}"""


@pytest.fixture
def preview(page: Page, live_server: Any) -> Any:
    """Return what the page says of the contents of files."""
    page.goto("/sign-in/")
    page.add_script_tag(url="/static/vendor/dicom_parser.min.js")

    def look(contents: list[bytes], options: StudyOptions) -> list[Any]:
        return page.evaluate(
            PREVIEW,
            {
                "contents": [base64.b64encode(content).decode() for content in contents],
                "facts": procedure_facts(options),
                "modules": f"{live_server.url}/static/js/upload",
            },
        )  # type: ignore[no-any-return]

    return look


def what_happens(original: Dataset, options: StudyOptions) -> dict[str, Any]:
    """De-identify an image and see, value by value, what became of each attribute."""
    if is_enhanced(original):
        return what_happens_to_frames(original, options)
    clean = deidentified(original, options)
    found: dict[str, Any] = {fate: [] for fate in FATES[:5]}
    own, kept = (
        [tag for tag in image.keys() if tag.is_private and tag.element >= 0x1000]  # noqa: SIM118
        for image in (original, clean)
    )
    found["privateKept"], found["privateRemoved"] = len(kept), len(own) - len(kept)
    for tag in plain_tags(original):
        found[_fate(original, clean, tag)].append(f"{tag:08x}")
    return found


def what_happens_to_frames(original: Dataset, options: StudyOptions) -> dict[str, Any]:
    """See what the classic image of the first frame keeps of all that the object says."""
    classic = unfold(original)[0][0]
    clean = deidentified(classic, options)
    fates = {tag: _fate(classic, clean, tag) for tag in plain_tags(classic)}
    found: dict[str, Any] = {
        fate: [f"{tag:08x}" for tag, was in fates.items() if was == fate] for fate in FATES[:4]
    }
    everywhere = tags_everywhere(original)
    gone = {
        tag for tag in everywhere if not tag.is_private and fates.get(tag, "remove") == "remove"
    }
    for tag, other in RENAMED.items():
        values = {number_of(item[tag].value) for item in groups_of_the_first_frame(original, tag)}
        if fates.get(other) == "keep" and number_of(clean[other].value) in values:
            gone.discard(Tag(tag))
    found["remove"] = [f"{tag:08x}" for tag in gone]
    found["privateKept"] = sum(tag.is_private and tag.element >= 0x1000 for tag in clean.keys())  # noqa: SIM118
    found["privateRemoved"] = sum(tag.is_private and tag.element >= 0x1000 for tag in everywhere)
    return found


RENAMED = {0x00189082: 0x00180081, 0x00189079: 0x00180082}
"""Effective echo time and inversion times, which classic images call otherwise."""


def number_of(value: Any) -> float:
    return float(value[0] if isinstance(value, MultiValue) else value)


def groups_of_the_first_frame(original: Dataset, tag: int) -> list[Dataset]:
    own, shared = original[0x52009230].value[0], original[0x52009229].value[0]
    groups = [item for place in (own, shared) for element in place if element.VR == "SQ"
              and not element.tag.is_private for item in element.value]  # fmt: skip
    return [item for item in groups if tag in item]


def tags_everywhere(original: Dataset) -> set[BaseTag]:
    """Return the tags of an object and of its groups; private sequences go as a whole."""
    found = {tag for tag in original.keys() if tag.element and tag != PIXELS}  # noqa: SIM118
    waiting = [item for tag in (0x52009229, 0x52009230) for item in original[tag].value]
    while waiting:
        for element in waiting.pop():
            found.add(element.tag)
            if element.VR == "SQ" and not element.tag.is_private:
                waiting.extend(element.value)
    return found


def plain_tags(image: Dataset) -> list[BaseTag]:
    tags = list(image.keys())
    return [tag for tag in tags if not (tag.is_private or tag.element == 0 or tag == PIXELS)]


def deidentified(image: Dataset, options: StudyOptions) -> Dataset:
    return deidentify(
        image,
        rules=current_procedure(options),
        key=DeidentificationKey(b"a key of thirty-two bytes, made up"),
        identity=IDENTITY,
    )


def _fate(original: Dataset, clean: Dataset, tag: Any) -> str:
    if tag not in clean or clean[tag].value in ("", None):
        return "remove"
    if tag in WRITTEN and (tag.group, tag.element) != (0x0010, 0x0040):
        return "replace"
    before, after = str(original[tag].value).strip(), str(clean[tag].value).strip()
    if before == after or clean[tag].VR == "AS":
        return "keep"
    return "shift" if clean[tag].VR == "DA" else "remap"


def content_of(image: Dataset) -> bytes:
    file = BytesIO()
    image.save_as(file, enforce_file_format=True)
    return file.getvalue()


def assert_told_the_truth(preview: Any, contents: list[bytes], options: StudyOptions) -> None:
    for content, said in zip(contents, preview(contents, options), strict=True):
        original = pydicom.dcmread(BytesIO(content), force=True)
        happened = what_happens(original, options)
        for fate in FATES:
            told = sorted(said[fate]) if isinstance(said[fate], list) else said[fate]
            done = sorted(happened[fate]) if isinstance(happened[fate], list) else happened[fate]
            assert told == done, (fate, options)
        assert said["unsuited"] == ""


def real_images(test_data: Path) -> list[bytes]:
    """Return the first image of every folder that is taken, enhanced objects among them."""
    folders = sorted({path.parent for path in test_data.glob("dicom_*/**/*") if path.is_file()})
    contents = []
    for folder in folders:
        for path in sorted(file for file in folder.iterdir() if file.is_file()):
            content = path.read_bytes()
            if content[128:132] == b"DICM" and is_taken(content):
                contents.append(content)
                break
    return contents


def is_taken(content: bytes) -> bool:
    try:
        what_happens(pydicom.dcmread(BytesIO(content), force=True), EVERYTHING)
    except (ImageError, ValueError, NotImplementedError):
        return False
    return True


@CHOICES
def test_real_images_of_all_vendors_meet_the_fate_that_the_page_names(
    preview: Any, test_data: Path, options: StudyOptions
):
    contents = real_images(test_data)
    assert len(contents) >= 8
    enhanced_ones = [pydicom.dcmread(BytesIO(content), force=True) for content in contents]
    assert sum(is_enhanced(image) for image in enhanced_ones) == 2
    assert_told_the_truth(preview, contents, options)


def tricky(**changes: Any) -> Dataset:
    (image,) = make_series(slices=1)
    for keyword, value in changes.items():
        setattr(image, keyword, value)
    return image


def tricky_images() -> list[Dataset]:
    """Return images with values at the edges of the rules."""
    philips = tricky(Manufacturer="Philips Medical Systems")
    for position in (0x10, 0x42):
        creator = "Philips MR Imaging DD 001" if position == 0x42 else "SOMEBODY ELSE"
        philips.add_new(0x20050000 | position, "LO", creator)
        philips.add_new(0x20050000 | position << 8 | 0x0E, "FL", 1.5)
        philips.add_new(0x20050000 | position << 8 | 0x0D, "DS", "0.0")
    empty = tricky(StudyDate="", EchoTime=None, ImageType=["ORIGINAL", "PRIMARY", "", "ND"])
    return [
        tricky(Manufacturer="SIEMENS, bed of Jane Doe", ManufacturerModelName="signa hdxt"),
        tricky(StudyDate="20230231", SeriesDate="2023.04.05", AcquisitionDate="00000101"),
        tricky(PatientAge="003Y", PatientSize="1.1", PatientWeight="0.1", PatientSex="F"),
        tricky(PatientAge="090Y", PatientSize="2.5", PatientWeight="14", PatientSex="X"),
        tricky(PatientAge="014D", EthnicGroup="made up", PregnancyStatus=4),
        tricky(ScanOptions=["FS", "PFP"], SoftwareVersions=["syngo MR E11", "by Jane"]),
        tricky(BurnedInAnnotation="NO", DeviceSerialNumber="4711", StationName="MR1"),
        tricky(RescaleType="normalized", LossyImageCompression="01", PatientPosition="HFS "),
        tricky(AcquisitionMatrix=[0, 256, 192, 0], PixelBandwidth="1e3", SliceLocation="-0.5"),
        philips,
        empty,
    ]


@CHOICES
def test_values_at_the_edges_of_the_rules_meet_the_fate_that_the_page_names(
    preview: Any, options: StudyOptions
):
    images = [content_of(image) for image in tricky_images()]
    assert_told_the_truth(preview, images, options)


def test_the_page_names_what_the_server_will_not_take(preview: Any):
    images = [
        tricky(ImageType=["DERIVED", "PRIMARY", "M"]),
        tricky(ImageType=["ORIGINAL", "SECONDARY"]),
        tricky(ImageType=[]),
        tricky(BurnedInAnnotation="YES"),
        tricky(SOPClassUID="1.2.840.10008.5.1.4.1.1.2"),
    ]
    said = preview([content_of(image) for image in images], EVERYTHING)
    for image, told in zip(images, said, strict=True):
        with pytest.raises(ImageError):
            refuse_unsuited(image)
        assert told["unsuited"]


def enhanced(**attributes: Any) -> Dataset:
    return make_enhanced(make_series(slices=3, attributes=attributes))


def of_philips() -> Dataset:
    """Return an object whose frames say classic attributes in a sequence of the maker's own."""
    image = enhanced(InversionTime=None)
    del image.EchoPulseSequence
    for frame in image.PerFrameFunctionalGroupsSequence:
        beside = Dataset()
        beside.InversionTime, beside.ScanningSequence, beside.SequenceVariant = 900, "GR", "MP"
        scale = beside.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
        scale.add_new(0x0E, "FL", 1.5)
        scale.add_new(0x0D, "FL", 0.0)
        block = frame.private_block(0x2005, "Philips MR Imaging DD 005", create=True)
        block.add_new(0x0F, "SQ", [beside])
    return image


def tricky_objects() -> list[Dataset]:
    """Return enhanced objects with values at the edges of what is carried over."""
    echo, word, many, implicit = enhanced(), enhanced(), enhanced(), enhanced(EchoTime=5)
    (shared,) = echo.SharedFunctionalGroupsSequence
    shared.MRModifierSequence[0].Spoiling = "RF"
    shared.MRReceiveCoilSequence = [Dataset()]
    shared.MRReceiveCoilSequence[0].ReceiveCoilName = "coil of Jane Doe"
    echo.SteadyStatePulseSequence, echo.EchoPulseSequence = "LONGITUDINAL", "BOTH"
    for frame in word.PerFrameFunctionalGroupsSequence:
        frame.MRImageFrameTypeSequence[0].FrameType = ["ORIGINAL", "PRIMARY", "by Jane", "NONE"]
    for frame in many.PerFrameFunctionalGroupsSequence:
        frame.FrameContentSequence[0].FrameComments = "Jane Doe moved"
        frame.ReferencedImageSequence = [Dataset()]
        frame.ReferencedImageSequence[0].ReferencedSOPInstanceUID = "1.2.3"
    implicit.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    spin = enhanced(ScanningSequence="SE", InversionTime=None, EchoTime=95)
    fluid = enhanced(ScanningSequence="SE", InversionTime=2500)
    return [enhanced(), echo, word, many, implicit, spin, fluid, of_philips()]


@CHOICES
def test_what_an_enhanced_object_says_in_groups_meets_the_fate_that_the_page_names(
    preview: Any, options: StudyOptions
):
    assert_told_the_truth(preview, [content_of(image) for image in tricky_objects()], options)


def test_the_page_says_under_which_other_name_a_value_stands(preview: Any):
    (said,) = preview([content_of(enhanced())], EVERYTHING)
    assert said["source"] == {"00180081": "00189082", "00180082": "00189079"}
    assert {"00100030", "52009229", "52009230", "00089007"} <= set(said["remove"])
    assert {"00100010", "00100020"} <= set(said["replace"])


def test_the_page_names_the_enhanced_objects_that_the_server_will_not_take(preview: Any):
    part, derived, bare, placeless = (enhanced() for _ in range(4))
    part.InConcatenationTotalNumber = 2
    derived.ImageType = ["DERIVED", "PRIMARY", "M", "NONE"]
    del bare.PerFrameFunctionalGroupsSequence
    for frame in placeless.PerFrameFunctionalGroupsSequence:
        del frame.PlanePositionSequence
    images = [part, derived, bare, placeless]
    said = preview([content_of(image) for image in images], EVERYTHING)
    for image, told in zip(images, said, strict=True):
        with pytest.raises(ImageError):
            refuse_unsuited(unfold(image)[0][0])
        assert told["unsuited"]


def test_what_is_no_dicom_is_not_shown(preview: Any):
    assert preview([b"\0" * 4000, b"x" * 10], EVERYTHING) == [None, None]
