"""A finding of the review, in words that say the numbers it rests on."""

from dataclasses import dataclass

from analytics.models import FlagKind
from segmentation.imaging.acquisitions import Acquisition, what_widens

BOUNDS = {
    FlagKind.ABOVE_BRAIN: "the volume of the whole brain",
    FlagKind.ABOVE_WHITE_MATTER: "what the white matter of this head allows by the study's setting",
    FlagKind.IMPLAUSIBLE_LOAD: "what the study holds plausible",
}

SPEAKS_FOR_ATROPHY = "speaks for atrophy"
FALLS = (FlagKind.NON_MONOTONIC, FlagKind.POST_TREATMENT_DECREASE)


@dataclass(frozen=True, slots=True)
class NamedLoad:
    """A load in mL, the name of its visit, and the white matter of the head where it is known.

    Attributes
    ----------
    acquisition : Acquisition or None
        How it was acquired; None where nobody asks.
    white_matter_version : str
        Of the method that measured the white matter; empty where it is not known.
    """

    load_ml: float
    visit_name: str
    white_matter_ml: float | None = None
    acquisition: Acquisition | None = None
    white_matter_version: str = ""

    @property
    def percent_of_white_matter(self) -> float | None:
        """The load in percent of the white matter; None where that is not known."""
        return None if not self.white_matter_ml else 100 * self.load_ml / self.white_matter_ml

    def __str__(self) -> str:
        return f"{self.load_ml:.1f} mL at {self.visit_name}"


def describe(
    kind: str, here: NamedLoad, there: NamedLoad | None, *, tolerance_ml: float | None
) -> str:
    """Return one sentence on a flag.

    Parameters
    ----------
    here, there : NamedLoad
        The load of the flagged visit, and the one it is compared with; None where it is held
        to a bound.
    tolerance_ml : float or None
        What measurement error or the largest plausible rise explains, or the bound, in mL.
    """
    if there is None:
        return f"{here} is more than {BOUNDS[FlagKind(kind)]}, {tolerance_ml:.1f} mL."
    difference = abs(here.load_ml - there.load_ml)
    if kind == FlagKind.SWAP:
        return (
            f"{here} and {there}: exchanged, the two would make the series rise throughout; "
            "one may be filed under the wrong date or subject."
        )
    if kind == FlagKind.JUMP:
        return (
            f"{here} is {difference:.1f} mL above {there}; "
            f"at most {tolerance_ml:.1f} mL is plausible in that time."
        )
    after = " after treatment" if kind == FlagKind.POST_TREATMENT_DECREASE else ""
    fall = f"{here} is {difference:.1f} mL below {there}{after}; tolerance {tolerance_ml:.1f} mL"
    fall += f"{wider_after(here, there)}."
    return " ".join([fall, on_atrophy(kind, here, there)]).rstrip()


def wider_after(here: NamedLoad, there: NamedLoad) -> str:
    """Return after which change the tolerance of two loads is the wider one; empty if none."""
    if here.acquisition is None or there.acquisition is None:
        return ""
    changed = what_widens(there.acquisition, here.acquisition)
    return f", the wider one after a change of {' and '.join(changed)}" if changed else ""


def on_atrophy(kind: str, here: NamedLoad, there: NamedLoad) -> str:
    """Return what to add where a load falls and its share of the white matter rises; or nothing.

    Volumes of two acquisitions, or by two versions of their method, differ by these as well, and
    numbers that are printed alike show no difference: nothing is said.
    """
    if kind not in FALLS or here.white_matter_version != there.white_matter_version:
        return ""
    now, before = here.percent_of_white_matter, there.percent_of_white_matter
    if now is None or before is None or now <= before or wider_after(here, there):
        return ""
    shares = f"{now:.1f}", f"{before:.1f}"
    volumes = f"{here.white_matter_ml:.0f}", f"{there.white_matter_ml:.0f}"
    if shares[0] == shares[1] or volumes[0] == volumes[1]:
        return ""
    return (
        f"Of the white matter it is {shares[0]} % after {shares[1]} %: the white matter became "
        f"smaller ({volumes[0]} after {volumes[1]} mL), which {SPEAKS_FOR_ATROPHY}."
    )


HINTS = {
    FlagKind.NON_MONOTONIC: "Look at the segmentation first, then at image quality and a change "
    "of scanner; if both hold, the fall may be atrophy or real.",
    FlagKind.POST_TREATMENT_DECREASE: "A fall can be an effect of treatment; check the "
    "segmentation of both visits. It is not counted as non-monotonic.",
    FlagKind.JUMP: "Check the mask for spill into other tissue, and that the scan is this "
    "patient's.",
    FlagKind.ABOVE_BRAIN: "One of the two numbers is wrong: look at the mask, then at the volumes "
    "on the page of the run.",
    FlagKind.ABOVE_WHITE_MATTER: "Look at the mask for spill into gray matter or fluid, then at "
    "the volumes on the page of the run.",
    FlagKind.IMPLAUSIBLE_LOAD: "Look at the mask, and whether the voxel size of the image is "
    "right.",
    FlagKind.SWAP: "Compare the acquisition dates and the subject of both scans with the source.",
}
"""What a reviewer looks at first."""
