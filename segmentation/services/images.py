"""An image on its way through intake."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from segmentation.imaging.dicom.person import HeaderFacts
from segmentation.imaging.nifti import NiftiFacts
from segmentation.imaging.same_head import Verdict


@dataclass(slots=True)
class CheckedImage:
    """An image that passed intake and lies, clean, in a temporary folder.

    `header` is what the original said of its person; None for NIfTI, which says nothing. `head`
    is what comparing it with the patient's earlier scans said; None where it was not compared.
    """

    path: Path
    facts: NiftiFacts
    sequence: str
    acq_stratum: str
    reason: str
    acquired_on: date | None
    source_format: str
    deidentification_version: str
    scanner: dict[str, Any] = field(default_factory=dict)
    acquisition: dict[str, Any] = field(default_factory=dict)
    dicom_zip: Path | None = None
    header: HeaderFacts | None = None
    head: Verdict | None = None
