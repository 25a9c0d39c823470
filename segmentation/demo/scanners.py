"""On which scanners the patients of the demonstration were scanned, made up like the patients."""

from datetime import date
from typing import Any

UPGRADED_ON = date(2022, 3, 1)
"""When the scanner of site North got other software."""

LONG_ECHO = ("N-005", "M12")
"""The visit whose T2w was made with a longer echo time than the protocol asks for."""

TIMES: dict[str, dict[str, Any]] = {
    "T1w": {"RepetitionTime": 2300.0, "EchoTime": 2.98, "InversionTime": 900.0, "FlipAngle": 9.0},
    "T2w": {"RepetitionTime": 4500.0, "EchoTime": 95.0, "FlipAngle": 150.0},
}


def scanner_of(site_code: str, on: date) -> dict[str, Any]:
    """Return the scanner of a site on a day, as intake would have kept it."""
    if site_code == "NORTH":
        software = "syngo MR E11" if on < UPGRADED_ON else "syngo MR XA30"
        return {"manufacturer": "SIEMENS", "model": "Prisma", "field_strength_t": 3.0,
                "device": "demo-north", "software": software}  # fmt: skip
    return {"manufacturer": "Philips", "model": "Ingenia", "field_strength_t": 3.0,
            "device": "demo-south", "software": ["5.7.1", "5.7.1.1"]}  # fmt: skip


def acquisition_of(sequence: str, acq_stratum: str, visit: tuple[str, str]) -> dict[str, Any]:
    """Return the times of a scan and how it was acquired, as intake would have kept them.

    Parameters
    ----------
    visit : tuple of str
        Subject code and code of the planned visit.
    """
    found = {**TIMES[sequence], "MRAcquisitionType": acq_stratum, "slice_axis": 2}
    return found | {"EchoTime": 140.0} if sequence == "T2w" and visit == LONG_ECHO else found
