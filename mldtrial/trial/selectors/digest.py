"""What a person's e-mail digest and calendar say: counts and subject codes, nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mldtrial.trial import policies
from mldtrial.trial.models import QueryState
from mldtrial.trial.rules.ics import Event
from mldtrial.trial.rules.schedule import Standing
from mldtrial.trial.selectors.queries import all_queries
from mldtrial.trial.selectors.schedule import schedules
from mldtrial.trial.selectors.work import Kind, followed, work

NAMED_AT_MOST = 20
OPENING = "What waits for you in the MLD trial platform:"
CLOSING = (
    "Sign in to see more. Under your account you can turn this message off.\n"
    "For research and trial use, not for diagnosis."
)
WORDS = {
    Kind.OVERDUE: "overdue visits",
    Kind.DUE: "visits due now",
    Kind.SCAN: "visits without their scans",
    Kind.SCORE: "visits without a GMFC-MLD level",
    Kind.SIGN: "visits to sign",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the digest."""

    count: int
    words: str
    subjects: tuple[str, ...]
    more: int

    @property
    def text(self) -> str:
        """The line in words."""
        more = f" and {self.more} more" if self.more else ""
        return f"{self.count} {self.words}: {', '.join(self.subjects)}{more}"


@dataclass(frozen=True, slots=True)
class Digest:
    """What waits for a person; without lines there is nothing to send."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The body of the message."""
        own = "\n".join(line.text for line in self.lines)
        return f"{OPENING}\n\n{own}\n\n{CLOSING}\n"


def digest_of(user: Any) -> Digest:
    """Return what waits for a person, in counts and subject codes."""
    found = work(user=user)
    lines = [
        _line(WORDS[kind], (item.patient.subject_code for item in items))
        for kind, items in found.items()
        if items
    ]
    actions = policies.actions_of(policies.held(user))
    for state, words, action in (
        (QueryState.OPEN, "open queries", "answer_query"),
        (QueryState.ANSWERED, "answered queries to check", "close_query"),
    ):
        if action in actions:
            rows = all_queries(user=user, state=state).order_by("created_at")
            codes = list(rows.values_list("patient__subject_code", flat=True))
            if codes:
                lines.append(_line(words, codes))
    return Digest(tuple(lines))


def coming_visits(user: Any) -> list[Event]:
    """Return the windows of planned visits that are due or to come, at the sites in reach.

    The summary holds the subject code and nothing else of the patient: a calendar is read on
    telephones and kept by whoever runs it.
    """
    return [
        Event(
            uid=f"{patient_id}.{entry.definition.pk}@mldtrial",
            summary=f"Study visit {entry.patient.subject_code}",
            first=entry.planned.opens,
            last=entry.planned.closes,
        )
        for patient_id, schedule in schedules(followed(user=user).values()).items()
        for entry in schedule
        if entry.standing in (Standing.DUE, Standing.UPCOMING)
        and entry.planned.opens is not None
        and entry.planned.closes is not None
    ]


def _line(words: str, subjects: Iterable[str]) -> Line:
    every = list(subjects)
    named = list(dict.fromkeys(every))
    return Line(
        len(every),
        words,
        tuple(named[:NAMED_AT_MOST]),
        max(len(named) - NAMED_AT_MOST, 0),
    )
