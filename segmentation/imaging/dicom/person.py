"""What an original header says of person and session: to compare in memory, never to keep.

Names and identifiers leave this module as keyed hashes only.
"""

import re
from dataclasses import dataclass, field
from datetime import date

from pydicom import Dataset

from segmentation.imaging.dicom.attribute_rules import parse_date
from segmentation.imaging.dicom.attributes import value_of
from segmentation.imaging.dicom.reading import PARSE_ERRORS
from segmentation.imaging.dicom.secrets import DeidentificationKey

FIRST_YEAR_OF_BIRTH = 1902
"""Earlier dates stand for an unknown one: archives write 1800-01-01, 1900-01-01, 1901-01-01."""

AGE = re.compile(r"(\d{3})([DWMY])")
DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
NOBODY = re.compile(
    r"(anon\w*|unknown|none|null|n/?a|removed|hidden|de-?identified|no\s*(name|id)|[0x*?.-]+)?"
)
"""What stands in a header in place of a name or an identifier, and names nobody."""

Person = tuple[str, str, str, str]
"""Identifier, issuer, name and date of birth as they stand in a header, brought to one form."""


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What the header of a series says of its person; whatever it does not say is empty.

    Attributes
    ----------
    person : str
        Keyed hash of identifier, issuer, name and date of birth, as far as they are there.
    is_deidentified : bool
        Whether the header says that somebody has removed the identity before.
    session : str
        Keyed hash of the study of the archive: series of one session share it.
    sex : str
        ``F`` or ``M``.
    birth_month : date or None
        First day of the month of birth.
    is_birth_year_only : bool
        True for the first of January, by which many archives mean no more than the year.
    age_days : tuple of float or None
        Youngest and oldest age in days that the age in the header allows.
    trial_subject : str
        Keyed hash of the subject of a clinical trial (0012,0040).
    labels : frozenset of str
        Keyed hashes of identifier and name, to be compared with subject codes.
    """

    person: str = ""
    is_deidentified: bool = False
    session: str = ""
    sex: str = field(default="", repr=False)
    birth_month: date | None = field(default=None, repr=False)
    is_birth_year_only: bool = field(default=False, repr=False)
    age_days: tuple[float, float] | None = field(default=None, repr=False)
    trial_subject: str = ""
    labels: frozenset[str] = frozenset()


def person_of(image: Dataset) -> Person:
    """Return who a header names, so that the same person compares equal."""
    identifier, name = _named(_text(image, "PatientID")), _name(image)
    return (
        identifier,
        _text(image, "IssuerOfPatientID").casefold() if identifier else "",
        name,
        _text(image, "PatientBirthDate"),
    )


def facts_of(image: Dataset, key: DeidentificationKey) -> HeaderFacts:
    """Return what the original header of a series says, names and identifiers as hashes."""
    person = identifier, _, name, birth = person_of(image)
    born = parse_date(birth)
    if born is not None and born.year < FIRST_YEAR_OF_BIRTH:
        born = None
    session = _text(image, "StudyInstanceUID")
    subject = _named(_text(image, "ClinicalTrialSubjectID"))
    sex = _text(image, "PatientSex").upper()
    return HeaderFacts(
        # A date of birth alone names nobody.
        person=key.person(person) if identifier or name else "",
        is_deidentified=_text(image, "PatientIdentityRemoved").upper() == "YES",
        session=key.uid(session) if session else "",
        sex=sex if sex in ("F", "M") else "",
        birth_month=None if born is None else born.replace(day=1),
        is_birth_year_only=born is not None and (born.month, born.day) == (1, 1),
        age_days=_age_days(_text(image, "PatientAge").upper()),
        trial_subject=key.subject(subject) if subject else "",
        labels=frozenset(key.subject(label) for label in (identifier, name) if label),
    )


def _text(image: Dataset, keyword: str) -> str:
    try:
        return str(value_of(image, keyword) or "").strip(" \0")
    except PARSE_ERRORS:
        return ""


def _named(value: str) -> str:
    """Return an identifier in one form, empty where it names nobody."""
    plain = value.casefold()
    return "" if NOBODY.fullmatch(plain) else plain


def _name(image: Dataset) -> str:
    """Return the name in one form: archives differ in case, separators and empty components."""
    alphabetic = _text(image, "PatientName").partition("=")[0]
    parts = re.split(r"[\^\s,]+", alphabetic.casefold())
    return _named(" ".join(part for part in parts if part))


def _age_days(text: str) -> tuple[float, float] | None:
    """Return the ages that a DICOM age string allows: a whole unit, and one more on both sides.

    Scanners round, or count years of the calendar. An age of zero is what an empty field is
    filled with, and says nothing.
    """
    found = AGE.fullmatch(text)
    if found is None or int(found[1]) == 0:
        return None
    number, unit = int(found[1]), DAYS[found[2]]
    return (number - 1) * unit, (number + 2) * unit
