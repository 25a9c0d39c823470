"""De-identification by allow-list: what the procedure file does not name is not copied.

The procedure follows DICOM PS3.15 Annex E with options 113105, 113107, 113109 and 113111;
dates are shifted by one secret offset per patient, UIDs mapped by a keyed hash.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian

from segmentation.imaging.errors import FailureCode, ImageError

PROCEDURE_FILE = Path(__file__).parent / "procedure-1.json"
LARGEST_SHIFT_DAYS, SMALLEST_SHIFT_DAYS = 3650, 365


@dataclass(frozen=True, slots=True)
class DeidentificationKey:
    """The secret of a study; whoever has it can undo the mapping of UIDs and dates."""

    secret: bytes

    def uid(self, original: str) -> str:
        """Return the new UID for an old one: the same for the same key, always."""
        digest = hmac.new(self.secret, b"uid:" + original.encode(), hashlib.sha256).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"

    def shift(self, subject: str) -> timedelta:
        """Return the shift of a subject's dates, one to ten years back."""
        digest = hmac.new(self.secret, b"dates:" + subject.encode(), hashlib.sha256).digest()
        span = LARGEST_SHIFT_DAYS - SMALLEST_SHIFT_DAYS + 1
        days = SMALLEST_SHIFT_DAYS + int.from_bytes(digest[:8], "big") % span
        return timedelta(days=-days)

    def device(self, serial: str) -> str:
        """Return a pseudonym for a device's serial number."""
        return hmac.new(self.secret, b"device:" + serial.encode(), "sha256").hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class TrialIdentity:
    """Who the images belong to in the trial: written in place of the patient."""

    study_code: str
    site_code: str
    subject_code: str
    visit_name: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """The content of a procedure file."""

    version: str
    options: dict[str, str]
    sop_classes: frozenset[str]
    keep: frozenset[int]
    remap_uid: frozenset[int]
    shift_date: frozenset[int]
    keep_private: tuple[tuple[str, int, frozenset[int]], ...]


@cache
def procedure() -> Procedure:
    """Load the procedure file; an attribute that DICOM does not know is an error."""
    content = json.loads(PROCEDURE_FILE.read_text(encoding="utf-8"))
    private = tuple(
        (p["creator"], int(p["group"], 16), frozenset(int(e, 16) for e in p["elements"]))
        for p in content["keep_private"]
    )
    return Procedure(
        version=content["version"],
        options=content["options"],
        sop_classes=frozenset(content["sop_classes"]),
        keep=_tags(content["keep"]),
        remap_uid=_tags(content["remap_uid"]),
        shift_date=_tags(content["shift_date"]),
        keep_private=private,
    )


def _tags(keywords: list[str]) -> frozenset[int]:
    found = {keyword: tag_for_keyword(keyword) for keyword in keywords}
    unknown = sorted(keyword for keyword, tag in found.items() if tag is None)
    if unknown:
        raise ValueError(f"Unknown attributes in the procedure: {', '.join(unknown)}.")
    return frozenset(tag for tag in found.values() if tag is not None)


def deidentify(original: Dataset, *, key: DeidentificationKey, identity: TrialIdentity) -> Dataset:
    """Return a new data set with nothing but what the procedure keeps.

    Raises
    ------
    ImageError
        If the object is of another kind than MR images, derived, or may show text.
    """
    rules = procedure()
    _refuse_unsuited(original, rules)
    clean = Dataset()
    for element in original:
        tag = int(element.tag)
        if tag in rules.keep:
            clean[element.tag] = element
        elif tag in rules.remap_uid and element.value:
            clean.add_new(element.tag, "UI", key.uid(str(element.value)))
        elif tag in rules.shift_date and element.value:
            clean.add_new(element.tag, "DA", _shifted(str(element.value), key, identity))
    _keep_private(original, clean, rules)
    _write_identity(clean, identity, rules)
    clean.file_meta = _file_meta(original, clean)
    return clean


def parse_date(value: str) -> date | None:
    """Return a DICOM date, or None where the text is none."""
    try:
        return datetime.strptime(value.strip()[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day only
    except ValueError:
        return None


def _refuse_unsuited(original: Dataset, rules: Procedure) -> None:
    if str(original.get("SOPClassUID", "")) not in rules.sop_classes:
        raise ImageError(
            FailureCode.UNSUPPORTED_DICOM,
            "A series is not a plain MR image series (enhanced multi-frame objects, reports and "
            "screenshots are not taken in yet). Export the series as classic MR images.",
        )
    if str(original.get("BurnedInAnnotation", "NO")).upper() == "YES":
        raise ImageError(
            FailureCode.UNSUPPORTED_DICOM,
            "A series says that text is burned into its images. Export it without annotation.",
        )
    kind = [str(part).upper() for part in original.get("ImageType", [])]
    if kind[:2] and kind[0] != "ORIGINAL":
        raise ImageError(
            FailureCode.UNSUPPORTED_DICOM,
            "A series was derived from another (reformatted or computed). Send the original.",
        )


def _shifted(value: str, key: DeidentificationKey, identity: TrialIdentity) -> str:
    day = parse_date(value)
    if day is None:
        return ""
    return (day + key.shift(identity.subject_code)).strftime("%Y%m%d")


def _keep_private(original: Dataset, clean: Dataset, rules: Procedure) -> None:
    for creator, group, elements in rules.keep_private:
        try:
            block = original.private_block(group, creator)
        except KeyError:
            continue
        kept = [e for e in sorted(elements) if e in block]
        if not kept:
            continue
        new_block = clean.private_block(group, creator, create=True)
        for element in kept:
            source = block[element]
            if isinstance(source.value, (int, float)):
                new_block.add_new(element, source.VR, source.value)


def _write_identity(clean: Dataset, identity: TrialIdentity, rules: Procedure) -> None:
    clean.PatientName = identity.subject_code
    clean.PatientID = identity.subject_code
    clean.PatientBirthDate = ""
    clean.PatientSex = ""
    clean.ClinicalTrialProtocolID = identity.study_code
    clean.ClinicalTrialSiteID = identity.site_code
    clean.ClinicalTrialSubjectID = identity.subject_code
    clean.ClinicalTrialTimePointDescription = identity.visit_name
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = rules.version
    clean.LongitudinalTemporalInformationModified = "MODIFIED"
    clean.BurnedInAnnotation = "NO"
    codes = []
    for value, meaning in rules.options.items():
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning[:64]
        codes.append(code)
    clean.DeidentificationMethodCodeSequence = DicomSequence(codes)


def _file_meta(original: Dataset, clean: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(str(clean.SOPClassUID))
    meta.MediaStorageSOPInstanceUID = UID(str(clean.SOPInstanceUID))
    syntax: Any = original.file_meta.get("TransferSyntaxUID", ExplicitVRLittleEndian)
    meta.TransferSyntaxUID = syntax
    return meta


def identifying_values(original: Dataset) -> set[bytes]:
    """Return the values of an original that must be nowhere in what is kept."""
    keywords = (
        "PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "PatientAddress",
        "InstitutionName", "InstitutionAddress", "ReferringPhysicianName", "OperatorsName",
        "PerformingPhysicianName", "AccessionNumber", "StudyID", "DeviceSerialNumber",
        "StationName", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID",
    )  # fmt: skip
    values = {str(original.get(keyword, "")).strip() for keyword in keywords}
    return {value.encode("utf-8", "replace") for value in values if len(value) >= 5}


def is_allowed(tag: int) -> bool:
    """Return whether an attribute may stand in what is kept."""
    rules = procedure()
    written = {
        "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "ClinicalTrialProtocolID",
        "ClinicalTrialSiteID", "ClinicalTrialSubjectID", "ClinicalTrialTimePointDescription",
        "PatientIdentityRemoved", "DeidentificationMethod", "BurnedInAnnotation",
        "LongitudinalTemporalInformationModified", "DeidentificationMethodCodeSequence",
    }  # fmt: skip
    named = rules.keep | rules.remap_uid | rules.shift_date | _tags(sorted(written))
    if tag in named:
        return True
    return any(
        Tag(tag).group == group and (Tag(tag).elem <= 0xFF or Tag(tag).elem & 0xFF in elements)
        for _, group, elements in rules.keep_private
    )
