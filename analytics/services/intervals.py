"""Compute the intervals that somebody waits for, beside the pages, and keep them."""

import logging
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from analytics.models import IntervalEstimate, IntervalOrder, Waited
from analytics.selectors import agreement, agreement_intervals, cohort, relations
from analytics.selectors.agreement import MethodPair
from analytics.selectors.cohort import Filters
from analytics.selectors.intervals import kept
from analytics.selectors.samples import Sample, computed
from analytics.stats.ranked import Interval
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.selectors.asked import UnknownFilterError

log = logging.getLogger(__name__)

LOST_AFTER = timedelta(minutes=10)
"""A worker that has not come back by then is taken for lost."""
UNHEARD_AFTER = timedelta(seconds=15)
"""An order that nobody has begun by then is rung for again: its message may be lost."""
MOST_ATTEMPTS = 3
"""What has failed so often is left, and said to the person who waits."""
GIVEN_UP_FOR = timedelta(hours=1)
"""Then who asks again has it tried again: its cause may be gone."""
KEPT_FOR = timedelta(days=90)
Asked = Filters | MethodPair
"""What a page is of whose intervals somebody waits for."""


class Standing(StrEnum):
    """Where an order stands, for the page that waits for it."""

    WAITING = "waiting"
    UNHEARD = "unheard"
    """Nobody works at it; a worker has to be told once more."""
    FAILED = "failed"


def order(*, study: Study, by: Any, asked: Asked) -> bool:
    """Say that a person waits for intervals; return whether a worker has to be told."""
    mine, is_new = IntervalOrder.objects.get_or_create(**_whose(study, by, asked))
    if is_new:
        return True
    given_up = IntervalOrder.objects.filter(
        pk=mine.pk, attempts__gte=MOST_ATTEMPTS, rung_at__lt=Now() - GIVEN_UP_FOR
    )
    return bool(given_up.update(attempts=0, started_at=None, rung_at=Now()))


def standing(*, study: Study, by: Any, asked: Asked) -> Standing | None:
    """Return where the order of a person stands; None where nothing is ordered."""
    mine = IntervalOrder.objects.filter(**_whose(study, by, asked))
    found = mine.first()
    if found is None:
        return None
    # The last worker may have been lost as well, and then has not said so.
    is_left = mine.filter(_is_free()).exists()
    if found.attempts >= MOST_ATTEMPTS and is_left:
        return Standing.FAILED
    is_long_ago = mine.filter(rung_at__lt=Now() - UNHEARD_AFTER).exists()
    return Standing.UNHEARD if is_left and is_long_ago else Standing.WAITING


def note_ring(*, study: Study, by: Any, asked: Asked) -> None:
    """Keep that a worker was told again, so that it is not told at every look."""
    IntervalOrder.objects.filter(**_whose(study, by, asked)).update(rung_at=Now())


def _whose(study: Study, by: Any, asked: Asked) -> dict[str, Any]:
    mine = {"study": study, "user": by}
    if isinstance(asked, Filters):
        return {**mine, "kind": Waited.COHORT, **asdict(asked)}
    pair = {"tested": asked.tested, "reference": asked.reference}
    return {**mine, "kind": Waited.AGREEMENT, **pair}


def _is_free() -> Q:
    """Return what holds of an order that no worker is at."""
    return Q(started_at=None) | Q(started_at__lt=Now() - LOST_AFTER)


def execute_next() -> bool:
    """Compute and keep the intervals of the oldest order; return False if there is none.

    Each interval is kept as soon as it is there, under the hash of its numbers: what another
    worker computed meanwhile is the same, and what the records say by then is what counts. An
    order that fails is taken again, a few times, behind the others.
    """
    claimed = _claim()
    if claimed is None:
        return False
    try:
        _compute(claimed)
    except Exception:  # whatever it was: the next order has nothing to do with it
        log.exception("The intervals of an order could not be computed.")
        IntervalOrder.objects.filter(pk=claimed.pk).update(started_at=None, rung_at=Now())
    remove_old()
    return True


def _compute(claimed: IntervalOrder) -> None:
    wanted = _of_methods if claimed.kind == Waited.AGREEMENT else _of_cohort
    complete(wanted(claimed))
    claimed.delete()


def _of_cohort(claimed: IntervalOrder) -> list[Sample]:
    asked = Filters(**{one.name: getattr(claimed, one.name) for one in fields(Filters)})
    smallest = policies.smallest_group(claimed.user, claimed.study)
    try:
        part = cohort.part(claimed.study, user=claimed.user, filters=asked, smallest_group=smallest)
    except UnknownFilterError:
        # The site or the arm is no longer there for this person, whose page says so.
        return []
    return relations.samples(relations.planned(part.columns, smallest, part.filters))


def _of_methods(claimed: IntervalOrder) -> list[Sample]:
    study, user = claimed.study, claimed.user
    tested, reference = claimed.tested, claimed.reference
    there = agreement.methods(study, user=user)
    is_seen = tested in there and reference in there
    if tested is None or reference is None or not is_seen:
        return []
    if not policies.may(user, "view_impact", study):
        return []
    found = agreement.comparison(study, MethodPair(tested, reference), user=user)
    return list(agreement_intervals.planned([one.scan for one in found.scans]).samples.values())


def complete(samples: Iterable[Sample]) -> dict[str, Interval]:
    """Return the intervals of all samples, by key: those that are not kept are computed and kept.

    Each is kept as soon as it is there.
    """
    wanted = {sample.key: sample for sample in samples}
    known = kept(wanted)
    for key, sample in wanted.items():
        if key not in known:
            known[key] = found = computed(sample)
            IntervalEstimate.objects.bulk_create(
                [IntervalEstimate(
                    key=key, ci_low=found.low, ci_high=found.high, reason=found.reason
                )],
                ignore_conflicts=True,
            )  # fmt: skip
    return known


def remove_old() -> None:
    """Remove intervals that are computed anew if anybody asks, and orders that nobody waits for."""
    IntervalEstimate.objects.filter(computed_at__lt=Now() - KEPT_FOR).delete()
    IntervalOrder.objects.filter(ordered_at__lt=Now() - KEPT_FOR).delete()


@transaction.atomic
def _claim() -> IntervalOrder | None:
    waiting: QuerySet[IntervalOrder] = IntervalOrder.objects.filter(
        _is_free(), attempts__lt=MOST_ATTEMPTS
    ).select_related("study", "user", "tested", "reference")
    claimed = (
        waiting.order_by("attempts", "ordered_at")
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )
    if claimed is not None:
        IntervalOrder.objects.filter(pk=claimed.pk).update(
            started_at=Now(), attempts=F("attempts") + 1
        )
    return claimed
