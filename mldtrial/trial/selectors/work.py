"""What waits for a person: nothing that was declared not done, nobody who left the study."""

from typing import Any

from django.db.models import QuerySet

from mldtrial.trial import policies
from mldtrial.trial.models import Visit
from mldtrial.trial.policies import visible_to


def visits_without_gmfc(*, user: Any) -> QuerySet[Visit]:
    """Return visits whose GMFC-MLD this person may record and that have none, oldest first.

    Nothing is asked for once the follow-up of a patient has ended.
    """
    followed = Visit.objects.filter(gmfc_mld__isnull=True, patient__withdrawn_on__isnull=True)
    return (
        visible_to(user, followed)
        .filter(policies.patients_of(user, policies.ENTRY_ROLES, "patient__"))
        .select_related("patient__site", "patient__study")
        .order_by("date", "patient__subject_code")
    )
