"""Compare what headers say with the record of a patient: what differs, what agrees, what is silent.

A fact that one side does not hold conflicts with nothing and proves nothing.
"""

from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from segmentation.imaging.dicom.person import HeaderFacts


class Fact(StrEnum):
    """What can be compared."""

    SEX = "SEX"
    BIRTH_MONTH = "BIRTH_MONTH"
    AGE = "AGE"
    TRIAL_SUBJECT = "TRIAL_SUBJECT"


PROOF = frozenset({Fact.BIRTH_MONTH, Fact.TRIAL_SUBJECT})
"""Facts that hardly agree by chance; sex does in every second pair, an age of years often."""

HABIT_FROM_VISITS = 3
"""At so many visits, each under a name of its own, two changes were looked at and found right."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the trial knows of a patient.

    Attributes
    ----------
    sex : str
        ``F``, ``M`` or anything else for unknown.
    birth_month : date
        First day of the month.
    subject : str
        Keyed hash of the subject code.
    other_subjects : frozenset of str
        Keyed hashes of the subject codes of all other patients of the study.
    """

    sex: str
    birth_month: date
    subject: str
    other_subjects: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Matching:
    """How a header and a record compare; what is in neither set could not be compared."""

    differs: frozenset[Fact] = frozenset()
    agrees: frozenset[Fact] = frozenset()

    @property
    def is_proof(self) -> bool:
        """True where nothing differs and something agrees that hardly does by chance."""
        return not self.differs and bool(self.agrees & PROOF)


def match(header: HeaderFacts, acquired_on: date | None, record: Record) -> Matching:
    """Return how what a header says compares with a record.

    Parameters
    ----------
    acquired_on : date or None
        The day of the images, to which an age belongs.
    """
    found = {
        Fact.SEX: _same_sex(header, record),
        Fact.BIRTH_MONTH: _same_birth(header, record),
        Fact.AGE: _age_fits(header, acquired_on, record),
        Fact.TRIAL_SUBJECT: _same_subject(header, record),
    }
    return Matching(
        differs=frozenset(fact for fact, same in found.items() if same is False),
        # The first of January is the day of whoever's birthday is not known.
        agrees=frozenset(
            fact
            for fact, same in found.items()
            if same is True and not (fact is Fact.BIRTH_MONTH and header.is_birth_year_only)
        ),
    )


def undisputed(persons: Sequence[Matching]) -> int | None:
    """Return which of several persons in one upload is the patient; None where nothing tells.

    It is the only one of whom nothing differs from the record, if something proves it.
    """
    fitting = [index for index, matching in enumerate(persons) if not matching.differs]
    if len(fitting) == 1 and persons[fitting[0]].is_proof:
        return fitting[0]
    return None


def is_another(person: str, visits: Collection[frozenset[str]], changes_kept: int) -> bool:
    """Tell whether a person is another one than the earlier images of a patient name.

    Where each of at least `HABIT_FROM_VISITS` visits named a person of its own, and somebody found
    each change right, the site gives a new name to each visit, and one more says nothing.

    Parameters
    ----------
    person : str
        Keyed hash of the person in a header.
    visits : collection of frozenset of str
        For each visit with images that name anybody, whom they name.
    changes_kept : int
        How many of those persons were asked about and kept.
    """
    named = [persons for persons in visits if persons]
    known = frozenset().union(*named)
    if not known or person in known:
        return False
    is_habit = (
        changes_kept >= HABIT_FROM_VISITS - 1
        and len(named) >= HABIT_FROM_VISITS
        and len(known) == sum(map(len, named))
    )
    return not is_habit


def _same_sex(header: HeaderFacts, record: Record) -> bool | None:
    if not header.sex or record.sex not in ("F", "M"):
        return None
    return header.sex == record.sex


def _same_birth(header: HeaderFacts, record: Record) -> bool | None:
    if header.birth_month is None:
        return None
    if header.is_birth_year_only:
        return header.birth_month.year == record.birth_month.year
    return header.birth_month == record.birth_month.replace(day=1)


def _age_fits(header: HeaderFacts, acquired_on: date | None, record: Record) -> bool | None:
    if header.age_days is None or acquired_on is None:
        return None
    born = record.birth_month
    latest = born.replace(day=monthrange(born.year, born.month)[1])
    youngest, oldest = (acquired_on - latest).days, (acquired_on - born.replace(day=1)).days
    return header.age_days[0] <= oldest and youngest <= header.age_days[1]


def _same_subject(header: HeaderFacts, record: Record) -> bool | None:
    """Compare the subject of a trial, and identifier and name where they are subject codes."""
    if header.trial_subject:
        return header.trial_subject == record.subject
    if record.subject in header.labels:
        return True
    return False if header.labels & record.other_subjects else None
