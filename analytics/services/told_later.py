"""What the review has to add to a question that was asked before all was known."""

from collections.abc import Collection, Mapping
from uuid import UUID

from analytics import flag_words
from analytics.models import TrajectoryFlag
from mldtrial.trial.models import Query, QueryState


def unsaid(
    flags: Collection[TrajectoryFlag], named: Mapping[UUID, flag_words.NamedLoad]
) -> list[tuple[Query, str]]:
    """Return the open questions on falls that now look like atrophy and do not say so yet.

    The white matter is measured after the load, and so often after the question.

    Parameters
    ----------
    flags : collection of TrajectoryFlag
        Current flags of one patient, with their queries and what was said in these.
    named : mapping
        The loads of the series by run.
    """
    found = []
    for flag in flags:
        query, compared = flag.query, flag.reference_run_id
        if query is None or query.state == QueryState.CLOSED or compared is None:
            continue
        words = flag_words.on_atrophy(flag.kind, named[flag.run_id], named[compared])
        if words and not _is_said(query, words):
            found.append((query, words))
    return found


def _is_said(query: Query, words: str) -> bool:
    return words in query.question or any(words in said.words for said in query.messages.all())
