"""What de-identification does to each attribute, stated as plain data.

A page shows it before anything is sent; the tests hold it against what happens.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydicom.datadict import dictionary_description, keyword_for_tag

from segmentation.imaging.dicom.procedure import (
    DEFAULT_OPTIONS,
    WRITTEN,
    Procedure,
    StudyOptions,
    current_procedure,
)
from segmentation.imaging.dicom.reading import PIXEL_DATA


class Action(StrEnum):
    """What happens to an attribute."""

    KEEP = "keep"
    REMOVE = "remove"
    REPLACE = "replace"
    SHIFT = "shift"
    REMAP = "remap"


class Rule(StrEnum):
    """What each value of an attribute that is kept must be; otherwise the attribute goes."""

    ANY = "any"
    WORD = "word"
    NUMBER = "number"
    RANGE = "range"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class Treatment:
    """What happens to one attribute.

    Attributes
    ----------
    tag : str
        Eight hexadecimal digits in capitals, group before element. For a private element the two
        digits of the block are ``xx``.
    creator : str
        Who owns the private block; empty for a standard attribute.
    pattern : str
        For `Rule.WORD`: a regular expression that each value, without blanks around it, must match
        in full; valid in Python and in ECMAScript.
    low, high : float or None
        For `Rule.RANGE`: the limits, both included, in the unit of the attribute.
    replaced_by : str
        For `Action.REPLACE`: in words, what with.
    """

    tag: str
    keyword: str
    name: str
    action: Action
    rule: Rule = Rule.ANY
    pattern: str = ""
    ignores_case: bool = False
    low: float | None = None
    high: float | None = None
    replaced_by: str = ""
    creator: str = ""


@dataclass(frozen=True, slots=True)
class StatedProcedure:
    """The whole procedure: what is not named in `treatments` is removed.

    Attributes
    ----------
    options : tuple of (str, str)
        Code and meaning of every option of PS3.15 Annex E in force.
    otherwise : Action
        What happens to every attribute that is not named: `Action.REMOVE`.
    """

    version: str
    options: tuple[tuple[str, str], ...]
    treatments: tuple[Treatment, ...]
    otherwise: Action = Action.REMOVE


def stated_procedure(options: StudyOptions = DEFAULT_OPTIONS) -> StatedProcedure:
    """Return what happens to each attribute of an image of a study with these options.

    Sorted by tag, each tag once. `dataclasses.asdict` of it is JSON as it stands. The rules are
    for top-level attributes: sequences are always removed with all they hold. A length of 16
    characters is the most that a number may have.
    """
    procedure = current_procedure(options)
    found = {treatment.tag: treatment for treatment in _written()}
    found |= {treatment.tag: treatment for treatment in _kept(procedure)}
    return StatedProcedure(
        procedure.version, procedure.options, tuple(found[tag] for tag in sorted(found))
    )


def _written() -> Iterator[Treatment]:
    for tag, words in WRITTEN.items():
        yield _treatment(tag, Action.REPLACE, replaced_by=words)


def _kept(procedure: Procedure) -> Iterator[Treatment]:
    for tag in procedure.uids | procedure.pseudonyms:
        yield _treatment(tag, Action.REMAP)
    for tag in procedure.dates:
        yield _treatment(tag, Action.SHIFT)
    for tag in procedure.numbers:
        yield _treatment(tag, Action.KEEP, rule=Rule.NUMBER)
    for tag in procedure.ages:
        yield _treatment(tag, Action.KEEP, rule=Rule.AGE)
    for tag, (low, high) in procedure.ranges.items():
        yield _treatment(tag, Action.KEEP, rule=Rule.RANGE, low=low, high=high)
    for tag, pattern in procedure.patterns.items():
        yield _treatment(
            tag,
            Action.KEEP,
            rule=Rule.WORD,
            pattern=pattern.pattern,
            ignores_case=bool(pattern.flags & re.IGNORECASE),
        )
    yield _treatment(PIXEL_DATA, Action.KEEP)
    for rule in procedure.private:
        yield Treatment(
            f"{rule.group:04X}xx{rule.offset:02X}",
            "",
            f"private, {rule.creator}",
            Action.KEEP,
            rule=Rule.NUMBER,
            creator=rule.creator,
        )


def _treatment(
    tag: int,
    action: Action,
    *,
    rule: Rule = Rule.ANY,
    pattern: str = "",
    ignores_case: bool = False,
    low: float | None = None,
    high: float | None = None,
    replaced_by: str = "",
) -> Treatment:
    return Treatment(
        f"{tag:08X}",
        keyword_for_tag(tag),
        dictionary_description(tag),
        action,
        rule,
        pattern,
        ignores_case,
        low,
        high,
        replaced_by,
    )
