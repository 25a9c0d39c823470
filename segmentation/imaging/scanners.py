"""Which scanner made an image, and when its software changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any


@dataclass(frozen=True, slots=True)
class ScannerIdentity:
    """What a scanner is recognised by at its site.

    Attributes
    ----------
    field_strength_t : float or None
        Nominal, to a tenth of a tesla: headers say 2.89 and 3.
    device : str
        Keyed pseudonym of the serial number; empty where the header has none.
    """

    manufacturer: str
    model: str
    field_strength_t: float | None
    device: str

    @property
    def key(self) -> str:
        """Name of the scanner at its site: its device, or failing that its kind."""
        if self.device:
            return f"device {self.device}"
        manufacturer, model, strength_t = self.kind
        strength = "" if strength_t is None else f"{strength_t:.1f} T"
        return f"kind {manufacturer} {model} {strength}".rstrip()

    @property
    def is_known(self) -> bool:
        """True where the header says anything of its scanner."""
        return bool(self.device or any(self.kind))

    @property
    def kind(self) -> tuple[str, str, float | None]:
        """Manufacturer, model and nominal field strength, however they are written."""
        return self.manufacturer.casefold(), self.model.casefold(), self.field_strength_t


def identity_of(scanner: Mapping[str, Any]) -> ScannerIdentity | None:
    """Return which scanner a header speaks of; None where it says neither device nor model.

    Parameters
    ----------
    scanner : mapping
        As intake keeps it with a scan: ``manufacturer model field_strength_t device software``.
    """
    found = header_of(scanner)
    return found if found.device or found.model else None


def header_of(scanner: Mapping[str, Any]) -> ScannerIdentity:
    """Return what a header says of its scanner, however little that is."""
    return ScannerIdentity(
        manufacturer=_text(scanner.get("manufacturer")),
        model=_text(scanner.get("model")),
        field_strength_t=_nominal(scanner.get("field_strength_t")),
        device=_text(scanner.get("device")),
    )


def is_same_scanner(one: ScannerIdentity, other: ScannerIdentity) -> bool:
    """Return whether two headers speak of one scanner: by device, or by kind where one has none.

    Two that say nothing are the same, for nothing is known to have changed; one that says its kind
    and one that does not are two.
    """
    if one.device and other.device:
        return one.device == other.device
    return one.kind == other.kind


def software_of(scanner: Mapping[str, Any]) -> str:
    """Return the software of a header; empty where it says none. Several parts are joined."""
    value = scanner.get("software")
    parts = value if isinstance(value, list) else [value]
    return " / ".join(part for part in map(_text, parts) if part)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _nominal(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value) if abs(value) < 100 else float("inf")
    return round(number, 1) if isfinite(number) and number > 0 else None


@dataclass(frozen=True, slots=True)
class Observation:
    """One scan of a scanner: when, and with which software; empty where that is not known."""

    scan_key: str
    acquired_on: date
    software: str


@dataclass(frozen=True, slots=True)
class Period:
    """A run of scans with one software, from the first day it was seen to the last."""

    software: str
    first_on: date
    last_on: date
    scans: int
    first_scan_key: str


def software_periods(observations: Iterable[Observation]) -> list[Period]:
    """Return the periods of a scanner's software, by the days of the scans and not of uploads.

    A scan that does not say its software neither begins nor ends a period. Of several scans of
    one day those of the software before come first: the change was between them.
    """
    known = sorted(
        (one for one in observations if one.software), key=lambda one: (one.acquired_on,)
    )
    periods: list[Period] = []
    for day in dict.fromkeys(one.acquired_on for one in known):
        before = periods[-1].software if periods else ""
        of_day = sorted(
            (one for one in known if one.acquired_on == day),
            key=lambda one: (one.software != before, one.software, one.scan_key),
        )
        for one in of_day:
            _extend(periods, one)
    return periods


def _extend(periods: list[Period], one: Observation) -> None:
    if periods and periods[-1].software == one.software:
        last = periods[-1]
        periods[-1] = Period(
            last.software, last.first_on, one.acquired_on, last.scans + 1, last.first_scan_key
        )
    else:
        periods.append(Period(one.software, one.acquired_on, one.acquired_on, 1, one.scan_key))
