"""Things that can be done with a record on its own page, each with its form: asked, done, refused.

A refused form keeps its words and its reasons, even where the act is no longer possible.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest

from mldtrial.trial import policies
from mldtrial.trial.forms.base import ServiceForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that can be done with a record: its policy, its form, its service."""

    name: str
    policy: str
    title: str
    submit: str
    done: str
    states: tuple[str, ...]
    """States of the record in which it is offered."""
    make: Callable[[Any, Any], ServiceForm]
    """Makes the form from the record and what was typed."""
    do: Callable[[Any, Any, Any], Any]
    """Calls the service with the record, the form and the person."""
    note: Callable[[Any], str] = lambda _record: ""
    """What to know before typing; empty for nothing."""
    is_open: bool = False
    """The form is shown without being asked for."""
    subject: Callable[[Any], Any] = lambda record: record
    """The record that the policy is asked about, where it is not this one."""


Acts = Mapping[str, Act]


def by_name(*acts: Act) -> dict[str, Act]:
    """Return acts by their name, in order; the first is meant where a form names none."""
    return {act.name: act for act in acts}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that was not done, and the form that says why."""

    act: Act
    form: ServiceForm


def perform(request: HttpRequest, record: Any, acts: Acts) -> Refusal | None:
    """Do what was asked for; None where it was done and said.

    Raises
    ------
    BadRequest, PermissionDenied
        If there is no such act, or the person may not.
    """
    act = acts.get(request.POST.get("action", next(iter(acts))))
    if act is None:
        raise BadRequest("This cannot be done here.")
    policies.require(request.user, act.policy, act.subject(record))
    form = act.make(record, request.POST)
    if form.submit(lambda: act.do(record, form, request.user)) is not None:
        messages.success(request, act.done)
        return None
    return Refusal(act, form)


def offered(
    request: HttpRequest, record: Any, acts: Acts, refused: Refusal | None
) -> list[dict[str, Any]]:
    """Return what the person may do now, and what was refused, each with its form."""
    shown = []
    for act in acts.values():
        was_refused = refused is not None and refused.act is act
        is_possible = record.state in act.states and policies.may(
            request.user, act.policy, act.subject(record)
        )
        if not (is_possible or was_refused):
            continue
        form = refused.form if refused is not None and was_refused else act.make(record, None)
        form.auto_id = f"{act.name}_%s"
        shown.append(
            {
                "act": act,
                "form": form,
                "note": act.note(record),
                "is_open": was_refused or act.is_open,
            }
        )
    return shown
