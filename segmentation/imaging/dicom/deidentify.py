"""De-identification by allow-list: what the procedure file does not name is not copied.

The procedure follows DICOM PS3.15 Annex E with options 113105, 113107 and 113109, and with 113108
and 113111 where a study says so; dates are shifted by one secret offset per patient, UIDs mapped by
a keyed hash.
"""

import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from copy import copy
from datetime import date, datetime
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID

from segmentation.imaging.dicom.pixels import PIXEL_DATA, clean_pixels
from segmentation.imaging.dicom.procedure import Procedure
from segmentation.imaging.dicom.reading import PARSE_ERRORS, PREAMBLE_BYTES
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
from segmentation.imaging.dicom.suited import refuse_unsuited

SOP_CLASS_UID, SOP_INSTANCE_UID = 0x00080016, 0x00080018
PATIENT_SEX = 0x00100040
CHARACTER_SET = "ISO_IR 192"
LONGEST_NUMBER = 16
LONGEST_TEXT = 64
"""Of a value in the attributes that the trial writes."""
DAYS_PER_MONTH = 30.4375
OLDEST_YEARS = 89
UNKNOWN_SPONSOR = "unspecified"
"""The attribute must hold a value wherever the trial is named (PS3.3 C.7.1.3)."""
SHORTEST_SEARCHED = 5
"""Shorter values are found by chance."""

IDENTIFYING = (
    "PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "OtherPatientNames",
    "PatientAddress", "PatientMotherBirthName", "PatientTelephoneNumbers", "PatientBirthName",
    "InstitutionName", "InstitutionAddress", "ReferringPhysicianName", "OperatorsName",
    "PerformingPhysicianName", "PhysiciansOfRecord", "AccessionNumber", "StudyID",
    "DeviceSerialNumber", "StationName", "StudyInstanceUID", "SeriesInstanceUID",
    "SOPInstanceUID", "SOPInstanceUIDOfConcatenationSource", "FrameOfReferenceUID",
)  # fmt: skip
Rule = Callable[[Any], Any]


def deidentify(
    original: Dataset, *, rules: Procedure, key: DeidentificationKey, identity: TrialIdentity
) -> Dataset:
    """Return a new data set with nothing but what the procedure keeps; see `Deidentifier`."""
    return Deidentifier(rules, key, identity).clean(original)


class Deidentifier:
    """De-identifies the images of one series, each attribute and value once.

    Most values of a header are the same in every slice: what became of a value is remembered, and
    so are the bytes that it is written as.

    Parameters
    ----------
    rules : Procedure
        The procedure with the options of the study.
    """

    def __init__(self, rules: Procedure, key: DeidentificationKey, identity: TrialIdentity) -> None:
        self._rules = rules
        self._rule_of = _rules(rules, key, identity)
        self._cleaned: dict[Hashable, _Cleaned] = {}
        self._identity = {
            int(element.tag): _Cleaned(element) for element in _identity_elements(identity, rules)
        }

    def clean(self, original: Dataset) -> Dataset:
        """Return a new data set with nothing but what the procedure keeps.

        Raises
        ------
        ImageError
            If the object is of another kind than MR images, derived, or may show text, or if its
            pixel data are not exactly as long as its geometry says.
        """
        elements, syntax = self._elements(original)
        clean = Dataset()
        for tag in sorted(elements):
            clean.add(copy(elements[tag].element))
        clean.file_meta = _file_meta(elements, syntax)
        return clean

    def encode(self, original: Dataset) -> bytes:
        """Return the clean image as a file, the same bytes as pydicom writes of `clean`.

        Raises
        ------
        ImageError
            As `clean`.
        """
        elements, syntax = self._elements(original)
        file = DicomBytesIO()
        file.is_implicit_VR, file.is_little_endian = False, True
        file.write(bytes(PREAMBLE_BYTES) + b"DICM")
        write_file_meta_info(file, _file_meta(elements, syntax), enforce_standard=True)
        head: bytes = file.getvalue()
        return head + b"".join(elements[tag].encoded() for tag in sorted(elements))

    def _elements(self, original: Dataset) -> "tuple[dict[int, _Cleaned], str]":
        refuse_unsuited(original)
        character_set = str(original.get("SpecificCharacterSet", ""))
        found = {
            tag: cleaned
            for tag in self._rule_of.keys() & original.keys()
            if (cleaned := self._remembered(original, tag, character_set)).element is not None
        }
        for element in _private_elements(original, self._rules):
            found[int(element.tag)] = _Cleaned(element)
        kept_sex = found.get(PATIENT_SEX)
        found |= self._identity
        if kept_sex is not None:
            found[PATIENT_SEX] = kept_sex
        pixels = Dataset()
        syntax = clean_pixels(original, pixels)
        found[PIXEL_DATA] = _Cleaned(pixels[PIXEL_DATA])
        return found, syntax

    def _remembered(self, original: Dataset, tag: int, character_set: str) -> "_Cleaned":
        element = original.get_item(tag)
        # What was read before is no longer raw; its text is as exact, VR by VR.
        value = element.value
        exact = value if isinstance(value, bytes) else repr(value)
        seen = (tag, element.VR, type(element), exact, character_set)
        if seen not in self._cleaned:
            self._cleaned[seen] = _Cleaned(_cleaned(original, tag, self._rule_of[tag]))
        return self._cleaned[seen]


class _Cleaned:
    """What became of a value: an element of the clean image, or None; its bytes once asked for."""

    __slots__ = ("_bytes", "element")

    def __init__(self, element: DataElement | None) -> None:
        self.element = element
        self._bytes: bytes | None = None

    def encoded(self) -> bytes:
        if self._bytes is None:
            file = DicomBytesIO()
            file.is_implicit_VR, file.is_little_endian = False, True
            write_data_element(file, self.element, CHARACTER_SET)
            self._bytes = file.getvalue()
        return self._bytes


def parse_date(value: str) -> date | None:
    """Return a DICOM date, or None where the text is none."""
    try:
        return datetime.strptime(value.strip(), "%Y%m%d").date()  # noqa: DTZ007 - a day only
    except ValueError:
        return None


def _rules(rules: Procedure, key: DeidentificationKey, identity: TrialIdentity) -> dict[int, Rule]:
    """Return what each attribute that may stay must pass."""

    def shifted(value: Any) -> str | None:
        day = parse_date(str(value))
        return None if day is None else f"{day + key.shift(identity.subject_code):%Y%m%d}"

    kinds: list[tuple[frozenset[int], Rule]] = [
        (rules.uids, lambda value: key.uid(str(value))),
        (rules.dates, shifted),
        (rules.numbers, _number),
        (rules.pseudonyms, lambda value: key.device(str(value))),
        (rules.ages, coarse_age),
    ]
    found = {tag: rule for tags, rule in kinds for tag in tags}
    found |= {tag: _matching(rules, tag) for tag in rules.patterns}
    return found | {tag: _within(*limits) for tag, limits in rules.ranges.items()}


def coarse_age(value: Any) -> str | None:
    """Return a DICOM age in whole months or years, or None where it is none or above 89 years.

    Days and weeks become months: beside the date of a visit they would be a date of birth.
    """
    text = str(value).strip()
    number, unit = text[:3], text[3:]
    if not (number.isascii() and number.isdecimal() and len(number) == 3):
        return None
    days = {"D": int(number), "W": 7 * int(number)}.get(unit)
    if days is not None:
        return f"{int(days / DAYS_PER_MONTH):03d}M"
    oldest = {"M": 12 * OLDEST_YEARS, "Y": OLDEST_YEARS}.get(unit, -1)
    return text if int(number) <= oldest else None


def _cleaned(original: Dataset, tag: int, rule: Rule) -> DataElement | None:
    """Return an attribute if each of its values passes the rule; otherwise None."""
    try:
        element = original[tag]
        value = element.value
    except PARSE_ERRORS:
        return None
    if element.VR in ("SQ", "UN") or value is None or value == "" or isinstance(value, bytes):
        return None
    several = not isinstance(value, str) and hasattr(value, "__iter__")
    values = [rule(part) for part in (value if several else [value])]
    if not values or any(part is None for part in values):
        return None
    return DataElement(tag, element.VR, values if several else values[0])


def _number(value: Any) -> Any:
    if isinstance(value, (str, bytes)) or len(str(value)) > 2 * LONGEST_NUMBER:
        return None
    try:
        return value if math.isfinite(float(value)) else None
    except (TypeError, ValueError, OverflowError):
        return None


def _matching(rules: Procedure, tag: int) -> Rule:
    return lambda value: str(value) if rules.patterns[tag].fullmatch(str(value).strip()) else None


def _within(low: float, high: float) -> Rule:
    def rule(value: Any) -> Any:
        number = _number(value)
        return number if number is not None and low <= float(number) <= high else None

    return rule


def _private_elements(original: Dataset, rules: Procedure) -> Iterator[DataElement]:
    for rule in rules.private:
        try:
            source = original.private_block(rule.group, rule.creator)[rule.offset]
            value = _number(source.value)
        except PARSE_ERRORS:
            continue
        if rule.vr == source.VR and value is not None:
            # The converter finds these by their usual number, so the usual block is used.
            yield DataElement(rule.group << 16 | 0x0010, "LO", rule.creator)
            yield DataElement(rule.group << 16 | 0x1000 | rule.offset, rule.vr, value)


def write_identity(clean: Dataset, identity: TrialIdentity, rules: Procedure) -> None:
    """Address a clean image to somebody in the trial; what it keeps of the person stays."""
    for element in _identity_elements(identity, rules):
        if element.tag != PATIENT_SEX:
            clean.add(element)


def _identity_elements(identity: TrialIdentity, rules: Procedure) -> Dataset:
    """Return what the trial writes, whichever image it is."""
    clean = Dataset()
    clean.SpecificCharacterSet = CHARACTER_SET
    clean.PatientName = identity.subject_code
    clean.PatientID = identity.subject_code
    clean.PatientBirthDate = ""
    clean.PatientSex = ""
    clean.ClinicalTrialSponsorName = one_line(identity.sponsor_name) or UNKNOWN_SPONSOR
    clean.ClinicalTrialProtocolID = identity.study_code
    clean.ClinicalTrialProtocolName = one_line(identity.study_name)
    clean.ClinicalTrialSiteID = identity.site_code
    clean.ClinicalTrialSiteName = ""
    clean.ClinicalTrialSubjectID = identity.subject_code
    clean.ClinicalTrialTimePointID = one_line(identity.visit_code)
    clean.ClinicalTrialTimePointDescription = one_line(identity.visit_name)
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = rules.version
    clean.LongitudinalTemporalInformationModified = "MODIFIED"
    clean.BurnedInAnnotation = "NO"
    codes = []
    for value, meaning in rules.options:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning[:64]
        codes.append(code)
    clean.DeidentificationMethodCodeSequence = DicomSequence(codes)
    return clean


def one_line(text: str) -> str:
    """Return a text as one value of DICOM: no backslash, no control character, 64 at most."""
    plain = "".join(" " if sign == "\\" or not sign.isprintable() else sign for sign in text)
    return plain.strip()[:LONGEST_TEXT].strip()


def _file_meta(elements: Mapping[int, _Cleaned], syntax: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    sop_class, instance = (elements[tag].element for tag in (SOP_CLASS_UID, SOP_INSTANCE_UID))
    meta.MediaStorageSOPClassUID = UID(str(getattr(sop_class, "value", "")))
    meta.MediaStorageSOPInstanceUID = UID(str(getattr(instance, "value", "")))
    meta.TransferSyntaxUID = UID(syntax)
    return meta


def identifying_values(original: Dataset) -> set[str]:
    """Return the values of an original that must be nowhere in what is kept."""
    values: set[str] = set()
    for keyword in IDENTIFYING:
        try:
            found = str(original.get(keyword) or "").strip()
        except PARSE_ERRORS:
            continue
        values |= {found, *found.replace("=", "^").replace(" ", "^").split("^")}
    return {value for value in values if len(value) >= SHORTEST_SEARCHED}
