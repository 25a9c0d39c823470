"""What contrast a series has, from the physics of its acquisition and never from its name alone."""

from dataclasses import dataclass

from pydicom import Dataset


@dataclass(frozen=True, slots=True)
class Recognised:
    """The sequence in BIDS terms (``T1w T2w FLAIR other``), and why."""

    sequence: str
    reason: str


def recognise(image: Dataset) -> Recognised:
    """Return the sequence of a series from one of its images.

    Limits in ms follow common brain protocols: inversion-prepared or short-TR images are
    T1-weighted, long TR with long TE T2-weighted, the same with a long inversion FLAIR.
    Long TR with short TE is proton-density weighted and serves as neither.
    """
    tr, te, ti = (_number(image, name) for name in ("RepetitionTime", "EchoTime", "InversionTime"))
    kinds = {str(kind).upper() for kind in _values(image, "ScanningSequence")}
    if tr is None or te is None:
        return Recognised(
            "other", "Repetition or echo time is missing, so the contrast is unknown."
        )
    facts = f"TR {tr:.0f} ms, TE {te:.1f} ms" + (f", TI {ti:.0f} ms" if ti else "")
    if ti and ti >= 1500 and te >= 60:
        return Recognised("FLAIR", f"Fluid-attenuated inversion recovery: {facts}.")
    if _is_t1w(tr, te, ti, kinds):
        return Recognised("T1w", f"T1-weighted: {facts}.")
    if tr >= 1500 and te >= 60 and "GR" not in kinds:
        return Recognised("T2w", f"T2-weighted: {facts}.")
    if tr >= 1200 and te < 60:
        return Recognised("other", f"Proton-density weighted, neither T1w nor T2w: {facts}.")
    return Recognised("other", f"Neither T1w nor T2w nor FLAIR: {facts}.")


def _is_t1w(tr: float, te: float, ti: float | None, kinds: set[str]) -> bool:
    if "GR" in kinds and te <= 12 and "EP" not in kinds:
        prepared = ti is not None and 300 <= ti <= 1400
        return tr <= 600 or prepared
    return tr <= 1000 and te <= 30


def _number(image: Dataset, name: str) -> float | None:
    value = image.get(name)
    try:
        number = float(value) if value not in (None, "") else None
    except (TypeError, ValueError):
        return None
    return number if number else None


def _values(image: Dataset, name: str) -> list[str]:
    value = image.get(name)
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str) else [str(part) for part in value]
