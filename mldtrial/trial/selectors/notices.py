"""Reading how a person hears of work."""

from typing import Any

from django.http import Http404

from mldtrial.trial import policies
from mldtrial.trial.models import Notices
from mldtrial.trial.policies import visible_to


def notices_of(user: Any) -> Notices | None:
    """Return a person's own choices; None before the first one."""
    return visible_to(user, Notices.objects.all()).first()


def owner_of_calendar(sha256: str) -> Any:
    """Return the person to whom a calendar address belongs.

    Raises
    ------
    Http404
        If it was revoked or never was, or the person may not sign in any more.
    """
    found = Notices.objects.filter(calendar_sha256=sha256).select_related("user").first()
    if found is None or not policies.is_known(found.user):
        raise Http404("No such calendar.")
    return found.user
