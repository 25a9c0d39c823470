"""Check many records without asking the database for each of them.

Fields are checked by their own validators. Check constraints are the same objects that the
database holds, evaluated here with the same three-valued logic; what this cannot evaluate is
asked of the database. Uniqueness is the business of whoever has all records at hand, and the
database has the last word on both.
"""

import operator
from collections.abc import Callable, Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from mldtrial.trial.services.saving import refusal

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "exact": operator.eq,
    "in": lambda value, expected: value in expected,
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
    "day": lambda value, expected: value.day == expected,
    "startswith": lambda value, expected: value.startswith(expected),
}


class UnknownLookupError(Exception):
    """A condition that only the database can evaluate."""


def check(record: models.Model, *, computed: Collection[str] = ()) -> None:
    """Check a record against its fields and its check constraints.

    Raises
    ------
    ValidationError
        With the field and a sentence for people, as `saving.store` has them.
    """
    relations = {field.name for field in record._meta.fields if field.is_relation}
    record.clean_fields(exclude=relations | set(computed))
    for constraint in record._meta.constraints:
        if isinstance(constraint, models.CheckConstraint) and _is_broken(constraint, record):
            raise refusal(constraint.name, record)


def _is_broken(constraint: models.CheckConstraint, record: models.Model) -> bool:
    try:
        # As in SQL, a condition that is neither true nor false refuses nothing.
        return holds(constraint.condition, record) is False
    except UnknownLookupError:
        try:
            constraint.validate(type(record), record)
        except ValidationError:
            return True
        return False


def holds(condition: Any, record: models.Model) -> bool | None:
    """Return whether a condition holds for a record; None where that is unknown, as in SQL.

    Raises
    ------
    UnknownLookupError
        If the condition uses what only the database knows.
    """
    if not isinstance(condition, Q):
        raise UnknownLookupError(str(condition))
    answers = [
        holds(child, record) if isinstance(child, Q) else _lookup(child, record)
        for child in condition.children
    ]
    if condition.connector == Q.OR:
        found = True if True in answers else None if None in answers else False
    elif condition.connector == Q.AND:
        found = False if False in answers else None if None in answers else True
    else:
        raise UnknownLookupError(condition.connector)
    if not condition.negated or found is None:
        return found
    return not found


def _lookup(child: Any, record: models.Model) -> bool | None:
    if not isinstance(child, tuple):
        raise UnknownLookupError(str(child))
    path, expected = child
    name, *rest = path.split("__")
    value = getattr(record, name)
    if isinstance(expected, F):
        expected = getattr(record, expected.name)
    if rest == ["isnull"]:
        return (value is None) == bool(expected)
    if value is None or expected is None:
        return None
    return _compare("__".join(rest) or "exact", value, expected)


def _compare(lookup: str, value: Any, expected: Any) -> bool:
    if lookup not in COMPARISONS:
        raise UnknownLookupError(lookup)
    return bool(COMPARISONS[lookup](value, expected))
