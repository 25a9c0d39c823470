"""Whose images may no longer be used."""

from collections import defaultdict
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from mldtrial.trial.models import Disposition, Patient
from mldtrial.trial.models import DispositionStep as Step
from mldtrial.trial.rules.participation import participation


def without_consent_for_images(steps: QuerySet[Disposition]) -> set[UUID]:
    """Return the patients who have withdrawn it and not given it anew, in a few queries for all.

    Parameters
    ----------
    steps : QuerySet
        The steps to look at, narrowed to whom they are for.
    """
    counting = steps.filter(is_void=False)
    withdrawn = counting.filter(step=Step.IMAGES_WITHDRAWN)
    rows = counting.filter(patient__in=withdrawn.values("patient"))
    found: dict[UUID, list[tuple[str, date]]] = defaultdict(list)
    for patient_id, step, day in rows.values_list("patient_id", "step", "happened_on"):
        found[patient_id].append((step, day))
    return {key for key, own in found.items() if participation(own).images_withdrawn_on}


def has_ended_for_images(patient: Patient) -> bool:
    """Return whether no image of a patient may be used or shown any more."""
    return bool(without_consent_for_images(Disposition.objects.filter(patient=patient)))
