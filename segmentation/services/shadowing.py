"""Tell what a lock holds back of a run, and what of a candidate it does not."""

from mldtrial.trial.models import Visit
from mldtrial.trial.selectors import lock_of
from mldtrial.trial.selectors.locks import Held
from mldtrial.trial.services import locking
from segmentation.models import MADE_ELSEWHERE, ModelVersion, ReleaseState, SegmentationRun


def is_shadow(model: ModelVersion) -> bool:
    """Return whether runs of a method count nowhere: those of a candidate that runs here.

    It is asked of the database: what a worker or a request holds may be older than a promotion.
    The guards of the tables ask the same.
    """
    found = ModelVersion.objects.filter(pk=model.pk, state=ReleaseState.CANDIDATE)
    return found.exclude(manifest__has_key=MADE_ELSEWHERE).exists()


def hold_of(visit: Visit, model: ModelVersion) -> Held | None:
    """Return what holds a visit against a run of a method; None where it may have one."""
    held = lock_of(visit)
    return None if held is None or is_shadow(model) else held


def require_open(run: SegmentationRun) -> None:
    """Refuse in words what the database would refuse of a run.

    Raises
    ------
    ValidationError
        If its visit is frozen or locked, and it is not of a candidate.
    """
    if not is_shadow(run.model_version):
        locking.require_open(run.visit)
