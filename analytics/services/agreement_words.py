"""What is to be said beside the numbers of a comparison, on paper and in a file."""

from django.template.defaultfilters import floatformat

from analytics.selectors.agreement import Comparison
from mldtrial.trial.models import Study


def tolerance(study: Study) -> str:
    """Return the largest fall between two scans that is noise, by the settings of a study."""
    same_ml, same_percent, changed_ml, changed_percent = (
        floatformat(value, "-2")
        for value in (
            study.tolerance_same_ml,
            study.tolerance_same_percent,
            study.tolerance_changed_ml,
            study.tolerance_changed_percent,
        )
    )
    return (
        f"{same_ml} mL or {same_percent} % of the mean of both loads, whichever is larger; after a "
        f"change of scanner or protocol {changed_ml} mL or {changed_percent} %"
    )


def warnings(compared: Comparison) -> list[str]:
    """Return what makes the numbers say less than they seem to, and who and what is not in them."""
    said = []
    if compared.tested.is_demonstration or compared.reference.is_demonstration:
        said.append(
            "Demonstration. One of the methods is for demonstration; its numbers say nothing "
            "about a patient."
        )
    return [*said, *notes(compared)]


def notes(compared: Comparison) -> list[str]:
    """Return what is to be said of these two methods alone: `warnings` without demonstration."""
    said = []
    if compared.correction is not None:
        corrected, origin = compared.correction
        said.append(
            f"The masks of {corrected} began as those of {origin} and were corrected by hand: the "
            "two agree better than masks made apart would."
        )
        if compared.other_origins:
            said.append(
                "Scans that are not compared, since the corrected mask began as a mask of "
                f"{origin} that another one has replaced: {compared.other_origins}."
            )
    if not compared.is_training_known:
        said.append(
            "The training set of one of the methods is not on record, so its patients could not "
            "be left out. They make a method look better than it is."
        )
    if compared.trained_patients:
        said.append(
            f"Patients left out, since a scan of theirs was in the training set of one of the "
            f"methods: {compared.trained_patients}."
        )
    said += compared.left_out
    if compared.masks_waiting:
        said.append(f"Pairs of masks that are not compared yet: {compared.masks_waiting}.")
    if compared.masks_left_out:
        said.append(
            "Pairs of masks that are not compared, since the consent for images has ended: "
            f"{compared.masks_left_out}."
        )
    return said
