"""To which visit, patient or study each record belongs: one table for two promises.

A signature covers what belongs to its visit, and a lock holds what belongs to its visit,
patient or study. A model says so once, where it is defined; a test fails for one that does not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models

from mldtrial.audit.guards import refuse_locked

ModelT = TypeVar("ModelT", bound=type[models.Model])


class RecordKind(models.TextChoices):
    """What can be signed or locked as a whole."""

    VISIT = "visit", "visit"
    PATIENT = "patient", "patient"
    STUDY = "study", "study"


@dataclass(frozen=True, slots=True)
class Belonging:
    """Where a model's rows belong.

    Attributes
    ----------
    kind : str
        One of `RecordKind`.
    path : str
        From a row to the id of that record, as a queryset writes it.
    signed : mapping or None
        The condition of the rows that a signature covers; None where it covers none of them.
    """

    kind: str
    path: str
    signed: Mapping[str, Any] | None


BELONGINGS: dict[type[models.Model], Belonging] = {}
NEVER_LOCKED: dict[type[models.Model], str] = {}


def belongs_to(
    kind: str,
    *paths: str,
    signed: Mapping[str, Any] | bool = False,
    usable_while_frozen: bool = False,
    job_columns: tuple[str, ...] = (),
    exempt: str = "",
) -> Callable[[ModelT], ModelT]:
    """Say where the rows of the decorated model belong, and guard them in the database.

    Parameters
    ----------
    paths : str
        Columns that hold the id of the record, such as ``visit_id`` or ``run__visit_id``;
        several where a row is held by any of them.
    signed : bool or mapping
        Whether a signature covers the rows: all of them, or those of a condition.
    usable_while_frozen : bool
        True where a freeze leaves the rows open, and only a lock holds them.
    job_columns : tuple of str
        Columns that an unfinished job may still move, so that it can end as refused.
    exempt : str
        SQL of the guard that lets through what no lock holds; it knows the level as ``held``.
    """

    def decorate(model: ModelT) -> ModelT:
        condition = {} if signed is True else signed or None
        BELONGINGS[model] = Belonging(kind, paths[0], condition)
        guard = refuse_locked(
            model,
            paths,
            usable_while_frozen=usable_while_frozen,
            job_columns=job_columns,
            exempt=exempt,
        )
        return guard(model)

    return decorate


def never_locked(reason: str) -> Callable[[ModelT], ModelT]:
    """Say why the rows of the decorated model are held by no lock."""

    def decorate(model: ModelT) -> ModelT:
        NEVER_LOCKED[model] = reason
        return model

    return decorate
