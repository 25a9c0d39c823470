"""Write the rules for the images of a study, and put them in force.

What is in force never changes: a draft is written beside it, and coming into force makes it the
next version. Going back to an earlier version is a new version with its rules.
"""

import hashlib
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.services import locking
from mldtrial.trial.services.saving import store
from segmentation.imaging.protocol import words
from segmentation.imaging.protocol.rules import NAMES, Rule, RuleError, check
from segmentation.imaging.protocol.starting import STARTING_RULES
from segmentation.models import ProtocolVersion, VersionState
from segmentation.selectors import protocol as selectors

MOST_RULES = 200
"""A protocol with more rules is a table that was pasted twice."""


@transaction.atomic
def start_draft(*, study: Study, rules: list[Rule] | None = None, by: Any) -> ProtocolVersion:
    """Begin a draft; returns the one that exists already where no rules are given.

    Parameters
    ----------
    rules : list of Rule, optional
        What the draft begins with; the rules in force where none are given, and where there are
        none either, the starting set of the platform.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or rules are given while a draft is being written.
    """
    locked = _begin(study, by)
    known = selectors.draft(locked)
    if known is not None:
        if rules is None:
            return known
        raise ValidationError(
            "A draft is being written already. Put it in force or discard it first."
        )
    current = selectors.in_force(locked)
    if rules is None:
        rules = selectors.rules_of(current) if current is not None else list(STARTING_RULES)
    with because("Draft of the protocol rules"):
        return store(
            ProtocolVersion(
                study=locked, based_on=current, rules=[rule.as_json() for rule in rules]
            )
        )


@transaction.atomic
def add_rule(*, study: Study, rule: Rule, by: Any) -> ProtocolVersion:
    """Add a rule to the draft.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, nobody writes a draft, or the rule asks for nothing.
    """
    return _rewrite(study, lambda rules: [*rules, _checked(rule, rules)], "Rule added", rule, by)


@transaction.atomic
def change_rule(*, study: Study, rule: Rule, by: Any) -> ProtocolVersion:
    """Replace the rule of the draft that has the same key.

    Raises
    ------
    PermissionDenied, ValidationError
        As `add_rule`, or if the draft has no such rule.
    """

    def replaced(rules: list[Rule]) -> list[Rule]:
        _require_rule(rules, rule.key)
        others = [other for other in rules if other.key != rule.key]
        checked = _checked(rule, others)
        return [checked if other.key == rule.key else other for other in rules]

    return _rewrite(study, replaced, "Rule changed", rule, by)


@transaction.atomic
def remove_rule(*, study: Study, key: str, by: Any) -> ProtocolVersion:
    """Take a rule out of the draft.

    Raises
    ------
    PermissionDenied, ValidationError
        As `change_rule`.
    """
    rules = selectors.rules_of(selectors.draft(study))
    found = next((rule for rule in rules if rule.key == key), None)

    def without(rules: list[Rule]) -> list[Rule]:
        _require_rule(rules, key)
        return [rule for rule in rules if rule.key != key]

    return _rewrite(study, without, "Rule removed", found, by)


@transaction.atomic
def discard_draft(*, study: Study, by: Any) -> None:
    """Give a draft up; it stays on record.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or nobody writes a draft.
    """
    draft = _draft(_begin(study, by))
    draft.state = VersionState.DISCARDED
    with because("Draft of the protocol rules discarded"):
        store(draft)


@transaction.atomic
def put_in_force(*, study: Study, seen: str, reason: str, by: Any) -> ProtocolVersion:
    """Make the draft the version that images are held to.

    The visits are asked the new rules afterwards, see `segmentation.services.compliance`.

    Parameters
    ----------
    seen : str
        `mark` of the draft whose difference the person has seen.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, the draft is not the one that was seen, or
        it asks for what is in force already.
    """
    locked = _begin(study, by)
    draft = _draft(locked)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason, for example the protocol amendment."})
    if mark(draft) != seen:
        raise ValidationError(
            "The draft, or what is in force, has changed since you looked at the difference. "
            "Look at it again, then decide."
        )
    current = selectors.in_force(locked)
    if current is not None and current.rules == draft.rules:
        raise ValidationError(f"These are the rules of {current}, which is in force already.")
    with because(reason.strip()):
        if current is not None:
            current.state = VersionState.SUPERSEDED
            store(current)
        return _in_force(draft, reason, by)


def _in_force(draft: ProtocolVersion, reason: str, by: Any) -> ProtocolVersion:
    numbers = ProtocolVersion.objects.filter(study=draft.study)
    last = numbers.aggregate(last=Max("number"))["last"]
    draft.number = (last or 0) + 1
    draft.state = VersionState.IN_FORCE
    draft.reason = reason.strip()
    draft.put_in_force_by = by
    draft.in_force_since = timezone.now()
    return store(draft)


def mark(draft: ProtocolVersion) -> str:
    """Return what a draft and the version before it are recognised by: a hash of both."""
    current = selectors.in_force(draft.study)
    content = [draft.rules, None if current is None else current.number]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _begin(study: Study, by: Any) -> Study:
    # The set-up of the demonstration has nobody to ask.
    if by is not None:
        policies.require(by, "change_protocol", study)
    locking.require_open(study)
    return Study.objects.select_for_update().get(pk=study.pk)


def _draft(study: Study) -> ProtocolVersion:
    found = selectors.draft(study)
    if found is None:
        raise ValidationError("Nobody is writing a draft. Open the rules and begin one.")
    return found


def _rewrite(study: Study, change: Any, what: str, rule: Rule | None, by: Any) -> ProtocolVersion:
    draft = _draft(_begin(study, by))
    draft.rules = [one.as_json() for one in change(selectors.rules_of(draft))]
    with because(f"{what}: {_named(rule)}" if rule is not None else what):
        return store(draft)


def _named(rule: Rule) -> str:
    return f"{rule.sequence} {NAMES[rule.quantity]}, {words.asked(rule)}"


def _checked(rule: Rule, others: list[Rule]) -> Rule:
    try:
        check(rule)
    except RuleError as error:
        raise ValidationError(error.faults) from error
    if len(others) >= MOST_RULES:
        raise ValidationError(f"A protocol has at most {MOST_RULES} rules.")
    if any(_asks_the_same(rule, other) for other in others):
        raise ValidationError(
            "Another rule asks the same of the same scanners with the same severity: change that."
        )
    return rule


def _asks_the_same(one: Rule, other: Rule) -> bool:
    def subject(rule: Rule) -> tuple[object, ...]:
        scanners = (rule.manufacturer, rule.model.casefold(), rule.field_strength_t)
        return (rule.sequence, rule.quantity, rule.severity, *scanners)

    return subject(one) == subject(other)


def _require_rule(rules: list[Rule], key: str) -> None:
    if not any(rule.key == key for rule in rules):
        raise ValidationError("The draft has no such rule any more; open the page again.")
