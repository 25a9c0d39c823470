"""Values of real headers, after de-identification, as the converter reads the originals."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel
import pytest

from segmentation.imaging.dicom.intake import ConvertedSeries, read_series
from segmentation.imaging.protocol.evaluation import Outcome, evaluate
from segmentation.imaging.protocol.facts import ScanFacts, VisitFacts, read_facts
from segmentation.imaging.protocol.rules import Quantity, Rule, Severity
from tests.segmentation.imaging.dicom.test_real_series import (
    GE,
    IDENTITY,
    KEY,
    PHILIPS,
    SIEMENS,
    SMALL,
)

SERIES = [PHILIPS, GE, SIEMENS, f"{SMALL}/philips_enhanced/001", f"{SMALL}/hyperfine/001"]
SECONDS = {"tr_ms": "RepetitionTime", "te_ms": "EchoTime", "ti_ms": "InversionTime"}
SAME = {
    "flip_deg": "FlipAngle",
    "field_strength_t": "MagneticFieldStrength",
    "slice_thickness_mm": "SliceThickness",
}
DROPPED = {(PHILIPS, "ti_ms")}
"""Philips has it in a private element only, which de-identification does not keep."""


def facts_of(folder: Path, into: Path) -> ScanFacts:
    """Return the facts as intake keeps them: from the de-identified images."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    (found,) = read_series(files, into=into, key=KEY, identity=IDENTITY)
    assert isinstance(found, ConvertedSeries)
    # As stored: JSON and back.
    scanner, acquisition = (json.loads(json.dumps(part)) for part in
                            (found.scanner, found.acquisition))  # fmt: skip
    return read_facts(
        key="s", sequence=found.sequence, acq_stratum=found.acq_stratum, shape=found.facts.shape,
        voxel_size_mm=found.facts.voxel_size_mm, scanner=scanner, acquisition=acquisition,
    )  # fmt: skip


def sidecar_of(folder: Path, into: Path) -> tuple[dict[str, Any], Any]:
    """Return what the converter writes beside the original images, and the original image."""
    into.mkdir()
    program = Path(sys.executable).parent / "dcm2niix"
    # Without the rotation into anatomical order the third axis is that of the slices.
    command = [program, "-b", "y", "-ba", "n", "-x", "i", "-f", "image", "-o", into, folder]
    subprocess.run(command, check=True, capture_output=True)
    (sidecar,) = into.glob("*.json")
    (image,) = into.glob("*.nii*")
    return json.loads(sidecar.read_text()), nibabel.load(image)


@pytest.mark.parametrize("name", SERIES)
def test_every_value_of_a_real_header_is_that_of_the_converter(
    name: str, test_data: Path, tmp_path: Path
) -> None:
    facts = facts_of(test_data / name, tmp_path / "out")
    sidecar, image = sidecar_of(test_data / name, tmp_path / "reference")
    compared = 0
    for field, keyword in SECONDS.items():
        if keyword in sidecar and (name, field) not in DROPPED:
            assert getattr(facts, field) == pytest.approx(1000 * sidecar[keyword], rel=1e-5)
            compared += 1
        else:
            assert getattr(facts, field) is None
    for field, keyword in SAME.items():
        if keyword in sidecar:
            assert getattr(facts, field) == pytest.approx(sidecar[keyword], rel=1e-4), field
            compared += 1
    assert compared >= 4
    assert facts.manufacturer is not None
    assert facts.manufacturer.casefold().startswith(sidecar["Manufacturer"].casefold()[:4])
    assert facts.acquisition_type in (None, sidecar.get("MRAcquisitionType"))
    assert facts.slices == image.shape[2]
    assert facts.through_plane_mm == pytest.approx(image.header.get_zooms()[2], rel=1e-4)


def test_the_distance_of_slices_is_that_of_the_geometry(test_data: Path, tmp_path: Path) -> None:
    """This scanner writes the gap where the standard wants the distance: 2 mm for slices of 5."""
    facts = facts_of(test_data / GE, tmp_path / "out")
    sidecar, _ = sidecar_of(test_data / GE, tmp_path / "reference")
    assert (sidecar["SpacingBetweenSlices"], sidecar["SliceThickness"]) == (2, 5)
    assert facts.through_plane_mm == pytest.approx(7.071, abs=1e-3)
    assert facts.slice_gap_mm == pytest.approx(2.071, abs=1e-3)


def rule(quantity: Quantity, **limits: Any) -> Rule:
    return Rule(key="r", sequence="T1w", quantity=quantity, severity=Severity.NOTE, **limits)


def test_a_sagittal_volume_is_asked_along_its_own_slices(test_data: Path, tmp_path: Path) -> None:
    facts = facts_of(test_data / PHILIPS, tmp_path / "out")
    assert (facts.shape, facts.slice_axis) == ((170, 256, 256), 0)
    rules = [
        rule(Quantity.SLICES, lowest=170.0, highest=170.0),
        rule(Quantity.COVERAGE, lowest=170.0, highest=170.0),
        rule(Quantity.MATRIX, lowest=256.0, highest=256.0),
        rule(Quantity.IN_PLANE, lowest=1.0, highest=1.0),
        rule(Quantity.FIELD, lowest=3.0, highest=3.0),
        rule(Quantity.ACQUISITION, kind="3D"),
        rule(Quantity.STRATUM, kind="3D"),
    ]
    outcomes = {result.outcome for result in evaluate(rules, VisitFacts((facts,)))}
    assert outcomes == {Outcome.MET}


def test_thick_slices_of_a_real_2d_series_are_found(test_data: Path, tmp_path: Path) -> None:
    facts = facts_of(test_data / SIEMENS, tmp_path / "out")
    thin = rule(Quantity.THROUGH_PLANE, highest=1.5)
    (found,) = evaluate([thin], VisitFacts((facts,)))
    assert found.outcome == Outcome.NOT_MET
    assert found.sentence.endswith("the protocol asks for at most 1.5 mm.")
