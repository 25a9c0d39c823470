"""What was counted for one state of the records is not counted again while that state stands."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from django.db import connection, models

from mldtrial.trial import rights

Found = TypeVar("Found")
MOST = 256
"""Answers that a process keeps, those that were asked for last: a page asks for eight of them, each
of a hundred kilobytes at most, so that thirty people have theirs in 25 MB."""

_kept: OrderedDict[Hashable, Any] = OrderedDict()
_one_at_a_time = Lock()


def by_state(
    asked: Hashable,
    make: Callable[[], Found],
    *,
    is_whole: Callable[[Found], bool] = lambda _found: True,
) -> Found:
    """Return what was made of the records as they stand, or make it and keep it.

    The number of the state is read before the records are: what is committed in between is kept
    under a number that nobody asks for again.

    Parameters
    ----------
    asked : hashable
        All that decides the answer besides records that the audit chain numbers: always the
        person, whose roles are such records; and each record that was read before, as it was read.
    make : callable
        Reads tracked tables alone, never an arm, and no clock.
    is_whole : callable
        Whether an answer may be given again; what waits for something is made anew.
    """
    if connection.in_atomic_block:
        # What is written here gets its number with the commit.
        return make()
    key = (rights.state(), asked)
    with _one_at_a_time:
        if key in _kept:
            _kept.move_to_end(key)
            found: Found = _kept[key]
            return found
    made = make()
    if is_whole(made):
        with _one_at_a_time:
            _kept[key] = made
            while len(_kept) > MOST:
                _kept.popitem(last=False)
    return made


def as_read(row: models.Model) -> Hashable:
    """Return a record with every value it was read with, to ask by.

    Read before the number of the state is, it may be older than the state: then nobody who reads
    it anew asks for what was made of it.
    """
    values = (getattr(row, field.attname) for field in row._meta.concrete_fields)
    return row._meta.label, tuple(repr(value) for value in values)


def forget() -> None:
    """Keep nothing, as where a database was replaced by another one."""
    with _one_at_a_time:
        _kept.clear()
