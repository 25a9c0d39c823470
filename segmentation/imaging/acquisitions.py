"""How the images of a load were acquired, and what differs between two of them (domain 8.4)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from segmentation.imaging.protocol.facts import read_facts
from segmentation.imaging.scanners import (
    ScannerIdentity,
    header_of,
    is_same_scanner,
    software_of,
)

ALIKE = 0.1
"""Share by which a time, an angle or an edge of a voxel may differ within one protocol. Scanners
adjust them to the head: the repetition time to the number of slices, the field of view to its
width. A rounded value would call 0.949 and 0.951 two protocols."""
ROUNDING = 1e-9


class What(StrEnum):
    """What was otherwise, in the words of people."""

    SCANNER = "scanner"
    STRATUM = "3D or 2D"
    PROTOCOL = "protocol"
    SEQUENCES = "sequences"
    SOFTWARE = "software"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was otherwise, and how."""

    what: What
    how: str


@dataclass(frozen=True, slots=True)
class Image:
    """What is known of how an image was acquired.

    Attributes
    ----------
    acquisition_type : str or None
        DICOM MRAcquisitionType, ``2D`` or ``3D``.
    edges_mm : tuple of float
        Of a voxel, the shortest first: files of one protocol order their axes differently.
    numbers : tuple of float or None
        In the order of `NUMBERS`; None where the file does not say it.
    """

    acq_stratum: str
    scanner: ScannerIdentity
    software: str
    acquisition_type: str | None
    edges_mm: tuple[float, ...]
    numbers: tuple[float | None, ...]


NUMBERS = (
    ("slice thickness", "slice_thickness_mm", "mm"),
    ("TR", "tr_ms", "ms"),
    ("TE", "te_ms", "ms"),
    ("TI", "ti_ms", "ms"),
    ("flip angle", "flip_deg", "°"),
)
"""Numbers of a protocol: name, name among the facts of a scan, unit."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """The images that a load was made from; `t2w` is None where it was made from T1w alone."""

    t1w: Image
    t2w: Image | None

    @property
    def sequences(self) -> str:
        """The sequences, in words."""
        return "T1w" if self.t2w is None else "T1w and T2w"


def image_of(
    *,
    acq_stratum: str,
    voxel_size_mm: tuple[float, float, float],
    scanner: Mapping[str, Any],
    acquisition: Mapping[str, Any],
) -> Image:
    """Return what is known of an image, from what intake has kept of its header.

    Parameters
    ----------
    voxel_size_mm : tuple of float
        Edge lengths of a voxel, in mm, in any order.
    scanner, acquisition : mapping
        As kept with the scan; what has no usable value is unknown.
    """
    facts = read_facts(
        key="",
        sequence="",
        acq_stratum=acq_stratum,
        shape=(0, 0, 0),
        voxel_size_mm=voxel_size_mm,
        scanner=scanner,
        acquisition=acquisition,
    )
    return Image(
        acq_stratum=acq_stratum,
        scanner=header_of(scanner),
        software=software_of(scanner),
        acquisition_type=facts.acquisition_type,
        edges_mm=tuple(sorted(voxel_size_mm)),
        numbers=tuple(getattr(facts, name) for _, name, _ in NUMBERS),
    )


def is_acquired_alike(one: Acquisition, other: Acquisition) -> bool:
    """Return whether two loads are held to the tolerance of scans between which nothing changed.

    A software update is told and widens nothing (decision 0051). Not transitive: where a header
    does not say its device, its kind decides, and numbers may differ by a tenth.
    """
    return not what_widens(one, other)


def what_widens(one: Acquisition, other: Acquisition) -> tuple[str, ...]:
    """Return what of two acquisitions calls for the wider tolerance, each word once."""
    found = {change.what: None for change in changes(one, other)}
    return tuple(str(what.value) for what in found if what is not What.SOFTWARE)


@lru_cache(maxsize=16_384)
def changes(earlier: Acquisition, later: Acquisition) -> tuple[Change, ...]:
    """Return what was otherwise at the later acquisition, each thing once; empty if nothing was.

    A value that neither side says is unchanged. A kind of scanner that one side alone says is a
    change, for nobody can tell that it is the same one; a device, a software or a number of the
    protocol that one side alone says decides nothing.
    """
    if earlier == later:
        return ()
    found = list(_of_images(earlier.t1w, later.t1w))
    if (earlier.t2w is None) != (later.t2w is None):
        found.append(Change(What.SEQUENCES, f"{earlier.sequences} → {later.sequences}"))
    elif earlier.t2w is not None and later.t2w is not None:
        # Both images of a visit are mostly of one session: what holds for both is said once.
        said = set(found)
        of_t2w = _of_images(earlier.t2w, later.t2w)
        found += [Change(one.what, f"T2w: {one.how}") for one in of_t2w if one not in said]
    return tuple(found)


def _of_images(earlier: Image, later: Image) -> Iterator[Change]:
    is_same = is_same_scanner(earlier.scanner, later.scanner)
    if not is_same:
        yield Change(What.SCANNER, _between_scanners(earlier.scanner, later.scanner))
    if earlier.acq_stratum != later.acq_stratum:
        yield Change(What.STRATUM, f"{earlier.acq_stratum} → {later.acq_stratum}")
    if other := "; ".join(_of_protocol(earlier, later)):
        yield Change(What.PROTOCOL, f"protocol {other}")
    # Another scanner has its own.
    if is_same and earlier.software and later.software and earlier.software != later.software:
        yield Change(What.SOFTWARE, f"software {earlier.software} → {later.software}")


def _of_protocol(earlier: Image, later: Image) -> Iterator[str]:
    types = earlier.acquisition_type, later.acquisition_type
    # Slices instead of a volume are said as the stratum already, where that changes with them.
    if None not in types and types[0] != types[1] and earlier.acq_stratum == later.acq_stratum:
        yield f"acquired as {types[0]} → {types[1]}"
    if any(map(_differ, earlier.edges_mm, later.edges_mm)):
        yield f"voxel {_edges(earlier)} → {_edges(later)} mm"
    for (name, _, unit), before, here in zip(NUMBERS, earlier.numbers, later.numbers, strict=True):
        if _differ(before, here):
            yield f"{name} {before:.4g} → {here:.4g} {unit}"


def _differ(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return False
    return abs(one - other) > ALIKE * max(one, other) * (1 + ROUNDING)


def _edges(image: Image) -> str:
    return " × ".join(f"{edge:.2g}" for edge in image.edges_mm)


def _between_scanners(earlier: ScannerIdentity, later: ScannerIdentity) -> str:
    before, here = _name(earlier), _name(later)
    if before == here:
        return f"another scanner, {here} as before"
    return f"scanner {before} → {here}"


def _name(scanner: ScannerIdentity) -> str:
    strength = "" if scanner.field_strength_t is None else f"{scanner.field_strength_t:g} T"
    known = " ".join(filter(None, (scanner.manufacturer, scanner.model, strength)))
    return known or ("kind not known" if scanner.device else "not known")
