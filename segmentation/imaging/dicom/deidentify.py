"""De-identification by allow-list: what the procedure file does not name is not copied.

The procedure follows DICOM PS3.15 Annex E with options 113105, 113107 and 113109, and with 113108
and 113111 where a study says so; dates are shifted by one secret offset per patient, UIDs mapped by
a keyed hash.
"""

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID

from segmentation.imaging.dicom.pixels import clean_pixels
from segmentation.imaging.dicom.procedure import Procedure
from segmentation.imaging.dicom.reading import PARSE_ERRORS
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
from segmentation.imaging.errors import FailureCode, ImageError

MR = "1.2.840.10008.5.1.4.1.1.4"
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
    """Return a new data set with nothing but what the procedure keeps.

    Parameters
    ----------
    rules : Procedure
        The procedure with the options of the study.

    Raises
    ------
    ImageError
        If the object is of another kind than MR images, derived, or may show text, or if its
        pixel data are not exactly as long as its geometry says.
    """
    refuse_unsuited(original)
    clean = Dataset()
    for tags, rule in _rules(rules, key, identity):
        for tag in tags:
            _copy(original, clean, tag, rule)
    for tag in rules.patterns:
        _copy(original, clean, tag, _matching(rules, tag))
    for tag in rules.ranges:
        _copy(original, clean, tag, _within(*rules.ranges[tag]))
    _keep_private(original, clean, rules)
    write_identity(clean, identity, rules)
    syntax = clean_pixels(original, clean)
    clean.file_meta = _file_meta(clean, syntax)
    return clean


def parse_date(value: str) -> date | None:
    """Return a DICOM date, or None where the text is none."""
    try:
        return datetime.strptime(value.strip(), "%Y%m%d").date()  # noqa: DTZ007 - a day only
    except ValueError:
        return None


def _rules(
    rules: Procedure, key: DeidentificationKey, identity: TrialIdentity
) -> list[tuple[frozenset[int], Rule]]:
    def shifted(value: Any) -> str | None:
        day = parse_date(str(value))
        return None if day is None else f"{day + key.shift(identity.subject_code):%Y%m%d}"

    return [
        (rules.uids, lambda value: key.uid(str(value))),
        (rules.dates, shifted),
        (rules.numbers, _number),
        (rules.pseudonyms, lambda value: key.device(str(value))),
        (rules.ages, coarse_age),
    ]


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


def _copy(original: Dataset, clean: Dataset, tag: int, rule: Rule) -> None:
    """Copy an attribute if each of its values passes the rule; otherwise it goes."""
    try:
        element = original[tag]
        value = element.value
    except PARSE_ERRORS:
        return
    if element.VR in ("SQ", "UN") or value is None or value == "" or isinstance(value, bytes):
        return
    several = not isinstance(value, str) and hasattr(value, "__iter__")
    values = [rule(part) for part in (value if several else [value])]
    if values and all(part is not None for part in values):
        clean.add_new(tag, element.VR, values if several else values[0])


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


def refuse_unsuited(original: Dataset) -> None:
    """Refuse an object that is no original MR image, or says that text is burned into it.

    Raises
    ------
    ImageError
        UNSUPPORTED_DICOM.
    """
    _refuse_class(original)
    if str(original.get("BurnedInAnnotation", "NO")).strip().upper() == "YES":
        raise _unsupported(
            "A series says that text is burned into its images. Export it without annotation."
        )
    value = original.get("ImageType") or []
    kind = [str(part).upper() for part in ([value] if isinstance(value, str) else value)]
    if kind[:1] == ["DERIVED"] or kind[1:2] == ["SECONDARY"]:
        raise _unsupported(
            "A series was derived from another (reformatted or computed). Send the original."
        )
    if kind[:2] != ["ORIGINAL", "PRIMARY"]:
        raise _unsupported(
            "A series does not say that it is an original image (attribute ImageType). "
            "Send the original as the scanner exported it."
        )


def _refuse_class(original: Dataset) -> None:
    if str(original.get("SOPClassUID", "")) != MR:
        raise _unsupported(
            "A series is not a plain MR image series (other modalities, reports and screenshots "
            "are not taken in). Leave it out."
        )


def _unsupported(message: str) -> ImageError:
    return ImageError(FailureCode.UNSUPPORTED_DICOM, message)


def _keep_private(original: Dataset, clean: Dataset, rules: Procedure) -> None:
    for rule in rules.private:
        try:
            source = original.private_block(rule.group, rule.creator)[rule.offset]
            value = _number(source.value)
        except PARSE_ERRORS:
            continue
        if rule.vr == source.VR and value is not None:
            # The converter finds these by their usual number, so the usual block is used.
            block = rule.group << 16 | 0x1000
            clean.add_new(rule.group << 16 | 0x0010, "LO", rule.creator)
            clean.add_new(block | rule.offset, rule.vr, value)


def write_identity(clean: Dataset, identity: TrialIdentity, rules: Procedure) -> None:
    """Write who the images belong to in the trial in place of the patient, and by which rules."""
    clean.SpecificCharacterSet = CHARACTER_SET
    clean.PatientName = identity.subject_code
    clean.PatientID = identity.subject_code
    clean.PatientBirthDate = ""
    if "PatientSex" not in clean:
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


def one_line(text: str) -> str:
    """Return a text as one value of DICOM: no backslash, no control character, 64 at most."""
    plain = "".join(" " if sign == "\\" or not sign.isprintable() else sign for sign in text)
    return plain.strip()[:LONGEST_TEXT].strip()


def _file_meta(clean: Dataset, syntax: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(str(clean.SOPClassUID))
    meta.MediaStorageSOPInstanceUID = UID(str(clean.SOPInstanceUID))
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
