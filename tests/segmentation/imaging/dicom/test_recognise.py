"""Sequences are recognised by their physics; a description only supports or contradicts."""

from typing import Any

import pytest
from pydicom import Dataset

from segmentation.imaging.dicom.recognise import recognise

SE, GR, IR_SE = "SE", "GR", ["SE", "IR"]


def image(kinds: Any, times: tuple[float, float, float | None], **attributes: Any) -> Dataset:
    dataset = Dataset()
    dataset.ScanningSequence = kinds
    dataset.RepetitionTime, dataset.EchoTime, dataset.InversionTime = times
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


# Typical protocols of the three large vendors.
PROTOCOLS = [
    ("T1w", "Siemens MPRAGE", image(["GR", "IR"], (2300, 2.98, 900), MRAcquisitionType="3D")),
    ("T1w", "Philips 3D TFE", image(GR, (6.5, 2.9, None), MRAcquisitionType="3D", FlipAngle=9)),
    ("T1w", "GE BRAVO", image(GR, (8.2, 3.2, 450), MRAcquisitionType="3D", FlipAngle=12)),
    ("T1w", "spin echo", image(SE, (550, 12, None), MRAcquisitionType="2D")),
    ("T1w", "2D FLASH", image(GR, (300, 2.46, None), MRAcquisitionType="2D", FlipAngle=80)),
    ("T1w", "IR spin echo", image(IR_SE, (2000, 20, 800), MRAcquisitionType="2D")),
    ("T2w", "2D TSE", image(SE, (4500, 95, None), MRAcquisitionType="2D")),
    ("T2w", "3D SPACE", image(SE, (3200, 408, None), MRAcquisitionType="3D")),
    ("T2w", "TI written as 0", image(SE, (4500, 95, 0), MRAcquisitionType="2D")),
    ("FLAIR", "2D", image(IR_SE, (9000, 90, 2500), MRAcquisitionType="2D")),
    ("FLAIR", "3D Philips", image("IR", (4800, 387, 1650), MRAcquisitionType="3D")),
    ("other", "proton density", image(SE, (2300, 22, None), MRAcquisitionType="2D")),
    ("other", "proton density, longer echo", image(SE, (3000, 45, None))),
    ("other", "STIR", image(IR_SE, (4000, 60, 150), MRAcquisitionType="2D")),
    ("other", "diffusion", image(["EP", "SE"], (8000, 90, None))),
    ("other", "T2* gradient echo", image(GR, (600, 20, None), FlipAngle=20)),
    ("other", "localiser", image(GR, (8, 3.6, None), MRAcquisitionType="2D", FlipAngle=20)),
    ("other", "angiography", image(GR, (21, 3.4, None), MRAcquisitionType="3D", AngioFlag="Y")),
    ("other", "phase", image(GR, (6.5, 2.9, None), ImageType=["ORIGINAL", "PRIMARY", "P"])),
    ("other", "inversion without its time", image(IR_SE, (9000, 120, None))),
    ("other", "inversion with its time as 0", image("IR", (9000, 120, 0))),
    ("other", "without times", image(SE, (0, 0, None))),
]


@pytest.mark.parametrize(
    ("sequence", "dataset"),
    [pytest.param(sequence, dataset, id=name) for sequence, name, dataset in PROTOCOLS],
)
def test_a_protocol_is_recognised_by_its_parameters(sequence: str, dataset: Dataset) -> None:
    found = recognise(dataset)
    assert found.sequence == sequence
    assert found.reason


@pytest.mark.parametrize("description", ["AX T2 TSE", "pd+t2_tse", "head axial", "T1 and T2"])
def test_a_description_that_agrees_or_is_silent_changes_nothing(description: str) -> None:
    t2w = image(SE, (4500, 95, None), SeriesDescription=description)
    assert recognise(t2w).sequence == "T2w"


@pytest.mark.parametrize("description", ["T1 SE sag", "t2_flair_tra", "MPRAGE"])
def test_a_description_that_contradicts_makes_it_other(description: str) -> None:
    found = recognise(image(SE, (4500, 95, None), ProtocolName=description))
    assert found.sequence == "other"
    assert "contradict" in found.reason
    assert description not in found.reason


def test_the_reason_never_quotes_the_header() -> None:
    found = recognise(image(SE, (4500, 95, None), SeriesDescription="Doe Jane T2"))
    assert "Doe" not in found.reason
