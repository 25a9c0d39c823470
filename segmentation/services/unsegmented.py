"""Why a visit cannot be segmented, in words."""

from mldtrial.trial.models import Scan, ScanState, Visit
from segmentation.conflict_words import WAITS
from segmentation.models import ModelVersion, ReleaseState
from segmentation.selectors.left_out import left_out, set_aside
from segmentation.selectors.usable import usable_scans
from segmentation.services.segmenters import is_made_elsewhere


def retired(model: ModelVersion) -> str:
    """Return that a method segments nothing any more."""
    return f"{model} is retired. Name one that is active or a candidate."


def why_not(visit: Visit, model: ModelVersion) -> str:
    """Return what but a lock keeps a visit from being segmented, and what to do about it."""
    if model.state == ReleaseState.RETIRED:
        return retired(model)
    if is_made_elsewhere(model):
        return f"The masks of {model} are made elsewhere: bring them in with import_mask."
    for sequence in model.sequences:
        if usable_scans(sequence).filter(visit=visit).exists():
            continue
        scans = Scan.objects.filter(visit=visit, sequence=sequence)
        if scans.filter(pk__in=set_aside().values("scan")).exists():
            return (
                f"The {sequence} image of this visit is set aside. Take it back on the page of the "
                "patient, or send another one."
            )
        if scans.filter(left_out()).exists():
            return (
                f"The protocol rules leave out the {sequence} image of this visit. The data "
                "manager can accept it on the list of findings."
            )
        if scans.filter(state=ScanState.QUARANTINED).exists():
            return f"The {sequence} image of this visit {WAITS}"
        return f"The visit lacks a {sequence} image, which the model needs."
    return "The images of this visit have changed meanwhile; try again."
