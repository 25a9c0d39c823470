"""Change the settings of a study: each change has a reason and makes a new version.

A setting changes how data are read and judged, never the data: windows are judged again here,
flags by the next review of the series.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import Site, Study, TreatmentKind, VisitDefinition
from mldtrial.trial.services import deviations, studies
from mldtrial.trial.services.saving import store

STUDY_SETTINGS = frozenset(
    {
        "name",
        "subtype_rule",
        "presymptomatic_rule",
        "site_roles_see_loads",
        "requires_mfa",
        "tolerance_same_ml",
        "tolerance_same_percent",
        "tolerance_changed_ml",
        "tolerance_changed_percent",
        "jump_ml_per_month",
        "largest_load_ml",
        "largest_load_percent",
        "pairing_days_late_infantile",
        "pairing_days_others",
        "scan_days_from_visit",
        "severity_tolerance",
        "severity_rule",
        "sponsor_name",
        "retain_patient_characteristics",
        "retain_safe_private",
        "accrual_target",
        "accrual_target_on",
    }
)
"""What is changed here; the blinding of a study ends by an unblinding, not by a form."""

SITE_SETTINGS = frozenset({"name", "time_zone"})
DEFINITION_SETTINGS = frozenset(
    {
        "name",
        "anchor",
        "anchor_therapy",
        "target_day",
        "window_before_days",
        "window_after_days",
        "has_scans",
        "has_gmfc_mld",
        "is_retired",
    }
)
"""Code and number of a planned visit stay: visits and exports refer to them."""


@transaction.atomic
def change_settings(*, study: Study, changes: dict[str, Any], reason: str, by: Any) -> Study:
    """Change settings of a study.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or a value is out of range.
    """
    locked = _begin(study, changes, STUDY_SETTINGS, reason, by)
    with because(reason.strip()):
        _set(locked, changes)
        locked.settings_version += 1
        return store(locked)


@transaction.atomic
def add_site(*, study: Study, code: str, name: str, time_zone: str, reason: str, by: Any) -> Site:
    """Add a site to a study.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, the code is taken or the zone unknown.
    """
    locked = _begin(study, {}, SITE_SETTINGS, reason, by)
    with because(reason.strip()):
        _next_version(locked)
        return studies.create_site(study=locked, code=code, name=name, time_zone=time_zone)


@transaction.atomic
def change_site(*, site: Site, changes: dict[str, Any], reason: str, by: Any) -> Site:
    """Rename a site or move its clock; its code stays.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or the time zone is unknown.
    """
    study = _begin(site.study, changes, SITE_SETTINGS, reason, by)
    locked = Site.objects.select_for_update(of=("self",)).get(pk=site.pk)
    _set(locked, changes)
    studies.require_time_zone(locked.time_zone)
    with because(reason.strip()):
        _next_version(study)
        return store(locked)


@transaction.atomic
def add_definition(
    *, study: Study, values: dict[str, Any], reason: str, by: Any
) -> VisitDefinition:
    """Add a visit to the schedule.

    Parameters
    ----------
    values : dict
        ``code`` and ``number`` together with any of `DEFINITION_SETTINGS`.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or code or number are taken.
    """
    locked = _begin(study, values, DEFINITION_SETTINGS | {"code", "number"}, reason, by)
    definition = VisitDefinition(study=locked, **values)
    _check_therapy(definition)
    with because(reason.strip()):
        _next_version(locked)
        store(definition)
    deviations.review_study(study=locked)
    return definition


@transaction.atomic
def change_definition(
    *, definition: VisitDefinition, changes: dict[str, Any], reason: str, by: Any
) -> VisitDefinition:
    """Change or retire a visit of the schedule; the windows of visits are judged again.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or a value is out of range.
    """
    study = _begin(definition.study, changes, DEFINITION_SETTINGS, reason, by)
    locked = VisitDefinition.objects.select_for_update(of=("self",)).get(pk=definition.pk)
    _set(locked, changes)
    _check_therapy(locked)
    with because(reason.strip()):
        _next_version(study)
        store(locked)
    deviations.review_study(study=study)
    return locked


def _begin(
    study: Study, changes: dict[str, Any], allowed: frozenset[str], reason: str, by: Any
) -> Study:
    policies.require(by, "change_settings", study)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason for the change."})
    if unknown := set(changes) - allowed:
        raise ValidationError(f"This cannot be changed here: {', '.join(sorted(unknown))}.")
    return Study.objects.select_for_update().get(pk=study.pk)


def _set(record: Study | Site | VisitDefinition, changes: dict[str, Any]) -> None:
    for field, value in changes.items():
        setattr(record, field, value)


def _next_version(study: Study) -> None:
    study.settings_version += 1
    store(study)


def _check_therapy(definition: VisitDefinition) -> None:
    if definition.anchor_therapy and definition.anchor_therapy not in TreatmentKind.values:
        raise ValidationError({"anchor_therapy": "Choose one of the listed kinds of treatment."})
