"""Trainings as their page shows them, and the studies that could be trained on."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from mldtrial.trial import policies as trial
from mldtrial.trial.models import Study
from segmentation.models import TrainingRun
from segmentation.policies import visible_to
from segmentation.selectors.mask_reviews import approved


@dataclass(frozen=True, slots=True)
class Material:
    """A study, and how many masks and patients a training could take from it."""

    study: Study
    masks: int
    patients: int


def trainings(*, user: Any) -> QuerySet[TrainingRun]:
    """Return the trainings of the studies of a person, the latest first, with their counts."""
    is_used = Q(cases__left_out="")
    return (
        visible_to(user, TrainingRun.objects.all())
        .select_related("study", "ordered_by", "model_version")
        .annotate(
            used=Count("cases", filter=is_used),
            held_out=Count("cases", filter=is_used & Q(cases__fold__isnull=True)),
            not_used=Count("cases", filter=~is_used),
        )
    )


def training(training_id: UUID, *, user: Any) -> TrainingRun:
    """Return one training.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = trainings(user=user).filter(pk=training_id).first()
    if found is None:
        raise Http404("No such training.")
    return found


def material(*, user: Any) -> list[Material]:
    """Return the studies that a person may train on, with what is approved in each."""
    held = trial.memberships(user).filter(role__in=trial.ACTIONS["train_model"])
    found = []
    for study in Study.objects.filter(pk__in=held.values("study")).order_by("code"):
        reviews = approved().filter(run__visit__patient__study=study)
        patients = reviews.values("run__visit__patient").distinct().count()
        found.append(Material(study, reviews.count(), patients))
    return found
