"""What the page says of de-identification is what the server does, over real images."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from playwright.sync_api import Page
from pydicom import Dataset

from segmentation.imaging.dicom.deidentify import deidentify, refuse_unsuited
from segmentation.imaging.dicom.preview import procedure_facts
from segmentation.imaging.dicom.procedure import WRITTEN, StudyOptions, current_procedure
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
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
    found.push(header && { ...outcomeOf(header, procedure), unsuited: unsuited(header) });
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
    clean = deidentify(
        original,
        rules=current_procedure(options),
        key=DeidentificationKey(b"a key of thirty-two bytes, made up"),
        identity=IDENTITY,
    )
    found: dict[str, Any] = {fate: [] for fate in FATES[:5]}
    tags = list(original.keys())
    own, kept = (
        [tag for tag in image.keys() if tag.is_private and tag.element >= 0x1000]  # noqa: SIM118
        for image in (original, clean)
    )
    found["privateKept"], found["privateRemoved"] = len(kept), len(own) - len(kept)
    for tag in tags:
        if not (tag.is_private or tag.element == 0 or tag == PIXELS):
            found[_fate(original, clean, tag)].append(f"{tag:08x}")
    return found


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
    """Return the first image of every folder of classic MR series, and some of other encodings."""
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
    assert len(contents) >= 6
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


def test_an_enhanced_object_is_shown_with_its_plain_attributes(preview: Any):
    enhanced = make_enhanced(make_series(slices=3))
    (said,) = preview([content_of(enhanced)], EVERYTHING)
    assert said["unsuited"] == ""
    assert {"00100030", "52009229", "52009230"} <= set(said["remove"])
    assert {"00100010", "00100020"} <= set(said["replace"])


def test_what_is_no_dicom_is_not_shown(preview: Any):
    assert preview([b"\0" * 4000, b"x" * 10], EVERYTHING) == [None, None]
