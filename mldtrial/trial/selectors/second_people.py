"""Who may decide what a person has asked for."""

from typing import Any

from django.contrib.auth import get_user_model

from mldtrial.trial import policies
from mldtrial.trial.models import Membership, Study


def others_who_may(action: str, study: Study, *, user: Any) -> list[Any]:
    """Return the active people besides this one whose role of a study allows an action, by name."""
    held = Membership.objects.filter(study=study, role__in=policies.ACTIONS[action], is_active=True)
    people = get_user_model().objects.filter(is_active=True, memberships__in=held)
    return list(people.exclude(pk=user.pk).distinct().order_by("full_name", "username"))
