"""What contrast a series has, from the physics of its acquisition and never from its name alone."""

import re
from dataclasses import dataclass

from pydicom import Dataset

from segmentation.imaging.dicom.reading import PARSE_ERRORS

ANGIOGRAPHY = re.compile(r"tof|angio|mra\b|mip\b|venogra|swi\b|swan\b", re.IGNORECASE)
CONTRASTS = {
    "FLAIR": re.compile(r"flair|dark.?fluid", re.IGNORECASE),
    "T2w": re.compile(r"(?<![a-z0-9])t2(?!\*|[ _-]?flair|[ _-]?star|[ _-]?tirm)", re.IGNORECASE),
    "T1w": re.compile(r"(?<![a-z0-9])t1(?![0-9])|mp2?rage|bravo|spgr", re.IGNORECASE),
}
"""What a description can say; it only ever supports or contradicts the physics."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The sequence in BIDS terms (``T1w T2w FLAIR other``), and why."""

    sequence: str
    reason: str


@dataclass(frozen=True, slots=True)
class Physics:
    """Times of an acquisition in ms, its flip angle in degrees, and its kinds of sequence."""

    tr_ms: float
    te_ms: float
    ti_ms: float | None
    flip_deg: float | None
    kinds: frozenset[str]
    three_dimensional: bool

    def __str__(self) -> str:
        inversion = f", TI {self.ti_ms:.0f} ms" if self.ti_ms else ""
        return f"TR {self.tr_ms:.4g} ms, TE {self.te_ms:.3g} ms{inversion}"


def recognise(image: Dataset) -> Recognised:
    """Return the sequence of a series from one of its images.

    Limits in ms follow common brain protocols: inversion-prepared or short-TR images are
    T1-weighted, long TR with long TE T2-weighted, the same with a long inversion FLAIR.
    Long TR with short TE is proton-density weighted and serves as neither. A description that
    names another contrast than the physics makes the series ``other``: one of the two is wrong,
    and a volume must not rest on a guess. The reason never quotes the description.
    """
    excluded = _excluded(image)
    if excluded:
        return Recognised("other", excluded)
    tr, te = _number(image, "RepetitionTime"), _number(image, "EchoTime")
    if tr is None or te is None:
        return Recognised(
            "other", "Repetition or echo time is missing, so the contrast is unknown."
        )
    physics = Physics(
        tr_ms=tr,
        te_ms=te,
        ti_ms=_number(image, "InversionTime"),
        flip_deg=_number(image, "FlipAngle"),
        kinds=frozenset(_values(image, "ScanningSequence")),
        three_dimensional=_values(image, "MRAcquisitionType") == ["3D"],
    )
    return _supported(_by_physics(physics), physics, _described(image))


def _excluded(image: Dataset) -> str | None:
    """Return why a series is no structural image at all, or None."""
    if {"P", "PHASE", "PHASE MAP", "R", "I", "REAL", "IMAGINARY"} & set(
        _values(image, "ImageType")[2:]
    ):
        return "A phase, real or imaginary image, not a magnitude image."
    if _values(image, "AngioFlag") == ["Y"] or ANGIOGRAPHY.search(_description(image)):
        return "An image of vessels (angiography or susceptibility), neither T1w nor T2w."
    if "EP" in _values(image, "ScanningSequence"):
        return "Echo-planar images (diffusion, perfusion or function), neither T1w nor T2w."
    return None


def _by_physics(physics: Physics) -> Recognised:
    if "GR" in physics.kinds:
        return _gradient_echo(physics)
    ti = physics.ti_ms
    if ti is None and "IR" in physics.kinds:
        # It may null fluid: taken for T2-weighted, it would give another load.
        return Recognised("other", f"Inversion recovery without its inversion time: {physics}.")
    if ti and ti < 300:
        return Recognised("other", f"Inversion recovery that nulls fat (STIR): {physics}.")
    if ti and ti >= 1300:
        if physics.te_ms >= 60 and physics.tr_ms >= 3000:
            return Recognised("FLAIR", f"Fluid-attenuated inversion recovery: {physics}.")
        return Recognised("other", f"Neither T1w nor T2w nor FLAIR: {physics}.")
    return _spin_echo(physics)


def _gradient_echo(physics: Physics) -> Recognised:
    """Return T1w for spoiled or prepared gradient echoes with a short echo time."""
    tr, ti, flip = physics.tr_ms, physics.ti_ms, physics.flip_deg
    if physics.te_ms > 12:
        return Recognised("other", f"Gradient echo with T2* weighting: {physics}.")
    if ti is not None and 300 <= ti <= 1500:
        return Recognised("T1w", f"T1-weighted, inversion-prepared gradient echo: {physics}.")
    strong_enough = flip is None or flip >= (5 if physics.three_dimensional else 40)
    short = tr <= 50 if physics.three_dimensional else 100 <= tr <= 600
    if short and strong_enough:
        return Recognised("T1w", f"T1-weighted gradient echo: {physics}.")
    return Recognised("other", f"Gradient echo that is not clearly T1-weighted: {physics}.")


def _spin_echo(physics: Physics) -> Recognised:
    prepared = physics.ti_ms is not None
    if physics.te_ms <= 30 and physics.tr_ms <= (3500 if prepared else 1000):
        return Recognised("T1w", f"T1-weighted spin echo: {physics}.")
    if prepared:
        return Recognised("other", f"Neither T1w nor T2w nor FLAIR: {physics}.")
    if physics.tr_ms >= 1500 and physics.te_ms >= 60:
        return Recognised("T2w", f"T2-weighted: {physics}.")
    if physics.tr_ms >= 1200 and physics.te_ms < 60:
        return Recognised("other", f"Proton-density weighted, neither T1w nor T2w: {physics}.")
    return Recognised("other", f"Neither T1w nor T2w nor FLAIR: {physics}.")


def _supported(found: Recognised, physics: Physics, described: set[str]) -> Recognised:
    if found.sequence == "other" or not described or found.sequence in described:
        return found
    return Recognised(
        "other",
        f"Parameters and description contradict each other: {physics} speaks for "
        f"{found.sequence}, the description for {' or '.join(sorted(described))}. "
        "Check the series and send it as NIfTI with its sequence.",
    )


def _described(image: Dataset) -> set[str]:
    text = _description(image)
    return {name for name, pattern in CONTRASTS.items() if pattern.search(text)}


def _description(image: Dataset) -> str:
    names = ("SeriesDescription", "ProtocolName")
    return " ".join(part for name in names for part in _values(image, name))


def _number(image: Dataset, name: str) -> float | None:
    """Return a positive number, or None: scanners write 0 for times that do not apply."""
    try:
        number = float(image.get(name) or 0)
    except PARSE_ERRORS:
        return None
    return number if 0 < number < 1e6 else None


def _values(image: Dataset, name: str) -> list[str]:
    try:
        value = image.get(name)
    except PARSE_ERRORS:
        return []
    if value is None or value == "":
        return []
    parts = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else value
    return [str(part).strip().upper() for part in parts]
