"""What is known of the scans of a visit, in the units of a protocol; what is unknown is None."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

LARGEST = 1e6
"""No time, length or angle of an MRI protocol is larger, in ms, mm, degrees or T."""
EDGE_PRECISION = 1e-3
"""Share by which two edges of a voxel may differ and still count as equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFacts:
    """One scan: its grid, its times, its scanner.

    Attributes
    ----------
    key : str
        Names the scan in the results.
    slice_axis : int or None
        Which axis of the grid counts the slices; None where neither file nor voxels tell.
    acquisition_type : str or None
        DICOM MRAcquisitionType, ``2D`` or ``3D``.
    """

    key: str
    sequence: str
    acq_stratum: str
    shape: tuple[int, int, int]
    voxel_size_mm: tuple[float, float, float]
    slice_axis: int | None = None
    acquisition_type: str | None = None
    slice_thickness_mm: float | None = None
    tr_ms: float | None = None
    te_ms: float | None = None
    ti_ms: float | None = None
    flip_deg: float | None = None
    field_strength_t: float | None = None
    manufacturer: str | None = None
    model: str | None = None

    @property
    def is_isotropic(self) -> bool:
        """True where all edges of a voxel are equal, so that it is clear without a slice axis."""
        shortest, longest = min(self.voxel_size_mm), max(self.voxel_size_mm)
        return longest <= shortest * (1 + EDGE_PRECISION)

    @property
    def in_plane_mm(self) -> tuple[float, ...] | None:
        """Both edges of a voxel inside a slice."""
        if self.slice_axis is None:
            return self.voxel_size_mm[:2] if self.is_isotropic else None
        return tuple(
            size for axis, size in enumerate(self.voxel_size_mm) if axis != self.slice_axis
        )

    @property
    def through_plane_mm(self) -> float | None:
        """Distance between the centres of neighbouring slices, as the geometry has it."""
        if self.slice_axis is None:
            return self.voxel_size_mm[2] if self.is_isotropic else None
        return self.voxel_size_mm[self.slice_axis]

    @property
    def slices(self) -> int | None:
        """Number of slices."""
        return None if self.slice_axis is None else self.shape[self.slice_axis]

    @property
    def matrix(self) -> tuple[int, ...] | None:
        """Voxels along both axes of a slice, as reconstructed."""
        if self.slice_axis is None:
            return None
        return tuple(side for axis, side in enumerate(self.shape) if axis != self.slice_axis)

    @property
    def slice_gap_mm(self) -> float | None:
        """Distance of the slices less their thickness; negative where they overlap.

        The distance is that of the geometry: some scanners write the gap itself into
        SpacingBetweenSlices, others the distance.
        """
        if self.through_plane_mm is None or self.slice_thickness_mm is None:
            return None
        return self.through_plane_mm - self.slice_thickness_mm

    @property
    def coverage_mm(self) -> float | None:
        """Number of slices times the distance of their centres."""
        if self.slices is None or self.through_plane_mm is None:
            return None
        return self.slices * self.through_plane_mm


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """The scans of a visit, and the sequences that were declared not done.

    Attributes
    ----------
    unused : frozenset of str
        Keys of scans that are of no use: they are asked every rule, and make no sequence present.
    """

    scans: tuple[ScanFacts, ...]
    not_done: frozenset[str] = frozenset()
    unused: frozenset[str] = frozenset()

    @property
    def in_use(self) -> tuple[ScanFacts, ...]:
        """The scans that make their sequence present."""
        return tuple(scan for scan in self.scans if scan.key not in self.unused)


def read_facts(
    *,
    key: str,
    sequence: str,
    acq_stratum: str,
    shape: tuple[int, int, int],
    voxel_size_mm: tuple[float, float, float],
    scanner: Mapping[str, Any],
    acquisition: Mapping[str, Any],
) -> ScanFacts:
    """Return the facts of a scan from what intake has kept of its header.

    Parameters
    ----------
    voxel_size_mm : tuple of float
        Edge lengths of a voxel along the axes of the grid, in mm.
    scanner, acquisition : mapping
        As kept with the scan: DICOM keywords for the acquisition. Whatever has no usable value
        is unknown; scanners write 0 for what does not apply.
    """
    return ScanFacts(
        key=key,
        sequence=sequence,
        acq_stratum=acq_stratum,
        shape=shape,
        voxel_size_mm=voxel_size_mm,
        slice_axis=_slice_axis(acquisition.get("slice_axis"), voxel_size_mm),
        acquisition_type=_text(acquisition.get("MRAcquisitionType")),
        slice_thickness_mm=_number(acquisition.get("SliceThickness")),
        tr_ms=_number(acquisition.get("RepetitionTime")),
        te_ms=_number(acquisition.get("EchoTime")),
        ti_ms=_number(acquisition.get("InversionTime")),
        flip_deg=_number(acquisition.get("FlipAngle")),
        field_strength_t=_number(scanner.get("field_strength_t")),
        manufacturer=_text(scanner.get("manufacturer")),
        model=_text(scanner.get("model")),
    )


def _slice_axis(recorded: Any, voxel_size_mm: tuple[float, float, float]) -> int | None:
    """Return the recorded axis; without one, that of an edge longer than two equal ones.

    A shorter edge says nothing: thin slices of a volume and a coarse plane look alike.
    """
    if recorded in (0, 1, 2) and not isinstance(recorded, bool):
        return int(recorded)
    order = sorted(range(3), key=lambda axis: voxel_size_mm[axis])
    first, second, longest = (voxel_size_mm[axis] for axis in order)
    are_equal = second <= first * (1 + EDGE_PRECISION)
    return order[2] if are_equal and longest > second * (1 + EDGE_PRECISION) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) and 0 < number < LARGEST else None


def _text(value: Any) -> str | None:
    text = value.strip() if isinstance(value, str) else ""
    return text or None
