"""One element of a clean image."""

from io import BytesIO

from pydicom import DataElement
from pydicom.dataelem import convert_raw_data_element
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import data_element_generator
from pydicom.filewriter import write_data_element

CHARACTER_SET = "ISO_IR 192"
SHORT_HEAD_BYTES = 8


class CleanElement:
    """An element of a clean image, and the bytes that it is written as.

    One of them is given, and the other is made once it is asked for.
    """

    __slots__ = ("_element", "_written")

    def __init__(self, element: DataElement | None = None, written: bytes | None = None) -> None:
        self._element, self._written = element, written

    def element(self) -> DataElement:
        """Return the element of a data set."""
        if self._element is None:
            file = BytesIO(self._written or b"")
            (raw,) = data_element_generator(file, is_implicit_VR=False, is_little_endian=True)
            self._element = convert_raw_data_element(raw)
        return self._element

    def written(self) -> bytes:
        """Return the whole element as it lies in a file, in explicit little endian."""
        if self._written is None:
            file = DicomBytesIO()
            file.is_implicit_VR, file.is_little_endian = False, True
            write_data_element(file, self._element, CHARACTER_SET)
            self._written = file.getvalue()
        return self._written

    def text(self) -> str:
        """Return the value of an element of short text."""
        if self._element is None and self._written is not None:
            return self._written[SHORT_HEAD_BYTES:].rstrip(b"\0").decode()
        return str(self.element().value)
