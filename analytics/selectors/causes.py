"""What the falls of a study were due to, by what people decided on them."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from analytics.flag_words import FALLS
from analytics.models import FlagKind, TrajectoryFlag
from analytics.policies import visible_to as visible_flags
from mldtrial.trial.models import QueryDisposition, QueryState, Study

NOT_RECORDED = "not recorded"
NOT_DECIDED = "not decided yet"


@dataclass(frozen=True, slots=True)
class Cause:
    """How many falls were due to one cause; `percent` is of the decided ones, None beside these."""

    name: str
    untreated: int
    after_treatment: int
    percent: float | None

    @property
    def count(self) -> int:
        """Return how many falls there are, before and after treatment."""
        return self.untreated + self.after_treatment


@dataclass(frozen=True, slots=True)
class Causes:
    """The falls of a whole study by cause; no row where `reason` says why, or none fell."""

    rows: tuple[Cause, ...]
    n_decided: int
    reason: str = ""


def causes(study: Study, *, user: Any, smallest_group: int) -> Causes:
    """Return what the falls that are flagged now were due to, as far as a person may see them.

    A cause that nobody chose is no row. What the rule itself closed is nobody's decision.

    Parameters
    ----------
    smallest_group : int
        Patients below which nothing is told by cause to this person.
    """
    current = TrajectoryFlag.objects.filter(patient__study=study, is_current=True, kind__in=FALLS)
    cells = (
        visible_flags(user, current)
        .order_by()
        .values_list("kind", "query__state", "query__closed_by_rule", "query__disposition")
        .annotate(n=Count("pk"), n_patients=Count("patient", distinct=True))
    )
    counted: Counter[tuple[str, str]] = Counter()
    for kind, state, by_rule, disposition, n, n_patients in cells:
        if n_patients < smallest_group:
            return Causes((), 0, f"fewer than {smallest_group} patients with one cause, not shown")
        counted[_name(state, by_rule, disposition), kind] += n
    n_decided = sum(n for (name, _), n in counted.items() if name != NOT_DECIDED)
    names = [*QueryDisposition.labels, NOT_RECORDED, NOT_DECIDED]
    rows = tuple(row for name in names if (row := _row(name, counted, n_decided)).count)
    return Causes(rows, n_decided)


def _name(state: str | None, is_by_rule: bool | None, disposition: str | None) -> str:
    if state != QueryState.CLOSED or is_by_rule:
        return NOT_DECIDED
    return QueryDisposition(disposition).label if disposition else NOT_RECORDED


def _row(name: str, counted: Counter[tuple[str, str]], n_decided: int) -> Cause:
    untreated = counted[name, FlagKind.NON_MONOTONIC]
    after_treatment = counted[name, FlagKind.POST_TREATMENT_DECREASE]
    is_decided = name != NOT_DECIDED
    percent = 100 * (untreated + after_treatment) / n_decided if n_decided and is_decided else None
    return Cause(name, untreated, after_treatment, percent)
