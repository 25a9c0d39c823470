"""The flags that the review compares its findings with."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from analytics.models import TrajectoryFlag
from mldtrial.trial.models import Patient, Study


def current_flags(patient: Patient) -> QuerySet[TrajectoryFlag]:
    """Return the current flags of a patient with what was asked and said, for the review only."""
    return _current().filter(patient=patient)


def flags_by_patient() -> dict[UUID, list[TrajectoryFlag]]:
    """Return every current flag by patient, with what was asked and said, for the review only."""
    flags: dict[UUID, list[TrajectoryFlag]] = defaultdict(list)
    for flag in _current():
        flags[flag.patient_id].append(flag)
    return dict(flags)


def _current() -> QuerySet[TrajectoryFlag]:
    found = TrajectoryFlag.objects.filter(is_current=True)
    return found.select_related("query", "run").prefetch_related("query__messages")


def studies(ids: Collection[UUID]) -> dict[UUID, Study]:
    """Return studies with the settings of their review."""
    return Study.objects.in_bulk(list(ids))
