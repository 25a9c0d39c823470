"""The versioned procedure of de-identification, read from its data file."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

CURRENT = "procedure-2.toml"
PATIENT_CHARACTERISTICS = "113108"
SAFE_PRIVATE = "113111"

WRITTEN: Mapping[int, str] = {
    0x00080005: "UTF-8",
    0x00100010: "subject code",
    0x00100020: "subject code",
    0x00100030: "nothing",
    0x00100040: "nothing",
    0x00120010: "name of the sponsor",
    0x00120020: "code of the study",
    0x00120021: "name of the study",
    0x00120030: "code of the site",
    0x00120031: "nothing",
    0x00120040: "subject code",
    0x00120050: "code of the visit",
    0x00120051: "name of the visit",
    0x00120062: "YES",
    0x00120063: "version of the procedure",
    0x00120064: "codes of the options",
    0x00280301: "NO",
    0x00280303: "MODIFIED",
}
"""What de-identification writes itself, by tag, and what with, in words.

A study that retains characteristics has the patient's sex in place of nothing. The name of a site
is that of a hospital, which the procedure drops elsewhere: its code stands for it.
"""


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """Which options of PS3.15 Annex E a study follows besides those in force everywhere.

    Attributes
    ----------
    retain_patient_characteristics : bool
        113108: sex, age in months or years, height and weight stay.
    retain_safe_private : bool
        113111: reviewed private elements stay; without the two of Philips, the intensities of two
        scans of one patient cannot be compared.
    """

    retain_patient_characteristics: bool = False
    retain_safe_private: bool = True

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the options that are switched on, in order."""
        switches = {
            PATIENT_CHARACTERISTICS: self.retain_patient_characteristics,
            SAFE_PRIVATE: self.retain_safe_private,
        }
        return tuple(code for code, on in switches.items() if on)


DEFAULT_OPTIONS = StudyOptions()


@dataclass(frozen=True, slots=True)
class PrivateRule:
    """A private element that may stay, found by its creator and never by its number alone."""

    creator: str
    group: int
    offset: int
    vr: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """What may stay in an image, and under which rule; all else goes.

    Attributes
    ----------
    version : str
        Stored with every image that went through it: the version of the file, and after a plus
        sign the code of each option that the study chose.
    options : tuple of (str, str)
        Code and meaning of every option in force.
    uids, dates, numbers, pseudonyms, ages : frozenset of int
        Tags, as ``group << 16 | element``.
    ranges : mapping of int to (float, float)
        Between which limits a number must lie.
    patterns : mapping of int to compiled pattern
        What each value of a text attribute must match in full.
    """

    version: str
    options: tuple[tuple[str, str], ...]
    uids: frozenset[int]
    dates: frozenset[int]
    numbers: frozenset[int]
    pseudonyms: frozenset[int]
    ages: frozenset[int]
    ranges: Mapping[int, tuple[float, float]]
    patterns: Mapping[int, re.Pattern[str]]
    private: tuple[PrivateRule, ...]

    @property
    def allowed(self) -> frozenset[int]:
        """The tags of all attributes that may stay, private and written ones not counted."""
        named = self.uids | self.dates | self.numbers | self.pseudonyms | self.ages
        return named | frozenset(self.ranges) | frozenset(self.patterns)


@lru_cache
def current_procedure(options: StudyOptions = DEFAULT_OPTIONS) -> Procedure:
    """Return the procedure that new images of a study go through."""
    content = tomllib.loads((Path(__file__).parent / CURRENT).read_text("utf-8"))
    chosen = [part for part in content["optional"] if part["code"] in options.codes]
    patterns = {tag: re.compile(rule) for tag, rule in content["pattern"].items()}
    for tag, rule in content["pattern_in_any_case"].items():
        patterns[tag] = re.compile(rule, re.IGNORECASE)
    for part in chosen:
        patterns |= {tag: re.compile(rule) for tag, rule in part.get("pattern", {}).items()}
    named = [(part["code"], part["meaning"]) for part in chosen]
    return Procedure(
        version="+".join([content["version"], *(code for code, _ in named)]),
        options=tuple(sorted([*((code, meaning) for code, meaning in content["options"]), *named])),
        uids=_tags(content["uid"]),
        dates=_tags(content["date"]),
        numbers=_tags(content["number"]),
        pseudonyms=_tags(content["pseudonym"]),
        ages=_tags([tag for part in chosen for tag in part.get("age", [])]),
        ranges={
            int(tag, 16): (low, high)
            for part in chosen
            for tag, (low, high) in part.get("range", {}).items()
        },
        patterns={int(tag, 16): rule for tag, rule in patterns.items()},
        private=tuple(_private(rule) for part in chosen for rule in part.get("private", [])),
    )


def _tags(tags: list[str]) -> frozenset[int]:
    return frozenset(int(tag, 16) for tag in tags)


def _private(rule: dict[str, Any]) -> PrivateRule:
    return PrivateRule(rule["creator"], int(rule["group"], 16), int(rule["offset"], 16), rule["vr"])
