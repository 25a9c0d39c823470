"""Who may see uploads, runs, results and models."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models
from django.db.models import Q, QuerySet

from mldtrial.trial import policies as trial
from segmentation.models import (
    ImageExport,
    IntervalCalibration,
    MaskOverlap,
    MaskReview,
    ModelEvaluation,
    ModelPromotion,
    ModelVersion,
    ProtocolCheck,
    ProtocolFinding,
    ProtocolVersion,
    ReleaseState,
    ScannedOn,
    Scanner,
    ScannerChange,
    ScanQuality,
    ScanSetAside,
    SegmentationBatch,
    SegmentationResult,
    SegmentationRun,
    TissueMeasurement,
    TissueVolume,
    TrainingCase,
    TrainingMember,
    TrainingRun,
    TrainingSet,
    Transfer,
    Upload,
)

ModelT = TypeVar("ModelT", bound=models.Model)


def _transfers(user: Any) -> Q:
    """Return the person's own, while the role that lets scans be sent is held at their site."""
    may_send = trial.patients_of(user, trial.ACTIONS["upload_scan"], "visit__patient__")
    return Q(sent_by=user) & may_send


def _at_visit(user: Any) -> Q:
    return trial.patients_of(user, trial.PATIENT_ROLES, "visit__patient__")


def _of_study_for_overseers(user: Any) -> Q:
    overseers = trial.memberships(user).filter(role__in=trial.OVERSEERS)
    return Q(study__in=overseers.values("study"))


def _masks_given(user: Any) -> Q:
    """Return the person's own, while the role is held, and all for who oversees reviews."""
    own = trial.memberships(user).filter(role__in=trial.ACTIONS["review_mask"])
    return Q(reviewer=user, run__visit__patient__study__in=own.values("study")) | trial.patients_of(
        user, trial.ACTIONS["view_mask_reviews"], "run__visit__patient__"
    )


def _trainings(user: Any) -> Q:
    held = trial.memberships(user).filter(role__in=trial.ACTIONS["train_model"])
    return Q(study__in=held.values("study"))


def _rules(user: Any) -> Q:
    held = trial.memberships(user).filter(role__in=trial.ACTIONS["view_settings"])
    return Q(study__in=held.values("study"))


def _results(user: Any) -> Q:
    """Return the loads a person may see: of a method that does not count yet, who may compare.

    Such a load says what the method would change, and who could prefer a method by that is not
    told: nor once the method was retired without ever having counted.
    """
    once = ModelVersion.pgh_event_model.objects.filter(state=ReleaseState.ACTIVE).values("pgh_obj")
    counted = Q(run__model_version__state=ReleaseState.ACTIVE) | Q(
        run__model_version__state=ReleaseState.RETIRED, run__model_version__in=once
    )
    may_compare = trial.patients_of(user, trial.ACTIONS["view_impact"], "run__visit__patient__")
    return trial.loads_of(user, "run__visit__patient__") & (counted | may_compare)


def _of_everybody(user: Any) -> Q:
    """Return what everybody sees who has a role in any study: facts about methods."""
    return Q(pk__isnull=not trial.held(user))


def _measured(user: Any) -> Q:
    """Return what was measured on phantoms, and of patients what their study's roles may see.

    Cases that are patients hold exact loads of all sites, and say what a method shows that does
    not count yet.
    """
    held = trial.memberships(user).filter(role__in=trial.ACTIONS["view_impact"])
    return _of_everybody(user) & Q(study__isnull=True) | Q(study__in=held.values("study"))


VISIBLE: dict[type[models.Model], Callable[[Any], Q]] = {
    Transfer: _transfers,
    Upload: lambda user: trial.patients_of(user, trial.PATIENT_ROLES, "visit__patient__"),
    ScanQuality: lambda user: trial.patients_of(
        user, trial.PATIENT_ROLES, "scan__visit__patient__"
    ),
    ScanSetAside: lambda user: trial.patients_of(
        user, trial.PATIENT_ROLES, "scan__visit__patient__"
    ),
    SegmentationRun: lambda user: trial.patients_of(user, trial.PATIENT_ROLES, "visit__patient__"),
    MaskReview: _masks_given,
    SegmentationResult: _results,
    # Of a method that does not count yet as well: for who may see what it would change.
    MaskOverlap: lambda user: trial.patients_of(
        user, trial.ACTIONS["view_impact"], "run__visit__patient__"
    ),
    TissueMeasurement: lambda user: trial.loads_of(user, "run__visit__patient__"),
    TissueVolume: lambda user: trial.loads_of(user, "run__visit__patient__"),
    ImageExport: _of_study_for_overseers,
    SegmentationBatch: _of_study_for_overseers,
    ProtocolVersion: _rules,
    ProtocolCheck: _at_visit,
    ProtocolFinding: _at_visit,
    Scanner: lambda user: trial.patients_of(user, trial.PATIENT_ROLES),
    ScannerChange: lambda user: trial.patients_of(user, trial.PATIENT_ROLES, "scanner__"),
    ScannedOn: lambda user: trial.patients_of(user, trial.PATIENT_ROLES, "scan__visit__patient__"),
    ModelVersion: _of_everybody,
    ModelEvaluation: _measured,
    IntervalCalibration: _of_everybody,
    # Who signed is on the page of the method; the numbers that were signed are loads.
    ModelPromotion: lambda user: Q(pk__isnull=not may_with_models(user, "view_impact")),
    TrainingSet: _of_everybody,
    TrainingRun: _trainings,
    # Who a made-up name stands for is told to who oversees the masks, never to who trains.
    TrainingCase: lambda user: trial.patients_of(
        user, trial.ACTIONS["view_mask_reviews"], "review__run__visit__patient__"
    ),
    # Who was in it is told with the patient; a patient who is not known here, nowhere.
    TrainingMember: lambda user: trial.patients_of(user, trial.PATIENT_ROLES, "patient__"),
}


def may_with_models(user: Any, action: str) -> bool:
    """Return whether a person may do an action on methods, which belong to no study.

    Raises
    ------
    KeyError
        If the action is not declared.
    """
    allowed = trial.ACTIONS[action]
    return any(membership.role in allowed for membership in trial.held(user))


IN_THE_TRAIL = {
    **VISIBLE,
    Transfer: VISIBLE[Upload],
    MaskReview: lambda user: trial.patients_of(user, trial.OVERSEERS, "run__visit__patient__"),
    TrainingRun: _of_study_for_overseers,
}
"""Who may see the history of the rows: what became of a transfer, also who did not send it; of a
judgement not who gave it, since the trail names the patient that the review id hides."""


def visible_to(user: Any, queryset: QuerySet[ModelT]) -> QuerySet[ModelT]:
    """Narrow a queryset to the rows a person may see; nothing for nobody.

    A run is visible with its state to every role that sees the patient; its result,
    which holds the load, only to the roles that may see loads.

    Raises
    ------
    KeyError
        If the model has no rule.
    """
    rule = VISIBLE[queryset.model]
    if not trial.is_known(user):
        return queryset.none()
    return queryset.filter(rule(user))
