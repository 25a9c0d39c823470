"""What the trial writes into an image itself: whose it is, and the header of the file."""

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID

from segmentation.imaging.dicom.clean_element import CHARACTER_SET
from segmentation.imaging.dicom.procedure import Procedure
from segmentation.imaging.dicom.reading import PREAMBLE_BYTES
from segmentation.imaging.dicom.secrets import TrialIdentity

PATIENT_SEX = 0x00100040
LONGEST_TEXT = 64
"""Of a value in the attributes that the trial writes."""
UNKNOWN_SPONSOR = "unspecified"
"""The attribute must hold a value wherever the trial is named (PS3.3 C.7.1.3)."""


def write_identity(clean: Dataset, identity: TrialIdentity, rules: Procedure) -> None:
    """Address a clean image to somebody in the trial; what it keeps of the person stays."""
    for element in identity_elements(identity, rules):
        if element.tag != PATIENT_SEX:
            clean.add(element)


def identity_elements(identity: TrialIdentity, rules: Procedure) -> Dataset:
    """Return what the trial writes, whichever image it is."""
    clean = Dataset()
    clean.SpecificCharacterSet = CHARACTER_SET
    clean.PatientName = identity.subject_code
    clean.PatientID = identity.subject_code
    clean.PatientBirthDate = ""
    clean.PatientSex = ""
    clean.ClinicalTrialSponsorName = one_line(identity.sponsor_name) or UNKNOWN_SPONSOR
    clean.ClinicalTrialProtocolID = identity.study_code
    clean.ClinicalTrialProtocolName = one_line(identity.study_name)
    clean.ClinicalTrialSiteID = identity.site_code
    clean.ClinicalTrialSiteName = ""
    clean.ClinicalTrialSubjectID = identity.subject_code
    clean.ClinicalTrialTimePointID = one_line(identity.visit_code)
    clean.ClinicalTrialTimePointDescription = one_line(identity.visit_name)
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = rules.version
    clean.LongitudinalTemporalInformationModified = "MODIFIED"
    clean.BurnedInAnnotation = "NO"
    codes = []
    for value, meaning in rules.options:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning[:64]
        codes.append(code)
    clean.DeidentificationMethodCodeSequence = DicomSequence(codes)
    return clean


def one_line(text: str) -> str:
    """Return a text as one value of DICOM: no backslash, no control character, 64 at most."""
    plain = "".join(" " if sign == "\\" or not sign.isprintable() else sign for sign in text)
    return plain.strip()[:LONGEST_TEXT].strip()


def file_meta(sop_class: str, instance: str, syntax: str) -> FileMetaDataset:
    """Return the file header of an image of this class and identifier in a transfer syntax."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(instance)
    meta.TransferSyntaxUID = UID(syntax)
    return meta


def file_head(sop_class: str, instance: str, syntax: str) -> bytes:
    """Return an empty preamble, the mark and the file header as pydicom writes them."""
    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = False, True
    file.write(bytes(PREAMBLE_BYTES) + b"DICM")
    write_file_meta_info(file, file_meta(sop_class, instance, syntax), enforce_standard=True)
    head: bytes = file.getvalue()
    return head


class FileHeads:
    """The beginnings of the files of a series, which differ in one identifier."""

    def __init__(self) -> None:
        self._around: dict[tuple[str, str, int], tuple[bytes, bytes]] = {}

    def head(self, sop_class: str, instance: str, syntax: str) -> bytes:
        """Return what `file_head` does."""
        place = sop_class, syntax, len(instance)
        if place not in self._around:
            head = file_head(sop_class, instance, syntax)
            if head.count(instance.encode()) != 1:
                return head
            before, _, after = head.partition(instance.encode())
            self._around[place] = before, after
        before, after = self._around[place]
        return before + instance.encode() + after
