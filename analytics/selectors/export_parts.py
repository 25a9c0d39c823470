"""What columns of exported tables are made of: texts, and yes or no, as SQL expressions."""

from django.db.models import Case, Q, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import NullIf


def text(value: str) -> Value:
    """Return a fixed text."""
    return Value(value, output_field=TextField())


def or_missing(found: Combinable) -> NullIf:
    """Return a text, and nothing where it is empty: empty means missing in a file."""
    return NullIf(found, text(""), output_field=TextField())


def yes_no(condition: Q) -> Case:
    """Return ``Y`` where a condition holds, else ``N``."""
    return Case(When(condition, then=text("Y")), default=text("N"))
