"""Set up a study: sites, people, schedule."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.accounts.services import sessions
from mldtrial.audit.models import AccessAction
from mldtrial.trial import rights
from mldtrial.trial.models import Membership, Origin, Site, Study, VisitDefinition
from mldtrial.trial.rules.calendar import today_in
from mldtrial.trial.services import access
from mldtrial.trial.services.saving import store

DEFAULT_SCHEDULE = (
    ("M00", "Baseline", "1", 0, 14),
    ("M06", "Month 6", "2", 183, 14),
    ("M12", "Month 12", "3", 365, 30),
    ("M18", "Month 18", "4", 548, 30),
    ("M24", "Month 24", "5", 731, 30),
    ("M36", "Month 36", "6", 1096, 60),
)
"""Typical MRI timing with the default windows: 14 days to month 6, 30 to month 24, then 60."""


@transaction.atomic
def create_study(
    *, code: str, name: str, origin: str = Origin.CLINICAL, blinding: str, **settings: Any
) -> Study:
    """Create a study with the default schedule.

    Raises
    ------
    ValidationError
        If the code is taken or a setting is out of range.
    """
    study = Study(code=code, name=name, origin=origin, blinding=blinding, **settings)
    store(study)
    for visit_code, visit_name, number, target_day, window in DEFAULT_SCHEDULE:
        definition = VisitDefinition(
            study=study,
            code=visit_code,
            name=visit_name,
            number=Decimal(number),
            target_day=target_day,
            window_before_days=window,
            window_after_days=window,
        )
        store(definition)
    return study


def create_site(*, study: Study, code: str, name: str, time_zone: str = "UTC") -> Site:
    """Add a site to a study.

    Raises
    ------
    ValidationError
        If the code is taken in this study, or the time zone is unknown.
    """
    require_time_zone(time_zone)
    return store(Site(study=study, code=code, name=name, time_zone=time_zone))


def require_time_zone(time_zone: str) -> None:
    """Refuse a time zone that does not exist.

    Raises
    ------
    ValidationError
        At the field, with an example of one that does.
    """
    try:
        today_in(time_zone)
    except ValueError as error:
        raise ValidationError({"time_zone": str(error)}) from error


@transaction.atomic
def grant_membership(
    *, user: Any, study: Study, role: str, site: Site | None = None, may_export_rows: bool = False
) -> Membership:
    """Give a person a role, at one site for site roles and in the whole study otherwise.

    A role that has ended begins again. Sessions of the person end.

    Raises
    ------
    ValidationError
        If a site role has no site, another role has one, or the role is held already.
    """
    if site is not None and site.study_id != study.pk:
        raise ValidationError({"site": "This site belongs to another study."})
    ended = Membership.objects.filter(
        user=user, study=study, role=role, site=site, is_active=False
    ).first()
    membership = ended or Membership(user=user, study=study, role=role, site=site)
    membership.is_active, membership.may_export_rows = True, may_export_rows
    store(membership)
    rights.forget()
    sessions.end_all(user=user)
    access.log_membership(membership, AccessAction.ROLE_GRANTED)
    return membership
