"""The loads of every scan that a study has of the method that counts, for what repeats say."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from analytics.selectors import loads
from analytics.selectors.trained import trained_on
from analytics.stats.rescans import Scan
from mldtrial.trial.models import ScanState, Study
from segmentation.models import JobState, SegmentationRun
from segmentation.selectors.left_out import left_out


@dataclass(frozen=True, slots=True)
class Measured:
    """The loads of a study that can repeat one another.

    Attributes
    ----------
    scans : list of Scan
        Those whose day is known.
    n_undated : int
        The others: taken for the day of their visit, scans weeks apart would be repeats.
    n_unnamed : int
        Of the scans, those whose images do not say a scanner: two of them count as of one.
    n_trained_on : int
        Patients left out: a network repeats what it has learned from too well.
    is_training_known : bool
        False where it is not on record whom the method has learned from, and nobody is left out.
    """

    scans: list[Scan]
    n_undated: int
    n_unnamed: int
    n_trained_on: int
    is_training_known: bool


def measured(study: Study, *, user: Any) -> Measured:
    """Return every load of the method that counts that a person may see, repeats of a visit too.

    A visit counts with one of its loads; it has others where more images were segmented, and these
    are neither voided nor left out. An image is known by its voxels: sent
    twice, it is one. Patients whom the method has learned from are left out.
    """
    method = loads.active_model()
    runs = SegmentationRun.objects.filter(
        Q(t2w_scan=None) | Q(t2w_scan__state=ScanState.IMPORTED),
        visit__patient__study=study,
        model_version=method,
        state=JobState.SUCCEEDED,
        is_voided=False,
        t1w_scan__state=ScanState.IMPORTED,
    )
    runs = runs.exclude(left_out("t1w_scan")).exclude(left_out("t2w_scan"))
    images = {
        pk: frozenset(voxels for voxels in both if voxels)
        for pk, *both in runs.values_list(
            "pk", "t1w_scan__voxels_sha256", "t2w_scan__voxels_sha256"
        )
    }
    # Those runs and no others: one may have ended since the first question.
    same = SegmentationRun.objects.filter(pk__in=list(images))
    all_loads = loads.measured_loads(study, same, user=user)
    trained = set() if method is None else trained_on(study, method)
    loads_found = [one for one in all_loads if one.patient_id not in (trained or ())]
    of_known_day = [load for load in loads_found if load.days_from_visit is not None]
    dated = [
        Scan(
            subject=str(load.patient_id),
            day=load.scanned_on.toordinal(),
            value=load.load_ml,
            acq_stratum=load.acq_stratum,
            acquisition=load.acquisition,
            images=images[load.run_id],
        )
        for load in of_known_day
    ]
    return Measured(
        dated,
        n_undated=len(loads_found) - len(dated),
        n_unnamed=sum(not load.acquisition.t1w.scanner.is_known for load in of_known_day),
        n_trained_on=len({one.patient_id for one in all_loads} & (trained or set())),
        is_training_known=trained is not None,
    )
