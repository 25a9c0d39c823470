"""Compute the intervals that somebody waits for, beside the pages, and keep them."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now

from analytics.models import IntervalEstimate, IntervalOrder
from analytics.selectors import cohort, relations
from analytics.selectors.cohort import Filters
from analytics.selectors.intervals import kept
from analytics.selectors.samples import computed
from mldtrial.trial import policies
from mldtrial.trial.models import Study

LOST_AFTER = timedelta(minutes=10)
"""A worker that has not come back by then is taken for lost."""
UNHEARD_AFTER = timedelta(seconds=15)
"""An order that nobody has begun by then is rung for again: its message may be lost."""
KEPT_FOR = timedelta(days=90)


def order(*, study: Study, by: Any, filters: Filters) -> bool:
    """Say that a person waits for intervals; return whether a worker has to be told."""
    _, is_new = IntervalOrder.objects.get_or_create(
        study=study, user=by, stratum=filters.stratum, subtype=filters.subtype
    )
    return is_new


def is_unheard(*, study: Study, by: Any, filters: Filters) -> bool | None:
    """Return whether nobody works at what a person waits for; None where nothing is ordered."""
    mine = IntervalOrder.objects.filter(
        study=study, user=by, stratum=filters.stratum, subtype=filters.subtype
    )
    unheard = Q(started_at=None, ordered_at__lt=Now() - UNHEARD_AFTER)
    lost = Q(started_at__lt=Now() - LOST_AFTER)
    states = mine.annotate(
        is_unheard=ExpressionWrapper(unheard | lost, output_field=BooleanField(null=True))
    ).values_list("is_unheard", flat=True)
    return next(map(bool, states), None)


def execute_next() -> bool:
    """Compute and keep the intervals of the oldest order; return False if there is none.

    Each interval is kept as soon as it is there, under the hash of its numbers: what another
    worker computed meanwhile is the same, and what the records say by then is what counts.
    """
    claimed = _claim()
    if claimed is None:
        return False
    asked = Filters(claimed.stratum, claimed.subtype)
    points = cohort.cohort_points(claimed.study, user=claimed.user, filters=asked)
    smallest = policies.smallest_group(claimed.user, claimed.study)
    wanted = {one.key: one for one in relations.samples(relations.planned(points, smallest))}
    known = kept(wanted)
    for key, sample in wanted.items():
        if key not in known:
            interval = computed(sample)
            IntervalEstimate.objects.bulk_create(
                [IntervalEstimate(
                    key=key, ci_low=interval.low, ci_high=interval.high, reason=interval.reason
                )],
                ignore_conflicts=True,
            )  # fmt: skip
    claimed.delete()
    remove_old()
    return True


def remove_old() -> None:
    """Remove intervals that are computed anew if anybody asks, and orders that nobody waits for."""
    IntervalEstimate.objects.filter(computed_at__lt=Now() - KEPT_FOR).delete()
    IntervalOrder.objects.filter(ordered_at__lt=Now() - KEPT_FOR).delete()


@transaction.atomic
def _claim() -> IntervalOrder | None:
    waiting: QuerySet[IntervalOrder] = IntervalOrder.objects.filter(
        Q(started_at=None) | Q(started_at__lt=Now() - LOST_AFTER)
    ).select_related("study", "user")
    claimed = (
        waiting.order_by("ordered_at").select_for_update(skip_locked=True, of=("self",)).first()
    )
    if claimed is not None:
        IntervalOrder.objects.filter(pk=claimed.pk).update(started_at=Now())
    return claimed
