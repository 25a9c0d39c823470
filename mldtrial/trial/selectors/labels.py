"""What a column is called in front of people."""

from typing import Any


def label_of(column: Any) -> str:
    """Return the name of a column as the label of its value; units and codes keep their case."""
    name = str(column.verbose_name)
    return name[:1].upper() + name[1:]
