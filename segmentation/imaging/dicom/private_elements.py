"""The few reviewed private elements that may stay, found by who owns their block."""

from collections.abc import Hashable, Iterator
from typing import Any

from pydicom import DataElement, Dataset

from segmentation.imaging.dicom.attribute_rules import number
from segmentation.imaging.dicom.clean_element import CleanElement
from segmentation.imaging.dicom.procedure import Procedure
from segmentation.imaging.dicom.reading import PARSE_ERRORS

BLOCKS = range(0x10, 0x100)


class PrivateElements:
    """Takes over what may stay of the private elements of a series."""

    def __init__(self, rules: Procedure) -> None:
        self._rules = rules.private
        self._offsets: dict[int, set[int]] = {}
        for rule in rules.private:
            self._offsets.setdefault(rule.group, set()).add(rule.offset)
        self._tags: dict[Hashable, tuple[tuple[Any, ...], list[Any]]] = {}
        self._same: dict[Hashable, tuple[list[Any], list[CleanElement]]] = {}

    def of(self, original: Dataset, character_set: str) -> list[CleanElement]:
        """Return the elements that stay of an image, in their usual blocks."""
        attributes = tuple(original.keys())
        alike = tuple(map(id, attributes))
        if alike not in self._tags:
            # What is known by its address is kept, so that nothing else comes to lie there.
            self._tags[alike] = attributes, [tag for tag in attributes if self._matters(tag)]
        # All that decides: who owns the blocks, and the values themselves.
        tags = self._tags[alike][1]
        deciding = [original.get_item(tag, keep_deferred=True) for tag in tags]
        same = (character_set, *map(id, deciding))
        if same not in self._same:
            self._same[same] = deciding, [CleanElement(found) for found in self._found(original)]
        return self._same[same][1]

    def _matters(self, tag: int) -> bool:
        offsets = self._offsets.get(tag >> 16)
        return offsets is not None and (tag & 0xFFFF in BLOCKS or tag & 0xFF in offsets)

    def _found(self, original: Dataset) -> Iterator[DataElement]:
        for rule in self._rules:
            try:
                source = original.private_block(rule.group, rule.creator)[rule.offset]
                value = number(source.value)
            except PARSE_ERRORS:
                continue
            if rule.vr == source.VR and value is not None:
                # The converter finds these by their usual number, so the usual block is used.
                yield DataElement(rule.group << 16 | 0x0010, "LO", rule.creator)
                yield DataElement(rule.group << 16 | 0x1000 | rule.offset, rule.vr, value)
