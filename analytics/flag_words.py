"""A finding of the review, in words that say the numbers it rests on."""

from analytics.models import FlagKind


def describe(
    kind: str,
    *,
    load_ml: float,
    visit_name: str,
    reference_ml: float,
    reference_name: str,
    tolerance_ml: float | None,
) -> str:
    """Return one sentence on a flag.

    Parameters
    ----------
    load_ml, reference_ml : float
        The load of the flagged visit and of the one it is compared with, in mL.
    tolerance_ml : float or None
        What measurement error or the largest plausible rise explains, in mL.
    """
    here = f"{load_ml:.1f} mL at {visit_name}"
    there = f"{reference_ml:.1f} mL at {reference_name}"
    difference = abs(load_ml - reference_ml)
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
    return f"{here} is {difference:.1f} mL below {there}{after}; tolerance {tolerance_ml:.1f} mL."


HINTS = {
    FlagKind.NON_MONOTONIC: "Look at the segmentation first, then at image quality and a change "
    "of scanner; if both hold, the fall may be atrophy or real.",
    FlagKind.POST_TREATMENT_DECREASE: "A fall can be an effect of treatment; check the "
    "segmentation of both visits. It is not counted as non-monotonic.",
    FlagKind.JUMP: "Check the mask for spill into other tissue, and that the scan is this "
    "patient's.",
    FlagKind.SWAP: "Compare the acquisition dates and the subject of both scans with the source.",
}
"""What a reviewer looks at first."""
