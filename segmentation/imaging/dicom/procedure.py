"""The versioned procedure of de-identification, read from its data file."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

CURRENT = "procedure-1.toml"


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
        Stored with every image that went through it.
    uids, dates, numbers, pseudonyms : frozenset of int
        Tags, as ``group << 16 | element``.
    patterns : mapping of int to compiled pattern
        What each value of a text attribute must match in full.
    """

    version: str
    options: tuple[tuple[str, str], ...]
    uids: frozenset[int]
    dates: frozenset[int]
    numbers: frozenset[int]
    pseudonyms: frozenset[int]
    patterns: Mapping[int, re.Pattern[str]]
    private: tuple[PrivateRule, ...]


@lru_cache
def current_procedure() -> Procedure:
    """Return the procedure that new images go through."""
    content = tomllib.loads((Path(__file__).parent / CURRENT).read_text("utf-8"))
    return Procedure(
        version=content["version"],
        options=tuple((code, meaning) for code, meaning in content["options"]),
        uids=_tags(content["uid"]),
        dates=_tags(content["date"]),
        numbers=_tags(content["number"]),
        pseudonyms=_tags(content["pseudonym"]),
        patterns={int(tag, 16): re.compile(rule) for tag, rule in content["pattern"].items()},
        private=tuple(_private(rule) for rule in content["private"]),
    )


def _tags(tags: list[str]) -> frozenset[int]:
    return frozenset(int(tag, 16) for tag in tags)


def _private(rule: dict[str, Any]) -> PrivateRule:
    return PrivateRule(rule["creator"], int(rule["group"], 16), int(rule["offset"], 16), rule["vr"])
