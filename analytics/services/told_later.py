"""What the review has to add to a question that was asked before all was known."""

from collections.abc import Collection, Mapping
from uuid import UUID

from analytics import flag_words
from analytics.models import TrajectoryFlag
from mldtrial.trial.models import Query, QueryState

ANEW = "The white matter was measured anew:"
NO_LONGER = (
    f"{ANEW} the share of it that is demyelinated no longer rises, so that the fall no longer "
    f"{flag_words.SPEAKS_FOR_ATROPHY}."
)
NOT_COMPARED = (
    "The two scans were acquired otherwise, so that their white matter is not compared: the fall "
    f"no longer {flag_words.SPEAKS_FOR_ATROPHY}."
)


def unsaid(
    flags: Collection[TrajectoryFlag],
    named: Mapping[UUID, flag_words.NamedLoad],
    versions: Mapping[UUID, str],
) -> list[tuple[Query, str]]:
    """Return the open questions on falls that do not say yet whether these look like atrophy.

    The white matter is measured after the load, and so often after the question; it may be measured
    again by another version of its method, and say something else. While only one of two loads is
    measured by the new version, nothing is said: the two volumes are not to be compared.

    Parameters
    ----------
    flags : collection of TrajectoryFlag
        Current flags of one patient, with their queries and what was said in these.
    named : mapping
        The loads of the series by run.
    versions : mapping
        Of the method that measured the white matter, by run; absent where it is not measured.
    """
    found = []
    for flag in flags:
        query, compared = flag.query, flag.reference_run_id
        if query is None or query.state == QueryState.CLOSED or compared is None:
            continue
        if flag.run_id not in versions or versions[flag.run_id] != versions.get(compared):
            continue
        words = _to_say(flag, named[flag.run_id], named[compared], _said_last(query))
        if words:
            found.append((query, words))
    return found


def _to_say(
    flag: TrajectoryFlag,
    here: flag_words.NamedLoad,
    there: flag_words.NamedLoad,
    said: str | None,
) -> str:
    """Return what is to be added to what was said; empty if nothing."""
    words = flag_words.on_atrophy(flag.kind, here, there)
    if said is None:
        return words
    if words:
        begin = "" if said == NOT_COMPARED else f"{ANEW} "
        return "" if words in said else f"{begin}{words}"
    taken_back = NOT_COMPARED if flag_words.wider_after(here, there) else NO_LONGER
    return "" if taken_back == said else taken_back


def _said_last(query: Query) -> str | None:
    """Return the last sentence of the rule on atrophy; None where it has said nothing of it."""
    by_the_rule = (said.words for said in query.messages.all() if said.author_id is None)
    said = [query.question, *by_the_rule]
    return next((one for one in reversed(said) if flag_words.SPEAKS_FOR_ATROPHY in one), None)
