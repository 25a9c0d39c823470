"""Attributes of a data set by keyword; a decoded one costs no more than a look into a table."""

from functools import lru_cache
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.tag import Tag


@lru_cache(maxsize=4096)
def tag_of(name: str | int) -> Any:
    """Return the tag of a keyword or number, always the same object: so it is found the fastest.

    Raises
    ------
    KeyError
        For a keyword that is none.
    """
    tag = tag_for_keyword(name) if isinstance(name, str) else name
    if tag is None:
        raise KeyError(name)
    return Tag(tag)


def value_of(image: Dataset, keyword: str, default: Any = None) -> Any:
    """Return the value of an attribute as `Dataset.get` does, and raise what it raises."""
    element = image.get_item(tag_of(keyword), keep_deferred=True)
    if isinstance(element, DataElement):
        return element.value
    return default if element is None else image.get(keyword, default)
