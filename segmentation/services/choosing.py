"""Choose which run of a visit and a method makes its load."""

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from mldtrial.audit.context import because
from mldtrial.audit.guards import refusal
from mldtrial.audit.models import LockLevel
from mldtrial.trial.models import Visit
from mldtrial.trial.selectors.locks import held_ids
from segmentation.models import JobState, ModelVersion, SegmentationRun
from segmentation.selectors.left_out import left_out
from segmentation.selectors.usable import best_first

BEST_FIRST = [
    *best_first("t1w_scan__"), *best_first("t2w_scan__"), F("queued_at").desc(), F("pk").asc(),
]  # fmt: skip
"""In which order the runs of a visit count: that of the images that would be chosen today."""
CHOSEN_AGAIN = "Chosen again which segmentation counts"


@transaction.atomic
def flag_for_analysis(*, visit: Visit, model: ModelVersion) -> SegmentationRun | None:
    """Mark the one run of a visit and a model that pages and exports use.

    3D before 2D, then the repeat made last, whenever it was uploaded: of the T1w, then of the T2w.
    A voided run never, nor one of a scan that is left out, by the protocol rules or by a person.
    """
    done = SegmentationRun.objects.filter(visit=visit, model_version=model)
    best = _usable(done).order_by(*BEST_FIRST).first()
    keep = Q(pk=best.pk) if best else Q(pk=None)
    done.filter(analysis_flag=True).exclude(keep).update(analysis_flag=False)
    if best is not None and not best.analysis_flag:
        done.filter(keep).update(analysis_flag=True)
        best.analysis_flag = True
    return best


def choose_again(visit: Visit) -> None:
    """Choose again which runs of a visit make its loads, after its usable scans have changed."""
    done = SegmentationRun.objects.filter(visit=visit).select_related("model_version")
    for model in {run.model_version for run in done}:
        flag_for_analysis(visit=visit, model=model)


def choose_outstanding() -> int:
    """Choose again at open visits where another run than the best one counts; returns how many.

    They were chosen before the order of repeats was what it is. What a frozen or locked visit
    shows does not move; it is chosen again once the visit is open.
    """
    best = (
        _usable(SegmentationRun.objects.all())
        .order_by("visit_id", "model_version_id", *BEST_FIRST)
        .distinct("visit_id", "model_version_id")
    )
    others = SegmentationRun.objects.filter(pk__in=best.values("pk"), analysis_flag=False)
    visits = Visit.objects.filter(pk__in=others.values("visit"))
    held = held_ids(at_least=LockLevel.FROZEN)
    return sum(_chosen_again(visit) for visit in visits if visit.pk not in held)


def _chosen_again(visit: Visit) -> bool:
    try:
        with transaction.atomic(), because(CHOSEN_AGAIN):
            Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
            choose_again(visit)
    except IntegrityError as error:
        if refusal(error):
            return False  # held since the look above
        raise
    return True


def _usable(runs: QuerySet[SegmentationRun]) -> QuerySet[SegmentationRun]:
    usable = runs.filter(state=JobState.SUCCEEDED, is_voided=False)
    return usable.exclude(left_out("t1w_scan")).exclude(left_out("t2w_scan"))
