"""Nothing planted in an original is found in anything that intake leaves behind."""

import base64
import io
import zipfile
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset
from pydicom.datadict import DicomDictionary
from pydicom.sequence import Sequence

from segmentation.imaging.dicom.deidentify import deidentify
from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.dicom.procedure import WRITTEN, current_procedure
from segmentation.imaging.dicom.verification import allowed_tags, elements, verify
from segmentation.imaging.errors import ImageError
from tests.support.dicom import changed, files_below, make_series, write_series

KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity("STUDY", "S01", "MLD-S01-0001", "Baseline")
CANARY = "QZCANARY"
TEXT_VRS = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}
# What decides whether an image is read at all; a canary there gets it refused, which other
# tests show.
NEEDED = {
    "SOPClassUID",
    "ImageType",
    "Modality",
    "SpecificCharacterSet",
    "PhotometricInterpretation",
}


def text_tags() -> list[tuple[int, str]]:
    """Return every attribute of the DICOM dictionary that holds text."""
    return [
        (tag, entry[0])
        for tag, entry in DicomDictionary.items()
        if entry[0] in TEXT_VRS
        and entry[4] not in NEEDED | {"PatientName", "PatientID", "IssuerOfPatientID"}
        and tag >> 16 > 2
        and entry[4]
    ]


class Planter:
    """Puts a token of its own in every place of an image, and remembers how many."""

    def __init__(self) -> None:
        self.planted = 0

    def token(self) -> str:
        self.planted += 1
        return f"{CANARY}{self.planted:06d}"

    def __call__(self, _index: int, image: Dataset) -> None:
        # The same in every image: those of two persons are no series.
        image.PatientName, image.PatientID = f"{CANARY}^NAME", f"{CANARY}-ID"
        image.IssuerOfPatientID = f"{CANARY}-ISSUER"
        for tag, vr in text_tags():
            image.add_new(tag, vr, self.token())
        nested, deeper = Dataset(), Dataset()
        nested.PatientName, deeper.PatientName = self.token(), self.token()
        nested.ReferencedStudySequence = Sequence([deeper])
        image.RequestAttributesSequence = Sequence([nested])
        image.add_new(0x00091002, "UN", self.token().encode())
        block = image.private_block(0x0029, f"{self.token()}", create=True)
        block.add_new(0x10, "OB", self.token().encode())
        philips = image.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
        philips.add_new(0x0E, "LO", self.token())
        philips.add_new(0x0D, "FL", 0.0)
        philips.add_new(0x20, "LO", self.token())
        image.add_new(0x60003000, "OB", self.token().encode())
        image.add_new(0x00420011, "OB", self.token().encode())
        image.add_new(0xFFFCFFFC, "OB", self.token().encode())
        image.preamble = self.token().encode().ljust(128, b"\0")
        image.file_meta.SourceApplicationEntityTitle = self.token()
        image.file_meta.ImplementationVersionName = self.token()
        # Bits above those that count once held overlays.
        pixels = bytearray(image.PixelData)
        pixels[1::2] = bytes(high | 0xF0 for high in pixels[1::2])
        image.PixelData = bytes(pixels)


def spellings(token: str) -> list[bytes]:
    plain = token.encode()
    return [plain, token.encode("utf-16-le"), token.encode("utf-16-be"), plain.hex().encode(),
            base64.b64encode(plain)[:8]]  # fmt: skip


def everything_left(folder: Path) -> list[bytes]:
    """Return every file below a folder, and every file in an archive there."""
    contents = []
    for _path, content in files_below(folder):
        contents.append(content)
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                contents += [archive.read(name) for name in archive.namelist()]
    return contents


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Planter, ConvertedSeries, Path]:
    planter = Planter()
    files = write_series(changed(make_series(slices=10), planter), tmp_path / "in")
    (result,) = read_series(files, into=tmp_path / "out", key=KEY, identity=IDENTITY)
    assert isinstance(result, ConvertedSeries)
    return planter, result, tmp_path / "out"


def test_no_planted_identifier_is_left_anywhere(
    planted: tuple[Planter, ConvertedSeries, Path],
) -> None:
    planter, result, out = planted
    assert planter.planted > 10_000
    assert sum(CANARY.encode() in content for _, content in files_below(out.parent / "in")) == 10
    left = [*everything_left(out), repr(result).encode()]
    assert len(left) > 20
    for content in left:
        for spelling in spellings(CANARY):
            assert spelling.lower() not in content.lower()


def test_the_identity_of_the_patient_is_replaced_by_that_of_the_trial(
    planted: tuple[Planter, ConvertedSeries, Path],
) -> None:
    _, _, out = planted
    for path in sorted(out.rglob("*.dcm")):
        kept = pydicom.dcmread(path)
        assert kept.PatientID == kept.PatientName == kept.ClinicalTrialSubjectID == "MLD-S01-0001"
        assert kept.PatientBirthDate == kept.PatientSex == ""
        assert kept.PatientIdentityRemoved == "YES"
        assert kept.DeidentificationMethod == current_procedure().version
        codes = {code.CodeValue for code in kept.DeidentificationMethodCodeSequence}
        assert codes == {"113100", "113105", "113107", "113109", "113111"}
        assert kept.LongitudinalTemporalInformationModified == "MODIFIED"
        assert kept.preamble == bytes(128)


def test_bits_above_those_that_count_are_cleared(
    planted: tuple[Planter, ConvertedSeries, Path],
) -> None:
    _, _, out = planted
    for path in out.rglob("*.dcm"):
        assert pydicom.dcmread(path).pixel_array.max() < 4096


def test_a_file_name_or_serial_number_is_not_kept(tmp_path: Path) -> None:
    files = write_series(
        make_series(attributes={"DeviceSerialNumber": "SERIAL-4711"}), tmp_path / "Doe_Jane"
    )
    (result,) = read_series(files, into=tmp_path / "out", key=KEY, identity=IDENTITY)
    assert isinstance(result, ConvertedSeries)
    assert result.scanner["device"] == KEY.device("SERIAL-4711")
    for content in [*everything_left(tmp_path / "out"), repr(result.scanner).encode()]:
        for value in (b"SERIAL-4711", b"Doe", b"MRN-0012345", b"20180304", b"20230405"):
            assert value not in content


def bytes_of(image: Dataset) -> bytes:
    buffer = io.BytesIO()
    image.save_as(buffer, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return buffer.getvalue()


def clean_image() -> Any:
    return deidentify(
        make_series(slices=1)[0], rules=current_procedure(), key=KEY, identity=IDENTITY
    )


def test_the_second_look_accepts_a_clean_image() -> None:
    verify(bytes_of(clean_image()), {"MRN-0012345"}, IDENTITY, current_procedure())


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (0x00081030, "LO", "brain"),
        (0x00100010, "PN", "Doe^Jane"),
        (0x00091001, "LO", "x"),
        (0x60003000, "OB", b"xx"),
        (0xFFFCFFFC, "OB", b"xx"),
    ],
)
def test_the_second_look_finds_what_should_not_be_there(tag: int, vr: str, value: Any) -> None:
    image = clean_image()
    image.add_new(tag, vr, value)
    with pytest.raises(ImageError, match=f"{tag >> 16:04X}") as caught:
        verify(bytes_of(image), set(), IDENTITY, current_procedure())
    assert "Doe" not in caught.value.message


def test_the_second_look_finds_an_old_value_in_an_allowed_attribute() -> None:
    image = clean_image()
    image.SeriesInstanceUID = "1.2.3.4.5"
    with pytest.raises(ImageError, match="0020,000E"):
        verify(bytes_of(image), {"1.2.3.4.5"}, IDENTITY, current_procedure())


@pytest.mark.parametrize("change", ["preamble", "tail", "cut"])
def test_the_second_look_finds_bytes_outside_the_elements(change: str) -> None:
    content = bytes_of(clean_image())
    broken = {
        "preamble": b"x" + content[1:],
        "tail": content + b"Doe^Jane",
        "cut": content[:-10],
    }[change]
    with pytest.raises(ImageError):
        verify(broken, set(), IDENTITY, current_procedure())


def test_no_allowed_attribute_holds_free_text() -> None:
    """Every kept attribute has a rule: a number, a mapped UID or date, or a closed vocabulary."""
    rules = current_procedure()
    unruled = allowed_tags(rules) - rules.allowed - set(WRITTEN)
    unruled = {tag for tag in unruled if tag >> 16 not in (2, 0x2005)}
    assert unruled == {0x7FE00010}
    for tag in rules.patterns:
        assert not rules.patterns[tag].fullmatch(CANARY)
        assert not rules.patterns[tag].fullmatch("Doe^Jane")


def test_the_walker_of_the_second_look_sees_what_pydicom_sees() -> None:
    image = clean_image()
    content = bytes_of(image)
    seen = {tag for tag, _, _ in elements(content) if tag >> 16 != 2}
    assert seen == {int(element.tag) for element in image}
