"""Reading the settings of a study and how they came to be, from the history."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.http import Http404

from mldtrial.trial.models import Site, Study, VisitDefinition
from mldtrial.trial.policies import visible_to

SILENT = ("id", "created_at", "settings_version", "study", "origin")
"""Columns that say nothing to people about a change of settings."""


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """One change of a setting: what changed, by whom, why.

    Attributes
    ----------
    steps : tuple of str
        ``field: old → new``, or the words for something added.
    """

    at: datetime
    by: str
    about: str
    steps: tuple[str, ...]
    reason: str


def settings_history(study: Study) -> list[SettingsChange]:
    """Return how the settings of a study came to be, the latest change first.

    For a study that the person may see the settings of; the rows are its own history.
    """
    found: list[SettingsChange] = []
    sources: tuple[tuple[type[models.Model], str, str], ...] = (
        (Study, "pgh_obj_id", "Study"),
        (Site, "study_id", "Site"),
        (VisitDefinition, "study_id", "Visit"),
    )
    for model, column, noun in sources:
        events = apps.get_model("trial", f"{model.__name__}Event").objects.filter(
            **{column: study.pk}
        )
        found += _changes(model, noun, events.order_by("pgh_id"))
    return sorted(found, key=lambda change: change.at, reverse=True)


def site(of: Study, site_id: UUID, *, user: Any) -> Site:
    """Return a site of a study.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = visible_to(user, Site.objects.filter(study=of, pk=site_id)).first()
    if found is None:
        raise Http404("No such site.")
    return found


def _changes(model: type[models.Model], noun: str, events: Any) -> list[SettingsChange]:
    before: dict[UUID, Any] = {}
    found = []
    for event in events:
        steps = _steps(model, before.get(event.pgh_obj_id), event)
        before[event.pgh_obj_id] = event
        if steps:
            about = f"{noun} {event.code}"
            context = event.pgh_context or {}
            found.append(
                SettingsChange(
                    at=event.pgh_created_at,
                    by=context.get("user_name", ""),
                    about=about,
                    steps=steps,
                    reason=context.get("reason", ""),
                )
            )
    return found


def _steps(model: type[models.Model], old: Any, new: Any) -> tuple[str, ...]:
    if old is None:
        return (f"added: {new.name}",)
    steps = []
    for field in model._meta.concrete_fields:
        if field.name in SILENT:
            continue
        was, now = getattr(old, field.attname), getattr(new, field.attname)
        if was != now:
            label = str(field.verbose_name)
            steps.append(f"{label}: {_words(field, was)} → {_words(field, now)}")
    return tuple(steps)


def _words(field: "models.Field[Any, Any]", value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)
