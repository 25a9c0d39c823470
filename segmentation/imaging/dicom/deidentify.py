"""De-identification by allow-list: what the procedure file does not name is not copied.

The procedure follows DICOM PS3.15 Annex E with options 113105, 113107 and 113109, and with 113108
and 113111 where a study says so; dates are shifted by one secret offset per patient, UIDs mapped by
a keyed hash.
"""

from collections.abc import Hashable, Mapping
from copy import copy
from typing import Any

from pydicom import DataElement, Dataset

from segmentation.imaging.dicom.attribute_rules import Rule, rules_by_tag
from segmentation.imaging.dicom.attributes import tag_of, value_of
from segmentation.imaging.dicom.clean_element import CleanElement
from segmentation.imaging.dicom.pixels import clean_pixels
from segmentation.imaging.dicom.plain_values import PlainValues
from segmentation.imaging.dicom.private_elements import PrivateElements
from segmentation.imaging.dicom.procedure import Procedure
from segmentation.imaging.dicom.reading import PARSE_ERRORS, PIXEL_DATA
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
from segmentation.imaging.dicom.suited import refuse_unsuited
from segmentation.imaging.dicom.written import (
    PATIENT_SEX,
    FileHeads,
    file_meta,
    identity_elements,
)

SOP_CLASS_UID, SOP_INSTANCE_UID = 0x00080016, 0x00080018


def deidentify(
    original: Dataset, *, rules: Procedure, key: DeidentificationKey, identity: TrialIdentity
) -> Dataset:
    """Return a new data set with nothing but what the procedure keeps; see `Deidentifier`."""
    return Deidentifier(rules, key, identity).clean(original)


class Deidentifier:
    """De-identifies the images of one series, each attribute and value once.

    Most values of a header are the same in every slice: what became of a value is remembered, and
    so are the bytes that it is written as.

    Parameters
    ----------
    rules : Procedure
        The procedure with the options of the study.
    """

    def __init__(self, rules: Procedure, key: DeidentificationKey, identity: TrialIdentity) -> None:
        self._plain, self._private = PlainValues(rules, key), PrivateElements(rules)
        self._rule_of = {
            tag_of(tag): rule for tag, rule in rules_by_tag(rules, key, identity).items()
        }
        self._same: dict[Hashable, tuple[Any, CleanElement | None]] = {}
        self._cleaned: dict[Hashable, CleanElement | None] = {}
        self._identity = {
            int(element.tag): CleanElement(element)
            for element in identity_elements(identity, rules)
        }
        self._heads = FileHeads()

    def clean(self, original: Dataset) -> Dataset:
        """Return a new data set with nothing but what the procedure keeps.

        Raises
        ------
        ImageError
            If the object is of another kind than MR images, derived, or may show text, or if its
            pixel data are not exactly as long as its geometry says.
        """
        elements, syntax = self._elements(original)
        clean = Dataset()
        for tag in sorted(elements):
            clean.add(copy(elements[tag].element()))
        clean.file_meta = file_meta(*_sop_of(elements), syntax)
        return clean

    def encode(self, original: Dataset) -> bytes:
        """Return the clean image as a file, the same bytes as pydicom writes of `clean`.

        Raises
        ------
        ImageError
            As `clean`.
        """
        elements, syntax = self._elements(original)
        head = self._heads.head(*_sop_of(elements), syntax)
        return head + b"".join([elements[tag].written() for tag in sorted(elements)])

    def _elements(self, original: Dataset) -> tuple[dict[int, CleanElement], str]:
        refuse_unsuited(original)
        character_set = str(value_of(original, "SpecificCharacterSet", ""))
        found = {}
        for tag, rule in self._rule_of.items():
            element = original.get_item(tag, keep_deferred=True)
            if element is None:
                continue
            cleaned = self._remembered(original, element, tag, rule, character_set)
            if cleaned is not None:
                found[int(tag)] = cleaned
        for kept in self._private.of(original, character_set):
            found[int(kept.element().tag)] = kept
        kept_sex = found.get(PATIENT_SEX)
        found |= self._identity
        if kept_sex is not None:
            found[PATIENT_SEX] = kept_sex
        pixels = clean_pixels(original)
        written = pixels.encoded()
        found[PIXEL_DATA] = CleanElement(pixels.element() if written is None else None, written)
        return found, pixels.syntax

    def _remembered(
        self, original: Dataset, element: Any, tag: Any, rule: Rule, character_set: str
    ) -> CleanElement | None:
        """Return what becomes of an element, which many images may share (see `alike`)."""
        same = id(element), character_set
        if same not in self._same:
            written = self._plain.written(element)
            # The element is remembered as well: another could come to lie at its address.
            self._same[same] = (
                element,
                (
                    self._by_value(original, tag, rule, character_set)
                    if written is None
                    else CleanElement(written=written)
                ),
            )
        return self._same[same][1]

    def _by_value(
        self, original: Dataset, tag: Any, rule: Rule, character_set: str
    ) -> CleanElement | None:
        element = original.get_item(tag)
        # What was read before is no longer raw; its text is as exact, VR by VR.
        value = element.value
        exact = value if isinstance(value, bytes) else repr(value)
        seen = (tag, element.VR, type(element), exact, character_set)
        if seen not in self._cleaned:
            clean = _cleaned(original, tag, rule)
            self._cleaned[seen] = None if clean is None else CleanElement(clean)
        return self._cleaned[seen]


def _cleaned(original: Dataset, tag: int, rule: Rule) -> DataElement | None:
    """Return an attribute if each of its values passes the rule; otherwise None."""
    try:
        element = original[tag]
        value = element.value
    except PARSE_ERRORS:
        return None
    if element.VR in ("SQ", "UN") or value is None or value == "" or isinstance(value, bytes):
        return None
    several = not isinstance(value, str) and hasattr(value, "__iter__")
    values = [rule(part) for part in (value if several else [value])]
    if not values or any(part is None for part in values):
        return None
    return DataElement(tag, element.VR, values if several else values[0])


def _sop_of(elements: Mapping[int, CleanElement]) -> tuple[str, str]:
    """Return class and identifier of a clean image."""
    return elements[SOP_CLASS_UID].text(), elements[SOP_INSTANCE_UID].text()
