"""Migrations with hundreds of triggers in a time that a first start may take.

django-pgtrigger lets Django build every related model anew for each trigger that is added or
removed. A trigger changes no model, and its statement is in the migration: without that, and with
the same statements sent, the migrations of an empty database take half the time.
"""

from typing import Any

from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger, RemoveTrigger


def build_no_models_for_triggers() -> None:
    """Let triggers be added to and removed from the state of migrations alone."""
    AddTrigger.state_forwards = _add
    RemoveTrigger.state_forwards = _remove


def _add(self: Any, app_label: str, state: ProjectState) -> None:
    options = state.models[app_label, self.model_name].options
    options["triggers"] = [*options.get("triggers", []), self.trigger]


def _remove(self: Any, app_label: str, state: ProjectState) -> None:
    options = state.models[app_label, self.model_name].options
    options["triggers"] = [one for one in options.get("triggers", []) if one.name != self.name]
