"""A candidate beside the method that counts, over the same images."""

from datetime import date

from mldtrial.trial.models import Patient
from segmentation.models import ModelVersion, ReleaseState, SegmentationRun
from tests.support.loads import make_load, make_model


def candidate(name: str = "next") -> ModelVersion:
    """Return a method version whose results do not count."""
    return make_model(name, state=ReleaseState.CANDIDATE)


def pair(
    patient: Patient, on: date, counted_ml: float, other_ml: float | None, **scan: object
) -> SegmentationRun:
    """Return the run that counts on a day, with one of the candidate of the same images."""
    run = make_load(patient, on, counted_ml, **scan)
    if other_ml is not None:
        make_load(patient, on, other_ml, model=candidate(), beside=run)
    return run
