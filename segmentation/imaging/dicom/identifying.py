"""Values of an original that identify a person, to be looked for in what is kept."""

from typing import Any

from pydicom import Dataset

from segmentation.imaging.dicom.attributes import tag_of
from segmentation.imaging.dicom.reading import PARSE_ERRORS

SHORTEST_SEARCHED = 5
"""Shorter values are found by chance."""

IDENTIFYING = (
    "PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "OtherPatientNames",
    "PatientAddress", "PatientMotherBirthName", "PatientTelephoneNumbers", "PatientBirthName",
    "InstitutionName", "InstitutionAddress", "ReferringPhysicianName", "OperatorsName",
    "PerformingPhysicianName", "PhysiciansOfRecord", "AccessionNumber", "StudyID",
    "DeviceSerialNumber", "StationName", "StudyInstanceUID", "SeriesInstanceUID",
    "SOPInstanceUID", "SOPInstanceUIDOfConcatenationSource", "FrameOfReferenceUID",
)  # fmt: skip


class IdentifyingValues:
    """What must be nowhere in the kept images of a series.

    Attributes
    ----------
    values : set of str
        As found in the images that were added.
    """

    def __init__(self) -> None:
        self.values: set[str] = set()
        self._same: dict[int, Any] = {}

    def add(self, original: Dataset) -> None:
        """Take the values of an original in; an element that images share (see `alike`) once."""
        for keyword in IDENTIFYING:
            element = original.get_item(tag_of(keyword), keep_deferred=True)
            if element is not None and id(element) not in self._same:
                # The element is remembered as well: another could come to lie at its address.
                self._same[id(element)] = element
                self.values |= _values(original, keyword)


def _values(original: Dataset, keyword: str) -> set[str]:
    try:
        found = str(original.get(keyword) or "").strip()
    except PARSE_ERRORS:
        return set()
    parts = {found, *found.replace("=", "^").replace(" ", "^").split("^")}
    return {part for part in parts if len(part) >= SHORTEST_SEARCHED}
