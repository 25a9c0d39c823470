"""The flags that the review compares its findings with."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from analytics.models import TrajectoryFlag
from mldtrial.trial.models import Patient, Study


def current_flags(patient: Patient) -> QuerySet[TrajectoryFlag]:
    """Return the current flags of a patient with their queries, for the review only."""
    return TrajectoryFlag.objects.filter(patient=patient, is_current=True).select_related("query")


def flags_by_patient() -> dict[UUID, list[TrajectoryFlag]]:
    """Return every current flag by patient, for the review only."""
    flags: dict[UUID, list[TrajectoryFlag]] = defaultdict(list)
    for flag in TrajectoryFlag.objects.filter(is_current=True):
        flags[flag.patient_id].append(flag)
    return dict(flags)


def studies(ids: Collection[UUID]) -> dict[UUID, Study]:
    """Return studies with the settings of their review."""
    return Study.objects.in_bulk(list(ids))
